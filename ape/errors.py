# SPDX-License-Identifier: Apache-2.0
"""Everything that ape refuses is an ApeError; its text is one line a user can act on.

Only cli.py catches these. `section` is the section of FORMAT.md that holds the broken rule.
"""

from __future__ import annotations


class ApeError(Exception):
    """Base of all refusals."""


class InputError(ApeError):
    """An executable or a data file handed to `ape link` cannot go into a polyglot."""

    def __init__(self, path: object, rule: str, section: str) -> None:
        super().__init__(f"{path}: {rule} (FORMAT {section})")


class OptionError(ApeError):
    """A name or value given by the user does not fit."""


class StubError(ApeError):
    """The shell stub does not fit its page."""


class FieldError(ApeError):
    """A header field points outside its file."""


class PolyglotError(ApeError):
    """A file is too broken as a polyglot to go on reading it."""
