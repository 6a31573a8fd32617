# SPDX-License-Identifier: Apache-2.0
"""The product as a ZIP archive, by readers that are not ours."""

from __future__ import annotations

import struct
import subprocess
import zipfile

import pytest

READERS = {
    "unzip": ["unzip", "-tq"],
    "7z": ["7z", "t"],
    "bsdtar": ["bsdtar", "-tf"],
    "busybox": ["busybox", "unzip", "-t"],
}


@pytest.mark.parametrize("tool", READERS)
def test_reader_accepts_it(requires_tool, demo, tool):
    words = READERS[tool]
    command = [requires_tool(words[0]), *words[1:], demo]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_python_finds_every_checksum_right(demo):
    with zipfile.ZipFile(demo) as archive:
        assert archive.testzip() is None


def test_weights_lie_aligned(demo):
    with zipfile.ZipFile(demo) as archive, demo.open("rb") as file:
        entry = archive.getinfo("demo.gguf")
        file.seek(entry.header_offset + 26)
        name, extra = struct.unpack("<HH", file.read(4))
        offset = entry.header_offset + 30 + name + extra
        assert entry.compress_type == zipfile.ZIP_STORED
        assert offset % 65536 == 0
        file.seek(offset)
        assert file.read(4) == b"GGUF"


def test_product_without_weights_is_small(dist):
    assert dist.llamafile.stat().st_size <= 20_000_000
