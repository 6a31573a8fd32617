# SPDX-License-Identifier: Apache-2.0
import contextlib
import io
import time
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.zipalign.make_zip import File, central_header, local_header, make_zip
from zipalign import records as r
from zipalign.errors import BadExtra, BadSignature, FieldTooLong, Truncated, ZipAlignError

EDGES = [0, 1, r.MAX32 - 1, r.MAX32, r.MAX32 + 1, 1 << 40, (1 << 64) - 1]
u16 = st.integers(0, r.MAX16)
u32 = st.integers(0, r.MAX32)
u64 = st.sampled_from(EDGES) | st.integers(0, (1 << 64) - 1)
central = st.builds(
    r.CentralHeader, u16, st.just(45), u16, u16, u16, u16, u32, u64, u64, u16, u16, u32, u64,
    st.binary(max_size=40), st.just(b""), st.binary(max_size=20))
local = st.builds(r.LocalHeader, st.just(45), u16, u16, u16, u16, u32, u64, u64,
                  st.binary(max_size=40), st.just(b""))


@settings(deadline=None)
@given(central, st.binary(max_size=9))
def test_central_header_round_trip(header, junk):
    packed = header.pack()
    assert r.CentralHeader.parse(junk + packed + junk, len(junk)) == (
        header, len(junk) + len(packed))
    values = (header.compressed_size, header.uncompressed_size, header.local_offset)
    wide = sum(v >= r.MAX32 for v in values)
    assert len(packed) == 46 + len(header.file_name + header.comment) + (4 * bool(wide) + 8 * wide)


@settings(deadline=None)
@given(local)
def test_local_header_round_trip(header):
    packed = header.pack()
    assert r.LocalHeader.parse(packed) == (header, len(packed))
    # APPNOTE 4.5.3: a local header has both sizes in the ZIP64 field or none.
    wide = max(header.compressed_size, header.uncompressed_size) >= r.MAX32
    assert len(packed) == 30 + len(header.file_name) + 20 * wide


def test_headers_agree_with_another_writer():
    file = File(b"name", b"data" * 9, comment=b"why", extra=b"\x99\x99\2\0ab")
    assert r.LocalHeader.parse(local_header(file))[0].pack() == local_header(file)
    assert r.CentralHeader.parse(central_header(file, 77))[0].pack() == central_header(file, 77)


@pytest.mark.parametrize("zip64", [False, True])
def test_every_truncation_is_refused(zip64):
    file = File(b"name", b"data", comment=b"why", extra=b"\x99\x99\2\0ab", zip64=zip64)
    for whole, kind in ((local_header(file), r.LocalHeader),
                        (central_header(file, 5), r.CentralHeader)):
        for cut in range(len(whole)):
            with pytest.raises(Truncated):
                kind.parse(whole[:cut])
        with pytest.raises(BadSignature):
            kind.parse(b"PK\3\3" + whole[4:])


@settings(deadline=None)
@given(st.binary(max_size=120), st.sampled_from([b"", b"PK\1\2", b"PK\3\4", b"PK\6\6"]))
def test_random_bytes_never_surprise(data, signature):
    for kind in (r.LocalHeader, r.CentralHeader, r.Zip64EndRecord, r.Zip64Locator, r.EndRecord):
        with contextlib.suppress(ZipAlignError):
            kind.parse(signature + data)


@pytest.mark.parametrize(("entries", "size", "offset", "wide"), [
    (0, 0, 0, False), (0xFFFE, 10, 10, False), (0xFFFF, 10, 10, True), (70000, 10, 10, True),
    (1, r.MAX32 - 1, 10, False), (1, r.MAX32, 10, True), (1, 10, r.MAX32 - 1, False),
    (1, 10, r.MAX32, True), (1, 10, 1 << 40, True),
])
def test_end_records_saturate_exactly_where_needed(entries, size, offset, wide):
    records = r.end_records(entries, size, offset, b"note")
    assert records.startswith(b"PK\6\6" if wide else b"PK\5\6")
    end = r.EndRecord.parse(records, len(records) - 26)
    assert (end.entries, end.disk_entries) == (min(entries, 0xFFFF),) * 2
    assert (end.directory_size, end.directory_offset) == (min(size, r.MAX32), min(offset, r.MAX32))
    if wide:
        assert r.Zip64EndRecord.parse(records)[6:] == (entries, size, offset)
        assert r.Zip64Locator.parse(records, 56).record_offset == offset + size


def test_zip64_field_with_too_few_values():
    header = bytearray(central_header(File(b"n", zip64=True), 1))
    with pytest.raises(BadExtra):       # cut the field's length from 24 to 16
        r.CentralHeader.parse(header[:46 + 1 + 2] + b"\x10\0" + header[46 + 1 + 4:])
    with pytest.raises(BadExtra):
        r.CentralHeader.parse(central_header(File(b"n", central={"size": r.MAX32}), 1))


def test_lengths_that_do_not_fit_are_refused():
    entry = r.new_entry(b"n", 0o100644, 0)
    for change in ({"file_name": b"n" * 65536}, {"extra": bytes(65536)}, {"comment": bytes(65536)}):
        with pytest.raises(FieldTooLong):
            entry._replace(**change).pack()


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/Los_Angeles"])
def test_dos_time_knows_no_zone(zone, monkeypatch):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    assert r.dos_time(r.FIXED_TIME) == (0, 2 << 5 | 1)
    assert r.unix_time(*r.dos_time(1700000000)) == 1700000000
    assert r.dos_time(-5) == (0, 1 << 5 | 1)
    assert r.dos_time(1 << 40) == (23 << 11 | 59 << 5 | 29, 127 << 9 | 12 << 5 | 31)
    monkeypatch.undo()
    time.tzset()


@given(st.integers(0, 1 << 40), st.integers(30, 200), st.integers(0, 30))
def test_padding_aligns(position, length, power):
    gap, extra = r.padding(position, length, 1 << power)
    assert (position + gap + length + extra) % (1 << power) == 0
    assert extra == 0 or (gap == 0 and 6 <= extra <= r.MAX16 - 20)
    if extra:
        field = r.alignment_extra(extra, 1 << power)
        assert len(field) == extra
        assert [kind for kind, _ in r.split_extra(field)] == [r.EXTRA_ALIGN]


def test_make_zip_itself_is_honest_by_default():
    data = make_zip([File(b"a", b"1"), File(b"b", b"2" * 999, method=8, zip64=True)], b"prefix",
                    zip64=True, comment=b"c")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert archive.read("b") == b"2" * 999
