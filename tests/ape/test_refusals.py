# SPDX-License-Identifier: Apache-2.0
"""Each input that cannot go into a polyglot is refused with the rule it breaks."""

from __future__ import annotations

import pytest

from ape import link
from ape.errors import ApeError
from ape.targets import TARGETS
from tests.ape.make_elf import AARCH64, REL, RISCV, make_elf
from tests.ape.make_macho import DYLIB, IOS, X86_64, make_fat, make_macho
from tests.ape.make_pe import ARM64, DLL, I386, make_pe
from tests.ape.make_program import make_program

CASES = [
    ("x86_64-linux-musl", b"", "neither an ELF"),
    ("x86_64-linux-musl", b"#!/bin/sh\n", "neither an ELF"),
    ("x86_64-linux-musl", b"\x7fELF\2\1\1", "damaged ELF|neither an ELF"),
    ("x86_64-linux-musl", make_elf(machine=AARCH64), "needs .* for x86_64, this is .* aarch64"),
    ("aarch64-linux-musl", make_elf(), "needs .* for aarch64, this is .* for x86_64"),
    ("x86_64-linux-musl", make_elf(machine=RISCV), "machine RISCV is neither"),
    ("x86_64-linux-musl", make_elf(kind=REL), "ELF type REL is not executable"),
    ("x86_64-linux-musl", make_elf(entry=0), "no entry point"),
    ("x86_64-linux-musl", make_program("x86_64-linux-gnu"), "a static Linux .*for glibc"),
    ("x86_64-linux-musl", make_elf(loader=b"/lib/ld-musl-x86_64.so.1"), "loader '/lib/ld-musl"),
    ("x86_64-linux-gnu", make_elf(), "for glibc for x86_64, this is a static Linux"),
    ("x86_64-linux-musl", make_elf(note=b"FreeBSD"), "this is a FreeBSD program"),
    ("x86_64-netbsd", make_elf(note=b"OpenBSD"), "a NetBSD program .* an OpenBSD program"),
    ("x86_64-freebsd", make_elf(), "a FreeBSD program .* a static Linux program"),
    ("x86_64-macos", make_elf(), "a macOS program .* a static Linux program"),
    ("aarch64-macos", make_macho(cpu=X86_64), "for aarch64, this is a macOS program for x86_64"),
    ("aarch64-macos", make_macho(kind=DYLIB), "Mach-O type DYLIB is not EXECUTE"),
    ("aarch64-macos", make_macho(platform=IOS), "this is a program for IOS"),
    ("aarch64-macos", make_macho(room=8), "no room for a code signature"),
    ("aarch64-macos", make_fat(make_macho()), "universal Mach-O: .*lipo -thin"),
    ("aarch64-macos", make_macho()[:50], "damaged Mach-O|truncated"),
    ("x86_64-windows", make_pe(machine=ARM64), "for x86_64, this is a Windows .* for aarch64"),
    ("aarch64-windows", make_pe(), "for aarch64, this is a Windows program for x86_64"),
    ("x86_64-windows", make_pe(machine=I386), "machine I386 is neither"),
    ("x86_64-windows", make_pe(flags=DLL), "PE is a library"),
    ("x86_64-windows", make_pe(certificate=True), "signed PE: sign the polyglot instead"),
    ("x86_64-windows", make_pe(headers_size=0x1200), "PE headers must end by 0x1000"),
    ("x86_64-windows", make_pe(start=0xF00), "PE headers must end by 0x1000"),
    ("x86_64-windows", make_pe(start=0x3C), "inside the DOS header|damaged PE"),
    ("x86_64-windows", make_pe(section_alignment=512), "section alignment 512 is below 4096"),
    ("x86_64-windows", make_pe(file_alignment=768), "file alignment 768 is not a power of 2"),
    ("x86_64-windows", make_pe()[:-8], "ends behind the end of the file"),
    ("x86_64-windows", b"MZ" + bytes(100), "damaged PE file, or a DOS program"),
]


@pytest.mark.parametrize(("target", "data", "rule"), CASES, ids=[c[2][:30] for c in CASES])
def test_refused_input(target, data, rule, tmp_path):
    source, out = tmp_path / "in.bin", tmp_path / "out"
    source.write_bytes(data)
    with pytest.raises(ApeError, match=rule) as caught:
        link.link(link.Order("me", {target: source}), out)
    assert str(caught.value).startswith(str(source))
    assert "\n" not in str(caught.value)
    assert not out.exists()


@pytest.mark.parametrize("target", TARGETS)
def test_other_targets_programs_are_refused(target, tmp_path):
    """Every one of the 13 others; the names of both are in the message."""
    source = tmp_path / "in"
    for other in TARGETS:
        source.write_bytes(make_program(other))
        order = link.Order("me", {target: source})
        if other == target:
            link.link(order, tmp_path / "out")
        else:
            with pytest.raises(ApeError, match=f"{target} needs a"):
                link.link(order, tmp_path / "out2")


@pytest.fixture
def musl(tmp_path):
    path = tmp_path / "musl"
    path.write_bytes(make_program("x86_64-linux-musl"))
    return {"x86_64-linux-musl": path}


@pytest.mark.parametrize(
    "name",
    ["", "-x", ".x", "a b", "a/b", "x" * 65, "\xe9", "a'b", "a\nb", "$x", "x.", "con", "NUL.x"],
)
def test_program_names(name, musl, tmp_path):
    with pytest.raises(ApeError, match=r"does not fit|cannot be an entry name"):
        link.link(link.Order(name, musl), tmp_path / "out")


@pytest.mark.parametrize("prefix", ["", "a", "1A", "A-B", "A B", "X" * 65, "É"])
def test_environment_prefixes(prefix, musl, tmp_path):
    with pytest.raises(ApeError, match="environment prefix"):
        link.link(link.Order("me", musl, env_prefix=prefix), tmp_path / "out")


@pytest.mark.parametrize("build_id", ["", "0123", "0123456789ABCDEF", "xyzxyzxyz", "a" * 129])
def test_build_ids(build_id, musl, tmp_path):
    with pytest.raises(ApeError, match="build id"):
        link.link(link.Order("me", musl, build_id=build_id), tmp_path / "out")


@pytest.mark.parametrize(
    "name",
    [
        *("/abs", "a//b", "../a", "a/..", "./a", "a\\b", "c:/x", "a/", "x\ny", "x\0", "x" * 65536),
        *("native/x", "native", ".ape/build-id", "\udcff"),
    ],
)
def test_member_names(name, musl, tmp_path):
    with pytest.raises(ApeError, match=r"cannot be an entry name|ape itself makes"):
        link.link(link.Order("me", musl, ((name, musl["x86_64-linux-musl"]),)), tmp_path / "out")


def test_member_twice(musl, tmp_path):
    data = (("a", musl["x86_64-linux-musl"]),) * 2
    with pytest.raises(ApeError, match="given twice"):
        link.link(link.Order("me", musl, data), tmp_path / "out")


def test_no_program_and_unknown_target(musl, tmp_path):
    with pytest.raises(ApeError, match="no program given"):
        link.link(link.Order("me", {}), tmp_path / "out")
    with pytest.raises(ApeError, match="unknown target 'x86_64-haiku'; the targets are: x86_64"):
        link.link(link.Order("me", {"x86_64-haiku": tmp_path}), tmp_path / "out")
