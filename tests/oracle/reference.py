# SPDX-License-Identifier: Apache-2.0
"""Runs a tiny model with Hugging Face transformers, in float32 on the CPU. Needs torch."""

import json
from pathlib import Path

import gguf
import numpy as np
import torch
from transformers import AutoConfig, AutoModelForCausalLM, logging

GREEDY = 64  # tokens

logging.set_verbosity_error()


class Reference:
    """A model built from a directory's config.json and from weights given by their HF names."""

    def __init__(self, folder: Path, weights: dict[str, np.ndarray]) -> None:
        torch.set_num_threads(1)  # the order of additions, and so the last bits, stay the same
        config = AutoConfig.from_pretrained(folder)
        config._attn_implementation = "eager"
        self.model = AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
        state = {name: torch.tensor(array) for name, array in weights.items()}
        missing, unexpected = self.model.load_state_dict(state, strict=False)
        tied = json.loads((folder / "config.json").read_text()).get("tie_word_embeddings")
        assert not unexpected and missing == (["lm_head.weight"] if tied else []), missing

    @torch.no_grad()
    def logits(self, ids: list[int]) -> np.ndarray:
        """(positions, vocabulary)"""
        return self.model(torch.tensor([ids]), use_cache=False).logits[0].numpy()

    def rounding_inputs(self) -> "Reference":
        """From now on every matrix sees its input rounded to Q8_0, 32 values to a scale."""
        q8_0 = gguf.GGMLQuantizationType.Q8_0

        def rounded(module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> torch.Tensor:
            blocks = gguf.quants.quantize(inputs[0].numpy(), q8_0)
            return torch.from_numpy(gguf.quants.dequantize(blocks, q8_0))

        for module in self.model.modules():
            if isinstance(module, torch.nn.Linear):
                module.register_forward_pre_hook(rounded)
        return self

    def greedy(self, ids: list[int], count: int = GREEDY) -> tuple[list[int], float]:
        """The next `count` most likely tokens, and the smallest lead of a winner over its second.

        One forward pass over everything per token: slow, but free of the cache's own rounding.
        """
        out, lead = [], np.inf
        for _ in range(count):
            last = self.logits(ids + out)[-1]
            second, first = np.partition(last, -2)[-2:]
            lead = min(lead, float(first - second))
            out.append(int(last.argmax()))
        return out, lead
