# SPDX-License-Identifier: Apache-2.0
"""Codecs and the size table against the `gguf` package, bit for bit."""

import gguf
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from weights import quants
from weights.errors import QuantError

CODECS = [t for t in quants.TYPES if t.encode]
BLOCKS = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 4), st.sampled_from([32, 64, 96])),
    # Not: values beyond f16's range, or so small that 1 / scale is infinite. What an encoder
    # does with those has no definition.
    elements=st.floats(-60000, 60000, width=32).filter(lambda x: abs(x) > 1e-30)
    | st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.5, 7.5, -8.0, 127.0, 2.0**-24]),
)


def theirs(type_: quants.TensorType) -> gguf.GGMLQuantizationType:
    return gguf.GGMLQuantizationType[type_.name]


def test_sizes_are_those_of_the_gguf_package():
    for row in quants.TYPES:
        assert (row.block, row.size) == gguf.GGML_QUANT_SIZES[theirs(row)], row.name
        assert row.id == int(theirs(row))


@pytest.mark.parametrize("type_", CODECS, ids=lambda t: t.name)
@settings(deadline=None, max_examples=60)
@given(values=BLOCKS)
def test_codec_equals_the_gguf_package(type_, values):
    raw = quants.encode(values, type_)
    # Their encoders warn about 1 / 0 in branches that they then discard, as ours would.
    with np.errstate(all="ignore"):
        wanted = gguf.quants.quantize(values, theirs(type_))
    assert raw.tobytes() == np.ascontiguousarray(wanted).tobytes()
    assert raw.shape == (len(values), type_.row_bytes(values.shape[1]))
    decoded = quants.decode(raw, type_)
    assert decoded.shape == values.shape
    assert decoded.tobytes() == gguf.quants.dequantize(wanted, theirs(type_)).tobytes()


def test_bf16_of_special_values():
    values = np.array([np.inf, -np.inf, np.nan, 3.4e38, 1e-45], np.float32).reshape(1, -1)
    values.view(np.uint32)[0, 2] = 0x7F800001  # a NaN whose upper half alone would be infinity
    raw = quants.encode(values, quants.BY_NAME["BF16"])
    wanted = gguf.quants.quantize(values, gguf.GGMLQuantizationType.BF16)
    assert raw.tobytes() == wanted.tobytes()
    assert np.isnan(quants.decode(raw, quants.BY_NAME["BF16"])[0, 2])


def test_halves_round_away_from_zero_in_q8_0():
    values = np.zeros((1, 32), np.float32)
    values[0, :4] = [127, 0.5, 2.5, -2.5]  # a scale of exactly 1
    raw = quants.encode(values, quants.BY_NAME["Q8_0"])
    assert raw[0, 2:6].view(np.int8).tolist() == [127, 1, 3, -3]


def test_rows_must_be_whole_blocks():
    with pytest.raises(QuantError, match="rows of 33 values are not whole Q8_0 blocks"):
        quants.encode(np.zeros((2, 33), np.float32), quants.BY_NAME["Q8_0"])
