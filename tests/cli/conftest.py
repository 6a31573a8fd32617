# SPDX-License-Identifier: Apache-2.0
"""The program itself, as users start it: a process, its two outputs and its status."""

import os
import platform
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from tests.data.cases import by_name
from tests.data.make_models import write_gguf

NATIVE = {"AMD64": "x86_64", "arm64": "aarch64"}


@pytest.fixture(scope="session")
def llamafile(executable) -> Path:
    """Return this machine's program; LLAMAFILE names another build to test."""
    machine = platform.machine()
    named = os.environ.get("LLAMAFILE")
    return Path(named) if named else executable(f"{NATIVE.get(machine, machine)}-linux-musl")


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    """model("smollm", "f32") -> a tiny GGUF; with a chat template unless it is called base."""
    folder = tmp_path_factory.mktemp("models")

    def make(name: str = "smollm", type_name: str = "f32") -> Path:
        path = folder / f"{name}-{type_name}.gguf"
        if not path.exists():
            write_gguf(by_name(name), by_name(name).vocabulary(), type_name, path)
        return path

    return make


@pytest.fixture
def run(llamafile):
    """run(argument..., input=b"") -> CompletedProcess with texts."""

    def call(*arguments, exe=None, **options) -> subprocess.CompletedProcess:
        options.setdefault("input", b"")
        command = [exe or llamafile, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, timeout=120, **options)
        done.stdout = done.stdout.decode("utf-8")  # clean UTF-8 is a promise
        done.stderr = done.stderr.decode("utf-8")
        return done

    return call


@pytest.fixture
def refused(run):
    """refused(status, argument...) -> the one line that the program ends with."""

    def call(status: int, *arguments, **options) -> str:
        done = run(*arguments, **options)
        assert done.returncode == status, done
        assert done.stderr.count("\n") == 1 and done.stderr.endswith("\n"), done.stderr
        assert not done.stdout
        name, rest = done.stderr.rstrip("\n").split(": error: ", 1)
        assert name == Path(options.get("exe") or done.args[0]).name
        return rest

    return call


@pytest.fixture
def pack(llamafile, tmp_path):
    """pack({name: bytes or path}) -> a copy of the program that carries these members, aligned."""

    def make(members: dict, name="packed", align=32, method=zipfile.ZIP_STORED) -> Path:
        path = tmp_path / name
        shutil.copy(llamafile, path)
        with zipfile.ZipFile(path, "a", method) as z:
            for member, data in members.items():
                info = zipfile.ZipInfo(member)
                info.compress_type = method
                pad = -(z.start_dir + 30 + len(member.encode()) + 4) % align
                info.extra = b"\x35\xd9" + pad.to_bytes(2, "little") + bytes(pad)
                z.writestr(info, data.read_bytes() if isinstance(data, Path) else data)
        return path

    return make
