# SPDX-License-Identifier: Apache-2.0
"""The zipalign command: options, messages, exit status.  The only place that catches and prints."""
import argparse
import contextlib
import signal
import sys
from pathlib import Path

from . import __version__
from .archive import DEFAULT_ALIGN, Archive, check_align
from .check import problems
from .errors import BadAlignment, ZipAlignError
from .extract import extract
from .file import DiskFile
from .listing import print_list, summary
from .operands import expand

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130

DESCRIPTION = """\
Add files to a ZIP archive so that their data can be mapped into memory.

OUT is created if it does not exist.  If it does, it may be any ZIP archive, also one behind a
program (a llamafile, a self-extractor).  A file of the same name is replaced; all else stays in its
place, byte for byte.  At every instant, whatever happens, OUT is a complete archive: the old one
until all is written and verified, then the new one.
"""

EPILOG = """\
operands:
  FILE is a regular file, stored under its path without leading slashes (see -j); a folder with -r;
  NAME=PATH, to store PATH under NAME; NAME=- for standard input.

examples:
  zipalign -j0 my.llamafile weights.gguf .args    pack weights and arguments
  zipalign my.llamafile .args=other-args          replace the arguments
  zipalign -9 my.llamafile README.md              compress a file that is only read
  zipalign --list my.llamafile                    what is in it, and where
  zipalign --check --deep my.llamafile            prove that it is sound
  zipalign --extract . my.llamafile .args         get a file out again

notes:
  The data of each new file starts at a multiple of the alignment.  The padding is an extra field of
  the local header (0xd935, as Android uses), which other tools keep.  Offsets count from the start
  of the file.  32-bit headers are used wherever they suffice.  A level above 0 applies where it
  makes the file smaller; what does not shrink is stored.  Entry times are 1980-02-01 00:00 UTC, or
  $SOURCE_DATE_EPOCH, or with -N the file's own; modes are 0644, or 0755 for what can be executed.

exit status:
  0 done; 1 failed, OUT is as it was; 2 wrong usage, nothing was touched; 130 interrupted, OUT is as
  it was.
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str):
        """One line, exit status 2."""
        self.exit(USAGE, f"{self.prog}: error: {message} (see {self.prog} --help)\n")


def _align(text: str) -> int:
    try:
        return check_align(int(text))
    except BadAlignment as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def build_parser() -> argparse.ArgumentParser:
    """The command line; kept apart from main() so that tests can ask it."""
    parser = _Parser(
        prog="zipalign", description=DESCRIPTION, epilog=EPILOG, allow_abbrev=False,
        usage="zipalign [OPTION]... OUT FILE...\n"
              "       zipalign --list [--json] | --check [--deep] [-a N]  ARCHIVE...\n"
              "       zipalign --extract DIR ARCHIVE [NAME]...",
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", metavar="OUT", help="the archive")
    parser.add_argument("files", metavar="FILE", nargs="*", help="what to add")
    _add_options(parser.add_argument_group("adding"))
    _look_options(parser.add_argument_group("looking"))
    talk = parser.add_argument_group("talking")
    talk.add_argument("-v", "--verbose", action="store_true", help="name each file on stderr")
    talk.add_argument("-q", "--quiet", action="store_true", help="errors only, no progress bar")
    talk.add_argument("--version", action="version", version=f"zipalign {__version__}")
    return parser


def _add_options(add) -> None:
    for level in range(10):
        text = {0: "store (the default)", 9: "-1 to -9: deflate, faster to smaller"}.get(level)
        add.add_argument(f"-{level}", dest="level", action="store_const", const=level, default=0,
                         help=text or argparse.SUPPRESS)
    add.add_argument("-a", "--align", metavar="N", type=_align,
                     help=f"align data to N bytes, a power of two (default {DEFAULT_ALIGN})")
    add.add_argument("-j", "--junk-paths", action="store_true",
                     help="store the last component of each path only")
    add.add_argument("-r", "--recurse", action="store_true", help="add the files in folders")
    add.add_argument("-N", "--file-times", action="store_true",
                     help="entries get their file's time, so the archive's bytes depend on it")
    add.add_argument("-d", "--delete", metavar="NAME", action="append", default=[],
                     help="drop the entry NAME; may be repeated")
    add.add_argument("--start", action="store_true",
                     help="OUT holds no archive yet: start one behind its bytes")
    add.add_argument("-n", "--dry-run", action="store_true", help="say what would be done")


def _look_options(look) -> None:
    mode = look.add_mutually_exclusive_group()
    mode.add_argument("--list", action="store_true", help="list the entries of each archive")
    mode.add_argument("--check", action="store_true",
                      help="verify structure and headers, with -a also the alignment")
    mode.add_argument("--extract", metavar="DIR",
                      help="write the entries FILE..., or all, as files below DIR")
    look.add_argument("--deep", action="store_true", help="with --check: verify all data too")
    look.add_argument("--json", action="store_true", help="with --list: print JSON")


def main(argv: list[str] | None = None) -> int:
    parser = build_parser()
    options = parser.parse_intermixed_args(argv)
    if options.deep and not options.check:
        parser.error("--deep goes with --check")
    if options.json and not options.list:
        parser.error("--json goes with --list")
    _raise_on_signals()
    try:
        if options.extract:
            return _extract(options)
        if options.list or options.check:
            return _look(options)
        return _add(options)
    except ZipAlignError as error:
        error.at(options.out)
        return _fail(str(error))
    except KeyboardInterrupt:
        print(f"zipalign: interrupted; {options.out} is as it was", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        sys.stdout = None               # nobody reads any more; say nothing at exit either
        return FAILED
    except OSError as error:
        return _fail(f"{error.filename or options.out}: {error.strerror or error}")


def _fail(message: str) -> int:
    print(f"zipalign: error: {message}", file=sys.stderr)
    return FAILED


def _raise_on_signals() -> None:
    """Let a polite request to end run the same clean-up as Ctrl-C."""
    def interrupt(number, frame):
        raise KeyboardInterrupt

    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            with contextlib.suppress(ValueError):   # not the main thread: leave it to the caller
                signal.signal(getattr(signal, name), interrupt)


def _add(options) -> int:
    level = {"level": options.level, "align": options.align or DEFAULT_ALIGN}
    with contextlib.ExitStack() as stack:
        # Operands first: a mistake in them must not even open the archive.
        inputs = expand(options.files, options.junk_paths, options.recurse, stack)
        archive = stack.enter_context(contextlib.closing(
            Archive(options.out, start=options.start, **level)))
        for name in options.delete:
            archive.delete(name)
        for item in inputs:
            seconds = int(Path(item.path).stat().st_mtime) if options.file_times else None
            archive.add(item.path, item.name, seconds=seconds)
            if options.verbose or options.dry_run:
                print(f"{item.shown} -> {item.name}", file=sys.stderr)
        if not options.dry_run:
            with _progress(archive.planned_size(), options.quiet) as advance:
                archive.commit(advance)
    return OK


def _extract(options) -> int:
    with contextlib.closing(DiskFile(options.out)) as file, _progress(
            file.size(), options.quiet) as advance:
        written = extract(file, Path(options.extract), options.files, advance)
    if options.verbose:
        for path in written:
            print(path, file=sys.stderr)
    return OK


def _look(options) -> int:
    status = OK
    for path in [options.out, *options.files]:
        options.out = path              # what main() names when this one fails
        with contextlib.closing(DiskFile(path)) as file:
            if options.list:
                print_list(file, options.json)
            elif not _check(file, options):
                status = FAILED
    return status


def _check(file, options) -> bool:
    sound = True
    with _progress(file.size() if options.deep else 0, options.quiet) as advance:
        found = problems(file, align=options.align or 1, deep=options.deep, progress=advance)
        for problem in found:
            _fail(str(problem.at(file.path)))
            sound = False
    if sound and not options.quiet:
        print(summary(file))
    return sound


@contextlib.contextmanager
def _progress(total: int, quiet: bool):
    """A function to call with the number of bytes done; a bar for long work on a terminal."""
    if quiet or total < 64 << 20 or not sys.stderr.isatty():
        yield None
        return
    from tqdm import tqdm

    with tqdm(total=total, unit="B", unit_scale=True, unit_divisor=1024, file=sys.stderr,
              leave=False, dynamic_ncols=True) as bar:
        yield bar.update
