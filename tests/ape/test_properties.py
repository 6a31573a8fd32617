# SPDX-License-Identifier: Apache-2.0
"""Any set of programs and data makes a right polyglot; any damage ends in an ApeError or a rule."""

from __future__ import annotations

import hashlib
import re
import tempfile
import zipfile
from pathlib import Path

import lief
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ape import check, image, inputs, layout, link, macho, stub
from ape.errors import ApeError
from ape.targets import TARGETS
from tests.ape.make_program import make_program

slow = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))


def _fits(name):
    try:
        inputs.check_member_name(name)
    except ApeError:
        return False
    return True


part = st.text(st.characters(categories=["L", "N"], include_characters="._- "), min_size=1)
member_names = st.lists(part, min_size=1, max_size=3).map("/".join).filter(_fits)
sizes = st.one_of(st.integers(0, 300), st.integers(65500, 65600), st.integers(0, 150000))
programs = st.dictionaries(
    st.sampled_from(sorted(TARGETS)), st.integers(600, 30000), min_size=1, max_size=6
)
names = st.from_regex(
    re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,39}[0-9]", re.ASCII), fullmatch=True
)


def _link(folder: Path, name, programs, data) -> Path:
    paths = {}
    for target, size in programs.items():
        paths[target] = folder / f"in.{target}"
        paths[target].write_bytes(make_program(target, size))
    members = []
    for k, (member, size) in enumerate(data.items()):
        path = folder / f"data{k}"
        path.write_bytes(bytes((k + j) % 253 for j in range(256)) * (size // 256 + 1))
        with path.open("r+b") as file:
            file.truncate(size)
        members.append((member, path))
    out = folder / "out"
    link.link(link.Order(name, paths, tuple(members)), out)
    return out


@slow
@given(names, programs, st.dictionaries(member_names, sizes, max_size=4))
def test_any_polyglot_is_right(name, programs, data):
    with tempfile.TemporaryDirectory() as folder:
        out = _link(Path(folder), name, programs, data)
        content = out.read_bytes()
        assert b"\0" not in content.partition(b"\n")[0]
        assert b"\0" not in content[0x1000:0x2000]
        assert check.broken_rules(out) == []
        found = image.read(out)
        regions = layout.with_gaps(found.regions, found.size)
        assert sum(region.size for region in regions) == len(content)
        assert {r.size for r in regions if r.owner == "unused"} <= set(range(65536))
        _check_members(content, out, found, name, programs, data, Path(folder))


def _check_members(content, out, found, name, programs, data, folder):
    rows = {row.target: row for row in found.rows}
    with zipfile.ZipFile(out) as pack:
        assert pack.testzip() is None
        expected = {TARGETS[t].member(name) for t in programs if t != "x86_64-windows"}
        assert set(pack.namelist()) == expected | set(data)
        assert {m: pack.getinfo(m).file_size for m in data} == data
        for target in programs:
            program = (folder / f"in.{target}").read_bytes()
            if target == "x86_64-windows":
                sections = lief.PE.parse(str(out)).sections
                assert bytes(sections[0].content).startswith(b"code")
                continue
            stored = pack.read(TARGETS[target].member(name))
            if TARGETS[target].uname:
                row = rows[target]
                assert content[row.skip * 4096 :][: row.count * 4096] == stored
                assert hashlib.sha256(stored).hexdigest().startswith(row.hash)
            if TARGETS[target].format == "MACHO":
                program = macho.sign(program, name, 4096, "x")
            assert stored == program + bytes(len(stored) - len(program))


@slow
@given(st.sampled_from(sorted(TARGETS)), st.data())
def test_damaged_input_is_refused_or_linked_right(target, data):
    program = bytearray(make_program(target))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, min(len(program), 800) - 1))
        program[at] = data.draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFF, 0x90]))
    if data.draw(st.booleans()):
        del program[data.draw(st.integers(0, len(program))) :]
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder, "in"), Path(folder, "out")
        source.write_bytes(program)
        try:
            link.link(link.Order("me", {target: source}), out)
        except ApeError:
            assert [path.name for path in Path(folder).iterdir()] == ["in"]
        else:
            assert check.broken_rules(out) == []
            assert zipfile.ZipFile(out).testzip() is None


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    names = ["x86_64-windows", "x86_64-linux-gnu", "x86_64-linux-musl", "aarch64-macos"]
    folder = tmp_path_factory.mktemp("small")
    return _link(folder, "me", dict.fromkeys(names, 700), {"a": 5, "b": 70000}).read_bytes()


@slow
@given(st.data())
def test_damaged_polyglot_breaks_a_rule_or_is_still_right(small, data):
    """Reading never ends in another exception; a file that passes still unpacks to its hashes."""
    content = bytearray(small)
    interesting = st.one_of(
        st.integers(0, 0x2000 - 1),
        st.integers(len(content) - 600, len(content) - 1),
        st.integers(0, len(content) - 1),
    )
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(interesting)] = data.draw(st.integers(0, 255))
    if data.draw(st.integers(0, 9)) == 0:
        del content[data.draw(st.integers(0, len(content))) :]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "f")
        path.write_bytes(content)
        rules = check.broken_rules(path)
        assert all("\n" not in rule for rule in rules)
        if not rules:
            for row in stub.parse(bytes(content[4096:8192]))[1]:
                stored = bytes(content[row.skip * 4096 :][: row.count * 4096])
                assert hashlib.sha256(stored).hexdigest().startswith(row.hash)
