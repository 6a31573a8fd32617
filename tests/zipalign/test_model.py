# SPDX-License-Identifier: Apache-2.0
"""Random histories of an archive against a dict; after each step all readers agree with it."""
import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.zipalign.make_zip import File, make_zip
from tests.zipalign.recording import prefixes, recorder
from tests.zipalign.zip_tools import contents, data_offsets
from zipalign import Archive, ZipAlignError

NAMES = st.sampled_from(["a", ".args", "dir/b", "längerer name.txt", "z" * 300])
DATA = st.builds(lambda byte, size: bytes([byte]) * size, st.integers(0, 255),
                 st.sampled_from([0, 1, 5, 4095, 65536, 70_001]))
ALIGN = st.sampled_from([1, 8, 4096, 65536])


class History(RuleBasedStateMachine):
    """model is what the archive holds."""

    def __init__(self):
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.path = Path(self._folder.name) / "o.zip"
        self.model = {}

    def teardown(self):
        self._folder.cleanup()

    @initialize(prefix=st.sampled_from([b"", b"MZ" * 700]), relative=st.booleans(),
                comment=st.sampled_from([b"", b"note"]), zip64=st.booleans())
    def begin(self, prefix, relative, comment, zip64):
        self.path.write_bytes(make_zip([File(b"old", b"1" * 500), File(b"a", b"2")], prefix,
                                       relative=relative, comment=comment, zip64=zip64))
        self.model = {"old": b"1" * 500, "a": b"2"}
        self.comment = comment

    @rule(files=st.dictionaries(NAMES, DATA, min_size=1, max_size=3), align=ALIGN,
          level=st.sampled_from([0, 6]))
    def add(self, files, align, level):
        with Archive(self.path, align=align, level=level) as out:
            for name, data in files.items():
                out.add_bytes(name, data)
        self.model |= files
        with Archive(self.path) as out:
            stored = {e.name for e in out.entries if e.header.method == 0}
        places = data_offsets(self.path)
        assert all(places[n] % align == 0 for n in files if files[n] and n in stored)

    @rule(name=NAMES, new=NAMES, data=DATA)
    def delete(self, name, new, data):
        with Archive(self.path) as out:
            if name not in self.model:
                with pytest.raises(ZipAlignError, match="no entry"):
                    out.delete(name)
                return
            out.delete(name)
            if new != name:
                out.add_bytes(new, data)
        del self.model[name]
        if new != name:
            self.model[new] = data

    @rule(name=NAMES, data=DATA)
    def give_up(self, name, data):
        before = self.path.read_bytes()
        with pytest.raises(ZeroDivisionError), Archive(self.path) as out:
            out.add_bytes(name, data)
            raise ZeroDivisionError
        assert self.path.read_bytes() == before

    @rule(name=NAMES, data=DATA, seed=st.integers(0, 1 << 16))
    def crash(self, name, data, seed):
        before = self.path.read_bytes()
        kind = recorder()
        with Archive(self.path, file_class=kind) as out:
            out.add_bytes(name, data)
        state = random.Random(seed).choice(list(prefixes(before, kind.log)))
        self.path.write_bytes(state)
        new = self.model | {name: data}
        seen = contents(self.path)
        assert seen in (self.model, new)
        self.model = seen

    @invariant()
    def readers_agree(self):
        if not self.path.exists():
            return
        assert contents(self.path) == self.model
        with Archive(self.path) as out:
            out.check(deep=True)
            assert {name: out.read(name) for name in out.names()} == self.model
            assert out._directory.comment == self.comment


TestHistory = History.TestCase
TestHistory.settings = settings(deadline=None, max_examples=25, stateful_step_count=12)
