# SPDX-License-Identifier: Apache-2.0
"""Computes what the engine must compute: tests/model/goldens/CASE.npz, one per tiny model.

    python -m tests.oracle.recipe            (writes them anew; needs requirements.lock installed)

    prompt   int32 (40,)            the tokens
    greedy   int32 (64,)            what transformers continues them with
    text_greedy  int32 (32,)        what they continue TEXT with, tokenized by `tokenizers`
    lead     float32 ()             the smallest distance of a greedy token to the next best
    f32      float32 (40, vocab)    logits of the prompt
    f16 bf16 q8_0 q4_0    float16 (10, vocab)    logits of every fourth position, by transformers
                                    run with the weights that the `gguf` package decodes
    q8_0_cost q4_0_cost   float32 ()    normalised mean square error of those logits when the
                                    inputs of all matrices are rounded to Q8_0 first, as engines
                                    with integer kernels do: the yardstick for our engine

float16 keeps 11 bits, an error of about 1e-8 in normalised mean square, far below what any of
those four types is held to.
"""

import tempfile
from pathlib import Path

import gguf
import numpy as np
from tokenizers import Tokenizer

from tests.data.cases import CASES, Case, hf_weights, prompt
from tests.data.make_models import LAYER_NAMES, TOP_NAMES, TYPES, write_gguf, write_hf
from tests.oracle.reference import Reference
from tests.oracle.text import TEXT, TEXT_GREEDY

GOLDENS = Path(__file__).resolve().parents[1] / "model" / "goldens"
ROUNDED = ("q8_0", "q4_0")  # types whose kernels may work on 8-bit activations
STEP = 4  # of the positions kept for the types other than F32


def compute(case: Case) -> dict[str, np.ndarray]:
    """The arrays of one golden file."""
    vocabulary = case.vocabulary()
    ids = prompt(case)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_hf(case, vocabulary, folder)
        reference = Reference(folder, hf_weights(case))
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        greedy, lead = reference.greedy(ids)
        text_greedy, text_lead = reference.greedy(tokenizer.encode(TEXT).ids, TEXT_GREEDY)
        out = {
            "prompt": np.array(ids, np.int32),
            "greedy": np.array(greedy, np.int32),
            "text_greedy": np.array(text_greedy, np.int32),
            "lead": np.array(min(lead, text_lead), np.float32),
            "f32": reference.logits(ids),
        }
        for type_name in TYPES[1:]:
            path = folder / "model.gguf"
            write_gguf(case, vocabulary, type_name, path)
            decoded = Reference(folder, decoded_weights(case, path))
            exact = decoded.logits(ids)[::STEP]
            out[type_name] = exact.astype(np.float16)
            if type_name in ROUNDED:
                rough = decoded.rounding_inputs().logits(ids)[::STEP]
                out[f"{type_name}_cost"] = np.array(nmse(rough, exact), np.float32)
    return out


def nmse(got: np.ndarray, wanted: np.ndarray) -> float:
    """The mean square error in units of the wanted values' mean square."""
    wanted = wanted.astype(np.float64)
    return float(((got - wanted) ** 2).sum() / (wanted**2).sum())


def decoded_weights(case: Case, path: Path) -> dict[str, np.ndarray]:
    """float32 tensors by their Hugging Face names, as the `gguf` package reads them."""
    tensors = {t.name: t for t in gguf.GGUFReader(path).tensors}
    names = {v: k for k, v in TOP_NAMES.items()}
    for i in range(case.n_layer):
        for hf, short in LAYER_NAMES.items():
            for kind in ("weight", "bias"):
                names[f"blk.{i}.{short}.{kind}"] = f"model.layers.{i}.{hf}.{kind}"
    out = {}
    for name, tensor in tensors.items():
        if name not in names:
            continue  # rope_freqs.weight: transformers computes those factors itself
        shape = tensor.shape[::-1].tolist()
        array = gguf.quants.dequantize(tensor.data, tensor.tensor_type).reshape(shape)
        if "attn_q." in name or "attn_k." in name:
            pairs = array.reshape(-1, case.head // 2, 2, *array.shape[1:])
            array = pairs.swapaxes(1, 2).reshape(array.shape)
        out[names[name]] = np.ascontiguousarray(array)
    return out


def main() -> None:
    """Writes all goldens."""
    GOLDENS.mkdir(exist_ok=True)
    for case in CASES:
        path = GOLDENS / f"{case.name}.npz"
        np.savez_compressed(path, **compute(case))
        print(f"{path.name}: {path.stat().st_size} bytes", flush=True)


if __name__ == "__main__":
    main()
