# SPDX-License-Identifier: Apache-2.0
"""The SCons tool around `zig cc`: options(), exists() and generate(), as every SCons tool has.

zig hides the differences between systems, so one tool serves all targets. The flags live in
command() and link_command(), pure functions that tests check as a table. The zig binary inside
the wheel is called directly: starting Python for each of a thousand objects would cost more
than compiling them.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
from pathlib import Path
from typing import Any

from SCons.Errors import UserError
from SCons.Script import Action, BoolVariable, Builder, CScanner, EnumVariable, Variables

from toolchain import pins, progress, targets
from toolchain.isa import Isa
from toolchain.targets import Target

# gnu11 and not c11: strict C hides POSIX from the headers of musl, mingw and NetBSD.
_LANGUAGE = ("-std=gnu11", "-Wall", "-Wextra", "-Werror")

_MODES = {
    # zig turns the undefined-behaviour sanitizer on unless told otherwise. No debug
    # information: it would carry the build folder's name.
    "release": ("-O2", "-g0", "-fno-sanitize=all"),
    "debug": ("-O1", "-g", "-fsanitize=undefined", "-fsanitize-trap=undefined"),
}

# Kernels are worth the compiler's time, and their sqrtf must be an instruction, not a call.
_KERNEL = ("-O3", "-fno-math-errno")

# What zig may see of the user's environment: where it finds things and where it caches.
_ENVIRONMENT = (
    "PATH",
    "HOME",
    "TMPDIR",
    "XDG_CACHE_HOME",
    "ZIG_GLOBAL_CACHE_DIR",
    "ZIG_LOCAL_CACHE_DIR",
)


def command(target: Target, isa: Isa | None = None, mode: str = "release") -> tuple[str, ...]:
    """Return the compiler's flags for one object; `isa` is given for kernel templates only."""
    flags = ("-target", target.triple, *_LANGUAGE, *_MODES[mode])
    if isa is None:
        return flags
    optimize = _KERNEL if mode == "release" else ()
    return (*flags, *optimize, *isa.flags, f"-DISA={isa.name}")


def link_command(target: Target, mode: str = "release") -> tuple[str, ...]:
    """Return the linker's flags; the libraries, which follow the objects, are target.libs."""
    strip = ("-s",) if mode == "release" else ()
    return ("-target", target.triple, *_MODES[mode], *strip)


def zig() -> Path | None:
    """Return the compiler inside the installed ziglang package, None if there is none."""
    spec = importlib.util.find_spec("ziglang")
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / "zig"


def complaint() -> str:
    """Return in one sentence why the compiler cannot be used; empty if it can."""
    if zig() is None:
        return f"ziglang {pins.ZIG} is not installed; ./x installs it"
    found = importlib.metadata.version("ziglang")
    if found != pins.ZIG:
        return f"ziglang {found} is installed but {pins.ZIG} is needed; ./x installs it"
    return ""


def _check_targets(_key: str, value: str, _env: Any) -> None:
    try:
        targets.parse(value)
    except KeyError as error:
        known = " ".join(target.name for target in targets.TARGETS)
        raise UserError(f"no target is called {error.args[0]!r}; there are: {known}") from None


def options(variables: Variables) -> None:
    """Declare the variables that the scons command line takes."""
    names = "".join(f"\n        {target.name}" for target in targets.TARGETS)
    about = f"systems to build for, separated by commas, or all:{names}\n       "
    variables.Add("targets", about, "all", _check_targets)
    variables.Add(EnumVariable("mode", "how to compile", "release", tuple(_MODES)))
    variables.Add(BoolVariable("verbose", "print whole commands instead of short lines", False))


def exists(_env: Any = None) -> bool:
    """Return whether the pinned compiler is installed."""
    return not complaint()


def generate(env: Any) -> None:
    """Add the builders CObject, Executable and Resource to an environment."""
    env["ENV"] = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    env["ZIG"] = [str(zig())]  # a list, so that a path with spaces stays one word
    env["ZIG_VERSION"] = pins.ZIG
    # The compiler is pinned by its version; hashing its 180 MB would tell nothing more.
    env["IMPLICIT_COMMAND_DEPENDENCIES"] = False
    # Folders of #include, for the compiler and for SCons' search of dependencies.
    env["CPPPATH"] = ["#runtime_src", "#build/gen"]
    includes = "-Iruntime_src -Ibuild/gen $EXTRA_FLAGS"

    def builder(word: str, line: str, **kwargs: Any) -> Any:
        # $( $) keeps a part out of the signature: where zig lies differs between checkouts.
        shown = None if env["verbose"] else progress.line(word)
        action = Action(f"$( $ZIG $) {line}", shown, varlist=["ZIG_VERSION"])
        return Builder(action=action, **kwargs)

    env["COMPILE_LINE"] = f"cc $COMPILE_FLAGS {includes} -c -o $TARGET $SOURCE"
    env["BUILDERS"]["CObject"] = builder("CC", "$COMPILE_LINE", source_scanner=CScanner)
    env["BUILDERS"]["Executable"] = builder("LINK", "cc $LINK_FLAGS -o $TARGET $SOURCES $LIBS")
    env["BUILDERS"]["Resource"] = builder("RC", "rc /fo $TARGET $SOURCE")
