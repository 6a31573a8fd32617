# SPDX-License-Identifier: Apache-2.0
"""A tiny fake program for each target: right for `ape link`, though no system would run it."""

from __future__ import annotations

from ape.targets import TARGETS
from tests.ape import make_elf, make_macho, make_pe

_NOTES = {"freebsd": b"FreeBSD", "netbsd": b"NetBSD", "openbsd": b"OpenBSD"}


def make_program(name: str, size: int = 600, fill: bytes = b"\x90") -> bytes:
    """`size` counts the part that differs between systems least: code, more or less."""
    target = TARGETS[name]
    arm = target.machine == "aarch64"
    if target.format == "MACHO":
        cpu = make_macho.ARM64 if arm else make_macho.X86_64
        return make_macho.make_macho(cpu=cpu, linkedit=size, fill=fill)
    if target.format == "PE":
        machine = make_pe.ARM64 if arm else make_pe.AMD64
        return make_pe.make_pe(machine=machine, section_size=size, fill=fill)
    machine = make_elf.AARCH64 if arm else make_elf.X86_64
    loader = make_elf.LOADERS[machine] if target.system == "linux-gnu" else None
    note = _NOTES.get(target.system)
    return make_elf.make_elf(machine=machine, loader=loader, note=note, size=size, fill=fill)
