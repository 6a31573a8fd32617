# SPDX-License-Identifier: Apache-2.0
"""Foreign zip readers accept the polyglot and find in it what was put in."""

from __future__ import annotations

import subprocess
import zipfile

import pytest

from ape import link
from ape.targets import TARGETS
from tests.ape.conftest import BUILD_ID, HELLO

NAMES = [t.member("probe") for t in TARGETS.values() if t.name != "x86_64-windows"]
NAMES += [".ape/build-id", "hello.txt"]


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(words, marks=pytest.mark.requires_tool(words[0]), id=" ".join(words))
        for words in (
            ["unzip", "-t"],
            ["7z", "t", "-tzip"],
            ["bsdtar", "-tf"],
            ["busybox", "unzip", "-t"],
            ["zip", "-T"],
            ["jar", "tf"],
        )
    ],
)
def test_reader_has_no_complaint(command, polyglot):
    words = [*command, str(polyglot)]
    process = subprocess.run(words, capture_output=True, text=True, check=False)
    output = process.stdout + process.stderr
    assert process.returncode == 0, output
    assert "warning" not in output.lower()
    assert "extra bytes" not in output
    if command[:2] not in (["7z", "t"], ["zip", "-T"], ["busybox", "unzip"]):  # they name nothing
        assert all(name in output for name in NAMES)


def test_zipfile_finds_all(polyglot):
    with zipfile.ZipFile(polyglot) as pack:
        assert pack.testzip() is None
        assert pack.namelist() == NAMES
        assert pack.read(".ape/build-id") == BUILD_ID.encode()
        assert pack.read("hello.txt") == HELLO
        for info in pack.infolist():
            program = info.filename.startswith("native/")
            assert info.compress_type == zipfile.ZIP_STORED
            assert info.external_attr >> 16 == (0o100755 if program else 0o100644)
            assert info.flag_bits == 0


@pytest.mark.requires_tool("busybox")
def test_busybox_unpacks_all(polyglot, tmp_path):
    words = ["busybox", "unzip", "-q", str(polyglot)]
    subprocess.run(words, cwd=tmp_path, check=True)
    found = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()}
    assert found == set(NAMES)


@pytest.mark.requires_tool("unzip")
def test_unzip_restores_mode_and_bytes(polyglot, tmp_path):
    member = "native/x86_64-linux-musl/probe"
    subprocess.run(["unzip", "-q", polyglot, member], cwd=tmp_path, check=True)
    program = tmp_path / member
    assert program.stat().st_mode & 0o777 == 0o755
    output = subprocess.run([program, "x"], capture_output=True, text=True, check=False).stdout
    assert "built=x86_64-linux-musl" in output


def test_alignment_of_members(probes, tmp_path):
    """Offsets by zipfile: programs at pages, large data at 64 KiB, small data at 64."""
    data = []
    for size in (0, 1, 63, 64, 65535, 65536, 65537, 200000):
        path = tmp_path / f"{size}.bin"
        path.write_bytes(bytes(k % 251 for k in range(size)))
        data.append((f"d/{size}.bin", path))
    out = tmp_path / "out"
    link.link(link.Order("probe", {"x86_64-macos": probes["x86_64-macos"]}, tuple(data)), out)
    content = out.read_bytes()
    with zipfile.ZipFile(out) as pack:
        for info in pack.infolist():
            at = info.header_offset
            name, extra = (int.from_bytes(content[at + k : at + k + 2], "little") for k in (26, 28))
            start = at + 30 + name + extra
            expected = 4096 if info.filename.startswith("native/") else 64
            if info.file_size >= 65536:
                expected = 65536
            assert start % expected == 0
            assert content[start : start + info.file_size] == pack.read(info)


def test_zipfile_can_append_and_the_polyglot_still_starts(polyglot, start, tmp_path):
    copy = tmp_path / "copy"
    copy.write_bytes(polyglot.read_bytes())
    with zipfile.ZipFile(copy, "a") as pack:
        pack.writestr("more.txt", "more")
    process = start(["dash", copy])
    assert process.stdout.endswith(HELLO.decode())
