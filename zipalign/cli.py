# SPDX-License-Identifier: Apache-2.0
"""The zipalign command: options, messages, exit status.  The only place that catches and prints."""
import argparse
import contextlib
import os
import signal
import sys
from pathlib import Path

from . import __version__
from .archive import AS_IT_WAS, DEFAULT_ALIGN, MAX_ALIGN, Archive, check_align
from .check import problems
from .errors import BadAlignment, BadInput, NotAZip, ZipAlignError
from .extract import extract
from .file import DiskFile
from .listing import render, summary
from .operands import expand
from .recover import explain

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130

DESCRIPTION = """\
Add files to a ZIP archive so that their data can be mapped into memory.

OUT is created if it does not exist.  If it does, it may be any ZIP archive, also one behind a
program (a llamafile, a self-extractor).  A file of the same name is replaced; all else stays in its
place, byte for byte.  At every instant OUT is a complete archive: the old one until all is written
and verified, then the new one.  (One limit: with more than some 50 entries, on a file system that
has no direct writes, a kill within one short write can leave what only the next run repairs.)
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
  0 done; 1 failed; 2 wrong usage, nothing was touched; 130 interrupted.  After 1 and 130 OUT is as
  it was, unless the message says that the change is done: that needs bad luck in the last sync.
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str):
        """One line, exit status 2."""
        self.exit(USAGE, f"{self.prog}: error: {message} (see {self.prog} --help)\n")


# Which options go with which mode, by their dest; -h and --version go with all.
_MODES = {
    "list": {"json"},
    "check": {"deep", "align", "quiet"},
    "extract": {"verbose", "quiet"},
    "": {"level", "align", "junk_paths", "recurse", "file_times", "delete", "start", "dry_run",
         "verbose", "quiet"},
}


def _align(text: str) -> int:
    try:
        return check_align(int(text))
    except BadAlignment as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number; it must be a power of two "
                                         f"from 1 to {MAX_ALIGN}") from None


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
        add.add_argument(f"-{level}", dest="level", action="store_const", const=level,
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


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = build_parser()
    options = parser.parse_intermixed_args(argv)
    mode = next((m for m in ("list", "check", "extract") if _given(parser, options, m)), "")
    for action in parser._actions:      # there is no public list of them
        name = action.dest
        if name in {"out", "files", mode} or not _given(parser, options, name):
            continue
        if name not in _MODES[mode]:
            flag = f"-{options.level}" if name == "level" else action.option_strings[-1]
            home = " or ".join(f"--{m}" for m in _MODES if m and name in _MODES[m])
            parser.error(f"{flag} does not go with --{mode}" if mode else
                         f"{flag} goes with {home}")
    if options.extract == "":
        parser.error("--extract needs a folder; '.' is the current one")
    if not mode and not options.files and not options.delete:
        parser.error("nothing to do: name a FILE to add, or an entry to drop with -d")
    return options


def _given(parser, options, name: str) -> bool:
    """True if the option is on the command line."""
    return hasattr(options, name) and getattr(options, name) != parser.get_default(name)


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    options = _parse(argv)
    options.archive = None
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")   # a name must not stop a listing
    with _interrupts():
        try:
            if options.extract is not None:
                return _extract(options)
            if options.list or options.check:
                return _look(options)
            return _add(options)
        except ZipAlignError as error:
            error.at(options.out)
            return _fail(str(error))
        except KeyboardInterrupt:
            outcome = options.archive.outcome if options.archive else AS_IT_WAS
            text = " is as it was" if outcome == AS_IT_WAS else f": {outcome}"
            print(f"zipalign: interrupted; {options.out}{text}", file=sys.stderr)
            return INTERRUPTED
        except BrokenPipeError:
            return FAILED
        except OSError as error:
            return _fail(f"{error.filename or options.out}: {error.strerror or error}")


def _fail(message: str) -> int:
    print(f"zipalign: error: {message}", file=sys.stderr)
    return FAILED


def print_out(text: str) -> None:
    """To standard output, at once; an OSError from here names it, not the file that was read."""
    try:
        print(text, flush=True)
    except OSError as error:
        with contextlib.suppress(OSError, ValueError):  # what is left must not fail again at exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            raise
        raise OSError(error.errno, error.strerror, "standard output") from None


@contextlib.contextmanager
def _interrupts():
    """Raise KeyboardInterrupt for polite signals; once only, so that the clean-up is left alone."""
    before = {}

    def interrupt(number, frame):
        for each in before:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    with contextlib.suppress(ValueError):   # not the main thread: leave it to the caller
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number and signal.getsignal(number) in (signal.SIG_DFL,
                                                       signal.default_int_handler):
                before[number] = signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _add(options) -> int:
    level = {"level": options.level or 0, "align": options.align or DEFAULT_ALIGN}
    with contextlib.ExitStack() as stack:
        # Operands first: a mistake in them must not even open the archive.
        inputs = expand(options.files, options.junk_paths, options.recurse, stack)
        if not inputs and not options.delete:
            raise BadInput("nothing to add: there is no file in it").at(options.files[0])
        archive = stack.enter_context(contextlib.closing(
            Archive(options.out, start=options.start, **level)))
        options.archive = archive       # main() tells what became of it
        for name in options.delete:
            archive.delete(name)
        for item in inputs:
            seconds = int(Path(item.path).stat().st_mtime) if options.file_times else None
            archive.add(item.path, item.name, seconds=seconds)
            if options.verbose or options.dry_run:
                print(f"{item.shown} -> {item.name}", file=sys.stderr)
        if not options.dry_run:
            with progress(archive.planned_size(), options.quiet) as advance:
                archive.commit(advance)
    return OK


def _extract(options) -> int:
    with contextlib.closing(DiskFile(options.out)) as file, progress(
            file.size(), options.quiet) as advance:
        written = extract(file, Path(options.extract), options.files, advance)
    if options.verbose:
        for path in written:
            print(path, file=sys.stderr)
    return OK


@contextlib.contextmanager
def _opened(path: str):
    """A file to look at."""
    with contextlib.closing(DiskFile(path)) as file:
        try:
            yield file
        except NotAZip as error:
            raise explain(file, error, adding=False) from None


def _look(options) -> int:
    status = OK
    for path in [options.out, *options.files]:
        options.out = path              # what main() names when this one fails
        with _opened(path) as file:
            if options.list:
                print_out(render(file, options.json))
            elif not _check(file, options):
                status = FAILED
    return status


def _check(file, options) -> bool:
    sound = True
    with progress(file.size() if options.deep else 0, options.quiet) as advance:
        found = problems(file, align=options.align or 1, deep=options.deep, progress=advance)
        for problem in found:
            if isinstance(problem, NotAZip):
                problem = explain(file, problem, adding=False)
            _fail(str(problem.at(file.path)))
            sound = False
    if sound and not options.quiet:
        print_out(summary(file))
    return sound


@contextlib.contextmanager
def progress(total: int, quiet: bool):
    """A function to call with the number of bytes done; a bar for long work on a terminal."""
    if quiet or total < 64 << 20 or not sys.stderr.isatty():
        yield None
        return
    from tqdm import tqdm

    with tqdm(total=total, unit="B", unit_scale=True, unit_divisor=1024, file=sys.stderr,
              leave=False, dynamic_ncols=True) as bar:
        yield bar.update
