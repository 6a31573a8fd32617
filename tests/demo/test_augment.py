# SPDX-License-Identifier: Apache-2.0
"""The noise on questions: reproducible, and never a held-out question."""

import random

from demo import corpus
from demo.augment import Augmenter


def draws(facts, count, seed=3, forbidden=None):
    """Some noisy questions for all facts."""
    forbidden = corpus.forbidden() if forbidden is None else forbidden
    augmenter = Augmenter(forbidden, random.Random(seed))
    return [augmenter.question(f) for f in facts.values() for _ in range(count)]


def test_never_a_held_out_question(facts):
    normal, forbidden = corpus.Normaliser(), corpus.forbidden()
    assert not {normal(q) for q in draws(facts, 40)} & forbidden


def test_the_guard_is_what_keeps_them_out(facts):
    """Without it the noise would reach some of them, so the test above proves something."""
    augmenter = Augmenter(set(), random.Random(5))
    fact = corpus.Fact("x", "An answer.", ["how do i fly"])
    normal = corpus.Normaliser()
    reached = {normal(augmenter.question(fact)) for _ in range(300)}
    guarded = Augmenter({"how can i fly"}, random.Random(5))
    assert "how can i fly" in reached
    assert "how can i fly" not in {normal(guarded.question(fact)) for _ in range(300)}


def test_same_seed_same_questions(facts):
    assert draws(facts, 2) == draws(facts, 2)
    assert draws(facts, 2) != draws(facts, 2, seed=4)


def test_options_and_paths_stay_whole():
    """Typos fall on words only."""
    augmenter = Augmenter(set(), random.Random(1))
    fact = corpus.Fact("x", "An answer.", ["what does --repeat-penalty do in ./x"])
    for _ in range(300):
        text = augmenter.question(fact).lower()
        assert "--repeat-penalty" in text and "./x" in text


def test_questions_are_never_empty(facts):
    assert all(len(q.strip(" ?.!")) > 0 or "..." in q for q in draws(facts, 5))
