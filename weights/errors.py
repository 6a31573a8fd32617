# SPDX-License-Identifier: Apache-2.0
"""What can go wrong in this package. Each leaf is named after the rule that was broken.

A message is one line, starts with the file it is about, and gives the value that was found.
Only `cli.py` catches these.
"""


class WeightsError(Exception):
    """Base of every error that this package raises on purpose."""


class GgufError(WeightsError):
    """A GGUF file breaks a rule of the format; `offset` is the byte where that was seen."""

    def __init__(self, text: str, offset: int | None = None) -> None:
        super().__init__(text if offset is None else f"{text} (at byte {offset})")
        self.offset = offset


class GgufBadMagic(GgufError):
    """The file does not start with "GGUF"."""


class GgufBadVersion(GgufError):
    """A version other than 2 and 3, or a big-endian file."""


class GgufTruncated(GgufError):
    """A field reaches past the end of the file."""


class GgufLimit(GgufError):
    """A count or a length is beyond the limits named in gguf.py."""


class GgufBadValue(GgufError):
    """A metadata value has an unknown kind, or a boolean is neither 0 nor 1."""


class GgufDuplicate(GgufError):
    """Two metadata keys or two tensors share a name."""


class GgufBadShape(GgufError):
    """A tensor has an impossible shape, or rows that are no whole number of blocks."""


class GgufBadType(GgufError):
    """A tensor has a type that is not in the table."""


class GgufBadAlignment(GgufError):
    """general.alignment is no power of two, or a tensor does not start on it."""


class GgufTensorPastEnd(GgufError):
    """A tensor reaches past the end of the file."""


class GgufOverlap(GgufError):
    """Two tensors share bytes."""


class QuantError(WeightsError):
    """Values cannot be stored in the wanted type."""


class ConvertError(WeightsError):
    """A Hugging Face directory that this package cannot convert."""
