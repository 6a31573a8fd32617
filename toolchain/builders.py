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
import subprocess
import sys
from pathlib import Path
from typing import Any

from SCons.Script import Action, Builder, Value

from toolchain import isa, pins, progress, targets, zigcc


def build_id(root: Path, mode: str, version: str) -> str:
    """Return the hex name of what the runtime's sources, our flags and the compiler make.

    The program carries it, and so does the polyglot around it; a program trusts only a file
    whose id is its own.
    """
    digest = hashlib.sha256(f"{pins.ZIG} {version}".encode())
    for target in targets.TARGETS:
        for row in (None, *isa.of(target.arch)):
            digest.update(" ".join(zigcc.command(target, row, mode)).encode())
        digest.update(" ".join((*zigcc.link_command(target, mode), *target.libs)).encode())
    sources = [p for p in (root / "runtime_src").rglob("*") if p.suffix in (".c", ".h", ".py")]
    sources += (root / "toolchain/windows").iterdir()
    for path in sorted(sources):
        content = path.read_bytes()
        digest.update(f"\n{path.relative_to(root).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:32]


def _run_python(target: list[Any], source: list[Any], env: Any) -> int:
    # The script in source[0] writes the file that is its argument.
    return subprocess.run([sys.executable, str(source[0]), str(target[0])], check=False).returncode


def _link_polyglot(target: list[Any], source: list[Any], env: Any) -> None:
    from ape import link  # late: a run that links nothing need not load LIEF

    order = link.Order(
        name="llamafile",
        programs={
            name: Path(str(node)) for name, node in zip(env["PAYLOADS"], source[:-1], strict=True)
        },
        data=(("LICENSE", Path(str(source[-1]))),),
        env_prefix="PACKLLAMA",
        build_id=env["BUILD_ID"],
    )
    for warning in link.link(order, Path(str(target[0]))):
        print(f"ape: warning: {warning}", file=sys.stderr)


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
    """Add the builders for generated sources and for products to an environment."""

    def builder(word: str, function: Any, *names: str) -> Any:
        shown = progress.line(word)
        return Builder(action=Action(function, strfunction=shown, varlist=list(names)))

    env["BUILDERS"]["Generated"] = builder("GEN", _run_python)
    env["BUILDERS"]["Polyglot"] = builder("APE", _link_polyglot, "PAYLOADS", "BUILD_ID")
    env["BUILDERS"]["Append"] = builder("ZIP", _append_members)
    env["BUILDERS"]["Checksums"] = builder("SUM", _write_sums)
    env["BUILDERS"]["CompileCommands"] = builder("GEN", _write_compile_commands)
