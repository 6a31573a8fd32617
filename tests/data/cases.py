# SPDX-License-Identifier: Apache-2.0
"""The tiny models: what each is for, and its seeded weights.

Weights come from numpy's RandomState, whose stream is frozen for good. Their sizes are chosen so
that logits spread over several units and greedy decoding neither loops nor hits near-ties.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from tests.data import vocab
from tests.data.vocab import Vocabulary

LLAMA3_ROPE = {
    "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One tiny model. Sizes carry the names of the GGUF metadata; head_dim 0 = n_embd / n_head."""

    name: str
    vocabulary: Callable[[], Vocabulary]
    n_vocab: int
    seed: int
    n_embd: int = 64
    n_head: int = 4
    n_kv: int = 4
    head_dim: int = 0
    n_ff: int = 160
    n_layer: int = 2
    context: int = 256
    tied: bool = False
    bias: bool = False
    theta: float = 10000.0
    eps: float = 1e-5
    rope: dict = field(default_factory=dict)
    architecture: str = "LlamaForCausalLM"
    new_config: bool = False  # rope_parameters, as transformers 5 writes it

    @property
    def head(self) -> int:
        """Values per head."""
        return self.head_dim or self.n_embd // self.n_head


def _llama_bpe() -> Vocabulary:
    return vocab.bpe("llama-bpe", 611, "<|begin_of_text|>", "<|eot_id|>", add_bos=True)


CASES = (
    # Multi-head attention, SPM vocabulary, untied: Llama 2 7B and TinyLlama in small.
    Case("mha-spm", lambda: vocab.spm(509), 509, seed=1),
    # Grouped-query attention as in Mistral 7B, with its config (sliding_window null).
    Case("mistral", lambda: vocab.spm(509), 509, seed=2, n_kv=2, theta=1e6,
         architecture="MistralForCausalLM", new_config=True),
    # Llama 3.1: rope scaling with all three of its branches, BPE vocabulary, BOS added.
    Case("llama3", _llama_bpe, 611, seed=3, n_kv=2, theta=500000.0, rope=LLAMA3_ROPE),
    # Llama 3.2: the same and tied embeddings.
    Case("llama3-tied", _llama_bpe, 611, seed=4, n_kv=1, theta=500000.0, rope=LLAMA3_ROPE,
         tied=True),
    # SmolLM2: three heads over one, tied, digits apart; more rows than tokens.
    Case("smollm", lambda: vocab.bpe("smollm", 493, "<|im_start|>", "<|im_end|>"), 501, seed=5,
         n_embd=96, n_head=3, n_kv=1, n_ff=192, tied=True, theta=100000.0),
    # A head size of its own, and linear rope scaling.
    Case("headdim", lambda: vocab.bpe("gpt-2", 517, "<|endoftext|>", "<|endoftext|>"), 517,
         seed=6, n_kv=2, head_dim=24, eps=1e-6, rope={"rope_type": "linear", "factor": 2.0}),
    # Biases on the attention's projections, qwen2's pre-tokenizer.
    Case("bias", lambda: vocab.bpe("qwen2", 523, "<|endoftext|>", "<|im_end|>"), 523, seed=7,
         n_kv=2, bias=True),
)  # fmt: skip


def by_name(name: str) -> Case:
    """The case of that name."""
    return next(case for case in CASES if case.name == name)


def hf_weights(case: Case) -> dict[str, np.ndarray]:
    """float32 tensors by their Hugging Face names."""
    rng = np.random.RandomState(case.seed)

    def normal(rows: int, columns: int, gain: float) -> np.ndarray:
        scale = gain / np.sqrt(columns)
        return (rng.standard_normal((rows, columns)) * scale).astype(np.float32)

    def vector(size: int, low: float, high: float) -> np.ndarray:
        return rng.uniform(low, high, size).astype(np.float32)

    n, q, kv = case.n_embd, case.n_head * case.head, case.n_kv * case.head
    # A tied table serves twice: small enough for logits of a few units.
    out = {"model.embed_tokens.weight": normal(case.n_vocab, n, 3.0 if case.tied else 8.0)}
    for i in range(case.n_layer):
        layer = f"model.layers.{i}."
        out[layer + "input_layernorm.weight"] = vector(n, 0.5, 1.5)
        for name, rows, gain in (("q", q, 1.4), ("k", kv, 1.4), ("v", kv, 1.2)):
            out[layer + f"self_attn.{name}_proj.weight"] = normal(rows, n, gain)
            if case.bias:
                out[layer + f"self_attn.{name}_proj.bias"] = vector(rows, -0.5, 0.5)
        out[layer + "self_attn.o_proj.weight"] = normal(n, q, 1.5)
        if case.bias:
            out[layer + "self_attn.o_proj.bias"] = vector(n, -0.5, 0.5)
        out[layer + "post_attention_layernorm.weight"] = vector(n, 0.5, 1.5)
        out[layer + "mlp.gate_proj.weight"] = normal(case.n_ff, n, 1.5)
        out[layer + "mlp.up_proj.weight"] = normal(case.n_ff, n, 1.5)
        out[layer + "mlp.down_proj.weight"] = normal(n, case.n_ff, 1.5)
    # Random signs keep a tied model from predicting the token that it has just read.
    signs = np.where(rng.random_sample(n) < 0.5, -1, 1).astype(np.float32)
    out["model.norm.weight"] = vector(n, 0.5, 1.5) * signs
    if not case.tied:
        out["lm_head.weight"] = normal(case.n_vocab, n, 3.0)
    return out


def prompt(case: Case, length: int = 40) -> list[int]:
    """The fixed prompt of the goldens: ids from all over the vocabulary."""
    rng = np.random.RandomState(1000 + case.seed)
    return rng.randint(0, len(case.vocabulary().tokens), length).tolist()
