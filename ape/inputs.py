# SPDX-License-Identifier: Apache-2.0
"""Reading the executables: what each one is, and every reason to refuse it (FORMAT 5).

LIEF parses; it is imported here and in check.py only. The question is always the same one: will
the system named by the target start this file? Names given by the user are judged here too.
"""

from __future__ import annotations

import contextlib
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import lief

from ape.errors import InputError, OptionError
from ape.targets import Target
from zipalign import names
from zipalign.errors import BadName
from zipalign.file import DiskFile

lief.logging.disable()

PROGRAM_LIMIT = 1 << 30  # a program is held in memory; data members are not
NAME_LIMIT = 64
BUILD_ID_MEMBER = ".ape/build-id"

_MACHINES = {
    lief.ELF.ARCH.X86_64: "x86_64",
    lief.ELF.ARCH.AARCH64: "aarch64",
    lief.MachO.Header.CPU_TYPE.X86_64: "x86_64",
    lief.MachO.Header.CPU_TYPE.ARM64: "aarch64",
    lief.PE.Header.MACHINE_TYPES.AMD64: "x86_64",
    lief.PE.Header.MACHINE_TYPES.ARM64: "aarch64",
}
_NOTE_SYSTEMS = {"FreeBSD": "freebsd", "NetBSD": "netbsd", "OpenBSD": "openbsd"}
_LOADERS = {
    "/lib64/ld-linux-x86-64.so.2": "linux-gnu",
    "/lib/ld-linux-aarch64.so.1": "linux-gnu",
}
_SYSTEM_WORDS = {
    "linux-static": "a static Linux program",
    "linux-gnu": "a Linux program for glibc",
    "macos": "a macOS program",
    "windows": "a Windows program",
    "freebsd": "a FreeBSD program",
    "netbsd": "a NetBSD program",
    "openbsd": "an OpenBSD program",
}


@dataclass(frozen=True)
class Program:
    """An executable that was found right for its target."""

    target: Target
    path: Path
    data: bytes


def load_program(target: Target, path: Path) -> Program:
    with contextlib.closing(DiskFile(path)) as file:
        if file.size() > PROGRAM_LIMIT:
            raise InputError(path, "a program must not be larger than 1 GiB", "5")
        data = file.read(0, file.size())
    require(target, data, path)
    return Program(target, path, data)


def require(target: Target, data: bytes, path: object) -> None:
    """Refuses `data` unless it is a program that `target`'s system starts."""
    with reading(path):
        found = _describe(data, path)
    if found != (target.machine, target.system):
        machine, system = found
        raise InputError(
            path,
            f"{target.name} needs {_SYSTEM_WORDS[target.system]} for {target.machine}, "
            f"this is {_SYSTEM_WORDS.get(system, system)} for {machine}",
            "5",
        )


@contextlib.contextmanager
def reading(path: object) -> Iterator[None]:
    """Around each use of LIEF on a file that may be damaged."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of numbers it has no name for
            yield
    except UnicodeDecodeError:
        raise InputError(path, "damaged: a name in its headers is no text", "5") from None


def check_name(name: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]*", name) or len(name) > NAME_LIMIT:
        raise OptionError(
            f"name '{name}' does not fit: it becomes a file name and part of a shell script; use "
            f"at most {NAME_LIMIT} letters, digits and . _ + - (FORMAT 3)"
        )
    _check_entry_name(name)


def env_prefix(name: str, prefix: str | None) -> str:
    """The prefix of the environment variables; by default the name in capitals."""
    if prefix is None:
        prefix = re.sub("[^A-Z0-9]", "_", name.upper())
        prefix = "_" + prefix if prefix[0].isdigit() else prefix
    if not re.fullmatch("[A-Z_][A-Z0-9_]*", prefix) or len(prefix) > NAME_LIMIT:
        raise OptionError(
            f"environment prefix '{prefix}' does not fit: use A-Z, 0-9 and _ (FORMAT 3)"
        )
    return prefix


def check_build_id(build_id: str) -> None:
    if not re.fullmatch("[0-9a-f]{8,128}", build_id):
        raise OptionError(f"build id {build_id!r} is not 8 to 128 digits 0-9a-f (FORMAT 6.2)")


def check_member_name(name: str) -> None:
    """A member name that every unzip writes where the user expects it."""
    _check_entry_name(name)
    if name.endswith("/") or name.split("/")[0] in ("native", ".ape"):
        raise OptionError(f"'{name}': ape itself makes folders, native/ and .ape/ (FORMAT 6)")


def _check_entry_name(name: str) -> None:
    try:
        names.check_name(name)
    except BadName as error:
        raise OptionError(f"{error} (FORMAT 6)") from error


def _describe(data: bytes, path: object) -> tuple[str, str]:
    """(machine, system) of an executable."""
    if data[:4] in (b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf"):
        raise InputError(
            path, "universal Mach-O: give each half as its own target (lipo -thin)", "5"
        )
    if lief.is_elf(list(data[:64])):
        return _describe_elf(lief.ELF.parse(data), path)
    if data[:4] == b"\xcf\xfa\xed\xfe":
        return _describe_macho(lief.MachO.parse(data), path)
    if data[:2] == b"MZ":
        return describe_pe(lief.PE.parse(data), path)
    raise InputError(path, "neither an ELF, a 64-bit Mach-O nor a PE executable", "5")


def _describe_elf(elf: lief.ELF.Binary | None, path: object) -> tuple[str, str]:
    if not isinstance(elf, lief.ELF.Binary):
        raise InputError(path, "damaged ELF file", "5")
    kind = elf.header.file_type
    if kind not in (lief.ELF.Header.FILE_TYPE.EXEC, lief.ELF.Header.FILE_TYPE.DYN):
        raise InputError(path, f"ELF type {_word(kind)} is not executable", "5")
    loads = [s for s in elf.segments if s.type == lief.ELF.Segment.TYPE.LOAD]
    if not loads or elf.entrypoint == 0:
        raise InputError(path, "ELF has nothing to load or no entry point: a library?", "5")
    return _machine(elf.header.machine_type, path), _elf_system(elf)


def _elf_system(elf: lief.ELF.Binary) -> str:
    """The BSDs mark their programs with a note; Linux is told by the loader asked for."""
    for note in elf.notes:
        if system := _NOTE_SYSTEMS.get(note.name.rstrip("\0")):
            return system
    if not elf.has_interpreter:
        return "linux-static"
    return _LOADERS.get(elf.interpreter, f"a program for the loader '{elf.interpreter}'")


def _describe_macho(fat: lief.MachO.FatBinary | None, path: object) -> tuple[str, str]:
    if not isinstance(fat, lief.MachO.FatBinary) or fat.size != 1:
        raise InputError(path, "damaged Mach-O file", "5")
    macho = fat.at(0)
    if macho.header.file_type != lief.MachO.Header.FILE_TYPE.EXECUTE:
        raise InputError(path, f"Mach-O type {_word(macho.header.file_type)} is not EXECUTE", "5")
    platform = _word(macho.build_version.platform) if macho.has_build_version else "MACOS"
    system = "macos" if platform == "MACOS" else f"a program for {platform}"
    return _machine(macho.header.cpu_type, path), system


def describe_pe(pe: lief.PE.Binary | None, path: object) -> tuple[str, str]:
    if not isinstance(pe, lief.PE.Binary):
        raise InputError(path, "damaged PE file, or a DOS program", "5")
    flags = lief.PE.Header.CHARACTERISTICS
    if not pe.header.has_characteristic(flags.EXECUTABLE_IMAGE) or pe.header.has_characteristic(
        flags.DLL
    ):
        raise InputError(path, "PE is a library or not linked, no program", "5")
    return _machine(pe.header.machine, path), "windows"


def _machine(machine: object, path: object) -> str:
    if machine not in _MACHINES:
        raise InputError(path, f"machine {_word(machine)} is neither x86-64 nor 64-bit ARM", "5")
    return _MACHINES[machine]


def _word(value: object) -> str:
    """LIEF's name of a number, or the number where it has none."""
    return str(getattr(value, "name", value))
