# SPDX-License-Identifier: Apache-2.0
"""How fast the engine reads (pp) and writes (tg), in tokens per second.

    python bench/engine.py [--quick] [--threads 1,2] [--json OUT] [PROGRAM]

PROGRAM is the payload of this machine under build/ unless given. The models have the shapes of
the well-known TinyStories models of 15M and 110M weights, filled with random ones: speed does not
depend on their values. Each figure is the median of five runs, as `--bench` of the program takes
it. Compare figures of one run only, and none from a busy machine (the load is printed): there, one
thread that never sleeps gets far less than its share, and two may seem ten times as fast.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from weights import quants  # noqa: E402
from weights.gguf import Kind  # noqa: E402
from weights.gguf_writer import GgufWriter  # noqa: E402

TYPES = ("Q8_0", "Q4_0", "F16")
PROGRAM = ROOT / "build" / f"{platform.machine()}-linux-musl" / "llamafile"
SAME_ROWS = 256  # rows that are drawn; longer tensors repeat them


@dataclass(frozen=True)
class Shape:
    """The sizes of a model, named as in its metadata."""

    name: str
    embedding_length: int
    feed_forward_length: int
    block_count: int
    heads: int
    vocabulary: int = 32000


SHAPES = (Shape("15M", 288, 768, 6, 6), Shape("110M", 768, 2048, 12, 12))


def tensors(shape: Shape) -> dict[str, tuple[int, ...]]:
    """The shape of every tensor; the table of tokens serves the output too."""
    n, ff = shape.embedding_length, shape.feed_forward_length
    layer = {
        "attn_norm": (n,), "attn_q": (n, n), "attn_k": (n, n), "attn_v": (n, n),
        "attn_output": (n, n), "ffn_norm": (n,), "ffn_gate": (ff, n), "ffn_up": (ff, n),
        "ffn_down": (n, ff),
    }  # fmt: skip
    out = {"token_embd.weight": (shape.vocabulary, n), "output_norm.weight": (n,)}
    for i in range(shape.block_count):
        out |= {f"blk.{i}.{name}.weight": dims for name, dims in layer.items()}
    return out


def random_bytes(dims: tuple[int, ...], type_: quants.TensorType) -> np.ndarray:
    """The encoded tensor."""
    *rows, columns = dims
    rows = rows[0] if rows else 1
    random = np.random.default_rng(columns)
    values = random.standard_normal((min(rows, SAME_ROWS), columns), np.float32) / columns**0.5
    return np.resize(quants.encode(values, type_), (rows, type_.row_bytes(columns)))


def write_model(shape: Shape, type_name: str, path: Path) -> None:
    """A GGUF file that the engine accepts, with the smallest vocabulary there is."""
    writer = GgufWriter()
    writer.add("general.architecture", "llama")
    for key in ("embedding_length", "feed_forward_length", "block_count"):
        writer.add(f"llama.{key}", getattr(shape, key))
    writer.add("llama.context_length", 1024)
    writer.add("llama.attention.head_count", shape.heads)
    writer.add("llama.attention.layer_norm_rms_epsilon", 1e-5)
    special = ["<unk>", "<s>", "</s>"]
    writer.add("tokenizer.ggml.model", "llama")
    writer.add("tokenizer.ggml.tokens", special + [f"<0x{byte:02X}>" for byte in range(256)])
    writer.add("tokenizer.ggml.scores", [0.0] * 259)
    writer.add("tokenizer.ggml.token_type", [2, 3, 3] + [6] * 256, Kind.I32)
    for role, token in (("unknown", 0), ("bos", 1), ("eos", 2)):
        writer.add(f"tokenizer.ggml.{role}_token_id", token)
    for name, dims in tensors(shape).items():
        type_ = quants.BY_NAME[type_name if len(dims) == 2 else "F32"]
        writer.add_tensor(name, dims, type_, lambda d=dims, t=type_: [random_bytes(d, t)])
    writer.write(path)


def machine() -> str:
    """One line about where and beside what this runs."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    load = os.getloadavg()[0]
    name = names[0] if names else platform.processor()
    return f"{platform.machine()} {name}, {os.cpu_count()} processors, load {load:.1f}"


def measure(program: Path, model: Path, threads: int, tokens: tuple[int, int]) -> dict:
    """What `--bench --json` says."""
    command = [program, "--bench", "--json", "-m", model, "-t", str(threads)]
    command += ["--pp", str(tokens[0]), "--tg", str(tokens[1])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"bench: {' '.join(map(str, command))}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("program", nargs="?", type=Path, default=PROGRAM)
    parser.add_argument("--quick", action="store_true", help="15M only, and fewer tokens")
    parser.add_argument("--threads", default="1,2", help="numbers of threads, comma-separated")
    parser.add_argument("--json", type=Path, help="write the figures there too")
    options = parser.parse_args()
    tokens = (64, 32) if options.quick else (256, 64)
    result = {"machine": machine(), "runs": []}
    print(result["machine"])
    heads = f"pp {tokens[0]}", f"tg {tokens[1]}"
    print(f"{'model':<12} {'isa':<12} {'threads':>7} {heads[0]:>10} {heads[1]:>10}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.gguf"
        for shape in SHAPES[:1] if options.quick else SHAPES:
            for type_name in TYPES:
                write_model(shape, type_name, path)
                for threads in map(int, options.threads.split(",")):
                    got = measure(options.program, path, threads, tokens)
                    name = f"{shape.name} {type_name}"
                    print(
                        f"{name:<12} {got['isa']:<12} {threads:>7} {got['pp']:>10.1f} "
                        f"{got['tg']:>10.1f}",
                        flush=True,
                    )
                    result["runs"].append({**got, "model": name})
    result["load_at_the_end"] = os.getloadavg()[0]
    print(f"load at the end {result['load_at_the_end']:.1f}")
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
