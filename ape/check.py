# SPDX-License-Identifier: Apache-2.0
"""`ape check`: re-opens a polyglot and proves each promise of FORMAT.md; used by link as well.

A rule is one function that yields one line per violation. They look at the finished file only:
what link meant to write does not count.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import lief

from ape import image, inputs, layout, macho, pe, stub
from ape.errors import ApeError
from ape.image import Image, StoredMember
from ape.targets import HEAD_TARGET, TARGETS
from zipalign import check as zip_check
from zipalign import records
from zipalign.file import DiskFile


def broken_rules(path: Path, all_data: bool = True) -> list[str]:
    """One line per broken rule. `all_data` reads every member to compare its checksum."""
    with closing(DiskFile(path)) as file:
        return broken_rules_of(file, all_data)


def broken_rules_of(file: DiskFile, all_data: bool = True) -> list[str]:
    """The same of an open file."""
    try:
        found = image.read_open(file)
        return [
            *_head_rules(found),
            *_stub_rules(found),
            *layout.broken_region_rules(found.regions, found.size),
            *_pe_rules(file, found),
            *_payload_rules(file, found),
            *_build_id_rules(file, found),
            *(f"zip: {problem}" for problem in zip_check.problems(file, deep=all_data)),
        ]
    except ApeError as error:
        return [str(error).removeprefix(f"{file.path}: ")]


def _head_rules(found: Image) -> Iterator[str]:
    head = found.head
    if head[: pe.HEAD_ROOM] != pe.HEAD.ljust(pe.HEAD_ROOM, b"\n"):
        yield "the first line is not the shell text (FORMAT 2)"
    if b"\0" in head.partition(b"\n")[0]:
        yield "a NUL in the first line: shells take the file for binary (FORMAT 2)"
    if any(head[found.headers.size if found.headers else pe.HEAD_ROOM :]):
        yield "page 0 holds more than its heads (FORMAT 1)"


def _stub_rules(found: Image) -> Iterator[str]:
    text = found.stub_page.rstrip(b"\n")
    if b"\0" in text or not (text.startswith(b"{\n") and text.endswith(b"\n}")):
        yield "the stub is not one shell group, padded with newlines (FORMAT 3)"
    members = {member.target: member for member in found.members if member.target}
    for row in found.rows:
        if row.target not in members:
            yield f"the stub knows {row.target}, the zip directory does not (FORMAT 3)"
    rows = {row.target for row in found.rows}
    for target in members:
        if target not in TARGETS:
            yield f"member for an unknown target '{target}' (FORMAT 6.1)"
        elif TARGETS[target].uname and target not in rows:
            yield f"the zip directory has {target}, the stub does not know it (FORMAT 3)"


def _pe_rules(file: DiskFile, found: Image) -> Iterator[str]:
    if found.headers is None:
        return
    # LIEF reads all it is given into memory: the PE, and not the gigabytes behind it.
    end = max((s.raw_offset + s.raw_size for s in found.headers.sections), default=pe.BODY_OFFSET)
    front = file.read(0, min(end, inputs.PROGRAM_LIMIT))
    with inputs.reading(found.path):
        yield from _parsed_pe_rules(lief.PE.parse(front), found, found.headers)


def _parsed_pe_rules(
    parsed: lief.PE.Binary | None, found: Image, headers: pe.Headers
) -> Iterator[str]:
    if not isinstance(parsed, lief.PE.Binary):
        yield "LIEF cannot parse the PE (FORMAT 4)"
        return
    fine, reason = lief.PE.check_layout(parsed)
    if not fine:
        yield f"LIEF refuses the PE: {reason.strip()} (FORMAT 4)"
    target = TARGETS[HEAD_TARGET]
    if inputs.describe_pe(parsed, found.path) != (target.machine, target.system):
        yield "the PE is not for x86-64 Windows (FORMAT 4)"
    mine = [(s.raw_offset, s.raw_size) for s in headers.sections if s.raw_size]
    theirs = [(s.pointerto_raw_data, s.sizeof_raw_data) for s in parsed.sections]
    if mine != [pair for pair in theirs if pair[1]]:
        yield "LIEF sees other PE sections (FORMAT 4)"
    for s in headers.sections:
        if s.raw_size and s.raw_offset < pe.BODY_OFFSET:
            yield f"PE section {s.name} starts in front of 0x2000 (FORMAT 4)"
    if headers.size > stub.PAGE:
        yield "the PE headers do not end in page 0 (FORMAT 4)"


def _payload_rules(file: DiskFile, found: Image) -> Iterator[str]:
    rows = {row.target: row for row in found.rows}
    for member in found.members:
        target = TARGETS.get(member.target)
        if not target:
            continue
        if member.header.method != records.STORED or member.name != target.member(found.name):
            yield f"{member.name}: a program must be stored, as {target.member(found.name)}"
            continue
        if member.header.compressed_size > inputs.PROGRAM_LIMIT:
            yield f"{member.name}: larger than any program (FORMAT 5)"
            continue
        data = file.read(member.data_offset, member.header.compressed_size)
        if target.name in rows:
            yield from _row_rules(rows[target.name], member, data)
        try:
            inputs.require(target, data, member.name)
            if target.format == "MACHO":
                for rule in macho.broken_signature_rules(data, member.name):
                    yield f"{member.name}: {rule} (FORMAT 5.2)"
        except ApeError as error:
            yield str(error)


def _build_id_rules(file: DiskFile, found: Image) -> Iterator[str]:
    for member in found.members:
        if member.name == inputs.BUILD_ID_MEMBER:
            data = file.read(member.data_offset, min(member.header.compressed_size, 1000))
            try:
                inputs.check_build_id(data.decode("latin-1"))
            except ApeError as error:
                yield f"{member.name}: {error}"


def _row_rules(row: stub.Row, member: StoredMember, data: bytes) -> Iterator[str]:
    place = (member.data_offset, member.header.compressed_size)
    if place != (row.skip * stub.PAGE, row.count * stub.PAGE):
        yield f"{member.name}: the stub has it at page {row.skip}, {row.count} pages (FORMAT 3)"
    if hashlib.sha256(data).hexdigest()[: stub.HASH_CHARS] != row.hash:
        yield f"{member.name}: its SHA-256 is not the stub's {row.hash} (FORMAT 3)"
    if stub.posix_cksum(data) != row.crc:
        yield f"{member.name}: its cksum is not the stub's {row.crc} (FORMAT 3)"
