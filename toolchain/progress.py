# SPDX-License-Identifier: Apache-2.0
"""Short progress lines: `[ 12/340] CC x86_64-linux-musl model/forward.o`.

The second number is how many files the request comes to, the first is the place of this one
among those seen so far, made or found up to date; so a small change does not begin at 1.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from SCons.Node.Alias import default_ans
from SCons.Script import BUILD_TARGETS, Entry, Progress


def line(word: str) -> Callable[[list[Any], list[Any], Any], str]:
    """Return a function that describes an action to SCons: the word, the target, the file."""

    def describe(target: list[Any], source: list[Any], env: Any) -> str:
        return f"{word} {str(target[0]).removeprefix('build/').replace('/', ' ', 1)}"

    return describe


def _node(target: Any) -> Any:
    """Return what a word of the command line stands for: an alias, a file or a folder."""
    return (default_ans.lookup(target) or Entry(target)) if isinstance(target, str) else target


def _reachable(nodes: list[Any]) -> set[Any]:
    """Return the nodes below `nodes` that an action makes, without reading any file."""
    found: set[Any] = set()
    todo = list(nodes)
    seen = set(todo)
    while todo:
        node = todo.pop()
        if node.has_builder() and hasattr(node, "abspath"):
            found.add(node)
        below = set(node.sources or ()) | set(node.depends or ())
        todo += below - seen
        seen |= below
    return found


class Counter:
    """Numbers the files of one run as SCons comes to them."""

    def __init__(self) -> None:
        """Nothing is known before SCons has read its scripts."""
        self.files: set[Any] = set()
        self.number: dict[Any, int] = {}

    def see(self, node: Any) -> None:
        """SCons calls this with each node before it decides whether to make it."""
        if not self.files:
            self.files = _reachable([_node(target) for target in BUILD_TARGETS])
        if node in self.files and node not in self.number:
            self.number[node] = len(self.number) + 1

    def show(self, text: str, target: list[Any], source: list[Any], env: Any) -> None:
        """Print the line of one action; SCons calls this in place of its own print."""
        number = self.number.get(target[0], len(self.number))
        total = max(len(self.files), number)
        sys.stdout.write(f"[{number:{len(str(total))}}/{total}] {text}\n")
        sys.stdout.flush()


def install(env: Any) -> None:
    """Give an environment numbered lines instead of SCons' own."""
    counter = Counter()
    Progress(counter.see)
    env["PRINT_CMD_LINE_FUNC"] = counter.show
