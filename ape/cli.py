# SPDX-License-Identifier: Apache-2.0
"""The command line of ape: link, layout and check. The only place that catches and prints."""

from __future__ import annotations

import argparse
import functools
import io
import json
import sys
from pathlib import Path

from ape import check, image, layout, link
from ape.errors import ApeError, OptionError
from ape.targets import TARGETS, find_target
from zipalign.cli import print_out, progress
from zipalign.create import polite_interrupts
from zipalign.errors import ZipAlignError

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130


class _Parser(argparse.ArgumentParser):
    def print_help(self, file: object = None) -> None:
        print_out(self.format_help().rstrip("\n"))


def build_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="ape",
        description="One file out of native executables, which runs on all their systems.",
        epilog="exit status: 0 done or fine, 1 failed or a rule is broken, 2 wrong usage",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_link(commands)
    show = commands.add_parser("layout", help="print the map of a polyglot: every byte, its owner")
    show.add_argument("file", type=Path, metavar="FILE")
    show.add_argument("--json", action="store_true", help="as one JSON object")
    prove = commands.add_parser("check", help="prove that a file keeps the rules of FORMAT.md")
    prove.add_argument("file", type=Path, metavar="FILE")
    return parser


def _add_link(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser(
        "link",
        help="make a polyglot",
        description="Make one file out of executables, any subset of the targets.",
        epilog="targets: " + " ".join(TARGETS),
    )
    command.add_argument("-o", dest="out", type=Path, required=True, metavar="OUT", help="output")
    command.add_argument("--name", required=True, help="name of the program, as seen in ps")
    command.add_argument(
        "--env-prefix", metavar="P", help="variables are P_SELF, P_CACHE... (default: the name)"
    )
    command.add_argument("--build-id", metavar="HEX", help="stored as the member .ape/build-id")
    command.add_argument(
        "programs", nargs="+", metavar="TARGET=PATH", help="an executable for a target"
    )
    command.add_argument(
        "--data", nargs="+", action="extend", default=[], metavar="NAME=PATH",
        help="a file to store, under this name",
    )  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a name must not stop a message
    file = None
    try:
        arguments = build_parser().parse_args(argv)
        file = arguments.out if arguments.command == "link" else arguments.file
        with polite_interrupts():
            return {"link": _link, "layout": _layout, "check": _check}[arguments.command](arguments)
    except OptionError as error:
        return _complain(error, USAGE)
    except BrokenPipeError:
        return FAILED
    except (ApeError, ZipAlignError) as error:
        return _complain(error, FAILED)
    except OSError as error:
        return _complain(f"{error.filename or file}: {error.strerror or error}", FAILED)
    except KeyboardInterrupt:
        return _complain("interrupted", INTERRUPTED)


def _complain(error: object, status: int) -> int:
    print(f"ape: error: {error}", file=sys.stderr)
    return status


def _link(arguments: argparse.Namespace) -> int:
    programs: dict[str, Path] = {}
    for target, path in map(_pair, arguments.programs):
        if find_target(target).name in programs:
            raise OptionError(f"target '{target}' is given twice")
        programs[target] = Path(path)
    data = tuple((name, Path(path)) for name, path in map(_pair, arguments.data))
    for name, _ in data:
        if name in TARGETS:
            raise OptionError(f"'{name}' is a target: give the targets in front of --data")
    order = link.Order(arguments.name, programs, data, arguments.env_prefix, arguments.build_id)
    for warning in link.link(order, arguments.out, functools.partial(progress, quiet=False)):
        print(f"ape: warning: {arguments.out}: {warning}", file=sys.stderr)
    return OK


def _pair(word: str) -> tuple[str, str]:
    left, equals, right = word.partition("=")
    if not (left and equals and right):
        raise OptionError(f"'{word}' is not of the form NAME=PATH")
    return left, right


def _layout(arguments: argparse.Namespace) -> int:
    found = image.read(arguments.file)
    regions = layout.with_gaps(found.regions, found.size)
    if arguments.json:
        rows = [
            {"offset": r.offset, "size": r.size, "owner": r.owner, "why": r.why} for r in regions
        ]
        print_out(
            json.dumps({"file": str(found.path), "size": found.size, "regions": rows}, indent=1)
        )
        return OK
    width = max(len(region.owner) for region in regions)
    lines = [f"{'offset':>12} {'size':>12}  {'owner':{width}}  why"]
    for region in regions:
        lines.append(f"{region.offset:#12x} {region.size:12}  {region.owner:{width}}  {region.why}")
    print_out("\n".join(lines))
    return OK


def _check(arguments: argparse.Namespace) -> int:
    broken = check.broken_rules(arguments.file)
    for rule in broken:
        print_out(f"{arguments.file}: {rule}")
    return FAILED if broken else OK
