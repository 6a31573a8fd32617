# SPDX-License-Identifier: Apache-2.0
"""The house rules that a program can check; CONTRIBUTING.md lists them in words.

A rule is a function from a file to its problems, so that it can be tested on made-up text. An
exception to a rule stands in a table below, with its reason.
"""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import lief
import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = {"SConstruct", "SConscript", "x", "run", "lint", "bench", "lock"}

COLUMNS = 100
FILE_LINES = {"c": 600, "python": 400, "test": 250}
FUNCTION_LINES = {"c": 70, "python": 40, "test": 40}

# path -> why it may ask which system it is compiled for; all others ask platform/
SYSTEM_SWITCHES = {
    "runtime_src/kernels/cpu_arm.c": "each system tells the features of an ARM CPU its own way",
}

# path -> why it may be longer
LONG_FILES: dict[str, str] = {}
# "path:function" -> why it may be longer
LONG_FUNCTIONS: dict[str, str] = {}

# room -> the words that its public names begin with, one per module
PREFIXES = {
    "base": "base buf build cursor err hex le mix64 slice x",
    "chat": "call chat dict filter jinja list method parse run scope test value",
    "cli": "app cli line option options out prompt run timeline",
    "gguf": "gguf name_index",
    "kernels": "cpu kern tensor_type",
    "model": "arch engine forward hparams model session weights",
    "pack": "args blob self zip",
    "platform": "os pool",
    "sampling": "sampler",
    "tokenizer": "bpe code merger pattern pretokenizer spm tokenizer tokens unicode vocab",
}

# What a kernel template may include beside the system's headers: an inline function from any
# other header would be compiled with the row's instructions and kill older CPUs.
TEMPLATE_INCLUDES = re.compile(r'#include "kernels/(kernels|types|vec)\w*\.h"')

SWITCH = re.compile(r"^\s*#\s*(el)?if(n?def)?\b.*\b(_WIN32|__\w*(APPLE|linux|BSD|unix)\w*__)")
LEFTOVERS = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
# Paths of somebody's machine, and hosts that a lock file must not depend on.
PLACES = re.compile(r"/(work|root|home/\w+)/(main|shared|\.)|/opt/pypi|pypi\.org|registry\.npmjs")


def tracked() -> list[str]:
    """Return the files of the repository, with those that are about to be added."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return sorted(name for name in done.stdout.splitlines() if (ROOT / name).is_file())


FILES = tracked()


def kind(path: str) -> str:
    """Return `c`, `python`, `test`, `script` or nothing for files without rules."""
    name = Path(path).name
    if name.endswith((".c", ".h")):
        return "c"
    if name.endswith(".py"):
        return "test" if name.startswith("test_") else "python"
    return "script" if name.endswith(".sh") or name in SCRIPTS else ""


# ---- rules --------------------------------------------------------------------------------------


def lines_fit(path: str, text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > COLUMNS:
            yield f"{path}:{number}: {len(line)} columns, {COLUMNS} are allowed"
        if line != line.rstrip() or "\t" in line:
            yield f"{path}:{number}: a tab, or space at the end"


def file_fits(path: str, text: str) -> Iterator[str]:
    limit = FILE_LINES.get(kind(path), COLUMNS * 10)
    count = len(text.splitlines())
    if count > limit and path not in LONG_FILES:
        yield f"{path}: {count} lines, {limit} are allowed"


def c_functions(text: str) -> Iterator[tuple[str, int]]:
    """Yield name and length; our functions have their braces in the first column."""
    head, start = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if line == "{":
            start = number
        elif line.startswith("}") and start:
            yield head, number - start + 1
            start = 0
        elif not start and (found := re.match(r"[a-z].*?(\w+)\(", line)):
            head = found[1]


def python_functions(text: str) -> Iterator[tuple[str, int]]:
    """Yield name and length of each function."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            yield node.name, node.end_lineno - node.lineno + 1


def functions_fit(path: str, text: str) -> Iterator[str]:
    limit = FUNCTION_LINES.get(kind(path))
    if limit is None:
        return
    for name, count in (c_functions if kind(path) == "c" else python_functions)(text):
        if count > limit and f"{path}:{name}" not in LONG_FUNCTIONS:
            yield f"{path}: {name}() has {count} lines, {limit} are allowed"


def licence_is_named(path: str, text: str) -> Iterator[str]:
    mark = "// " if kind(path) == "c" else "# "
    lines = text.splitlines()[: 2 if text.startswith("#!") else 1]
    if mark + "SPDX-License-Identifier: Apache-2.0" not in lines:
        yield f"{path}: the first line must be {mark}SPDX-License-Identifier: Apache-2.0"


def nothing_is_left_over(path: str, text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), 1):
        for found in (LEFTOVERS.search(line), PLACES.search(line)):
            if found:
                yield f"{path}:{number}: {found[0]!r} has no place in the repository"


def systems_are_platforms_matter(path: str, text: str) -> Iterator[str]:
    room = path.startswith("runtime_src/") and not path.startswith("runtime_src/platform/")
    if not room or path in SYSTEM_SWITCHES:
        return
    for number, line in enumerate(text.splitlines(), 1):
        if SWITCH.match(line):
            yield f"{path}:{number}: which system it is belongs to runtime_src/platform/"


def templates_include_little(path: str, text: str) -> Iterator[str]:
    if not re.search(r"runtime_src/kernels/(\w+_tmpl\.c|vec\w*\.h)$", path):
        return
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith('#include "') and not TEMPLATE_INCLUDES.match(line):
            yield f"{path}:{number}: a kernel template may not include this"


RULES = [
    lines_fit,
    file_fits,
    functions_fit,
    licence_is_named,
    nothing_is_left_over,
    systems_are_platforms_matter,
    templates_include_little,
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_files_keep(rule: Callable[[str, str], Iterator[str]]) -> None:
    problems = []
    for path in FILES:
        if kind(path) and path != "tests/test_tidy.py":
            problems += rule(path, (ROOT / path).read_text(encoding="utf-8"))
    assert not problems, "\n" + "\n".join(problems)


def test_exceptions_are_needed() -> None:
    """An exception for a file that is gone, or that keeps the rule now, is to be removed."""
    for path in SYSTEM_SWITCHES:
        assert any(SWITCH.match(line) for line in (ROOT / path).read_text().splitlines()), path
    for path in (*LONG_FILES, *(name.partition(":")[0] for name in LONG_FUNCTIONS)):
        assert path in FILES, path


def test_public_names_carry_their_module(executable: Callable[[str], Path]) -> None:
    """Names of one flat space, so each begins with a word that belongs to its room."""
    folder = executable("x86_64-linux-musl").parent
    problems = []
    for path in sorted(folder.glob("*/*.o")):
        if path.parent.name not in PREFIXES:
            continue
        # The file's own name serves too: `pick_top_k` of pick.c.
        words = [path.name.partition(".")[0], *PREFIXES[path.parent.name].split()]
        binary = lief.ELF.parse(path)  # kept, since its symbols die with it
        for symbol in binary.symbols:
            public = symbol.binding == lief.ELF.Symbol.BINDING.GLOBAL and symbol.shndx != 0
            if public and not str(symbol.name).startswith(tuple(words)):
                problems.append(f"{path.parent.name}: {symbol.name} begins with none of {words}")
    assert not problems, "\n" + "\n".join(problems)


# ---- the rules themselves -----------------------------------------------------------------------

LONG_C = "int f(void)\n{\n" + "    x();\n" * 70 + "}\n"
LONG_PYTHON = "def f():\n" + "    x()\n" * 41


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        (lines_fit, "a.c", "x" * 101),
        (lines_fit, "a.c", "x \n"),
        (file_fits, "a.c", "\n" * 601),
        (file_fits, "test_a.py", "\n" * 251),
        (functions_fit, "a.c", LONG_C),
        (functions_fit, "a.py", LONG_PYTHON),
        (licence_is_named, "a.c", "int x;\n"),
        (licence_is_named, "a.sh", "#!/bin/sh\n\n# SPDX-License-Identifier: Apache-2.0\n"),
        (nothing_is_left_over, "a.c", "// TODO: later\n"),
        (systems_are_platforms_matter, "runtime_src/cli/a.c", "#ifdef _WIN32\n"),
        (templates_include_little, "runtime_src/kernels/a_tmpl.c", '#include "base/base.h"\n'),
    ],
)
def test_rule_finds(rule: Callable[[str, str], Iterator[str]], path: str, text: str) -> None:
    assert len(list(rule(path, text))) == 1
