# SPDX-License-Identifier: Apache-2.0
"""What other programs read in an archive: the truth that zipalign's output is held against."""
import subprocess
import zipfile
from pathlib import Path

# Each prints the data of one entry, named by its second argument.
TOOLS = {
    "unzip": ["unzip", "-p"],
    "7z": ["7z", "x", "-so", "-tzip"],
    "bsdtar": ["bsdtar", "xOf"],
    "busybox": ["busybox", "unzip", "-p"],
}
TESTERS = {
    "unzip": ["unzip", "-tqq"],
    "7z": ["7z", "t", "-tzip", "-bso0"],
    "bsdtar": ["bsdtar", "tf"],
    "busybox": ["busybox", "unzip", "-tq"],
    "zip": ["zip", "-T"],
}


def run(*command, **options) -> subprocess.CompletedProcess:
    return subprocess.run([str(c) for c in command], capture_output=True, timeout=60,
                          stdin=subprocess.DEVNULL, check=False, **options)


def accepts(tool: str, path: Path) -> None:
    result = run(*TESTERS[tool], path)
    assert result.returncode == 0, (tool, result.stdout[-500:], result.stderr[-500:])


def extract(tool: str, path: Path, name: str) -> bytes:
    result = run(*TOOLS[tool], path, name)
    assert result.returncode == 0, (tool, name, result.stderr[-500:])
    return result.stdout


def contents(path) -> dict[str, bytes]:
    """name -> data as Python's zipfile sees it, every CRC verified; refuses duplicate names."""
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert len(names) == len(set(names))
        return {name: archive.read(name) for name in names}


def data_offsets(path) -> dict[str, int]:
    """name -> absolute offset of the data, from the local header as zipfile locates it."""
    with zipfile.ZipFile(path) as archive, open(path, "rb") as file:
        offsets = {}
        for info in archive.infolist():
            file.seek(info.header_offset + 26)
            n_name, n_extra = (int.from_bytes(file.read(2), "little") for _ in range(2))
            offsets[info.filename] = info.header_offset + 30 + n_name + n_extra
        return offsets
