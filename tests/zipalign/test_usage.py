# SPDX-License-Identifier: Apache-2.0
"""Wrong usage ends in one line and status 2, before anything is touched."""
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.zipalign.make_zip import File, make_zip
from zipalign import Archive

ROOT = Path(__file__).resolve().parents[2]

ADDING = [["-0"], ["-9"], ["-j"], ["-r"], ["-N"], ["-d", "m"], ["--start"], ["-n"]]
MODES = {
    "list": (["--list"], [*ADDING, ["-a", "1"], ["-v"], ["-q"], ["--deep"]]),
    "check": (["--check"], [*ADDING, ["-v"], ["--json"]]),
    "extract": (["--extract", "d"], [*ADDING, ["-a", "1"], ["--deep"], ["--json"]]),
    "add": ([], [["--deep"], ["--json"]]),
}
FOREIGN = [[*mode, *option, "o.zip", "m"] for mode, options in MODES.values() for option in options]
OTHERS = [
    [], ["-a"], ["--extract"], ["--extract", "d"], ["o.zip"], ["--start", "o.zip"],
    ["-j0", "o.zip"], ["-v", "o.zip"], ["-x", "o.zip", "m"], ["-a", "3", "o.zip", "m"],
    ["-a", "0", "o.zip", "m"], ["-a", "2147483648", "o.zip", "m"], ["-a", "abc", "o.zip", "m"],
    ["--lis", "o.zip"],
    ["--list", "--check", "o.zip"], ["--list", "--extract", "d", "o.zip"],
    ["--extract", "", "o.zip"], ["--extract", "", "o.zip", "m"],
]


@pytest.mark.parametrize("args", [*FOREIGN, *OTHERS], ids=" ".join)
def test_usage_errors(zipalign, folder, args):
    (folder / "o.zip").write_bytes(b"not to be touched")
    (folder / "m").write_bytes(b"m")
    status, out, err = zipalign(*args)
    assert (status, out) == (2, "")
    assert err.startswith("zipalign: error: ")
    assert err.endswith("(see zipalign --help)\n")
    assert err.count("\n") == 1
    assert (folder / "o.zip").read_bytes() == b"not to be touched"
    assert {path.name for path in folder.iterdir()} == {"o.zip", "m"}


@pytest.mark.parametrize(("args", "message"), [
    (["--extract", "", "o.zip", "m"], "--extract needs a folder; '.' is the current one"),
    (["-n", "--extract", "d", "o.zip"], "--dry-run does not go with --extract"),
    (["-9", "--list", "o.zip"], "-9 does not go with --list"),
    (["--deep", "o.zip", "m"], "--deep goes with --check"),
    (["new.zip"], "nothing to do: name a FILE to add, or an entry to drop with -d"),
    (["-a", "abc", "o.zip", "m"], "argument -a/--align: 'abc' is not a number; it must be a power "
                                  "of two from 1 to 1073741824"),
])
def test_messages(zipalign, args, message):
    assert zipalign(*args) == (2, "", f"zipalign: error: {message} (see zipalign --help)\n")


def start(*args, **env):
    return subprocess.run([sys.executable, "-m", "zipalign", *args], capture_output=True,
                          env={**os.environ, "PYTHONPATH": str(ROOT), **env}, check=False)


def test_names_that_the_terminal_cannot_show(folder):
    (folder / "o.zip").write_bytes(make_zip([File("gr\u00fc\u00df".encode(), b"1", flags=1 << 11)]))
    done = start("--list", "o.zip", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.splitlines()[1].endswith(rb"gr\xfc\xdf")


@pytest.mark.parametrize("mode", ["--list", "--check"])
def test_output_that_cannot_be_written(folder, mode):
    with Archive("o.zip") as out:
        out.add_bytes("m", b"m")
    command = [sys.executable, "-m", "zipalign", mode, "o.zip"]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False,
                              env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert (done.returncode, done.stderr) == (
        1, b"zipalign: error: standard output: No space left on device\n")
