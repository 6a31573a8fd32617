# SPDX-License-Identifier: Apache-2.0
"""The ad-hoc signer: zig's linker is the oracle, LIEF and hashlib look at the result."""

from __future__ import annotations

import contextlib
import hashlib

import lief
import pytest

from ape import macho
from ape.errors import ApeError
from tests.ape.make_macho import ARM64, X86_64, make_macho

PAGE_SHIFT = {ARM64: 14, X86_64: 12}


def _lief_signature(data):
    return lief.MachO.parse(data).at(0).code_signature


def test_resigning_gives_zigs_own_bytes(probes):
    """zig signs arm64, with the output's file name as identifier."""
    data = probes["aarch64-macos"].read_bytes()
    assert b"aarch64-macos\0" in data
    assert macho.sign(data, "aarch64-macos", 16, "x") == data


@pytest.mark.parametrize("target", ["x86_64-macos", "aarch64-macos"])
def test_signature_of_a_real_program(target, probes):
    data = macho.sign(probes[target].read_bytes(), "probe", 4096, "x")
    signature = _lief_signature(data)
    assert len(data) % 4096 == 0
    assert signature.data_offset + signature.data_size == len(data)
    assert macho.broken_signature_rules(data, "x") == []
    assert lief.MachO.check_layout(lief.MachO.parse(data))[0]
    linkedit = lief.MachO.parse(data).at(0).get_segment("__LINKEDIT")
    assert linkedit.file_offset + linkedit.file_size == len(data)
    assert linkedit.virtual_size >= linkedit.file_size
    assert macho.sign(data, "probe", 4096, "x") == data


@pytest.mark.parametrize("cpu", [ARM64, X86_64])
def test_hashes_written_out_by_hand(cpu):
    """Offsets as in macho.py's table, so that its reader and writer cannot agree on a lie."""
    data = macho.sign(make_macho(cpu=cpu, linkedit=40000), "me", 4096, "x")
    start = _lief_signature(data).data_offset
    big = lambda at: int.from_bytes(data[start + at : start + at + 4], "big")  # noqa: E731
    assert (big(0), big(8), big(12), big(16)) == (0xFADE0CC0, 1, 0, 20)
    assert (big(20), big(28), big(32)) == (0xFADE0C02, 0x20400, 0x20002)
    assert data[start + 20 + big(40) :].startswith(b"me\0")
    step = 1 << PAGE_SHIFT[cpu]
    assert big(52) == start
    assert big(48) == -(-start // step)
    for k in range(big(48)):
        page = data[k * step : min((k + 1) * step, start)]
        at = start + 20 + big(36) + 32 * k
        assert data[at : at + 32] == hashlib.sha256(page).digest()


def test_every_changed_byte_is_noticed():
    data = macho.sign(make_macho(text=0x4000, linkedit=33), "me", 4096, "x")
    start = _lief_signature(data).data_offset
    for at in range(40, start, 997):
        changed = bytearray(data)
        changed[at] ^= 1
        with contextlib.suppress(ApeError):  # when the load commands themselves are damaged
            assert macho.broken_signature_rules(bytes(changed), "x")


def test_appended_byte_is_noticed():
    data = macho.sign(make_macho(), "me", 4096, "x")
    (rule,) = macho.broken_signature_rules(data + b"\0", "x")
    assert "the code signature ends at" in rule


def test_no_room_for_the_command():
    with pytest.raises(ApeError, match=r"no room for a code signature command.*-headerpad"):
        macho.sign(make_macho(room=8), "me", 4096, "x")


def test_bytes_behind_linkedit():
    with pytest.raises(ApeError, match="__LINKEDIT is not the end"):
        macho.sign(make_macho() + b"overlay", "me", 4096, "x")


def test_old_signature_not_at_the_end():
    signed = macho.sign(make_macho(), "me", 16, "x")
    with pytest.raises(ApeError, match="old code signature is not the end"):
        macho.sign(signed + b"overlay", "me", 4096, "x")
