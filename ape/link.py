# SPDX-License-Identifier: Apache-2.0
"""`ape link`: executables and data in, one polyglot out.

The passes of `link` in order; the layout is fixed after the third, and no byte is written before.
Same inputs give the same bytes: no time, no random number and no path enters the file.
"""

from __future__ import annotations

import contextlib
import hashlib
import stat
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ape import check, inputs, layout, macho, pe, stub
from ape.errors import InputError, OptionError, PolyglotError
from ape.targets import HEAD_TARGET, TARGETS, find_target
from zipalign import copy, records
from zipalign.create import NewFile
from zipalign.errors import InputChanged
from zipalign.file import DiskFile

Advance = Callable[[int], object]  # called with the number of bytes done since its last call
Progress = Callable[[int], contextlib.AbstractContextManager[Advance | None]]  # of so many bytes

WINDOWS_LIMIT = 1 << 32  # Windows starts no image of this size or above


@dataclass(frozen=True)
class Order:
    """What to link."""

    name: str
    programs: dict[str, Path]  # target name -> executable
    data: tuple[tuple[str, Path], ...] = ()  # (member name, file)
    env_prefix: str | None = None
    build_id: str | None = None


@dataclass(frozen=True)
class Head:
    """Everything in front of the members, but for the stub."""

    page: bytes
    body: bytes
    body_offset: int

    @property
    def end(self) -> int:
        return self.body_offset + len(self.body)


def link(order: Order, out: Path, progress: Progress | None = None) -> list[str]:
    """Writes the polyglot; returns warnings. Shows `progress` while the data is copied."""
    # 1. Names and inputs: everything that can be refused is refused here.
    prefix = _check_names(order)
    programs = [inputs.load_program(find_target(t), p) for t, p in order.programs.items()]

    # 2. The bytes of the head and of each payload: moved, padded, signed.
    head = _make_head(programs)
    payloads = _make_payloads(order.name, programs)

    # 3. The plan. After this, no offset changes.
    plan = layout.plan_members(head.end, payloads + _other_members(order))

    # 4. The stub: its table holds the offsets of the payloads.
    page = stub.render(order.name, prefix, _stub_rows(plan), HEAD_TARGET in order.programs)

    # 5. Write beside the target, read back and check, then take the target's place.
    with _replacing(out) as file:
        with progress(plan.size) if progress else contextlib.nullcontext() as advance:
            _write(file, head, page, plan, advance)
        if broken := check.broken_rules_of(file, all_data=False):
            raise PolyglotError(f"the linked file breaks a rule: {broken[0]}")
    return _warnings(order, plan)


def _check_names(order: Order) -> str:
    inputs.check_name(order.name)
    if not order.programs:
        raise OptionError("no program given: TARGET=PATH")
    if order.build_id is not None:
        inputs.check_build_id(order.build_id)
    names = [name for name, _ in order.data]
    for name in names:
        inputs.check_member_name(name)
        if names.count(name) > 1:
            raise OptionError(f"member '{name}' is given twice")
    return inputs.env_prefix(order.name, order.env_prefix)


def _make_head(programs: list[inputs.Program]) -> Head:
    for program in programs:
        if program.target.name == HEAD_TARGET:
            return Head(*pe.move(program.data, program.path))
    return Head(pe.render_empty_head(), b"", pe.BODY_OFFSET)


def _make_payloads(name: str, programs: list[inputs.Program]) -> list[layout.Member]:
    """Members in the order of the targets' table, whatever the order on the command line."""
    rank = list(TARGETS)
    members = []
    for program in sorted(programs, key=lambda p: rank.index(p.target.name)):
        if program.target.name != HEAD_TARGET:
            data = _payload_bytes(name, program)
            member = program.target.member(name)
            members.append(layout.Member(member, data, len(data), layout.PAYLOAD_ALIGN, 0o755))
    return members


def _payload_bytes(name: str, program: inputs.Program) -> bytes:
    """Whole pages, so that one dd fetches them; Windows reads its own through the zip."""
    if program.target.format == "MACHO":
        return macho.sign(program.data, name, layout.PAYLOAD_ALIGN, program.path)
    if program.target.format == "ELF":
        return program.data + bytes(-len(program.data) % layout.PAYLOAD_ALIGN)
    return program.data


def _other_members(order: Order) -> list[layout.Member]:
    members = []
    if order.build_id is not None:
        text = order.build_id.encode()
        members.append(layout.data_member(inputs.BUILD_ID_MEMBER, text, len(text)))
    for name, path in order.data:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise InputError(path, "not a regular file", "6")
        members.append(layout.data_member(name, path, found.st_size))
    return members


def _stub_rows(plan: layout.Plan) -> list[stub.Row]:
    rows = []
    for item in plan.placed:
        target = TARGETS.get(item.member.name.split("/")[1]) if _is_payload(item) else None
        if target and target.uname:
            data = item.member.source
            rows.append(
                stub.Row(
                    target.name,
                    hashlib.sha256(data).hexdigest()[: stub.HASH_CHARS],
                    item.data_offset // stub.PAGE,
                    len(data) // stub.PAGE,
                    stub.posix_cksum(data),
                )
            )
    return rows


def _is_payload(item: layout.Placed) -> bool:
    return item.member.name.startswith("native/")


def _write(
    file: DiskFile, head: Head, page: bytes, plan: layout.Plan, advance: Advance | None
) -> None:
    """Data first and the headers after it: their CRC is known once the data has gone by."""
    file.truncate(plan.size)
    file.write(0, head.page)
    file.write(stub.STUB_OFFSET, page)
    file.write(head.body_offset, head.body)
    directory = b""
    for item in plan.placed:
        entry = item.entry._replace(crc32=_copy(file, item, advance))
        directory += entry.pack()
        extra = b""
        if item.padding:
            extra = records.alignment_extra(item.padding, item.member.align)
        file.write(entry.local_offset, records.local_of(entry, extra).pack())
    file.write(plan.directory_offset, directory)
    end = records.end_records(len(plan.placed), plan.directory_size, plan.directory_offset)
    file.write(plan.directory_offset + plan.directory_size, end)


def _copy(file: DiskFile, item: layout.Placed, advance: Advance | None) -> int:
    """Copies a member's data to its place; returns its CRC-32."""
    source = item.member.source
    if isinstance(source, bytes):
        file.write(item.data_offset, source)
        return zlib.crc32(source)
    with contextlib.closing(DiskFile(source)) as opened:
        try:
            crc = copy.store(opened, item.member.size, file, item.data_offset, advance)
        except InputChanged as error:
            raise InputError(source, str(error), "6") from error
        if opened.size() != item.member.size:
            raise InputError(source, "the file changed its size while it was copied", "6")
    return crc


@contextlib.contextmanager
def _replacing(out: Path) -> Iterator[DiskFile]:
    """A new file that takes the place of `out` when all went well, and vanishes when not."""
    if out.exists() and not out.is_file():
        raise OptionError(f"{out}: is no regular file")
    with _naming(out):
        new = NewFile(str(out), DiskFile, 0o777)
    with contextlib.closing(new):
        yield new.file
        with _naming(out):
            new.file.sync()
            new.publish(replace=True)


@contextlib.contextmanager
def _naming(out: Path) -> Iterator[None]:
    """What fails in here is the output, also where a file beside it has another name."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(out)) from error


def _warnings(order: Order, plan: layout.Plan) -> list[str]:
    if HEAD_TARGET in order.programs and plan.size >= WINDOWS_LIMIT:
        return ["Windows starts no file of 4 GiB or more; there, keep the data in its own file"]
    return []
