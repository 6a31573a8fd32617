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


def test_one_shot_directory_is_removed(start, program, tmp_path):
    folder = tmp_path / "once"
    folder.mkdir()
    shutil.copy(program("check_self"), folder / "name")
    start(folder / "name", PACKLLAMA_TMP=str(folder))
    assert not folder.exists()


def test_one_shot_through_a_link(start, program, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    shutil.copy(program("check_self"), tmp_path / "real" / "name")
    start(tmp_path / "link" / "name", PACKLLAMA_TMP=str(tmp_path / "link"))
    assert not (tmp_path / "real" / "name").exists()


def test_foreign_directory_stays(start, program, tmp_path):
    shutil.copy(program("check_self"), tmp_path / "check_self")
    for folder in (tmp_path, tmp_path / "gone"):
        start(PACKLLAMA_TMP=str(folder))
    assert (tmp_path / "check_self").exists()


def test_other_files_in_the_directory_stay(start, program, tmp_path):
    exe = tmp_path / "name"
    shutil.copy(program("check_self"), exe)
    (tmp_path / "mine").write_text("keep")
    start(exe, PACKLLAMA_TMP=str(tmp_path))
    assert not exe.exists() and (tmp_path / "mine").read_text() == "keep"
