# SPDX-License-Identifier: Apache-2.0
"""SCons builders for what is not C: the polyglot, members appended to it, checksums.

Each is an action, a line that describes it, and its registration in generate(). What decides
the bytes enters as a source node or as a named variable, and so is part of the signature.
"""

from __future__ import annotations

import hashlib
import json
import shlex
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from SCons.Script import Action, Builder, Value

from toolchain import isa, pins, progress, targets, zigcc


def build_id(sources: Iterable[Path]) -> str:
    """Return the hex name of what these sources, our flags and the pinned compiler make.

    The program carries it, and so does the polyglot around it; a program trusts only a file
    whose id is its own.
    """
    digest = hashlib.sha256(pins.ZIG.encode())
    for target in targets.TARGETS:
        for row in (None, *isa.of(target.arch)):
            digest.update(" ".join(zigcc.command(target, row)).encode())
        digest.update(" ".join((*zigcc.link_command(target), *target.libs)).encode())
    for path in sorted(sources):
        content = path.read_bytes()
        digest.update(f"\n{path.as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:32]


def _link_polyglot(target: list[Any], source: list[Any], env: Any) -> None:
    from ape import link  # imported late: a run that links nothing need not load LIEF

    payloads = {name: Path(str(node)) for name, node in zip(env["PAYLOADS"], source, strict=False)}
    link.link(
        Path(str(target[0])),
        payloads,
        name="llamafile",
        env_prefix="PACKLLAMA",
        build_id=env["BUILD_ID"],
    )


def _append_members(target: list[Any], source: list[Any], env: Any) -> None:
    from zipalign import cli

    base, *members = (str(node) for node in source)
    out = str(target[0])
    shutil.copyfile(base, out)
    Path(out).chmod(0o755)
    if cli.main(["-j0", out, *members]) != 0:
        raise RuntimeError(f"zipalign could not append to {out}")


def _write_sums(target: list[Any], source: list[Any], env: Any) -> None:
    lines = []
    for node in source:
        with open(str(node), "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        lines.append(f"{digest}  {Path(str(node)).name}\n")
    Path(str(target[0])).write_text("".join(lines), encoding="ascii")


def _write_compile_commands(target: list[Any], source: list[Any], env: Any) -> None:
    folder = env.Dir("#").abspath
    entries = [
        {"directory": folder, "file": file, "arguments": shlex.split(command)}
        for file, command in json.loads(source[0].read())
    ]
    Path(str(target[0])).write_text(json.dumps(entries, indent=1) + "\n", encoding="utf-8")


def compile_commands(env: Any, out: str, objects: list[Any]) -> list[Any]:
    """Declare the file that tells editors how each source of one target is compiled."""
    commands = []
    for node in objects:
        file = str(node.sources[0])
        words = node.env.subst(node.env["COMPILE_LINE"], target=[node], source=node.sources)
        commands.append((file, words))
    return env.CompileCommands(out, Value(json.dumps(commands)))


def generate(env: Any) -> None:
    """Add the builders Polyglot, Append, Checksums and CompileCommands to an environment."""

    def builder(word: str, function: Any, *names: str) -> Any:
        shown = progress.line(word)
        return Builder(action=Action(function, strfunction=shown, varlist=list(names)))

    env["BUILDERS"]["Polyglot"] = builder("APE", _link_polyglot, "PAYLOADS", "BUILD_ID")
    env["BUILDERS"]["Append"] = builder("ZIP", _append_members)
    env["BUILDERS"]["Checksums"] = builder("SUM", _write_sums)
    env["BUILDERS"]["CompileCommands"] = builder("GEN", _write_compile_commands)
