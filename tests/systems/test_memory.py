# SPDX-License-Identifier: Apache-2.0
"""The weights are mapped from the file: two running instances share their pages."""

from __future__ import annotations

import subprocess
import time
import zipfile
from pathlib import Path


def mapped_from(pid: int, file: Path) -> dict[str, int]:
    """Kilobytes of a process's mappings of a file, by smaps' names."""
    total: dict[str, int] = {}
    ours = False
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        head = line.split()
        if "-" in head[0] and not head[0].endswith(":"):
            ours = line.endswith(str(file))
        elif ours and head[-1] == "kB":
            total[head[0][:-1]] = total.get(head[0][:-1], 0) + int(head[1])
    return total


def test_weights_are_shared_and_not_copied(demo):
    with zipfile.ZipFile(demo) as archive:
        weights_kb = archive.getinfo("demo.gguf").file_size // 1024
    command = ["sh", demo, "--chat"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    instances = [subprocess.Popen(command, **pipes) for _ in range(2)]
    try:
        for process in instances:
            process.stdin.write(b"What is packllama?\n")
            process.stdin.flush()
            assert process.stdout.read(1)  # the answer has begun: every tensor has been read
        time.sleep(0.5)
        for process in instances:
            pages = mapped_from(process.pid, demo)
            assert pages["Rss"] > 0.9 * weights_kb
            assert pages["Shared_Clean"] > 0.9 * weights_kb
            assert pages["Private_Dirty"] == 0
    finally:
        for process in instances:
            process.kill()
            process.wait()
