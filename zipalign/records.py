# SPDX-License-Identifier: Apache-2.0
"""The ZIP records that we read and write, and nothing else.

Field names, section numbers and abbreviations are those of PKWARE's APPNOTE.TXT 6.3.10.
All numbers are little-endian (4.1.? "general"); `struct` formats say so with "<".

    record             section  fixed length  found by
    LocalHeader        4.3.7    30            CentralHeader.local_offset
    CentralHeader      4.3.12   46            EndRecord / Zip64EndRecord .directory_offset
    Zip64EndRecord     4.3.14   56            Zip64Locator.record_offset
    Zip64Locator       4.3.15   20            it ends where EndRecord starts
    EndRecord          4.3.16   22            scanning backwards from the end of the file

Sizes and offsets in these classes are true values of up to 64 bits.  pack() writes 32-bit fields
wherever they suffice, so that readers without ZIP64 can read the file, and saturates a field and
adds the ZIP64 extra field (4.5.3) exactly where one does not.  parse() undoes that, and leaves the
ZIP64 field out of `extra`.

Offsets are absolute file offsets: a prefix (an executable) counts.  Nothing here touches a file.
"""
import calendar
import functools
import struct
import time
from typing import NamedTuple

from .errors import BadExtra, BadSignature, FieldTooLong, Truncated

LOCAL_SIGNATURE = b"PK\3\4"
CENTRAL_SIGNATURE = b"PK\1\2"
DESCRIPTOR_SIGNATURE = b"PK\7\x08"
ZIP64_END_SIGNATURE = b"PK\6\6"
ZIP64_LOCATOR_SIGNATURE = b"PK\6\7"
END_SIGNATURE = b"PK\5\6"

# Fixed parts without the signature, in the order of the fields of the classes below.
_LOCAL = struct.Struct("<4s 5H 3I 2H")
_CENTRAL = struct.Struct("<4s 6H 3I 5H 2I")
_ZIP64_END = struct.Struct("<4s Q 2H 2I 4Q")
_ZIP64_LOCATOR = struct.Struct("<4s I Q I")
_END = struct.Struct("<4s 4H 2I H")

LOCAL_LENGTH = _LOCAL.size              # 30
CENTRAL_LENGTH = _CENTRAL.size          # 46
ZIP64_END_LENGTH = _ZIP64_END.size      # 56
ZIP64_LOCATOR_LENGTH = _ZIP64_LOCATOR.size  # 20
END_LENGTH = _END.size                  # 22

MAX16 = 0xFFFF
MAX32 = 0xFFFFFFFF

STORED = 0                              # 4.4.5 compression methods
DEFLATED = 8

FLAG_ENCRYPTED = 1 << 0                 # 4.4.4 general purpose bits
FLAG_DESCRIPTOR = 1 << 3                # sizes and CRC follow the data
FLAG_UTF8 = 1 << 11                     # name and comment are UTF-8
FLAG_MASKED = 1 << 13                   # directory encryption: local header is masked

VERSION_STORED = 10                     # 4.4.3.2 lowest versions that can extract
VERSION_DEFLATED = 20
VERSION_ZIP64 = 45
MADE_BY_UNIX = 3 << 8 | 45              # 4.4.2: external_attr holds a Unix mode in its high half

EXTRA_ZIP64 = 0x0001                    # 4.5.3
EXTRA_ALIGN = 0xD935                    # Android's alignment field: u16 alignment, then zeros
EXTRA_ALIGN_MINIMUM = 6                 # id, length and the u16

# 1980-02-01 00:00 UTC: the earliest month that stays representable when a reader takes DOS time,
# which has no zone and starts in 1980, for local time of any zone.
FIXED_TIME = calendar.timegm((1980, 2, 1, 0, 0, 0))
_DOS_LAST = calendar.timegm((2107, 12, 31, 23, 59, 58))
_DOS_FIRST = calendar.timegm((1980, 1, 1, 0, 0, 0))


@functools.lru_cache(maxsize=64)        # most entries of an archive have the same time
def dos_time(seconds: int) -> tuple[int, int]:
    """(mod_time, mod_date) of 4.4.6 for seconds since 1970, as UTC whatever the time zone is."""
    t = time.gmtime(min(max(int(seconds), _DOS_FIRST), _DOS_LAST))
    return (t.tm_hour << 11 | t.tm_min << 5 | t.tm_sec // 2,
            (t.tm_year - 1980) << 9 | t.tm_mon << 5 | t.tm_mday)


def unix_time(mod_time: int, mod_date: int) -> int:
    """The seconds since 1970 that dos_time() came from, to two seconds; odd fields roll over."""
    return calendar.timegm((1980 + (mod_date >> 9), max(mod_date >> 5 & 15, 1),
                            max(mod_date & 31, 1), mod_time >> 11, mod_time >> 5 & 63,
                            2 * (mod_time & 31)))


def split_extra(extra: bytes):
    """Yield (id, whole field with its four bytes of header).

    Up to three bytes at the end that are too few for a field are padding (Android writes such) and
    are not yielded.  Raises BadExtra for a field longer than what is left.
    """
    at = 0
    while len(extra) - at >= 4:
        kind, length = struct.unpack_from("<HH", extra, at)
        if length > len(extra) - at - 4:
            raise BadExtra(f"extra field {kind:#06x} says {length} bytes, "
                           f"{len(extra) - at - 4} are left (APPNOTE 4.5.1)")
        yield kind, extra[at:at + 4 + length]
        at += 4 + length


def zip64_extra(values) -> bytes:
    """A ZIP64 extended information field with these 64-bit values; b"" for none."""
    if not values:
        return b""
    return struct.pack(f"<2H{len(values)}Q", EXTRA_ZIP64, 8 * len(values), *values)


def alignment_extra(length: int, align: int) -> bytes:
    """A padding field of exactly `length` bytes (6 to 65535), marked with the alignment.

    The field's own u16 cannot say more than 32768; 0 then stands for "look at the offset".
    """
    return _alignment_head(length, align) + bytes(length - EXTRA_ALIGN_MINIMUM)


def _alignment_head(length: int, align: int) -> bytes:
    if not EXTRA_ALIGN_MINIMUM <= length <= MAX16:
        raise FieldTooLong(f"a padding field cannot be {length} bytes long")
    return struct.pack("<3H", EXTRA_ALIGN, length - 4, align if align <= MAX16 else 0)


def _widen(extra: bytes, fields: dict, wanted) -> bytes:
    """Put the values of the ZIP64 field into `fields`, for the wanted names; return the rest.

    4.5.3: the field holds, in this order, just those values whose own field is saturated.
    """
    rest = []
    for kind, field in split_extra(extra):
        if kind != EXTRA_ZIP64:
            rest.append(field)
            continue
        if not wanted or wanted[0] in fields:
            continue                     # superfluous, or a second one
        if len(field) - 4 < 8 * len(wanted):
            raise BadExtra(f"ZIP64 field of {len(field) - 4} bytes, {8 * len(wanted)} are needed "
                           "(APPNOTE 4.5.3)")
        fields.update(zip(wanted, struct.unpack_from(f"<{len(wanted)}Q", field, 4), strict=True))
    if wanted and wanted[0] not in fields:
        raise BadExtra(f"{', '.join(wanted)} saturated without a ZIP64 field (APPNOTE 4.5.3)")
    return b"".join(rest)


def _fits16(what: str, value: bytes) -> int:
    if len(value) > MAX16:
        raise FieldTooLong(f"{what} of {len(value)} bytes; the limit is {MAX16}")
    return len(value)


def _unpack(form: struct.Struct, signature: bytes, what: str, data, at: int):
    if at < 0 or len(data) - at < form.size:
        raise Truncated(f"{what} at {at}: {form.size} bytes needed, {max(len(data) - at, 0)} left")
    fields = form.unpack_from(data, at)
    if fields[0] != signature:
        raise BadSignature(f"{what} at {at} starts with {fields[0]!r}, not {signature!r}")
    return fields[1:]


class LocalHeader(NamedTuple):
    """4.3.7, in front of each entry's data."""

    version_needed: int
    flags: int
    method: int
    mod_time: int
    mod_date: int
    crc32: int
    compressed_size: int
    uncompressed_size: int
    file_name: bytes
    extra: bytes = b""

    def pack(self) -> bytes:
        # 4.5.3: in a local header both sizes must be there if one is.
        wide = self.compressed_size >= MAX32 or self.uncompressed_size >= MAX32
        extra = self.extra
        packed, unpacked = self.compressed_size, self.uncompressed_size
        if wide:
            extra = zip64_extra((unpacked, packed)) + extra
            packed = unpacked = MAX32
        return _LOCAL.pack(
            LOCAL_SIGNATURE, max(self.version_needed, VERSION_ZIP64 if wide else 0), self.flags,
            self.method, self.mod_time, self.mod_date, self.crc32, packed, unpacked,
            _fits16("file name", self.file_name), _fits16("extra field", extra),
        ) + self.file_name + extra

    @classmethod
    def parse(cls, data, at: int = 0) -> tuple["LocalHeader", int]:
        """The header at data[at:] and the offset after it (where the entry's data starts)."""
        *head, crc32, packed, unpacked, n_name, n_extra = _unpack(
            _LOCAL, LOCAL_SIGNATURE, "local header", data, at)
        start = at + LOCAL_LENGTH
        end = start + n_name + n_extra
        if len(data) < end:
            raise Truncated(f"local header at {at}: name and extra field end at {end}, "
                            f"{len(data)} bytes are there")
        fields: dict = {}
        wanted = []
        if unpacked == MAX32 or packed == MAX32:
            wanted = ["uncompressed_size", "compressed_size"]
        extra = _widen(bytes(data[start + n_name:end]), fields, wanted)
        return cls(*head, crc32, fields.get("compressed_size", packed),
                   fields.get("uncompressed_size", unpacked),
                   bytes(data[start:start + n_name]), extra), end


class CentralHeader(NamedTuple):
    """4.3.12, one per entry in the central directory."""

    version_made_by: int
    version_needed: int
    flags: int
    method: int
    mod_time: int
    mod_date: int
    crc32: int
    compressed_size: int
    uncompressed_size: int
    disk_start: int
    internal_attr: int
    external_attr: int
    local_offset: int
    file_name: bytes
    extra: bytes = b""
    comment: bytes = b""

    def pack(self) -> bytes:
        packed, unpacked, offset = self.compressed_size, self.uncompressed_size, self.local_offset
        extra = self.extra
        version = self.version_needed
        wide = [v for v in (unpacked, packed, offset) if v >= MAX32]
        if wide:
            extra = zip64_extra(wide) + extra
            packed, unpacked, offset = (min(v, MAX32) for v in (packed, unpacked, offset))
            version = max(version, VERSION_ZIP64)
        return _CENTRAL.pack(
            CENTRAL_SIGNATURE, self.version_made_by, version, self.flags, self.method,
            self.mod_time, self.mod_date, self.crc32, packed, unpacked,
            _fits16("file name", self.file_name), _fits16("extra field", extra),
            _fits16("comment", self.comment), self.disk_start, self.internal_attr,
            self.external_attr, offset,
        ) + self.file_name + extra + self.comment

    @classmethod
    def parse(cls, data, at: int = 0) -> tuple["CentralHeader", int]:
        """The header at data[at:] and the offset after it."""
        (*head, packed, unpacked, n_name, n_extra, n_comment, disk, internal, external,
         offset) = _unpack(_CENTRAL, CENTRAL_SIGNATURE, "central header", data, at)
        name_at = at + CENTRAL_LENGTH
        extra_at = name_at + n_name
        comment_at = extra_at + n_extra
        end = comment_at + n_comment
        if len(data) < end:
            raise Truncated(f"central header at {at} ends at {end}, {len(data)} bytes are there")
        extra = bytes(data[extra_at:comment_at])
        if extra:
            fields: dict = {}
            wanted = [name for name, value in (("uncompressed_size", unpacked),
                      ("compressed_size", packed), ("local_offset", offset)) if value == MAX32]
            extra = _widen(extra, fields, wanted)
            unpacked = fields.get("uncompressed_size", unpacked)
            packed = fields.get("compressed_size", packed)
            offset = fields.get("local_offset", offset)
        elif MAX32 in (packed, unpacked, offset):
            raise BadExtra("a saturated size or offset without a ZIP64 field (APPNOTE 4.5.3)")
        return cls(*head, packed, unpacked, disk, internal, external, offset,
                   bytes(data[name_at:extra_at]), extra, bytes(data[comment_at:end])), end


class Zip64EndRecord(NamedTuple):
    """4.3.14; version 1, without an extensible data sector of our own."""

    record_size: int                    # of what follows this field: 44 + extensible data
    version_made_by: int
    version_needed: int
    disk: int
    directory_disk: int
    disk_entries: int
    entries: int
    directory_size: int
    directory_offset: int

    def pack(self) -> bytes:
        return _ZIP64_END.pack(ZIP64_END_SIGNATURE, *self)

    @classmethod
    def parse(cls, data, at: int = 0) -> "Zip64EndRecord":
        return cls(*_unpack(_ZIP64_END, ZIP64_END_SIGNATURE, "ZIP64 end record", data, at))


class Zip64Locator(NamedTuple):
    """4.3.15."""

    record_disk: int
    record_offset: int
    disks: int

    def pack(self) -> bytes:
        return _ZIP64_LOCATOR.pack(ZIP64_LOCATOR_SIGNATURE, *self)

    @classmethod
    def parse(cls, data, at: int = 0) -> "Zip64Locator":
        return cls(*_unpack(_ZIP64_LOCATOR, ZIP64_LOCATOR_SIGNATURE, "ZIP64 locator", data, at))


class EndRecord(NamedTuple):
    """4.3.16; the raw 16 and 32-bit values, saturated ones included."""

    disk: int
    directory_disk: int
    disk_entries: int
    entries: int
    directory_size: int
    directory_offset: int
    comment_length: int

    def pack(self, comment: bytes = b"") -> bytes:
        return _END.pack(END_SIGNATURE, *self) + comment

    @classmethod
    def parse(cls, data, at: int = 0) -> "EndRecord":
        return cls(*_unpack(_END, END_SIGNATURE, "end record", data, at))

    @property
    def saturated(self) -> bool:
        """True if some value may have to be looked up in the ZIP64 record (4.4.1.4)."""
        return (MAX16 in (self.disk, self.directory_disk, self.disk_entries, self.entries)
                or MAX32 in (self.directory_size, self.directory_offset))


def end_records(entries: int, directory_size: int, directory_offset: int,
                comment: bytes = b"") -> bytes:
    """All that follows the central directory: ZIP64 records only if a value needs them."""
    _fits16("archive comment", comment)
    wide = entries >= MAX16 or directory_size >= MAX32 or directory_offset >= MAX32
    out = b""
    if wide:
        out = Zip64EndRecord(ZIP64_END_LENGTH - 12, MADE_BY_UNIX, VERSION_ZIP64, 0, 0, entries,
                             entries, directory_size, directory_offset).pack()
        out += Zip64Locator(0, directory_offset + directory_size, 1).pack()
    return out + EndRecord(0, 0, min(entries, MAX16), min(entries, MAX16),
                           min(directory_size, MAX32), min(directory_offset, MAX32),
                           len(comment)).pack(comment)


def new_entry(name: bytes, mode: int, seconds: int, method: int = STORED) -> CentralHeader:
    """A directory entry for a file still to be written: sizes, CRC and offset are 0.

    mode is a Unix st_mode with its type bits; seconds is the time since 1970.  Set the rest with
    _replace() and make the local header with local_of().
    """
    utf8 = FLAG_UTF8 if not name.isascii() else 0
    needed = VERSION_STORED if method == STORED and not name.endswith(b"/") else VERSION_DEFLATED
    return CentralHeader(MADE_BY_UNIX, needed, utf8, method, *dos_time(seconds), 0, 0, 0, 0, 0,
                         mode << 16, 0, name)


def local_of(entry: CentralHeader, extra: bytes = b"") -> LocalHeader:
    """The local header that agrees with a directory entry."""
    return LocalHeader(entry.version_needed, entry.flags, entry.method, entry.mod_time,
                       entry.mod_date, entry.crc32, entry.compressed_size,
                       entry.uncompressed_size, entry.file_name, extra)


def local_head(entry: CentralHeader, extra: int, align: int) -> bytes:
    """The local header with a padding field of `extra` bytes (0: none), less the field's zeros."""
    head = local_of(entry).pack()
    if not extra:
        return head
    length = int.from_bytes(head[28:30], "little") + extra
    return b"".join((head[:28], struct.pack("<H", length), head[30:],
                     _alignment_head(extra, align)))


def local_length(entry: CentralHeader) -> int:
    """The length of local_of(entry).pack()."""
    wide = entry.compressed_size >= MAX32 or entry.uncompressed_size >= MAX32
    return LOCAL_LENGTH + len(entry.file_name) + (20 if wide else 0)


def padding(position: int, header_length: int, align: int) -> tuple[int, int]:
    """(gap, extra): how to align the data of an entry that may start at `position`.

    The padding goes into an extra field of `extra` bytes, so that the file stays a gapless chain
    of entries: tools that rewrite the directory (zip -d, zip -A) then leave data in front of their
    change where it was.  Where no field of that length exists (below 6 bytes, or 65536 and more)
    it is a gap of `gap` bytes in front of the local header.
    """
    pad = -(position + header_length) % align
    if EXTRA_ALIGN_MINIMUM <= pad <= MAX16 - 20:   # 20: a ZIP64 field may stand beside it
        return 0, pad
    return pad, 0
