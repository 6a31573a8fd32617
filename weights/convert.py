# SPDX-License-Identifier: Apache-2.0
"""Hugging Face directory to GGUF.

The order of work: read the configuration, find the architecture's row, read the tokenizer, match
every tensor with a rule, collect metadata, write. Nothing is written before every tensor has been
matched, and tensors pass through in pieces of CHUNK bytes, so memory stays small.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from weights import architectures, hf_tensors, metadata, quants, rope
from weights.architectures import Architecture, Rename
from weights.errors import ConvertError
from weights.gguf_writer import GgufWriter
from weights.hf_tensors import Source
from weights.jsonfile import load_json
from weights.quants import BY_NAME, TensorType

CHUNK = 1 << 24  # bytes of float32 in work at a time

# What a matrix gets instead of the wanted type. The table that ends in logits tells tokens apart
# by small differences, so 4 bits are too few; rows that are no whole blocks stay at 16.
OUTPUT_TYPE = {"Q4_0": "Q8_0"}
UNEVEN_TYPE = "F16"


@dataclass(frozen=True)
class _Plan:
    """One tensor of the output; `order` lists the source's rows if they change places."""

    name: str
    source: Source
    type: TensorType
    order: np.ndarray | None


def convert(
    folder: Path,
    out: Path,
    type_name: str | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[str]:
    """Writes `out` and returns notes for the user. `type_name` None: the type it is stored in.

    `progress` hears of the bytes written and of all there are to write.
    """
    path = folder / "config.json"
    if not path.is_file():
        raise ConvertError(f"{folder}: no config.json; is it a Hugging Face model directory?")
    config = load_json(path)
    row = _architecture(config, path)
    sources = hf_tensors.open_directory(folder)
    plans, wanted = _plan(row, config, sources, type_name, folder)
    writer = GgufWriter()
    notes = metadata.add_model(writer, row, config, path, wanted)
    table = next(p for p in plans if p.name == "token_embd.weight").source
    metadata.add_vocabulary(writer, folder, config, table.shape[0])
    factors = rope.add(writer, row.gguf, config, path)
    if factors is not None:
        raw = quants.encode(factors, BY_NAME["F32"])
        writer.add_tensor("rope_freqs.weight", factors.shape, BY_NAME["F32"], lambda: [raw])
    for plan in plans:
        writer.add_tensor(plan.name, plan.source.shape, plan.type, lambda p=plan: _encoded(p))
    _write(writer, out, progress)
    return notes


def _write(writer: GgufWriter, out: Path, progress: Callable[[int, int], None]) -> None:
    done, total = 0, writer.data_size()

    def advance(n: int) -> None:
        nonlocal done
        done += n
        progress(done, total)

    writer.write(out, advance)


def _architecture(config: dict, path: Path) -> Architecture:
    names = config.get("architectures") or []
    row = architectures.find(names if isinstance(names, list) else [])
    if row is None:
        known = architectures.known()
        raise ConvertError(f"{path}: architecture {names} does not convert, only {known}")
    if config.get("quantization_config"):
        raise ConvertError(f"{path}: the weights are quantized already; convert the original model")
    for key, allowed in row.fixed:
        if key in config and config[key] not in allowed:
            raise ConvertError(f"{path}: {key} is {config[key]!r}, not {allowed[0]!r}")
    return row


def _plan(
    row: Architecture,
    config: dict,
    sources: dict[str, Source],
    type_name: str | None,
    folder: Path,
) -> tuple[list[_Plan], TensorType]:
    """Every tensor of the output in order, and the type that most of it has."""
    left = {name: s for name, s in sources.items() if not name.endswith(row.ignored)}
    tied = bool(config.get("tie_word_embeddings"))
    if tied:
        left.pop("lm_head.weight", None)  # a copy of the embeddings
    matched: list[tuple[str, Rename, Source]] = []
    for rule, i in _rules(row, rope.integer(config, "num_hidden_layers", folder)):
        source = left.pop(rule.hf.format(i=i), None)
        if source is not None:
            matched.append((rule.gguf.format(i=i), rule, source))
        elif not rule.optional or (rule.gguf == "output.weight" and not tied):
            raise ConvertError(f"{folder}: tensor {rule.hf.format(i=i)} is missing")
    if left:
        raise ConvertError(f"{folder}: do not know what to do with tensor {min(left)}")
    stored = hf_tensors.DTYPES[matched[0][2].dtype][1]
    wanted = BY_NAME[type_name.upper() if type_name else stored]
    last = "token_embd.weight" if tied else "output.weight"
    plans = []
    for name, rule, source in matched:
        order = None
        if rule.heads:
            heads = metadata.number(row, rule.heads, config, folder / "config.json")
            order = rope.order(source.shape[0], heads, f"{folder}: tensor {source.name}")
        plans.append(_Plan(name, source, _type_of(name == last, source, wanted), order))
    return plans, wanted


def _rules(row: Architecture, layers: int) -> Iterator[tuple[Rename, int]]:
    """The rules in the order of the output: the layers' between the others."""
    per_layer = [rule for rule in row.tensors if "{i}" in rule.hf]
    split = row.tensors.index(per_layer[0])
    yield from ((rule, 0) for rule in row.tensors[:split])
    yield from ((rule, i) for i in range(layers) for rule in per_layer)
    yield from ((rule, 0) for rule in row.tensors[split:] if "{i}" not in rule.hf)


def _type_of(is_output: bool, source: Source, wanted: TensorType) -> TensorType:
    if len(source.shape) == 1:
        return BY_NAME["F32"]
    if is_output:
        wanted = BY_NAME[OUTPUT_TYPE.get(wanted.name, wanted.name)]
    return BY_NAME[UNEVEN_TYPE] if source.shape[-1] % wanted.block else wanted


def _encoded(plan: _Plan) -> Iterator[np.ndarray]:
    source = plan.source
    rows = source.shape[0]
    step = max(1, CHUNK * rows // max(1, source.data.size * 4))
    for start in range(0, rows, step):
        end = min(start + step, rows)
        which = slice(start, end) if plan.order is None else plan.order[start:end]
        values = source.rows(which)
        if not np.isfinite(values).all():
            raise ConvertError(f"tensor {source.name} holds a NaN or an infinity")
        if plan.type.name == "F16" and np.abs(values).max() >= 65520:
            raise ConvertError(
                f"tensor {source.name} has values too large for F16; use --type bf16"
            )
        yield quants.encode(values, plan.type)
