# SPDX-License-Identifier: Apache-2.0
"""Where everything lies: one plan of members, and one map of regions (FORMAT 1).

All offsets of a new file are decided in `plan_members`, before a byte is written. A map is a list
of Regions, made from the plan by nobody: image.py reads it back from the finished file, so that
what `ape layout` prints and `ape check` proves is what is there. Overlap and alignment are judged
here, by `broken_region_rules`, and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from zipalign import records

PAYLOAD_ALIGN = 4096  # the stub's dd counts in pages
DATA_ALIGN = 65536  # Windows maps files at multiples of this; 16 KiB is the page of Apple's ARM
SMALL_ALIGN = 64  # a cache line, for data too small to be mapped by itself


@dataclass(frozen=True)
class Region:
    offset: int
    size: int
    owner: str
    why: str
    align: int = 1

    @property
    def end(self) -> int:
        return self.offset + self.size


@dataclass(frozen=True)
class Member:
    """A zip member to be: its bytes, or the file to copy them from."""

    name: str
    source: bytes | Path
    size: int
    align: int
    mode: int = 0o644


@dataclass(frozen=True)
class Placed:
    member: Member
    entry: records.CentralHeader  # its CRC is still 0
    padding: int  # length of the extra field that aligns the data
    data_offset: int


@dataclass(frozen=True)
class Plan:
    placed: tuple[Placed, ...]
    directory_offset: int
    directory_size: int
    size: int  # of the whole file


def data_member(name: str, source: bytes | Path, size: int) -> Member:
    return Member(name, source, size, DATA_ALIGN if size >= DATA_ALIGN else SMALL_ALIGN)


def plan_members(start: int, members: list[Member]) -> Plan:
    """Places the members one after the other from `start`, and the directory behind them."""
    placed = []
    position = start
    for member in members:
        item = _place(position, member)
        placed.append(item)
        position = item.data_offset + member.size
    directory_size = sum(len(item.entry.pack()) for item in placed)
    end = records.end_records(len(placed), directory_size, position)
    return Plan(tuple(placed), position, directory_size, position + directory_size + len(end))


def _place(position: int, member: Member) -> Placed:
    entry = records.new_entry(member.name.encode(), 0o100000 | member.mode, records.FIXED_TIME)
    entry = entry._replace(compressed_size=member.size, uncompressed_size=member.size)
    length = records.local_length(entry)
    gap, extra = records.padding(position, length, member.align)
    entry = entry._replace(local_offset=position + gap)
    return Placed(member, entry, extra, position + gap + length + extra)


def broken_region_rules(regions: list[Region], size: int) -> list[str]:
    """One line per overlap, misalignment or region that leaves the file."""
    rules = []
    last = None
    for region in sorted(regions, key=lambda r: (r.offset, r.end)):
        if region.offset < 0 or region.end > size:
            rules.append(
                f"{region.owner} ends at {region.end:#x}, behind the file's {size:#x} bytes"
            )
        if region.offset % region.align:
            rules.append(f"{region.owner} at {region.offset:#x} is not aligned to {region.align}")
        if last and region.size and region.offset < last.end:
            rules.append(
                f"{region.owner} at {region.offset:#x} overlaps {last.owner}, "
                f"which ends at {last.end:#x}"
            )
        if not last or region.end > last.end:
            last = region
    return rules


def with_gaps(regions: list[Region], size: int) -> list[Region]:
    """The regions in file order, and a region for every byte that none of them owns."""
    whole = []
    position = 0
    for region in sorted(regions, key=lambda r: (r.offset, r.end)):
        if region.offset > position:
            whole.append(_gap(position, region.offset))
        whole.append(region)
        position = max(position, region.end)
    if position < size:
        whole.append(_gap(position, size))
    return whole


def _gap(start: int, end: int) -> Region:
    return Region(start, end - start, "unused", "belongs to nothing: padding, or a removed member")
