# SPDX-License-Identifier: Apache-2.0
"""How fast zipalign packs, beside cp and other tools, all in one run on one file system.

    python bench/pack.py [--size 1G] [--rounds 5] [--folder DIR] [--json FILE]

Each round runs every tool once, in turn, so that a busy machine slows all of them; every run ends
with a sync of its output, checksum included.  The table gives medians, and their ratio to cp.
Absolute figures of different machines or runs do not compare; the ratios do.
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
UNITS = {"K": 10, "M": 20, "G": 30}


def parse_size(text: str) -> int:
    """1G, 64M, 4096: bytes."""
    return int(text[:-1]) << UNITS[text[-1]] if text[-1:] in UNITS else int(text)


def make_input(path: Path, size: int) -> None:
    """Random data: nothing to gain from compression or sparse tricks."""
    with path.open("wb") as file:
        for at in range(0, size, 1 << 22):
            file.write(os.urandom(min(1 << 22, size - at)))
        os.fsync(file.fileno())


def zipalign(source: Path, out: Path) -> None:
    subprocess.run([sys.executable, "-m", "zipalign", "-j0", out, source], check=True,
                   env={**os.environ, "PYTHONPATH": str(ROOT)})


def cp(source: Path, out: Path) -> None:
    subprocess.run(["cp", "--reflink=auto", source, out], check=True)


def zip_0(source: Path, out: Path) -> None:
    subprocess.run(["zip", "-q", "-0", "-j", out, source], check=True)


def seven_zip(source: Path, out: Path) -> None:
    subprocess.run(["7z", "a", "-tzip", "-mx0", "-bso0", "-bsp0", out, source], check=True)


def python_zipfile(source: Path, out: Path) -> None:
    # In a process of its own, as the others are.
    code = "import sys, zipfile; zipfile.ZipFile(sys.argv[2], 'w').write(sys.argv[1], 'w')"
    subprocess.run([sys.executable, "-c", code, source, out], check=True)


TOOLS = {"cp": cp, "zipalign -j0": zipalign, "Python zipfile": python_zipfile, "zip -0": zip_0,
         "7z -mx0": seven_zip}
PROGRAM = {"zip -0": "zip", "7z -mx0": "7z"}


def timed(action, *args) -> float:
    """Seconds of action(*args), the last of which is a file that is then synced."""
    start = time.perf_counter()
    action(*args)
    with open(args[-1], "rb") as file:
        os.fsync(file.fileno())
    return time.perf_counter() - start


def measure(folder: Path, size: int, rounds: int) -> dict[str, list[float]]:
    """Seconds per tool and round."""
    source, out = folder / "weights.bin", folder / "out.zip"
    make_input(source, size)
    tools = {name: run for name, run in TOOLS.items()
             if name not in PROGRAM or shutil.which(PROGRAM[name])}
    times: dict[str, list[float]] = {name: [] for name in tools}
    for number in range(rounds):
        for name, run in tools.items():
            warm(source)
            times[name].append(timed(run, source, out))
            out.unlink()
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
    return times


def warm(path: Path) -> None:
    """Bring the input into the page cache, so that no tool pays for the disk's reading."""
    with path.open("rb", buffering=0) as file:
        buffer = bytearray(1 << 22)
        while file.readinto(buffer):
            pass


def replace_seconds(folder: Path, size: int, rounds: int) -> list[float]:
    """Replacing .args behind `size` bytes (a hole), process start included."""
    path, args = folder / "big.llamafile", folder / ".args"
    args.write_bytes(b"-m\nweights.gguf\n")
    with path.open("wb") as file:
        file.truncate(size)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("weights.gguf", b"stands for them")
    zipalign(args, path)
    return [timed(zipalign, args, path) for _ in range(rounds)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=parse_size, default="1G", help="of the packed file")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", help="where to work; decides which file system is measured")
    parser.add_argument("--json", type=Path, help="write the times there too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        times = measure(Path(name), options.size, options.rounds)
        replace = replace_seconds(Path(name), 40 << 30, options.rounds)
    base = statistics.median(times["cp"])
    print(f"packing {options.size / (1 << 30):.2f} GiB, stored; medians of {options.rounds}")
    print(f"{'tool':<16} {'seconds':>8} {'x cp':>6}")
    result = {"size": options.size, "rounds": options.rounds, "tools": {}}
    for tool, values in times.items():
        middle = statistics.median(values)
        print(f"{tool:<16} {middle:>8.2f} {middle / base:>6.2f}")
        result["tools"][tool] = {"seconds": values, "median": middle, "ratio_to_cp": middle / base}
    middle = statistics.median(replace)
    print(f"replacing .args behind 40 GiB: {1000 * middle:.0f} ms, process start included")
    result["replace_args"] = {"seconds": replace, "median": middle}
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
