# SPDX-License-Identifier: Apache-2.0
"""What a GGUF holds, as text or as JSON."""

import json
from collections import Counter

from weights.gguf import Gguf, Value
from weights.quants import TYPES

MAX_TEXT = 60  # characters of a string value in the listing
MAX_ITEMS = 6  # values of an array in the listing


def as_json(gguf: Gguf, member: str, tensors: bool) -> str:
    """One object: file, member, version, metadata, and the tensors if wanted."""
    out = {
        "file": str(gguf.path), "member": member or None, "version": gguf.version,
        "alignment": gguf.alignment, "data_offset": gguf.data_offset, "size": gguf.size,
        "tensor_count": len(gguf.tensors),
        "metadata": {key: value.plain() for key, value in gguf.metadata.items()},
    }  # fmt: skip
    if tensors:
        out["tensors"] = [
            {"name": t.name, "type": t.type.name, "dims": t.dims, "offset": t.offset,
             "bytes": t.raw.nbytes} for t in gguf.tensors.values()
        ]  # fmt: skip
    return json.dumps(out, indent=1)


def as_text(gguf: Gguf, member: str, tensors: bool) -> str:
    """A listing for people."""
    types = Counter(t.type.name for t in gguf.tensors.values())
    counts = ", ".join(f"{types[t.name]} {t.name}" for t in TYPES if t.name in types)
    lines = [
        f"{gguf.path}{'@' + member if member else ''}: GGUF version {gguf.version}, "
        f"{gguf.size} bytes, {len(gguf.tensors)} tensors ({counts})",
        "",
    ]
    width = max((len(key) for key in gguf.metadata), default=0)
    lines += [f"{key:<{width}}  {_value(value)}" for key, value in gguf.metadata.items()]
    if tensors:
        width = max((len(name) for name in gguf.tensors), default=0)
        lines += ["", "dimensions are in GGUF's order, fastest first"]
        lines += [
            f"{t.name:<{width}}  {t.type.name:<7}  {' x '.join(map(str, t.dims))}"
            for t in gguf.tensors.values()
        ]
    return "\n".join(lines)


def _value(value: Value) -> str:
    if value.item is None:
        return _text(value.data)
    items = [_text(x) for x in Value(value.kind, value.data[:MAX_ITEMS], value.item).plain()]
    more = ", ..." if len(value.data) > MAX_ITEMS else ""
    return f"[{', '.join(items)}{more}] ({len(value.data)})"


def _text(data: object) -> str:
    """On one line and harmless to a terminal, whatever a string may hold."""
    if isinstance(data, bool):
        return "true" if data else "false"
    if isinstance(data, float):
        return f"{data:.7g}"
    if not isinstance(data, str):
        return str(data)
    short = data if len(data) <= MAX_TEXT else data[:MAX_TEXT] + "..."
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in short)
