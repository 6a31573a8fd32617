# SPDX-License-Identifier: Apache-2.0
"""How many questions the demo model answers right: `python -m demo.eval [--runtime PATH]`.

An answer is right if greedy decoding gives the fact's text, word for word. Without --runtime the
float weights in build/demo/hf are evaluated with torch; with it, the named llamafile answers each
question with demo/demo.gguf, as a user would see it.
"""

import argparse
import json
import random
import subprocess
from pathlib import Path

from demo import bpe, corpus
from demo.corpus import Question

HF = Path("build/demo/hf")
GGUF = Path(__file__).parent / "demo.gguf"
SETS = ("trained", "dev", "test")


def questions(name: str, facts) -> list[Question]:
    """A held-out set, or three wordings of each phrasing that was trained on."""
    if name != "trained":
        return corpus.load_held_out(name)
    rng, forbidden, normal = random.Random(7), corpus.forbidden(), corpus.Normaliser()
    drawn = {
        Question(fact.id, corpus.sample(phrasing, rng))
        for fact in facts.values()
        for phrasing in fact.phrasings
        for _ in range(3)
    }
    return sorted((q for q in drawn if normal(q.text) not in forbidden), key=lambda q: q.text)


# ---- through torch ------------------------------------------------------------------------------


def load(folder: Path):
    """The float model and its tokenizer from a Hugging Face folder."""
    from safetensors.torch import load_file
    from tokenizers import Tokenizer

    from demo.model import Llama, Shape

    model = Llama(Shape.from_hf(json.loads((folder / "config.json").read_text())))
    model.load_hf_tensors(load_file(folder / "model.safetensors"))
    return model.eval(), Tokenizer.from_file(str(folder / "tokenizer.json"))


def right_answers(model, tokenizer, facts, asked) -> list[bool]:
    """Whether greedy decoding gives exactly the fact's answer, for each question.

    Checked without generating: greedy decoding yields an answer if and only if each of its tokens
    is the most likely one after those before it.
    """
    import torch

    out = []
    for i in range(0, len(asked), 32):
        rows = []
        for q in asked[i : i + 32]:
            ask = bpe.turn(tokenizer.encode(q.text).ids)
            rows.append((ask, [*tokenizer.encode(facts[q.id].answer).ids, bpe.END_ID]))
        width = max(len(a) + len(b) for a, b in rows)
        ids = torch.tensor([a + b + [bpe.END_ID] * (width - len(a) - len(b)) for a, b in rows])
        with torch.no_grad():
            best = model.logits(model.hidden(ids)).argmax(-1)
        for row, (ask, answer) in zip(best.tolist(), rows, strict=True):
            out.append(row[len(ask) - 1 : len(ask) - 1 + len(answer)] == answer)
    return out


def beginning(model, tokenizer, text: str, count: int = 12) -> str:
    """The first tokens of the model's answer."""
    import torch

    ids = bpe.turn(tokenizer.encode(text).ids)
    start = len(ids)
    while len(ids) < start + count and (len(ids) == start or ids[-1] != bpe.END_ID):
        with torch.no_grad():
            ids.append(int(model.logits(model.hidden(torch.tensor([ids]))[0, -1]).argmax()))
    return tokenizer.decode(ids[start:])


# ---- through the runtime ------------------------------------------------------------------------


def ask_runtime(runtime: Path, text: str) -> str:
    """What the llamafile answers on standard output."""
    command = [runtime, "-m", GGUF, "--temp", "0", "-t", "1", "-n", "100", "-p", text]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=120, check=False)
    return done.stdout.strip() if done.returncode == 0 else f"failed: {done.stderr.strip()}"


# ---- the report ---------------------------------------------------------------------------------


def share(right: list[bool]) -> str:
    return f"{sum(right)} of {len(right)} ({sum(right) / max(1, len(right)):.1%})"


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("sets", nargs="*", choices=[*SETS, []], help="default: all")
    p.add_argument("--runtime", type=Path, help="a llamafile")
    p.add_argument("--folder", type=Path, default=HF, help="the float weights")
    p.add_argument("--wrong", action="store_true", help="print the questions answered wrongly")
    args = p.parse_args()
    facts = corpus.load_facts()
    if not args.runtime:
        model, tokenizer = load(args.folder)
    for name in args.sets or SETS:
        asked = questions(name, facts)
        if args.runtime:
            answers = [ask_runtime(args.runtime.resolve(), q.text) for q in asked]
            right = [a == facts[q.id].answer for a, q in zip(answers, asked, strict=True)]
        else:
            right = right_answers(model, tokenizer, facts, asked)
        known = [r for r, q in zip(right, asked, strict=True) if q.id != corpus.DONT_KNOW]
        other = [r for r, q in zip(right, asked, strict=True) if q.id == corpus.DONT_KNOW]
        print(f"{name}: about packllama {share(known)}, about other things {share(other)}")
        for i, q in enumerate(asked):
            if args.wrong and not right[i]:
                said = answers[i] if args.runtime else beginning(model, tokenizer, q.text)
                print(f"  {q.id}: {q.text} -> {said}")


if __name__ == "__main__":
    main()
