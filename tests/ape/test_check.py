# SPDX-License-Identifier: Apache-2.0
"""`ape check` and `ape layout`: a good file passes, each kind of damage is named."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from ape import image, stub
from ape.cli import main


def _check(path, capsys):
    status = main(["check", str(path)])
    return status, capsys.readouterr().out.splitlines()


def test_a_good_file(polyglot, capsys):
    assert _check(polyglot, capsys) == (0, [])


def _replace(old, new, last=False):
    def damage(data):
        at = (data.rindex if last else data.index)(old)
        data[at : at + len(old)] = new

    return damage


def _flip(member, offset):
    def damage(data):
        at = _data_offset(data, member) + offset
        data[at] ^= 1

    return damage


def _data_offset(data, member):
    with zipfile.ZipFile(io.BytesIO(data)) as pack:
        at = pack.getinfo(member).header_offset
    return at + 30 + sum(int.from_bytes(data[at + k : at + k + 2], "little") for k in (26, 28))


def _digit(data):
    """Another SKIP for the first row of the stub."""
    at = data.index(b"unpack ", 0x1000) + 7
    at = data.index(b"unpack ", at) + 28
    data[at] = ord("1") + (data[at] - ord("0") + 1) % 9


def _drop_row(data):
    page = bytes(data[4096:8192])
    lines = [line for line in page.split(b"\n") if b"OpenBSD arm64" not in line]
    data[4096:8192] = b"\n".join(lines).ljust(4096, b"\n")


def _pe_pointer(value):
    def damage(data):
        at = int.from_bytes(data[0x3C:0x40], "little") + 24 + 240 + 20
        data[at : at + 4] = value.to_bytes(4, "little")

    return damage


def _member_overlap(data):
    """hello.txt's directory entry points at the build id's header."""
    target = data.index(b".ape/build-id") - 30
    at = data.rindex(b"hello.txt") - 46 + 42
    data[at : at + 4] = target.to_bytes(4, "little")


DAMAGES = {
    "shell text": (_replace(b"skip=1", b"skip=2"), "first line is not the shell text"),
    "nul in head": (_replace(b"eval", b"ev\0l"), "NUL in the first line"),
    "hidden byte": (lambda d: d.__setitem__(0xFFF, 1), "page 0 holds more than its heads"),
    "no stub": (_replace(b"program=$folder", b"pr0gram=$folder"), "holds no stub"),
    "binary stub": (_replace(b"umask", b"um\0sk"), "not one shell group"),
    "stub not ASCII": (_replace(b"umask", b"um\xffsk"), "not ASCII"),
    "stub cut": (lambda d: d.__setitem__(slice(0x1800, 0x2000), b"\n" * 2048), "shell group"),
    "stub table": (_digit, "the stub has it at page"),
    "stub row gone": (_drop_row, "aarch64-openbsd, the stub does not know it"),
    "payload": (_flip("native/x86_64-linux-musl/probe", 2000), "SHA-256 is not the stub's"),
    "payload cksum": (_flip("native/x86_64-linux-musl/probe", 2000), "cksum is not the stub's"),
    "payload crc": (_flip("native/x86_64-linux-musl/probe", 2000), "the data is damaged"),
    "payload machine": (_flip("native/x86_64-linux-musl/probe", 18), "neither x86-64 nor"),
    "macho page": (_flip("native/aarch64-macos/probe", 9000), "page 0 does not match its hash"),
    "build id": (_replace(b"0123456789abc", b"0123x56789abc", last=True), "build id '0123x"),
    "data": (_flip("hello.txt", 1), "'hello.txt': CRC-32 of the data is"),
    "pe pointer odd": (_pe_pointer(0x2001), "PE .text at 0x2001 is not aligned to 512"),
    "pe pointer on stub": (_pe_pointer(0x1000), "overlaps"),
    "pe pointer out": (_pe_pointer(0x40000000), "behind the file's"),
    "pe signature": (_replace(b"PE\0\0", b"PX\0\0"), "no PE signature"),
    "overlap": (_member_overlap, "overlaps"),
    "end record": (_replace(b"PK\5\6", b"PK\5\7", last=True), "zip: "),
    "directory": (_replace(b"PK\1\2", b"PK\1\3", last=True), "zip: central directory, entry 15"),
    "local header": (_replace(b"PK\3\4", b"PK\3\5"), "no local header"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_named(damage, polyglot, tmp_path, capsys):
    change, rule = DAMAGES[damage]
    data = bytearray(polyglot.read_bytes())
    change(data)
    bad = tmp_path / "bad"
    bad.write_bytes(data)
    status, lines = _check(bad, capsys)
    assert status == 1
    assert any(rule in line for line in lines), lines


def test_exit_status_of_what_is_no_polyglot(tmp_path, capsys):
    for content in (b"", b"MZ", b"hello\n" * 5000):
        (tmp_path / "f").write_bytes(content)
        status, lines = _check(tmp_path / "f", capsys)
        assert status == 1
        assert "no polyglot" in lines[0]
    assert main(["check", str(tmp_path / "missing")]) == 1
    assert "No such file" in capsys.readouterr().err
    with pytest.raises(SystemExit) as usage:
        main(["check"])
    assert usage.value.code == 2


def test_layout_owns_every_byte_once(polyglot, capsys):
    assert main(["layout", "--json", str(polyglot)]) == 0
    shown = json.loads(capsys.readouterr().out)
    position = 0
    for region in shown["regions"]:
        assert region["offset"] == position
        assert region["why"]
        position += region["size"]
    assert position == shown["size"] == polyglot.stat().st_size
    assert "unused" not in {region["owner"] for region in shown["regions"]}
    assert main(["layout", str(polyglot)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(shown["regions"]) + 1
    assert lines[1].split()[:2] == ["0x0", "60"]


def test_layout_after_another_tool_appended(polyglot, tmp_path, capsys):
    copy = tmp_path / "copy"
    copy.write_bytes(polyglot.read_bytes())
    with zipfile.ZipFile(copy, "a", zipfile.ZIP_DEFLATED) as pack:
        pack.writestr("more.txt", "more " * 100)
    assert _check(copy, capsys) == (0, [])
    assert "more.txt" in {region.owner for region in image.read(copy).regions}


def test_rows_are_read_back(polyglot):
    found = image.read(polyglot)
    assert found.name == "probe"
    assert [row.target for row in found.rows] == [
        m.target for m in found.members if m.target in {row.target for row in found.rows}
    ]
    assert stub.render("probe", "PROBE", found.rows, windows=True) == found.stub_page
