# SPDX-License-Identifier: Apache-2.0
"""A ZIP writer that can lie in every field, to make archives that are odd or broken on purpose.

It shares no code with zipalign: struct formats are spelled out again from APPNOTE 4.3.
"""
import struct
import zlib
from dataclasses import dataclass, field


@dataclass
class File:
    """One entry; local and central override single fields of the two headers by name."""

    name: bytes
    data: bytes = b""
    method: int = 0
    flags: int = 0
    extra: bytes = b""
    local_extra: bytes | None = None
    comment: bytes = b""
    gap: bytes = b""                    # in front of the local header
    descriptor: bytes = b""             # behind the data
    zip64: bool = False
    local: dict = field(default_factory=dict)
    central: dict = field(default_factory=dict)

    @property
    def packed(self) -> bytes:
        if self.method != 8:
            return self.data
        engine = zlib.compressobj(9, zlib.DEFLATED, -15)
        return engine.compress(self.data) + engine.flush()


def local_header(file: File) -> bytes:
    f = {"sig": b"PK\3\4", "version": 20, "flags": file.flags, "method": file.method, "time": 0,
         "date": 0x5821, "crc": zlib.crc32(file.data), "packed": len(file.packed),
         "size": len(file.data), "n_name": len(file.name)}
    extra = file.extra if file.local_extra is None else file.local_extra
    if file.zip64:
        extra += struct.pack("<2H2Q", 1, 16, f["size"], f["packed"])
        f.update(size=0xFFFFFFFF, packed=0xFFFFFFFF, version=45)
    f["n_extra"] = len(extra)
    f.update(file.local)
    return struct.pack("<4s5H3I2H", *f.values()) + file.name + extra


def central_header(file: File, offset: int) -> bytes:
    f = {"sig": b"PK\1\2", "made": 0x031E, "version": 20, "flags": file.flags,
         "method": file.method, "time": 0, "date": 0x5821, "crc": zlib.crc32(file.data),
         "packed": len(file.packed), "size": len(file.data), "n_name": len(file.name),
         "n_extra": 0, "n_comment": len(file.comment), "disk": 0, "internal": 0,
         "external": 0o100644 << 16, "offset": offset}
    extra = file.extra
    if file.zip64:
        extra += struct.pack("<2H3Q", 1, 24, f["size"], f["packed"], offset)
        f.update(size=0xFFFFFFFF, packed=0xFFFFFFFF, offset=0xFFFFFFFF, version=45)
    f["n_extra"] = len(extra)
    f.update(file.central)
    return struct.pack("<4s6H3I5H2I", *f.values()) + file.name + extra + file.comment


def make_zip(files, prefix: bytes = b"", *, relative: bool = False, comment: bytes = b"",
             zip64: bool = False, before_directory: bytes = b"", before_end: bytes = b"",
             trailing: bytes = b"", end=(), end64=(), locator=()) -> bytes:
    """An archive; end, end64 and locator override single fields of those records."""
    out, headers = bytearray(prefix), []
    base = len(prefix) if relative else 0
    for file in files:
        out += file.gap
        headers.append(central_header(file, len(out) - base))
        out += local_header(file) + file.packed + file.descriptor
    out += before_directory
    at, directory = len(out), b"".join(headers)
    out += directory + before_end
    e = {"sig": b"PK\5\6", "disk": 0, "directory_disk": 0, "here": len(headers),
         "entries": len(headers), "size": len(directory), "offset": at - base,
         "n_comment": len(comment)}
    if zip64:
        wide = {"sig": b"PK\6\6", "length": 44, "made": 45, "version": 45, "disk": 0,
                "directory_disk": 0, "here": e["here"], "entries": e["entries"],
                "size": e["size"], "offset": e["offset"], **dict(end64)}
        loc = {"sig": b"PK\6\7", "disk": 0, "offset": len(out) - base, "disks": 1,
               **dict(locator)}
        out += struct.pack("<4sQ2H2I4Q", *wide.values()) + struct.pack("<4sIQI", *loc.values())
        e.update(here=0xFFFF, entries=0xFFFF, size=0xFFFFFFFF, offset=0xFFFFFFFF)
    e.update(dict(end))
    return bytes(out + struct.pack("<4s4H2IH", *e.values()) + comment + trailing)
