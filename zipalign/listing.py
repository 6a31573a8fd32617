# SPDX-License-Identifier: Apache-2.0
"""What --list and --check say about an archive."""
import json
import time

from . import records as r
from .check import place, unfinished
from .reader import read_directory

_METHODS = {r.STORED: "stored", r.DEFLATED: "deflated"}


def describe(file) -> list[dict]:
    """One dict per entry, in the order of the directory; offsets are absolute, times UTC."""
    directory = read_directory(file)
    rows = []
    for entry in directory.entries:
        header = entry.header
        where = place(file, entry, directory.offset)
        stamp = time.gmtime(r.unix_time(header.mod_time, header.mod_date))
        rows.append({
            "name": entry.name,
            "size": header.uncompressed_size,
            "compressed_size": header.compressed_size,
            "method": _METHODS.get(header.method, f"method {header.method}"),
            "crc32": f"{header.crc32:08x}",
            "header_offset": where.start,
            "data_offset": where.data,
            "alignment": where.data & -where.data,
            "mode": f"{header.external_attr >> 16 & 0o7777:04o}",
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", stamp),
        })
    return rows


def render(file, as_json: bool) -> str:
    """The entries: a table for people, or a JSON array."""
    rows = describe(file)
    if as_json:
        return json.dumps(rows, indent=1)
    lines = [f"{'size':>14} {'offset':>14} {'aligned':>8} {'method':<8}  name"]
    for row in rows:
        # Names of other tools may hold anything; a terminal must not obey them.
        name = "".join(c if c.isprintable() else "?" for c in row["name"])
        lines.append(f"{row['size']:>14} {row['data_offset']:>14} {short(row['alignment']):>8} "
                     f"{row['method']:<8}  {name}")
    return "\n".join(lines)


def short(size: int) -> str:
    """1024 -> 1K; powers of two only."""
    for unit in ("", "K", "M", "G"):
        if size < 1024:
            return f"{size}{unit}"
        size //= 1024
    return f"{size}T"


def summary(file) -> str:
    """One line about an archive that passed its check."""
    directory = read_directory(file)
    text = f"{file.path}: ok, {len(directory.entries)} entries"
    left = unfinished(file, directory)
    if left:
        text += f"; an interrupted run left {left} unused bytes, the next one gives them back"
    return text
