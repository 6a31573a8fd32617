# SPDX-License-Identifier: Apache-2.0
"""Reads the text of questions and answers in demo/data.

A fact is one answer and its phrasings. A phrasing may hold alternatives, {a|b|}, also nested,
and {@list}; `sample` draws one wording, `expand` lists all. demo/README.md describes the format.
"""

import itertools
import math
import random
import re
from dataclasses import dataclass, field
from pathlib import Path

DATA = Path(__file__).parent / "data"
TOPICS = (
    "about", "build", "pack", "args", "systems", "inside", "flags", "errors", "talk", "offtopic",
    "more",
)  # fmt: skip
DONT_KNOW = "dontknow"
SHORT = {
    "what's": "what is", "whats": "what is", "it's": "it is", "i'd": "i would", "i'm": "i am",
    "i've": "i have", "can't": "cannot", "can not": "cannot", "don't": "do not",
    "doesn't": "does not", "won't": "will not", "isn't": "is not", "that's": "that is",
    "how's": "how is", "where's": "where is", "who's": "who is", "dont": "do not",
}  # fmt: skip


@dataclass
class Fact:
    """One answer and the phrasings (unexpanded) that ask for it."""

    id: str
    answer: str = ""
    phrasings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Question:
    """A held-out question and the fact that answers it."""

    id: str
    text: str


def lines(name: str):
    """The lines of a data file, without comments and blank lines."""
    for line in (DATA / f"{name}.txt").read_text(encoding="ascii").splitlines():
        if line.strip() and not line.startswith("# "):
            yield line.rstrip()


def sections(name: str) -> dict[str, list[str]]:
    """A file of "% title" sections as lists of lines."""
    out: dict[str, list[str]] = {}
    for line in lines(name):
        if line.startswith("% "):
            current = out.setdefault(line[2:], [])
        else:
            current.append(line.removeprefix("- "))
    return out


def load_synonyms() -> list[tuple[str, list[str]]]:
    """Pairs of a phrase and what may stand in its place, longest phrase first."""
    pairs = [line.split("=") for line in lines("synonyms")]
    table = [(a.strip(), [x.strip() for x in b.split("|")]) for a, b in pairs]
    return sorted(table, key=lambda pair: -len(pair[0]))


def put(macro: str, words: str) -> str:
    """A line of a macro with `words` for its X."""
    return re.sub(r"\bX\b", lambda _: words, macro)


def load_facts() -> dict[str, Fact]:
    """All facts by id, macros expanded; a fact may be continued in another file."""
    macros = sections("macros")
    facts: dict[str, Fact] = {}
    lists: dict[str, str] = {}
    for line in itertools.chain.from_iterable(map(lines, TOPICS)):
        mark, _, rest = line.partition(" ")
        if mark == "=":
            fact = facts.setdefault(rest, Fact(rest))
        elif mark == ">":
            assert not fact.answer, f"{fact.id} has two answers"
            fact.answer = rest
        elif mark == "@":
            name, _, words = rest.partition(" ")
            lists[name] = words
        elif mark == "~":
            name, _, words = rest.partition(" ")
            fact.phrasings += [put(m, words) for m in macros[name]]
        elif mark == "-":
            fact.phrasings.append(rest)
        else:
            raise ValueError(f"bad line: {line}")
    for fact in facts.values():
        fact.phrasings = [
            re.sub(r"@(\w+)", lambda m: lists.get(m[1], m[0]), p) for p in fact.phrasings
        ]
    return facts


def load_held_out(name: str) -> list[Question]:
    """The questions of data/dev.txt or data/test.txt, which are never trained on."""
    out = []
    for line in lines(name):
        if line.startswith("= "):
            current = line[2:]
        else:
            out.append(Question(current, line.removeprefix("- ")))
    return out


def parse(phrasing: str):
    """A phrasing as a sequence of strings and lists of alternatives (sequences again)."""
    stack: list[list] = [[[]]]
    for piece in re.split(r"([{|}])", phrasing):
        if piece == "{":
            stack.append([[]])
        elif piece == "|" and len(stack) > 1:
            stack[-1].append([])
        elif piece == "}":
            done = stack.pop()
            stack[-1][-1].append(done)
        elif piece:
            stack[-1][-1].append(piece)
    assert len(stack) == 1, f"unbalanced braces: {phrasing}"
    return stack[0][0]


def sample(phrasing: str, rng: random.Random) -> str:
    """One wording of a phrasing, drawn at random."""

    def draw(sequence) -> str:
        return "".join(x if isinstance(x, str) else draw(rng.choice(x)) for x in sequence)

    return clean(zorb(draw(parse(phrasing)), rng))


def expand(phrasing: str) -> list[str]:
    """All wordings of a phrasing; invented words stay as ZORB."""

    def every(sequence) -> list[str]:
        parts = [
            [x] if isinstance(x, str) else list(itertools.chain.from_iterable(map(every, x)))
            for x in sequence
        ]
        return ["".join(p) for p in itertools.product(*parts)]

    return sorted({clean(w) for w in every(parse(phrasing))})


def count(phrasing: str) -> int:
    """How many wordings `expand` makes, repeated ones included."""

    def size(sequence) -> int:
        return math.prod(sum(map(size, x)) for x in sequence if not isinstance(x, str))

    return size(parse(phrasing))


def pattern(phrasing: str) -> re.Pattern[str]:
    """Matches each wording of a phrasing, and the same with spaces lost or doubled."""

    def build(sequence) -> str:
        return "".join(
            re.escape(x).replace(r"\ ", " *")
            if isinstance(x, str)
            else "(?:" + "|".join(map(build, x)) + ")"
            for x in sequence
        )

    return re.compile(build(parse(phrasing)))


def clean(text: str) -> str:
    return " ".join(text.split())


def zorb(text: str, rng: random.Random) -> str:
    """Replaces each ZORB by an invented word, so that unknown words mean "I do not know"."""
    while "ZORB" in text:
        word = "".join(
            rng.choice("bcdfghjklmnprstvwz") + rng.choice(["a", "e", "i", "o", "u", "oo", "ar"])
            for _ in range(rng.randint(1, 3))
        )
        text = text.replace("ZORB", word + rng.choice(["", "", "n", "x", "k", "er", "ing"]), 1)
    return text


class Normaliser:
    """Reduces a question to what is left without case, punctuation and filler words.

    Two questions with the same normal form count as the same question: the held-out sets share
    none with the phrasings, and augmented questions that would are thrown away.
    """

    def __init__(self):
        fillers = sections("fillers")
        self.before, self.after = (
            sorted((x.split() for x in fillers[k]), key=len, reverse=True)
            for k in ("before", "after")
        )
        short = sorted(SHORT, key=len, reverse=True)
        self.short = re.compile(r"(?<![\w-])(" + "|".join(map(re.escape, short)) + r")(?![\w-])")

    def __call__(self, text: str) -> str:
        text = self.short.sub(lambda m: SHORT[m[1]], text.lower())
        words = [w for w in (x.strip(",?!;:\"'") for x in text.split()) if w]
        words = [w if set(w) == {"."} else w.rstrip(".") for w in words]
        return " ".join(self.strip([w for w in words if w]))

    def strip(self, words: list[str]) -> list[str]:
        """Takes fillers off both ends, as long as something else is left."""
        while True:
            for f in self.before:
                if len(words) > len(f) and words[: len(f)] == f:
                    words = words[len(f) :]
                    break
            else:
                for f in self.after:
                    if len(words) > len(f) and words[-len(f) :] == f:
                        words = words[: -len(f)]
                        break
                else:
                    return words


def forbidden() -> set[str]:
    """The normal forms of all held-out questions."""
    normal = Normaliser()
    return {normal(q.text) for name in ("dev", "test") for q in load_held_out(name)}
