# SPDX-License-Identifier: Apache-2.0
"""Bounds-checked little-endian access to the bytes of an executable.

Every read and write of a header field goes through here, so that a damaged input ends in one
FieldError that names the offset, never in an exception of struct or in a wrong slice.
"""

from __future__ import annotations

from ape.errors import FieldError


class Fields:
    """A buffer with a name; `data` may be bytes (read only) or a bytearray."""

    def __init__(self, data: bytes | bytearray, name: object) -> None:
        self.data = data
        self.name = name

    def take(self, offset: int, size: int) -> bytes:
        self._check(offset, size)
        return bytes(self.data[offset : offset + size])

    def u8(self, offset: int) -> int:
        return self.take(offset, 1)[0]

    def u16(self, offset: int) -> int:
        return int.from_bytes(self.take(offset, 2), "little")

    def u32(self, offset: int) -> int:
        return int.from_bytes(self.take(offset, 4), "little")

    def u64(self, offset: int) -> int:
        return int.from_bytes(self.take(offset, 8), "little")

    def put(self, offset: int, value: bytes) -> None:
        self._check(offset, len(value))
        self.data[offset : offset + len(value)] = value

    def put32(self, offset: int, value: int) -> None:
        self._put(offset, value, 4)

    def put64(self, offset: int, value: int) -> None:
        self._put(offset, value, 8)

    def _put(self, offset: int, value: int, size: int) -> None:
        if value >> (8 * size):
            raise FieldError(f"{self.name}: value {value:#x} does not fit its {size}-byte field")
        self.put(offset, value.to_bytes(size, "little"))

    def _check(self, offset: int, size: int) -> None:
        if offset < 0 or size < 0 or offset + size > len(self.data):
            raise FieldError(
                f"{self.name}: truncated or damaged: {size} bytes at {offset:#x} are outside "
                f"its {len(self.data):#x} bytes"
            )
