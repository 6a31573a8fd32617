# SPDX-License-Identifier: Apache-2.0
"""The demo model: a llama of a few million parameters, in plain torch.

The mathematics is Hugging Face's LlamaForCausalLM (rotate-half rope, RMS norm, SwiGLU, grouped
queries, tied embeddings), and the tensors carry its names, so that `weights convert` and
transformers read the result. Nothing here knows about data or files.
"""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F


@dataclass(frozen=True)
class Shape:
    """Sizes of the model; every row length is a multiple of 32, Q8_0's block."""

    vocab: int = 2048
    width: int = 256
    layers: int = 6
    heads: int = 8
    kv_heads: int = 4
    hidden: int = 704
    context: int = 1024
    rope_theta: float = 10000.0
    eps: float = 1e-5

    @property
    def head_dim(self) -> int:
        return self.width // self.heads

    def hf_config(self, end_id: int) -> dict:
        """The config.json that transformers and `weights convert` expect."""
        return {
            "architectures": ["LlamaForCausalLM"],
            "model_type": "llama",
            "_name_or_path": "packllama-demo",
            "vocab_size": self.vocab,
            "hidden_size": self.width,
            "num_hidden_layers": self.layers,
            "num_attention_heads": self.heads,
            "num_key_value_heads": self.kv_heads,
            "head_dim": self.head_dim,
            "intermediate_size": self.hidden,
            "max_position_embeddings": self.context,
            "rope_theta": self.rope_theta,
            "rope_scaling": None,
            "rms_norm_eps": self.eps,
            "hidden_act": "silu",
            "attention_bias": False,
            "mlp_bias": False,
            "tie_word_embeddings": True,
            "bos_token_id": end_id,
            "eos_token_id": end_id,
            "torch_dtype": "float32",
        }

    @staticmethod
    def from_hf(config: dict) -> "Shape":
        """The reverse of hf_config."""
        return Shape(
            config["vocab_size"],
            config["hidden_size"],
            config["num_hidden_layers"],
            config["num_attention_heads"],
            config["num_key_value_heads"],
            config["intermediate_size"],
            config["max_position_embeddings"],
            config["rope_theta"],
            config["rms_norm_eps"],
        )


class Block(nn.Module):
    """One transformer layer."""

    def __init__(self, s: Shape, dropout: float):
        super().__init__()
        self.s, self.drop = s, dropout
        kv = s.kv_heads * s.head_dim
        self.q_proj = nn.Linear(s.width, s.width, bias=False)
        self.k_proj = nn.Linear(s.width, kv, bias=False)
        self.v_proj = nn.Linear(s.width, kv, bias=False)
        self.o_proj = nn.Linear(s.width, s.width, bias=False)
        self.gate_proj = nn.Linear(s.width, s.hidden, bias=False)
        self.up_proj = nn.Linear(s.width, s.hidden, bias=False)
        self.down_proj = nn.Linear(s.hidden, s.width, bias=False)
        self.input_layernorm = nn.RMSNorm(s.width, eps=s.eps)
        self.post_attention_layernorm = nn.RMSNorm(s.width, eps=s.eps)

    def attend(self, x, cos, sin):
        s = self.s
        b, n, _ = x.shape
        q = self.q_proj(x).view(b, n, s.heads, s.head_dim).transpose(1, 2)
        k = self.k_proj(x).view(b, n, s.kv_heads, s.head_dim).transpose(1, 2)
        v = self.v_proj(x).view(b, n, s.kv_heads, s.head_dim).transpose(1, 2)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        share = s.heads // s.kv_heads
        k, v = k.repeat_interleave(share, 1), v.repeat_interleave(share, 1)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.o_proj(y.transpose(1, 2).reshape(b, n, s.width))

    def forward(self, x, cos, sin):
        p, train = self.drop, self.training
        x = x + F.dropout(self.attend(self.input_layernorm(x), cos, sin), p, train)
        h = self.post_attention_layernorm(x)
        h = self.down_proj(F.silu(self.gate_proj(h)) * self.up_proj(h))
        return x + F.dropout(h, p, train)


class Llama(nn.Module):
    """Token ids to logits; the output matrix is the embedding."""

    def __init__(self, shape: Shape, dropout: float = 0.0):
        super().__init__()
        self.shape, self.drop = shape, dropout
        self.embed_tokens = nn.Embedding(shape.vocab, shape.width)
        self.layers = nn.ModuleList(Block(shape, dropout) for _ in range(shape.layers))
        self.norm = nn.RMSNorm(shape.width, eps=shape.eps)
        half = torch.arange(0, shape.head_dim, 2).float() / shape.head_dim
        angle = torch.outer(torch.arange(shape.context).float(), shape.rope_theta**-half)
        angle = torch.cat([angle, angle], 1)
        self.register_buffer("cos", angle.cos(), persistent=False)
        self.register_buffer("sin", angle.sin(), persistent=False)
        self.apply(self.initialise)
        for block in self.layers:
            for out in (block.o_proj, block.down_proj):
                nn.init.normal_(out.weight, std=0.02 / (2 * shape.layers) ** 0.5)

    @staticmethod
    def initialise(module):
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=0.02)

    def hidden(self, ids):
        """The normalised last hidden states of a batch of rows of ids."""
        n = ids.shape[1]
        x = F.dropout(self.embed_tokens(ids), self.drop, self.training)
        cos, sin = self.cos[:n], self.sin[:n]
        for block in self.layers:
            x = block(x, cos, sin)
        return self.norm(x)

    def logits(self, hidden):
        return F.linear(hidden, self.embed_tokens.weight)

    def hf_tensors(self) -> dict:
        """The tensors under Hugging Face's names."""
        return {hf_name(k): v.float().contiguous() for k, v in self.state_dict().items()}

    def load_hf_tensors(self, tensors: dict) -> None:
        """The reverse of hf_tensors."""
        self.load_state_dict({k: tensors[hf_name(k)] for k in self.state_dict()})


def hf_name(name: str) -> str:
    part = name.split(".")
    if part[0] == "layers" and part[2].endswith("_proj"):
        part.insert(2, "self_attn" if part[2][0] in "qkvo" else "mlp")
    return "model." + ".".join(part)


def rotate(x, cos, sin):
    """Rotary positions in the "rotate half" layout of Hugging Face."""
    a, b = x.chunk(2, -1)
    return x * cos.to(x.dtype) + torch.cat([-b, a], -1) * sin.to(x.dtype)
