# SPDX-License-Identifier: Apache-2.0
"""Writes the tiny models, as Hugging Face directories and as GGUF files of every type.

    python -m tests.data.make_models OUT_DIR [CASE...]

makes OUT_DIR/hf/CASE/ and OUT_DIR/CASE-{f32,f16,bf16,q8_0,q4_0}.gguf, a version 2 file
mha-spm-f32-v2.gguf and README.txt. Nothing here uses weights/convert.py: the GGUF files are built
from the cases directly, so that the converter can be compared with them.
"""

import json
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from tests.data.cases import CASES, Case, by_name, hf_weights
from tests.data.vocab import UNUSED, Vocabulary
from weights import quants
from weights.gguf import Kind
from weights.gguf_writer import GgufWriter

TYPES = ("f32", "f16", "bf16", "q8_0", "q4_0")
LAYER_NAMES = {
    "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
}  # fmt: skip
TOP_NAMES = {
    "model.embed_tokens.weight": "token_embd.weight",
    "model.norm.weight": "output_norm.weight",
    "lm_head.weight": "output.weight",
}


def hf_config(case: Case, v: Vocabulary) -> dict:
    """config.json."""
    config = {
        "architectures": [case.architecture],
        "model_type": "mistral" if case.architecture.startswith("Mistral") else "llama",
        "hidden_size": case.n_embd, "intermediate_size": case.n_ff,
        "num_hidden_layers": case.n_layer, "num_attention_heads": case.n_head,
        "num_key_value_heads": case.n_kv, "max_position_embeddings": case.context,
        "rms_norm_eps": case.eps, "hidden_act": "silu", "vocab_size": case.n_vocab,
        "tie_word_embeddings": case.tied, "attention_bias": case.bias, "mlp_bias": False,
        "bos_token_id": v.id(v.bos), "eos_token_id": v.id(v.eos), "torch_dtype": "float32",
    }  # fmt: skip
    if case.head_dim:
        config["head_dim"] = case.head_dim
    if config["model_type"] == "mistral":
        config["sliding_window"] = None
    if case.new_config:
        config["rope_parameters"] = {"rope_theta": case.theta, "rope_type": "default", **case.rope}
    else:
        config["rope_theta"] = case.theta
        config["rope_scaling"] = case.rope or None
    return config


def write_hf(case: Case, v: Vocabulary, folder: Path) -> None:
    """A directory as it would be downloaded."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file(hf_weights(case), folder / "model.safetensors", {"format": "pt"})
    for name, data in v.files.items():
        (folder / name).write_bytes(data)
    tokenizer = {
        "bos_token": v.bos, "eos_token": v.eos, "add_bos_token": v.add_bos,
        "add_eos_token": False, "chat_template": v.template,
        "tokenizer_class": "LlamaTokenizer" if v.model == "llama" else "PreTrainedTokenizerFast",
    }  # fmt: skip
    generation = {"bos_token_id": v.id(v.bos), "eos_token_id": v.id(v.eos)}
    for name, data in (
        ("config.json", hf_config(case, v)),
        ("tokenizer_config.json", tokenizer),
        ("generation_config.json", generation),
    ):
        (folder / name).write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")


def _interleave(rows: np.ndarray, n_head: int) -> np.ndarray:
    """From halves (x0..xn, y0..yn) to pairs (x0 y0 x1 y1 ...) in every head: ggml's rope layout."""
    head = len(rows) // n_head
    order = [
        h * head + part * head // 2 + i
        for h in range(n_head)
        for i in range(head // 2)
        for part in (0, 1)
    ]
    return rows[order]


def gguf_weights(case: Case) -> dict[str, np.ndarray]:
    """float32 tensors by their GGUF names."""
    out = {}
    for name, array in hf_weights(case).items():
        if name in TOP_NAMES:
            out[TOP_NAMES[name]] = array
            continue
        _, _, number, rest = name.split(".", 3)
        part, kind = rest.rsplit(".", 1)
        if LAYER_NAMES[part] in ("attn_q", "attn_k"):
            array = _interleave(array, case.n_head if "q_proj" in part else case.n_kv)
        out[f"blk.{number}.{LAYER_NAMES[part]}.{kind}"] = array
    if case.rope.get("rope_type") == "llama3":
        out["rope_freqs.weight"] = llama3_factors(case)
    return out


def llama3_factors(case: Case) -> np.ndarray:
    """What each rope frequency is divided by: 1 for short waves, `factor` for long ones."""
    r = case.rope
    factors = []
    for i in range(0, case.head, 2):
        turns = r["original_max_position_embeddings"] / (2 * np.pi * case.theta ** (i / case.head))
        low, high = r["low_freq_factor"], r["high_freq_factor"]
        smooth = min(max((turns - low) / (high - low), 0.0), 1.0)
        factors.append(1.0 / (smooth + (1.0 - smooth) / r["factor"]))
    return np.array(factors, np.float32)


def write_gguf(case: Case, v: Vocabulary, type_name: str, path: Path, version: int = 3) -> None:
    """The model with its matrices in the given type; vectors stay F32."""
    type_ = quants.BY_NAME[type_name.upper()]
    writer = GgufWriter(version)
    _add_model(writer, case, type_)
    _add_vocabulary(writer, case, v)
    for name, array in gguf_weights(case).items():
        kind = type_ if array.ndim == 2 else quants.BY_NAME["F32"]
        raw = quants.encode(array, kind)
        writer.add_tensor(name, array.shape, kind, lambda raw=raw: [raw])
    writer.write(path)


def _add_model(w: GgufWriter, case: Case, type_: quants.TensorType) -> None:
    w.add("general.architecture", "llama")
    w.add("general.type", "model")
    w.add("general.name", case.name)
    w.add("general.file_type", type_.file_type)
    w.add("general.quantization_version", 2)
    w.add("llama.vocab_size", case.n_vocab)
    w.add("llama.context_length", case.context)
    w.add("llama.embedding_length", case.n_embd)
    w.add("llama.block_count", case.n_layer)
    w.add("llama.feed_forward_length", case.n_ff)
    w.add("llama.attention.head_count", case.n_head)
    w.add("llama.attention.head_count_kv", case.n_kv)
    w.add("llama.attention.layer_norm_rms_epsilon", case.eps)
    w.add("llama.rope.freq_base", case.theta)
    w.add("llama.rope.dimension_count", case.head)
    if case.head_dim:
        w.add("llama.attention.key_length", case.head_dim)
        w.add("llama.attention.value_length", case.head_dim)
    if case.rope.get("rope_type") == "linear":
        w.add("llama.rope.scaling.type", "linear")
        w.add("llama.rope.scaling.factor", case.rope["factor"])


def _add_vocabulary(w: GgufWriter, case: Case, v: Vocabulary) -> None:
    padding = [f"[PAD{i}]" for i in range(len(v.tokens), case.n_vocab)]
    w.add("tokenizer.ggml.model", v.model)
    w.add("tokenizer.ggml.pre", v.pre)
    w.add("tokenizer.ggml.tokens", v.tokens + padding)
    if v.scores is not None:
        w.add("tokenizer.ggml.scores", v.scores)
    w.add("tokenizer.ggml.token_type", v.types + [UNUSED] * len(padding), Kind.I32)
    if v.merges is not None:
        w.add("tokenizer.ggml.merges", v.merges)
    w.add("tokenizer.ggml.bos_token_id", v.id(v.bos))
    w.add("tokenizer.ggml.eos_token_id", v.id(v.eos))
    if v.model == "llama":
        w.add("tokenizer.ggml.unknown_token_id", v.id("<unk>"))
        w.add("tokenizer.ggml.add_space_prefix", True)
    w.add("tokenizer.ggml.add_bos_token", v.add_bos)
    w.add("tokenizer.ggml.add_eos_token", False)
    w.add("tokenizer.chat_template", v.template)


def write_all(out: Path, cases: tuple[Case, ...] = CASES) -> None:
    """Everything, with the list of it in README.txt."""
    out.mkdir(parents=True, exist_ok=True)
    notes = ["Tiny models from tests/data/make_models.py\n"]
    for case in cases:
        v = case.vocabulary()
        write_hf(case, v, out / "hf" / case.name)
        for type_name in TYPES:
            write_gguf(case, v, type_name, out / f"{case.name}-{type_name}.gguf")
        if case.name == "mha-spm":
            write_gguf(case, v, "f32", out / "mha-spm-f32-v2.gguf", version=2)
        notes.append(
            f"{case.name}: {case.architecture}, {case.n_head} heads over {case.n_kv} of "
            f"{case.head}, width {case.n_embd}, vocabulary {case.n_vocab} ({v.model}, {v.pre})"
            f"{', tied' if case.tied else ''}{', biases' if case.bias else ''}"
            f"{', rope ' + case.rope['rope_type'] if case.rope else ''}\n"
        )
    (out / "README.txt").write_text("".join(notes))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    write_all(Path(sys.argv[1]), tuple(by_name(n) for n in sys.argv[2:]) or CASES)
