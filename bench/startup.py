# SPDX-License-Identifier: Apache-2.0
"""How long a polyglot takes to start: `--version`, and the first byte of an answer.

    python bench/startup.py [--runs 50] [--json OUT] [FILE]

FILE is dist/demo.llamafile unless given. Each row is a median of whole processes, wall clock, in
milliseconds, with the smallest and the largest beside it. "native" is the payload started
directly: the difference is what the polyglot costs.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

QUESTION = ["--cli", "--temp", "0", "-p", "What is packllama?"]
TARGET = f"{platform.machine()}-linux-musl"


def first_byte(command: list, env: dict[str, str]) -> float:
    """Milliseconds from the start of a process to its first byte of output."""
    start = time.perf_counter()
    with subprocess.Popen(
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        got = process.stdout.read(1)
        elapsed = time.perf_counter() - start
        process.stdout.read()
        complaint = process.stderr.read().decode()
    if not got or process.returncode != 0:
        raise SystemExit(f"startup.py: {command[0]} failed: {complaint.strip()}")
    return elapsed * 1000


def measure(run: Callable[[], float], runs: int) -> dict[str, float]:
    """Median, minimum and maximum of `runs` calls after one that does not count."""
    run()
    times = [run() for _ in range(runs)]
    return {"median_ms": statistics.median(times), "min_ms": min(times), "max_ms": max(times)}


def table(file: Path, runs: int) -> dict[str, dict[str, float]]:
    """All rows, by name."""
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        env = {"PATH": os.environ["PATH"], "HOME": folder}
        native = home / "native"
        with zipfile.ZipFile(file) as archive:
            native.write_bytes(archive.read(f"native/{TARGET}/llamafile"))
        native.chmod(0o700)
        told = {**env, "PACKLLAMA_SELF": str(file.resolve())}
        shells = [shell for shell in ("dash", "bash", "zsh") if shutil.which(shell)]
        for words, label in ((["--version"], "--version"), (QUESTION, "first byte of an answer")):
            count = runs if words == ["--version"] else max(runs // 5, 5)
            rows[f"{label}, native"] = measure(
                lambda w=words: first_byte([native, *w], told), count
            )
            for shell in shells:
                command = [shell, str(file), *words]
                rows[f"{label}, {shell}, unpacked before"] = measure(
                    lambda c=command: first_byte(c, env), count
                )

        def unpack() -> float:
            shutil.rmtree(home / ".cache", ignore_errors=True)
            return first_byte(["sh", str(file), "--version"], env)

        rows["--version, sh, unpacking"] = measure(unpack, max(runs // 5, 5))
    return rows


def main() -> None:
    """Print the table; write JSON if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", nargs="?", type=Path, default=Path("dist/demo.llamafile"))
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows = table(options.file, options.runs)
    print(f"{'start of ' + options.file.name:50} {'median':>9} {'min':>9} {'max':>9}  ms")
    for name, row in rows.items():
        print(f"{name:50} {row['median_ms']:9.2f} {row['min_ms']:9.2f} {row['max_ms']:9.2f}")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
