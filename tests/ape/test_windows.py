# SPDX-License-Identifier: Apache-2.0
"""The polyglot as a Windows program: Wine starts it, LIEF and pefile agree on it."""

from __future__ import annotations

import shutil
import struct
import subprocess
import zipfile
from pathlib import Path

import lief
import pefile
import pytest

from ape import check, image, link, pe
from tests.ape.conftest import HELLO
from tests.ape.make_pe import make_pe


@pytest.mark.parametrize("name", ["probe.com", "probe.exe", "probe", "my probe.exe"])
def test_wine_runs_it(name, wine, polyglot, tmp_path):
    copy = tmp_path / name
    shutil.copy(polyglot, copy)
    process = wine(copy, "a b", "", "é漢")
    lines = process.stdout.decode().split("\n")
    assert process.returncode == 0
    assert lines[:3] == ["arg=a b", "arg=", "arg=é漢"]
    assert lines[3].startswith("pack=Z:\\") and lines[3].endswith(name)
    assert lines[4] == "built=x86_64-windows"
    assert process.stdout.endswith(b"entry=" + HELLO)


def test_unstripped_program_with_debug_directory(wine, probes, tmp_path):
    """COFF symbols and debug entries hold file offsets too; both are moved."""
    source = probes["x86_64-windows"]
    out = tmp_path / "out.exe"
    link.link(link.Order("probe", {"x86_64-windows": source}), out)
    before, after = pefile.PE(str(source)), pefile.PE(str(out))
    delta = after.sections[0].PointerToRawData - before.sections[0].PointerToRawData
    pointers = [
        [entry.struct.PointerToRawData for entry in image.DIRECTORY_ENTRY_DEBUG]
        for image in (before, after)
    ]
    assert pointers[0]
    assert pointers[1] == [pointer + delta if pointer else 0 for pointer in pointers[0]]
    assert wine(out).stdout.startswith(b"pack=")


def test_lief_and_pefile_agree(polyglot, probes):
    ours = lief.PE.parse(str(polyglot))
    theirs = pefile.PE(str(polyglot))
    before = pefile.PE(str(probes["x86_64-windows"]))
    assert lief.PE.check_layout(ours)[0]
    # pefile finds many zeros odd; here they align the tiny programs of the test.
    warnings = [word for word in theirs.get_warnings() if not word.startswith("Byte 0x00")]
    assert warnings == before.get_warnings() == []
    assert [s.pointerto_raw_data for s in ours.sections] == [
        s.PointerToRawData for s in theirs.sections
    ]
    for ours_section, theirs_section, original in zip(
        ours.sections, theirs.sections, before.sections, strict=True
    ):
        assert theirs_section.PointerToRawData % theirs.OPTIONAL_HEADER.FileAlignment == 0
        assert theirs_section.get_data() == original.get_data()
        assert bytes(ours_section.content) == original.get_data()[: len(ours_section.content)]
    assert [entry.dll for entry in theirs.DIRECTORY_ENTRY_IMPORT] == [
        entry.dll for entry in before.DIRECTORY_ENTRY_IMPORT
    ]
    assert theirs.OPTIONAL_HEADER.CheckSum == 0


@pytest.mark.requires_tool("file")
def test_file_calls_it_a_windows_program(polyglot):
    words = ["file", "-k", "-b", str(polyglot)]
    output = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert "PE32+ executable" in output
    assert "Zip archive" in output


@pytest.mark.parametrize("alignment", [512, 4096])
def test_moves_by_a_multiple_of_the_file_alignment(alignment):
    page, body, offset = pe.move(make_pe(file_alignment=alignment), "x")
    assert len(page) == 4096
    assert offset >= 0x2000
    assert offset % alignment == 0
    assert body.startswith(b"code")


def test_symbol_table_and_empty_section():
    page, _, offset = pe.move(make_pe(symbols=True, empty_section=True), "x")
    moved = pefile.PE(data=page + bytes(0x10000), fast_load=True)
    assert moved.FILE_HEADER.PointerToSymbolTable == offset + 0x200
    assert [s.PointerToRawData for s in moved.sections] == [offset, 0]


def test_arm64_program_is_a_member(polyglot, probes):
    with zipfile.ZipFile(polyglot) as pack:
        data = pack.read("native/aarch64-windows/probe.exe")
    assert data == Path(probes["aarch64-windows"]).read_bytes()
    assert pefile.PE(data=data, fast_load=True).FILE_HEADER.Machine == 0xAA64


def test_signature_added_afterwards(polyglot, tmp_path):
    """What osslsigncode does: padding to 8, a certificate behind the zip, its place in the PE."""
    data = bytearray(polyglot.read_bytes())
    data += bytes(-len(data) % 8)
    headers = int.from_bytes(data[0x3C:0x40], "little")
    entry = headers + 24 + 112 + 4 * 8
    data[entry : entry + 8] = struct.pack("<II", len(data), 64)
    data += struct.pack("<IHH", 64, 0x200, 2) + bytes(56)
    signed = tmp_path / "signed.exe"
    signed.write_bytes(data)
    assert check.broken_rules(signed) == []
    assert "PE certificate" in {region.owner for region in image.read(signed).regions}
    assert zipfile.ZipFile(signed).testzip() is None


@pytest.mark.requires_tool("osslsigncode", "openssl")
def test_signed_by_osslsigncode(polyglot, start, tmp_path):
    key, certificate, signed = (tmp_path / name for name in ("key", "certificate", "signed"))
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=test"]
    make += ["-addext", "extendedKeyUsage=codeSigning", "-keyout", key, "-out", certificate]
    sign = ["osslsigncode", "sign", "-certs", certificate, "-key", key]
    verify = ["osslsigncode", "verify", "-CAfile", certificate, "-in", signed]
    for command in (make, [*sign, "-in", polyglot, "-out", signed], verify):
        process = subprocess.run(command, capture_output=True, text=True, check=False)
        assert process.returncode == 0, process
    assert check.broken_rules(signed) == []
    assert "built=x86_64-linux-" in start(["dash", signed]).stdout
    # (the probe itself looks for the zip's end record at the very end only)
