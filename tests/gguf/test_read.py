# SPDX-License-Identifier: Apache-2.0
"""The C reader against the `gguf` package's reader: the same keys, values, shapes and places."""

import subprocess

import gguf
import numpy as np
import pytest

TEXT, ARRAY = gguf.GGUFValueType.STRING, gguf.GGUFValueType.ARRAY


def value_text(field: gguf.ReaderField) -> str:
    """A field as check_gguf prints it."""
    kind, *item = field.types
    if kind == ARRAY and item == [TEXT]:
        texts = [" x" + bytes(field.parts[i]).hex() for i in field.data]
        return f"[{int(TEXT)}]" + "".join(texts)
    if kind == ARRAY:
        numbers = [f" {float(field.parts[i][0]):.17g}" for i in field.data]
        return f"[{int(item[0])}]" + "".join(numbers)
    if kind == TEXT:
        return "x" + bytes(field.parts[-1]).hex()
    number = field.parts[-1][0]
    return f"{float(number):.17g}" if isinstance(number, np.floating) else str(int(number))


def listing(path) -> list[str]:
    reader = gguf.GGUFReader(path)
    fields = [f for name, f in reader.fields.items() if not name.startswith("GGUF.")]
    lines = [f"{f.name} {int(f.types[0])} {value_text(f)}" for f in fields]
    for t in reader.tensors:
        dims = " ".join(str(int(d)) for d in t.shape)
        place = f"at {t.data_offset} size {t.n_bytes}"
        lines.append(f"tensor {t.name} {t.tensor_type.name} {dims} {place}")
    return lines


@pytest.mark.parametrize(("version", "alignment"), [(2, 32), (3, 32), (3, 8), (3, 65536)])
def test_same_as_the_gguf_package(program, write_sample, tmp_path, version, alignment):
    path = write_sample(tmp_path / "a.gguf", version, alignment)
    out = subprocess.run([program("check_gguf"), "show", path], capture_output=True, text=True)
    assert out.returncode == 0, out.stdout
    assert out.stdout.splitlines() == listing(path)


def test_a_file_of_the_gguf_package(program, tmp_path):
    path = tmp_path / "b.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_uint32("x", 7)
    writer.add_array("names", ["one", "two"])
    writer.add_tensor("w", np.arange(12, dtype=np.float32).reshape(3, 4))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    out = subprocess.run([program("check_gguf"), "show", path], capture_output=True, text=True)
    assert out.stdout.splitlines() == listing(path)
