# SPDX-License-Identifier: Apache-2.0
"""The `weights` command. Exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted."""

import argparse
import contextlib
import sys
from pathlib import Path

from tqdm import tqdm

from weights import show
from weights.convert import convert
from weights.errors import WeightsError
from weights.member import open_gguf
from weights.quants import TYPES
from zipalign.cli import print_out

EPILOG = "Exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted."


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="weights", description="Convert and inspect model weights (GGUF).", epilog=EPILOG
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add = commands.add_parser(
        "convert", help="make a GGUF from a Hugging Face directory", epilog=EPILOG
    )
    add.add_argument("folder", type=Path, metavar="HF_DIR", help="with config.json, tokenizer, "
                     "*.safetensors")  # fmt: skip
    add.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.gguf")
    add.add_argument(
        "--type", choices=[t.name.lower() for t in TYPES if t.encode],
        help="of the matrices; vectors stay f32 (default: the type they are stored in)",
    )  # fmt: skip
    add = commands.add_parser("show", help="list metadata and tensors", epilog=EPILOG)
    add.add_argument("file", metavar="FILE", help="a GGUF, or a zip or llamafile with one in it; "
                     "FILE@MEMBER names the member")  # fmt: skip
    add.add_argument("--json", action="store_true", help="one JSON object with all values")
    add.add_argument("--tensors", action="store_true", help="list the tensors too")
    return parser


def _convert(args: argparse.Namespace) -> None:
    # disable=None: only on a terminal.
    look = {"unit": "B", "unit_scale": True, "unit_divisor": 1024, "disable": None, "leave": False}
    with tqdm(desc=args.output.name, **look) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        notes = convert(args.folder, args.output, args.type, progress)
    for note in notes:
        print(f"weights: note: {note}", file=sys.stderr)


def _show(args: argparse.Namespace) -> None:
    gguf, member = open_gguf(args.file)
    render = show.as_json if args.json else show.as_text
    with contextlib.suppress(BrokenPipeError):  # the reader has gone (`| head`)
        print_out(render(gguf, member, args.tensors))


def main(argv: list[str] | None = None) -> int:
    """Runs the command; the only place that prints errors."""
    args = build_parser().parse_args(argv)
    sys.stdout.reconfigure(errors="backslashreplace")  # a name must not stop a listing
    try:
        {"convert": _convert, "show": _show}[args.command](args)
    except WeightsError as error:
        print(f"weights: error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        what = f"{error.filename}: " if error.filename else ""
        print(f"weights: error: {what}{error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("weights: interrupted", file=sys.stderr)
        return 130
    return 0
