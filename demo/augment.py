# SPDX-License-Identifier: Apache-2.0
"""Surface noise for questions: the same question as many people would type it.

Every change keeps the meaning: fillers around it, synonyms, lost or swapped letters, lost small
words, case and punctuation. A result that equals a held-out question is never returned.
"""

import random
import re

from demo import corpus

SMALL_WORDS = {
    "a", "an", "the", "is", "are", "do", "does", "it", "i", "to", "of", "in", "on", "my", "this",
    "that", "can", "please", "me", "for", "with", "at", "be", "will", "there", "have", "you",
}  # fmt: skip
LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Augmenter:
    """Draws noisy wordings of facts; `forbidden` holds normal forms that must not come out."""

    def __init__(self, forbidden: set[str], rng: random.Random):
        self.forbidden, self.rng = forbidden, rng
        self.normal = corpus.Normaliser()
        fillers = corpus.sections("fillers")
        self.before, self.after = fillers["before"], fillers["after"]
        self.synonyms = [
            (re.compile(rf"(?<![\w.-]){re.escape(a)}(?![\w.-])"), b)
            for a, b in corpus.load_synonyms()
        ]

    def question(self, fact: corpus.Fact, noise: float = 1.0) -> str:
        """One wording of a fact; `noise` scales how often each change is made."""
        while True:
            text = corpus.sample(self.rng.choice(fact.phrasings), self.rng)
            text = self.change(text, noise, short=fact.id == corpus.DONT_KNOW)
            if self.normal(text) not in self.forbidden:
                return text

    def change(self, text: str, noise: float, short: bool = False) -> str:
        """Applies the changes in the order in which a writer makes them."""
        if self.hit(0.35 * noise):
            text = self.swap_synonyms(text)
        if self.hit(0.25 * noise) and not short:
            text = self.drop_words(text)
        if self.hit(0.22 * noise):
            text = f"{self.rng.choice(self.before)}{self.rng.choice([' ', ', '])}{text}"
        if self.hit(0.10 * noise):
            text = f"{text} {self.rng.choice(self.after)}"
        if self.hit(0.15 * noise):
            text = self.typo(text)
        return self.finish(text)

    def hit(self, chance: float) -> bool:
        return self.rng.random() < chance

    def swap_synonyms(self, text: str) -> str:
        for pattern, others in self.synonyms:
            if self.hit(0.4):
                text = pattern.sub(lambda m, o=others: self.rng.choice(o), text, count=1)
        return corpus.clean(text)

    def drop_words(self, text: str) -> str:
        """Loses small words, as in a search query."""
        words = text.split()
        rate = self.rng.choice([0.2, 0.5, 1.0])
        kept = [w for w in words if w not in SMALL_WORDS or not self.hit(rate)]
        return " ".join(kept) if len(kept) >= 2 else text

    def typo(self, text: str) -> str:
        """Changes letters inside one or two longer words, never in options or paths."""
        words = text.split()
        for _ in range(self.rng.choice([1, 1, 2])):
            i = self.rng.randrange(len(words))
            if len(words[i]) > 3 and words[i].isalpha():
                words[i] = self.misspell(words[i])
        return " ".join(words)

    def misspell(self, word: str) -> str:
        i = self.rng.randrange(1, len(word) - 1)
        kind = self.rng.randrange(4)
        if kind == 0:
            return word[:i] + word[i + 1 :]
        if kind == 1:
            return word[:i] + word[i + 1] + word[i] + word[i + 2 :]
        if kind == 2:
            return word[:i] + word[i] + word[i:]
        return word[:i] + self.rng.choice(LETTERS) + word[i + 1 :]

    def finish(self, text: str) -> str:
        """Case, contractions and the mark at the end."""
        case = self.rng.random()
        if case < 0.45:
            text = text[:1].upper() + text[1:]
        elif case < 0.48:
            text = text.upper()
        elif case < 0.51:
            text = text.title()
        text = re.sub(r"\bi\b", "I", text) if self.hit(0.5) else text
        return text + self.rng.choice(["?", "?", "?", "", "", "", ".", "!", " ?"])
