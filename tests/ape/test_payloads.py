# SPDX-License-Identifier: Apache-2.0
"""The programs inside: what the stub's own dd would fetch is the program that went in."""

from __future__ import annotations

import re
import subprocess
import zipfile

import pytest

from ape import macho, stub
from ape.targets import TARGETS

UNIX = [name for name, target in TARGETS.items() if target.uname]


def _dd(polyglot, target):
    page = polyglot.read_bytes()[4096:8192]
    (row,) = (row for row in stub.parse(page)[1] if row.target == target)
    words = ["dd", f"if={polyglot}", "bs=4k", f"skip={row.skip}", f"count={row.count}"]
    return subprocess.run(words, capture_output=True, check=True).stdout


@pytest.mark.parametrize("target", UNIX)
def test_dd_and_unzip_fetch_the_same_program(target, polyglot, probes):
    data = _dd(polyglot, target)
    with zipfile.ZipFile(polyglot) as pack:
        assert pack.read(f"native/{target}/probe") == data
    original = probes[target].read_bytes()
    if target.endswith("macos"):
        assert data == macho.sign(original, "probe", 4096, "x")
    else:
        assert data.startswith(original)
        assert not data[len(original) :].strip(b"\0")
        assert len(data) - len(original) < 4096


@pytest.mark.requires_tool("readelf")
@pytest.mark.parametrize("target", [t for t in UNIX if TARGETS[t].format == "ELF"])
def test_readelf_names_machine_and_loader(target, polyglot, tmp_path):
    program = tmp_path / "program"
    program.write_bytes(_dd(polyglot, target))
    words = ["readelf", "-hlW", str(program)]
    process = subprocess.run(words, capture_output=True, text=True, check=True)
    machine = {"x86_64": "X86-64", "aarch64": "AArch64"}[TARGETS[target].machine]
    assert re.search(f"Machine: .*{machine}", process.stdout)
    assert "error" not in process.stderr.lower()
    loader = TARGETS[target].loader
    assert loader in process.stdout
    assert ("interpreter" in process.stdout) == (not target.endswith("musl"))


@pytest.mark.requires_tool("qemu-aarch64-static")
def test_arm64_program_runs(polyglot, tmp_path):
    program = tmp_path / "probe"
    program.write_bytes(_dd(polyglot, "aarch64-linux-musl"))
    program.chmod(0o700)
    words = ["qemu-aarch64-static", "-E", f"PROBE_SELF={polyglot}", str(program), "a b"]
    output = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert "arg=a b\n" in output
    assert "built=aarch64-linux-musl\n" in output
    assert output.endswith("entry=hello from the pack\n")


# Tools that lie about the system, and a dd that writes a script which tells the pages it was for.
_TOOLS = {
    "uname": 'case $1 in -p) echo aarch64 ;; *) echo "$SYSTEM" ;; esac',
    "sysctl": "echo $ROSETTA",
    "cksum": "exit 127",
    "dd": """case $* in
*if=*) printf '%s\\n' '#!/bin/sh' "echo $2 $3 $4" ;;
*) exec /bin/dd "$@" ;;
esac""",
}


@pytest.fixture
def tools(tmp_path):
    folder = tmp_path / "tools"
    folder.mkdir()
    for name, text in _TOOLS.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


@pytest.mark.parametrize(
    ("system", "rosetta", "target"),
    [
        ("Linux x86_64", 0, "x86_64-linux-gnu"),
        ("Linux aarch64", 0, "aarch64-linux-musl"),
        ("Darwin arm64", 0, "aarch64-macos"),
        ("Darwin x86_64", 0, "x86_64-macos"),
        ("Darwin x86_64", 1, "aarch64-macos"),
        ("FreeBSD amd64", 0, "x86_64-freebsd"),
        ("FreeBSD arm64", 0, "aarch64-freebsd"),
        ("NetBSD amd64", 0, "x86_64-netbsd"),
        ("NetBSD evbarm", 0, "aarch64-netbsd"),
        ("OpenBSD amd64", 0, "x86_64-openbsd"),
        ("OpenBSD arm64", 0, "aarch64-openbsd"),
    ],
)
@pytest.mark.parametrize("shell", ["dash", "bash", "busybox sh"])
def test_branch_for_each_system(shell, system, rosetta, target, polyglot, start, tools):
    env = {"SYSTEM": system, "ROSETTA": str(rosetta), **tools}
    process = start([*shell.split(), polyglot], env=env)
    rows = {row.target: row for row in stub.parse(polyglot.read_bytes()[4096:8192])[1]}
    row = rows[target]
    assert process.stdout == f"bs=4k skip={row.skip} count={row.count}\n"


@pytest.mark.parametrize("system", ["Linux riscv64", "Haiku x86_64", "SunOS i86pc"])
def test_no_program_for_this_system(system, polyglot, start, tools):
    process = start(["dash", polyglot], env={"SYSTEM": system, **tools})
    assert process.returncode == 126
    assert process.stderr == f"probe: no program for {system} in this file\n"
