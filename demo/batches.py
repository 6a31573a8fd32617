# SPDX-License-Identifier: Apache-2.0
"""Endless training batches out of the facts.

Two kinds take turns. "First turns": many questions with only the beginning of their answers, up
to where no other fact answers the same; that is where the model must decide. "Conversations":
rows of whole questions and answers one after the other, which teach the rest of the answers, and
that an earlier turn does not matter. A few questions come raw, without the chat marks.
"""

import random

import torch

from demo import bpe, corpus
from demo.augment import Augmenter

NEWLINE = "\n"
POOL = 8  # batches that are drawn at once, to sort by length


class Batches:
    """Draws batches of (ids, targets, weights); everything depends only on the seed.

    `ask` is the weight of a question's tokens in the loss; an answer's have 1, padding has 0.
    """

    def __init__(self, facts, tokenizer, forbidden, seed, noise=1.0, ask=0.2, off_topic=0.18):
        self.rng = random.Random(seed)
        self.facts = list(facts.values())
        self.weights = [
            off_topic * len(facts) if f.id == corpus.DONT_KNOW else 1.0 for f in self.facts
        ]
        self.augmenter = Augmenter(forbidden, self.rng)
        self.noise, self.ask = noise, ask
        self.plain = tokenizer
        self.newline = tokenizer.encode(NEWLINE).ids
        self.answers = {f.id: [*self.ids(f.answer), bpe.END_ID] for f in self.facts}
        self.pool: list = []
        self.unique = {k: unique_length(k, self.answers) + 3 for k in self.answers}

    @property
    def state(self):
        """All that the following batches depend on; may be read and set."""
        return self.rng.getstate(), list(self.pool)

    @state.setter
    def state(self, value):
        random_state, self.pool = value
        self.rng.setstate(random_state)

    def ids(self, text: str) -> list[int]:
        return self.plain.encode(text).ids

    def question(self, fact) -> list[int]:
        text = self.augmenter.question(fact, self.noise)
        if self.rng.random() < 0.4:
            return bpe.encode_roughly(self.plain, text, self.rng, 0.1)
        return self.ids(text)

    def turn(self, fact, raw: bool = False) -> tuple[list[int], list[int]]:
        """The ids of a question and of its answer."""
        answer = self.answers[fact.id]
        if raw:
            return self.question(fact), self.newline + answer
        return bpe.turn(self.question(fact)), answer

    def draw(self):
        return self.rng.choices(self.facts, self.weights)[0]

    def first_turns(self, rows: int):
        """`rows` single questions of similar length, answers cut after the deciding tokens."""
        if not self.pool:
            drawn = sorted((self.first_turn() for _ in range(rows * POOL)), key=length)
            self.pool = [drawn[i : i + rows] for i in range(0, len(drawn), rows)]
            self.rng.shuffle(self.pool)
        turns = self.pool.pop()
        width = max(map(length, turns))
        return tensors([self.row([t], width) for t in turns])

    def first_turn(self):
        fact = self.draw()
        ask, answer = self.turn(fact, raw=self.rng.random() < 0.06)
        return ask, answer[: self.unique[fact.id]]

    def conversations(self, rows: int, width: int):
        """Rows of `width` tokens, each a conversation about random facts."""
        out = []
        for _ in range(rows):
            turns, size = [], 0
            while size <= width:
                turns.append(self.turn(self.draw()))
                size += sum(map(len, turns[-1]))
            out.append(self.row(turns, width))
        return tensors(out)

    def row(self, turns, width: int):
        """Ids, targets and weights of one row of turns, cut or padded to `width`."""
        ids, weights = [], []
        for ask, answer in turns:
            ids += ask + answer
            weights += [self.ask] * len(ask) + [1.0] * len(answer)
        pad = max(0, width + 1 - len(ids))
        ids += [bpe.END_ID] * pad
        weights += [0.0] * pad
        return ids[:width], ids[1 : width + 1], weights[1 : width + 1]


def length(turn) -> int:
    return len(turn[0]) + len(turn[1])


def unique_length(key: str, answers: dict[str, list[int]]) -> int:
    """After how many tokens no other answer looks the same."""
    mine, longest = answers[key], 0
    for other, ids in answers.items():
        if other != key:
            same = 0
            while same < min(len(ids), len(mine)) and ids[same] == mine[same]:
                same += 1
            longest = max(longest, same)
    return longest + 1


def tensors(rows) -> tuple[torch.Tensor, ...]:
    return tuple(map(torch.tensor, zip(*rows, strict=True)))
