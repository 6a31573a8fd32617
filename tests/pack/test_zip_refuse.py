# SPDX-License-Identifier: Apache-2.0
"""Archives that break one rule each: one line that names file, member, rule and cure. And archives
cut at every byte and changed at every byte: no crash, no read outside."""

import io
import struct
import zipfile
import zlib

import pytest

DATA = b"GGUF" + bytes(60)


def archive(name="w.gguf", data=DATA, method=zipfile.ZIP_STORED) -> bytearray:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        z.writestr(zipfile.ZipInfo(name), data, method)
    return bytearray(out.getvalue())


def patched(field: int, fmt: str, *values, record=b"PK\1\2") -> bytes:
    raw = archive()
    struct.pack_into(fmt, raw, raw.rindex(record) + field, *values)
    return bytes(raw)


CASES = {
    "compressed": (
        bytes(archive(data=bytes(999), method=zipfile.ZIP_DEFLATED)),
        "w.gguf is compressed (method 8); store it: zipalign -j0 F w.gguf",
    ),
    "misaligned": (
        bytes(archive()),
        "w.gguf is misaligned: byte 36 is not a multiple of 32; align it: zipalign -j0 F w.gguf",
    ),
    "encrypted": (
        patched(8, "<H", 1),
        "w.gguf is encrypted; store it: zipalign -j0 F w.gguf",
    ),
    "two sizes": (
        patched(20, "<I", 9),
        "w.gguf has two different sizes in the zip directory; replace it: zipalign -j0 F w.gguf",
    ),
    "longer than the file": (
        patched(20, "<II", 9999, 9999),
        "w.gguf reaches past the end of the file, which is damaged or not whole; "
        "replace it: zipalign -j0 F w.gguf",
    ),
    "header past the end": (
        patched(42, "<I", 0x7FFFFFFF),
        "w.gguf begins past the end of the file, which is damaged or not whole; "
        "replace it: zipalign -j0 F w.gguf",
    ),
    "no local header": (
        patched(42, "<I", 1),
        "w.gguf has no local header where the zip directory says; "
        "replace it: zipalign -j0 F w.gguf",
    ),
    "one part of many": (
        patched(4, "<HH", 1, 1, record=b"PK\5\6"),
        "is one part of a multi-part zip; join the parts",
    ),
    "too many members": (
        patched(8, "<HHI", 999, 999, 56, record=b"PK\5\6"),
        "the zip directory has 999 members in 56 bytes, which cannot be; the file is damaged",
    ),
    "directory past the end": (
        patched(16, "<I", 9999, record=b"PK\5\6"),
        "the zip directory would begin at byte 9999 of 174; the file is damaged or not whole",
    ),
    "damaged directory": (
        patched(0, "<I", 0),
        "member 0 of the zip directory (byte 146) is damaged",
    ),
    "not a zip": (b"x" * 100, "is not a zip file (no end record)"),
    "nothing": (b"", "is not a zip file (no end record)"),
}


@pytest.mark.parametrize("name", CASES)
def test_rule(run, tmp_path, name):
    data, rule = CASES[name]
    path = tmp_path / "a.zip"
    path.write_bytes(data)
    line = run("check_zip", "map", path, "w.gguf", 32)
    assert line == f"error: {path}: {rule.replace(' F ', f' {path} ')}\n"


def test_wrong_crc(run, tmp_path):
    (tmp_path / "a.zip").write_bytes(patched(16, "<I", zlib.crc32(DATA) ^ 1))
    line = run("check_zip", "read", tmp_path / "a.zip", "w.gguf")
    assert "w.gguf is damaged (wrong CRC-32); replace it: zipalign -j0" in line


def test_command_is_quoted_for_a_shell(run, tmp_path):
    path = tmp_path / "it's a.zip"
    path.write_bytes(archive("some dir/w 1.gguf", bytes(999), zipfile.ZIP_DEFLATED))
    line = run("check_zip", "map", path, "some dir/w 1.gguf", 32)
    quoted = str(path).replace("'", "'\\''")
    assert line.endswith(f"store it: zipalign -0 '{quoted}' 'some dir/w 1.gguf'\n")


def test_control_characters_do_not_reach_the_terminal(run, tmp_path):
    (tmp_path / "a.zip").write_bytes(archive("\x1b[2J\n.gguf", bytes(999), zipfile.ZIP_DEFLATED))
    line = run("check_zip", "blob", tmp_path / "a.zip", "", 0)
    assert "\x1b" not in line and line.count("\n") == 1


def zip64() -> bytes:
    """An archive of which every number lies in zip64 records."""
    local = struct.pack("<4s5H3I2H", b"PK\3\4", 45, 0, 0, 0, 0, zlib.crc32(b"hi"), 2, 2, 1, 0)
    extra = struct.pack("<2H3Q", 1, 24, 2, 2, 0)
    limit = 0xFFFFFFFF
    central = struct.pack("<4s6H3I5H2I", b"PK\1\2", 45, 45, 0, 0, 0, 0, zlib.crc32(b"hi"), limit,
                          limit, 1, len(extra), 0, 0, 0, 0, limit)  # fmt: skip
    body = local + b"ahi"
    directory = central + b"a" + extra
    end64 = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, len(directory), len(body))
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, len(body) + len(directory), 1)
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, limit, limit, 0)
    return body + directory + end64 + locator + end


@pytest.mark.parametrize("raw", [bytes(archive(data=DATA[:9])), zip64()], ids=["plain", "zip64"])
def test_broken_everywhere(run, tmp_path, raw):
    path = tmp_path / "a.zip"
    path.write_bytes(raw)
    assert "error" not in run("check_zip", "list", path)
    answer = run("check_zip", "break", path, tmp_path / "scratch.zip")
    assert answer.startswith(f"prefixes 0 of {len(raw)}, ")
