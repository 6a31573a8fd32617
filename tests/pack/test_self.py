# SPDX-License-Identifier: Apache-2.0
"""The hand-over from the stub: believed only with our build id, and gone from the environment."""

import os
import shutil
import subprocess
import zipfile

import pytest


@pytest.fixture
def start(program):
    """start(executable=None, **environment) -> lines of check_self."""

    def call(exe=None, argv0=None, **environment) -> list[str]:
        exe = exe or program("check_self")
        done = subprocess.run(
            [argv0 or exe], executable=exe, env={**os.environ, **environment}, capture_output=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.decode().splitlines()

    return call


def polyglot(path, build_id: str):
    with zipfile.ZipFile(path, "w") as z:
        z.writestr(".ape/build-id", build_id)
        z.writestr("w.gguf", b"")
    return path


def test_self_test_ends_at_once(start):
    assert start(PACKLLAMA_SELF="-") == []


def test_polyglot_of_this_build(start, tmp_path, build_id):
    path = polyglot(tmp_path / "f", build_id)
    lines = start(PACKLLAMA_SELF=str(path), PACKLLAMA_ARGV0="./f")
    assert lines == [str(path), "./f", "2"]


def test_newline_after_the_id(start, tmp_path, build_id):
    path = polyglot(tmp_path / "f", build_id + "\n")
    assert start(PACKLLAMA_SELF=str(path))[0] == str(path)


@pytest.mark.parametrize("wrong", ["", "0123456789abcdee", "0123456789abcdef0"])
def test_polyglot_of_another_build(start, program, tmp_path, wrong):
    path = polyglot(tmp_path / "f", wrong)
    exe = program("check_self")
    lines = start(PACKLLAMA_SELF=str(path), PACKLLAMA_ARGV0="./f")
    assert lines == [str(exe), str(exe), "-1"]


def test_something_else(start, program, tmp_path):
    (tmp_path / "f").write_text("no zip")
    for path in (tmp_path / "f", tmp_path / "gone", ""):
        assert start(PACKLLAMA_SELF=str(path))[0] == str(program("check_self"))


def test_native_copy_with_zip_behind(start, program, tmp_path):
    exe = tmp_path / "native"
    shutil.copy(program("check_self"), exe)
    with zipfile.ZipFile(exe, "a") as z:
        z.writestr("w.gguf", b"")
    assert start(exe) == [str(exe), str(exe), "1"]


@pytest.fixture
def one_shot(start, program, tmp_path, build_id):
    """one_shot(folder, self=None) -> the executable in it, after a run as ape/stub.sh starts it."""
    told = polyglot(tmp_path / "f", build_id)

    def call(folder, self=told):
        folder.mkdir(exist_ok=True)
        exe = folder / "name"
        shutil.copy(program("check_self"), exe)
        start(exe, PACKLLAMA_SELF=str(self or exe), PACKLLAMA_TMP=str(folder))
        return exe

    return call


def test_one_shot_directory_is_removed(one_shot, tmp_path):
    assert not one_shot(tmp_path / ".name.123").parent.exists()


def test_one_shot_through_a_link(one_shot, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / ".name.123").symlink_to("real")
    assert not one_shot(tmp_path / ".name.123").exists()


@pytest.mark.parametrize("name", ["bin", "name.1", ".name", ".name.", ".name.1x", ".other.1"])
def test_directory_of_another_name_stays(one_shot, tmp_path, name):
    assert one_shot(tmp_path / name).exists()


def test_one_shot_needs_the_polyglot(one_shot, tmp_path, build_id):
    folder = tmp_path / ".name.123"
    assert one_shot(folder, tmp_path / "gone").exists()
    assert one_shot(folder, polyglot(tmp_path / "other", "0123")).exists()


def test_polyglot_itself_stays(start, program, tmp_path, build_id):
    exe = tmp_path / ".name.123" / "name"
    exe.parent.mkdir()
    shutil.copy(program("check_self"), exe)
    with zipfile.ZipFile(exe, "a") as z:
        z.writestr(".ape/build-id", build_id)
    lines = start(exe, PACKLLAMA_SELF=str(exe), PACKLLAMA_TMP=str(exe.parent))
    assert lines[0] == str(exe) and exe.exists()


def test_other_directory_stays(start, program, tmp_path, build_id):
    told = polyglot(tmp_path / "f", build_id)
    exe = tmp_path / "check_self"
    shutil.copy(program("check_self"), exe)
    for folder in (tmp_path, tmp_path / ".check_self.1"):
        start(exe, PACKLLAMA_SELF=str(told), PACKLLAMA_TMP=str(folder))
    assert exe.exists()


def test_other_files_in_the_directory_stay(one_shot, tmp_path):
    folder = tmp_path / ".name.123"
    folder.mkdir()
    (folder / "mine").write_text("keep")
    assert not one_shot(folder).exists()
    assert (folder / "mine").read_text() == "keep"
