# SPDX-License-Identifier: Apache-2.0
"""Whatever stops a run, and when: what the message says is what is there."""
import contextlib
import errno

import pytest

from tests.zipalign.recording import RecordingFile, recorder
from tests.zipalign.test_crash import CHANGES, append, first, make, many, record
from tests.zipalign.zip_tools import contents
from zipalign import Archive
from zipalign.cli import main
from zipalign.errors import WriteFailed

AS_IT_WAS, DONE = "the archive is as it was", "the change is done"


class Stopping(RecordingFile):
    """Raises `error` once, at call number `fail_at`: before the call, or behind it."""

    log, error, fail_at, behind, count = (), OSError, 0, False, 0

    def _around(self, call, *args):
        type(self).count += 1
        here = self.count == self.fail_at
        if not here or self.behind:
            call(*args)
        if here:
            raise self.error(errno.EIO, "Input/output error")

    def _note(self, what, at, data=b""):
        pass

    def write(self, at, data):
        self._around(super().write, at, data)

    def extend(self, at, data):
        self._around(super().extend, at, data)

    def truncate(self, size):
        self._around(super().truncate, size)

    def sync(self):
        self._around(super().sync)


def stopping(**fields):
    return type("Stopping1", (Stopping,), fields)


def run_once(change, kind) -> tuple[BaseException, str]:
    with contextlib.closing(Archive("o.zip", file_class=kind)) as out:
        change(out)
        try:
            out.commit()
        except (WriteFailed, KeyboardInterrupt) as error:
            return error, out.outcome
    raise AssertionError("it was not stopped")


@pytest.fixture(params=[first, many], ids=["first", "many"])
def before(request, folder):
    return make(request.param)


@pytest.mark.parametrize("behind", [False, True], ids=["before", "behind"])
@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
@pytest.mark.parametrize("change", CHANGES)
def test_stopped_at_any_call(before, change, error, behind):
    log, _, new = record(before, change)
    switch = next(i for i, operation in enumerate(log, 1) if operation[0] == "truncate")
    for at in range(1, len(log) + 1):
        with open("o.zip", "wb") as file:
            file.write(before)
        raised, outcome = run_once(change, stopping(error=error, fail_at=at, behind=behind))
        done = at > switch or (at == switch and behind)
        assert outcome == (DONE if done else AS_IT_WAS), at
        if error is OSError:
            assert str(raised).endswith(f"cannot write: Input/output error; {outcome}")
        with open("o.zip", "rb") as file:
            assert (file.read() == before) != done
        if done:
            assert contents("o.zip") == new


@pytest.mark.parametrize("behind", [False, True], ids=["before", "behind"])
def test_interrupted_while_it_is_put_back(before, behind):
    """A second Ctrl-C, through the library: the cover stands, and the next run goes on."""
    old = contents("start.zip")
    calls = len(record(before, append)[0])
    for at in range(2, calls):
        with open("o.zip", "wb") as file:
            file.write(before)

        class Twice(Stopping):
            error, fail_at = KeyboardInterrupt, at

            def _around(self, call, *args):
                super()._around(call, *args)
                if self.count > self.fail_at:
                    raise KeyboardInterrupt

        outcome = run_once(append, Twice)[1]
        if "could not be put back" in outcome:
            assert contents("o.zip") == old
        with Archive("o.zip") as out:
            append(out)
        assert contents("o.zip").keys() == old.keys() | {"v", "u"}


def test_message_of_the_command(folder, monkeypatch, capsys):
    """Interrupted in the last sync, a run says that the change is done."""
    (folder / "o.zip").write_bytes(make(first))
    (folder / "f").write_bytes(b"f")
    log = record(make(first), lambda out: out.add_bytes("f", b"f"))[0]
    (folder / "o.zip").write_bytes(make(first))
    kind = stopping(error=KeyboardInterrupt, fail_at=len(log))
    monkeypatch.setattr("zipalign.cli.Archive",
                        lambda *args, **more: Archive(*args, file_class=kind, **more))
    assert main(["o.zip", "f"]) == 130
    assert capsys.readouterr().err == "zipalign: interrupted; o.zip: the change is done\n"
    assert contents("o.zip")["f"] == b"f"


def test_new_archive_stopped_at_any_call(folder):
    kind = recorder()
    with Archive("new.zip", file_class=kind) as out:
        first(out)
    for at in range(1, len(kind.log) + 1):
        (folder / "o.zip").unlink(missing_ok=True)
        outcome = run_once(first, stopping(error=KeyboardInterrupt, fail_at=at))[1]
        assert outcome == AS_IT_WAS
        assert {path.name for path in folder.iterdir()} == {"new.zip"}
