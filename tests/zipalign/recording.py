# SPDX-License-Identifier: Apache-2.0
"""A file that remembers every change, and the states that a crash could leave of them.

The model of the disk: between two syncs, writes reach it in any order, in whole sectors of 512
bytes; after a sync, everything before it is there.  A truncation, and an extension by one write
(DiskFile.extend), happen as a whole or not at all: journals and copy-on-write file systems promise
that much, and no file system tears a change of the size field itself.
"""
import itertools
import random

from zipalign.file import DiskFile

SECTOR = 512


class RecordingFile(DiskFile):
    """Logs (what, offset, data); kernel copies are switched off, so that all is seen."""

    log: list
    fail_at = None                      # raise from this log length on, as a full disk does

    def _note(self, what, at, data=b""):
        if self.fail_at is not None and len(self.log) >= self.fail_at:
            raise OSError(28, "No space left on device")
        self.log.append((what, at, bytes(data)))

    def write(self, at, data):
        self._note("write", at, data)
        super().write(at, data)

    def extend(self, at, data):
        self._note("extend", at, data)
        DiskFile.write(self, at, data)

    def truncate(self, size):
        self._note("truncate", size)
        super().truncate(size)

    def sync(self):
        self._note("sync", 0)

    def clone(self, *args):
        return False

    def copy_range(self, *args):
        return 0


def recorder(fail_at=None):
    """A class to hand to Archive(file_class=...), with a fresh log."""
    return type("Recorder", (RecordingFile,), {"log": [], "fail_at": fail_at})


def apply(state: bytearray, operation) -> None:
    what, at, data = operation
    if what == "truncate":
        del state[at:]
        state.extend(bytes(at - len(state)))
    elif what != "sync":
        if len(state) < at + len(data):
            state.extend(bytes(at + len(data) - len(state)))
        state[at:at + len(data)] = data


def sectors(operation):
    """The pieces of a write that reach the disk separately."""
    what, at, data = operation
    if what != "write":
        return [operation]
    cuts = [0, *range(SECTOR - at % SECTOR, len(data), SECTOR), len(data)]
    return [(what, at + a, data[a:b]) for a, b in itertools.pairwise(cuts)]


def prefixes(before: bytes, log):
    """The states of a process that is killed between any two calls."""
    state = bytearray(before)
    yield bytes(state)
    for operation in log:
        apply(state, operation)
        yield bytes(state)


def crashes(before: bytes, log, per_epoch: int, seed: int):
    """States after a power cut: random subsets of the sectors written since the last sync."""
    rng = random.Random(seed)
    synced = bytearray(before)
    for epoch in _epochs(log):
        pieces = [piece for operation in epoch for piece in sectors(operation)]
        for i in range(per_epoch):
            # Few, many, all but few: losses of one sector are the subtle ones.
            share = (0.5, 0.1, 0.9, 1 - 1 / max(len(pieces), 1))[i % 4]
            state = bytearray(synced)
            chosen = [piece for piece in pieces if rng.random() < share]
            rng.shuffle(chosen)
            for piece in chosen:
                apply(state, piece)
            yield bytes(state)
        for operation in epoch:
            apply(synced, operation)
    yield bytes(synced)


def _epochs(log):
    epoch = []
    for operation in log:
        if operation[0] == "sync":
            yield epoch
            epoch = []
        else:
            epoch.append(operation)
    yield epoch
