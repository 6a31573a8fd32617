# SPDX-License-Identifier: Apache-2.0
"""`ape link`: subsets, same bytes, atomic output, and large data in blocks."""

from __future__ import annotations

import os
import shutil
import zipfile

import pytest

from ape import check, image, link
from ape.cli import main
from ape.errors import ApeError
from ape.targets import TARGETS
from tests.ape.conftest import HELLO
from tests.ape.make_program import make_program


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "musl"
    path.write_bytes(make_program("x86_64-linux-musl"))
    return path


def _order(program, *data):
    return link.Order("me", {"x86_64-linux-musl": program}, data)


def test_same_bytes_from_two_folders(probes, hello, tmp_path):
    results = []
    for folder, mask in (("one", 0o022), ("another folder", 0o077)):
        (tmp_path / folder).mkdir()
        copies = {}
        for name in sorted(probes, reverse=folder == "one"):
            copies[name] = tmp_path / folder / f"{folder}{name}"
            shutil.copy(probes[name], copies[name])
        out = tmp_path / folder / "out"
        old = os.umask(mask)
        try:
            link.link(link.Order("probe", copies, (("hello.txt", hello),)), out)
        finally:
            os.umask(old)
        assert out.stat().st_mode & 0o777 == 0o777 & ~mask
        results.append(out.read_bytes())
    assert results[0] == results[1]


@pytest.mark.parametrize("target", TARGETS)
def test_any_single_target(target, tmp_path):
    source, out = tmp_path / "in", tmp_path / "out"
    source.write_bytes(make_program(target))
    link.link(link.Order("me", {target: source}), out)
    assert check.broken_rules(out) == []
    with zipfile.ZipFile(out) as pack:
        names = pack.namelist()
    assert names == ([] if target == "x86_64-windows" else [TARGETS[target].member("me")])


def test_missing_target_is_one_clear_line(start, probes, tmp_path):
    out = tmp_path / "f"
    link.link(link.Order("probe", {"aarch64-macos": probes["aarch64-macos"]}), out)
    process = start(["dash", out])
    assert process.returncode == 126
    assert process.stderr == "probe: no program for Linux x86_64 in this file\n"


@pytest.mark.parametrize("target", ["x86_64-linux-gnu", "x86_64-linux-musl"])
def test_one_libc_is_enough(target, start, probes, hello, tmp_path):
    out = tmp_path / "f"
    link.link(link.Order("probe", {target: probes[target]}, (("hello.txt", hello),)), out)
    process = start(["dash", out])
    assert f"built={target}\n" in process.stdout
    assert process.stdout.endswith(HELLO.decode())


def test_program_that_fails_its_self_test(start, probes, tmp_path):
    """A glibc program whose self-test fails gives way to the static one; alone, it is said."""
    bad = tmp_path / "bad"
    data = bytearray(probes["x86_64-linux-gnu"].read_bytes())
    at = data.index(b"PROBE_SELF\0")
    data[at : at + 10] = b"XROBE_SELF"  # so it runs on instead of ending with status 0
    bad.write_bytes(data)
    both = {"x86_64-linux-gnu": bad, "x86_64-linux-musl": probes["x86_64-linux-musl"]}
    for programs, status in ((both, 3), ({"x86_64-linux-gnu": bad}, 126)):
        out = tmp_path / "f"
        link.link(link.Order("probe", programs), out)
        process = start(["dash", out], env={"TMPDIR": str(tmp_path)})
        assert process.returncode == status
        assert ("built=x86_64-linux-musl" in process.stdout) == (status == 3)
    assert process.stderr == "probe: the program for Linux x86_64 does not run on this machine\n"


def test_failure_leaves_the_old_output(program, tmp_path):
    out = tmp_path / "out"
    out.write_bytes(b"precious")
    for data, refusal in ((tmp_path / "missing", OSError), (tmp_path, ApeError)):
        with pytest.raises(refusal):
            link.link(_order(program, ("x", data)), out)
    folder = sorted(path.name for path in tmp_path.iterdir())
    assert folder == ["musl", "out"]
    assert out.read_bytes() == b"precious"


def test_data_that_grows_while_it_is_read(program, tmp_path, monkeypatch):
    data = tmp_path / "data"
    data.write_bytes(b"x" * 100)
    write = link._write

    def grow_and_write(*arguments):
        data.write_bytes(b"x" * 101)
        write(*arguments)

    monkeypatch.setattr(link, "_write", grow_and_write)
    with pytest.raises(ApeError, match="changed its size"):
        link.link(_order(program, ("x", data)), tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob(".out*"))


def test_full_disk(program, capsys):
    status = main(["link", "-o", "/dev/full/x", "--name", "me", f"x86_64-linux-musl={program}"])
    assert status == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_zip64_for_large_data(program, tmp_path, monkeypatch):
    """More than 4 GiB, with holes for the data: offsets and sizes as zipfile reads them."""
    size = (4 << 30) + 12345
    data = tmp_path / "data"
    with data.open("wb") as file:
        file.truncate(size)
    copy = link._copy
    monkeypatch.setattr(
        link, "_copy", lambda f, p, a: 0 if p.member.size == size else copy(f, p, a)
    )
    out = tmp_path / "out"
    order = _order(program, ("small", program), ("big", data), ("after", program))
    assert link.link(order, out) == []
    with zipfile.ZipFile(out) as pack:
        info = pack.getinfo("big")
        assert info.file_size == size
        assert pack.getinfo("after").header_offset > 4 << 30
        assert pack.read("after") == pack.read("small") == program.read_bytes()
    found = {member.name: member.data_offset for member in image.read(out).members}
    assert found["big"] % 65536 == 0


def test_warning_about_windows_and_4_gib(tmp_path, monkeypatch):
    source = tmp_path / "in"
    source.write_bytes(make_program("x86_64-windows"))
    monkeypatch.setattr(link, "WINDOWS_LIMIT", 8000)
    (warning,) = link.link(link.Order("me", {"x86_64-windows": source}), tmp_path / "out")
    assert "4 GiB" in warning
