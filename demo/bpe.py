# SPDX-License-Identifier: Apache-2.0
"""The demo model's tokenizer: byte-level BPE trained on its own text, and the chat template.

The pre-tokenizer is GPT-2's pattern, which GGUF knows as "gpt-2". A conversation is
<|user|>question<|end|><|assistant|>answer<|end|> and so on; there is no beginning-of-text token.
"""

import json
import random
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

END, USER, ASSISTANT = "<|end|>", "<|user|>", "<|assistant|>"
SPECIALS = [END, USER, ASSISTANT]
END_ID, USER_ID, ASSISTANT_ID = range(3)
TEMPLATE = (
    "{% for message in messages %}"
    "{% if message['role'] == 'user' %}<|user|>{{ message['content'] }}<|end|>"
    "{% elif message['role'] == 'assistant' %}<|assistant|>{{ message['content'] }}<|end|>"
    "{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def train(texts: list[str], vocab: int) -> Tokenizer:
    """A tokenizer with exactly `vocab` tokens, the special ones first."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab,
        show_progress=False,
        special_tokens=[AddedToken(s, normalized=False, special=True) for s in SPECIALS],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
    )
    tokenizer.train_from_iterator(texts, trainer)
    assert tokenizer.get_vocab_size() == vocab, tokenizer.get_vocab_size()
    return tokenizer


def encode_roughly(tokenizer: Tokenizer, text: str, rng: random.Random, rate: float) -> list[int]:
    """Ids of the text cut at random places, so that the model sees words in many pieces.

    It does what BPE dropout is for; the one of `tokenizers` cannot be seeded.
    """
    pieces = [""]
    for letter in text:
        if pieces[-1] and rng.random() < rate:
            pieces.append("")
        pieces[-1] += letter
    return [i for piece in pieces for i in tokenizer.encode(piece).ids]


def save(tokenizer: Tokenizer, folder: Path, context: int) -> None:
    """tokenizer.json and tokenizer_config.json as Hugging Face expects them."""
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "GPT2TokenizerFast",
        "bos_token": END,
        "eos_token": END,
        "unk_token": None,
        "pad_token": END,
        "add_bos_token": False,
        "add_prefix_space": False,
        "model_max_length": context,
        "chat_template": TEMPLATE,
    }
    text = json.dumps(config, indent=2) + "\n"
    (folder / "tokenizer_config.json").write_text(text, encoding="utf-8")


def turn(question: list[int]) -> list[int]:
    """The ids that ask a question and call for its answer."""
    return [USER_ID, *question, END_ID, ASSISTANT_ID]
