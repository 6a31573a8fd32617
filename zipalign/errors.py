# SPDX-License-Identifier: Apache-2.0
"""Everything that zipalign refuses, one class per broken rule.

Each class is named after the rule, each message is one line that says which file, which rule (with
its APPNOTE section where there is one) and, where the user can do something, what to do.  Only
cli.py catches these.
"""


class ZipAlignError(Exception):
    """Base of all: something about an archive or an input is not as it must be."""

    path: str = ""

    def __str__(self) -> str:
        text = super().__str__()
        return f"{self.path}: {text}" if self.path else text

    def at(self, path) -> "ZipAlignError":
        """Name the file this error is about; the innermost name wins."""
        self.path = self.path or str(path)
        return self


# The archive as it was found.

class BadArchive(ZipAlignError):
    """An existing archive breaks a rule of the format."""


class NotAZip(BadArchive):
    """No end of central directory record."""


class Truncated(BadArchive):
    """A record runs past the end of the file, or of the room it has."""


class BadSignature(BadArchive):
    """A record does not start with its signature."""


class MultiDisk(BadArchive):
    """The archive is split over several files."""


class BadEndRecord(BadArchive):
    """The end records contradict each other or the file."""


class BadDirectory(BadArchive):
    """The central directory is not what the end record says."""


class BadExtra(BadArchive):
    """An extra field runs past its header, or lacks a value that the header relies on."""


class BadEntryOffset(BadArchive):
    """An entry's header or data lies outside the room for entries."""


class HeaderMismatch(BadArchive):
    """Local and central header of one entry disagree."""


class Overlap(BadArchive):
    """Two entries share bytes."""


class Misaligned(BadArchive):
    """A stored entry's data does not start at a multiple of the alignment."""


class BadCrc(BadArchive):
    """The data of an entry does not match its checksum."""


class BadData(BadArchive):
    """Compressed data that cannot be decompressed, or to another size."""


class DuplicateEntry(BadArchive):
    """Two entries of one archive have the same name."""


class Unsupported(BadArchive):
    """Legal, but something this program cannot read: encryption, another method."""


# What the caller asked for.

class BadName(ZipAlignError):
    """An entry name that some system would misread or that leaves the target folder."""


class NameTwice(ZipAlignError):
    """Two inputs of one call would get the same entry name."""


class BadInput(ZipAlignError):
    """An input that is not a readable regular file."""


class InputChanged(ZipAlignError):
    """An input shrank, grew or was touched while it was copied."""


class NoSuchEntry(ZipAlignError):
    """No entry of that name."""


class BadAlignment(ZipAlignError, ValueError):
    """An alignment that is not a power of two in range."""


class FieldTooLong(ZipAlignError, ValueError):
    """A name, extra field or comment longer than its 16-bit length can say."""


# The world around.

class Locked(ZipAlignError):
    """Another process is changing this archive."""


class ChangedMeanwhile(ZipAlignError):
    """The archive changed between opening and committing."""


class WriteFailed(ZipAlignError):
    """The system refused a write: disk full, quota, I/O error. The message says what is there."""
