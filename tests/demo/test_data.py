# SPDX-License-Identifier: Apache-2.0
"""The text that the demo model learns: well-formed, unambiguous, and apart from the held-out."""

from collections import Counter

import pytest

from demo import corpus

MANY = 20_000


@pytest.fixture(scope="module")
def normal():
    return corpus.Normaliser()


@pytest.fixture(scope="module")
def trained(facts, normal):
    """Normal form of every wording of every phrasing -> ids of the facts it asks for.

    Phrasings with more wordings than MANY are left to `crowds`.
    """
    out = {}
    for fact in facts.values():
        for phrasing in fact.phrasings:
            if corpus.count(phrasing) <= MANY:
                for wording in corpus.expand(phrasing):
                    out.setdefault(normal(wording), set()).add(fact.id)
    return out


@pytest.fixture(scope="module")
def crowds(facts):
    """Patterns of the phrasings that have too many wordings to list, all of them off-topic."""
    large = [(f.id, p) for f in facts.values() for p in f.phrasings if corpus.count(p) > MANY]
    assert {i for i, _ in large} == {corpus.DONT_KNOW}
    return [corpus.pattern(p) for _, p in large]


def test_enough_facts_and_phrasings(facts):
    assert len(facts) >= 200
    for fact in facts.values():
        assert len(fact.phrasings) >= 3 and sum(map(corpus.count, fact.phrasings)) >= 12, fact.id


def test_answers_are_short_plain_and_different(facts):
    for fact in facts.values():
        assert fact.answer.isascii() and fact.answer == corpus.clean(fact.answer), fact.id
        assert 10 <= len(fact.answer) <= 180, fact.id
    assert len({f.answer for f in facts.values()}) == len(facts)


def test_phrasings_are_plain(facts):
    for fact in facts.values():
        for phrasing in fact.phrasings:
            assert phrasing.isascii() and "{@" not in phrasing, phrasing
            assert not corpus.pattern(phrasing).fullmatch(""), phrasing


def test_no_wording_asks_for_two_facts(trained, crowds):
    assert [q for q, ids in trained.items() if len(ids) > 1] == []
    about = [q for q, ids in trained.items() if ids != {corpus.DONT_KNOW}]
    assert [q for q in about[::7] if any(c.fullmatch(q) for c in crowds)] == []


@pytest.mark.parametrize("name", ["dev", "test"])
def test_held_out_questions_were_not_trained_on(name, trained, crowds, normal):
    forms = [normal(q.text) for q in corpus.load_held_out(name)]
    assert [f for f in forms if f in trained or any(c.fullmatch(f) for c in crowds)] == []


def test_held_out_sets_are_apart_and_cover_every_fact(facts, normal):
    dev, test = corpus.load_held_out("dev"), corpus.load_held_out("test")
    assert not {normal(q.text) for q in dev} & {normal(q.text) for q in test}
    assert {q.id for q in dev} == set(facts)
    count = Counter(q.id for q in test)
    assert min(count[i] for i in facts) >= 2 and len(test) >= 250
    assert count[corpus.DONT_KNOW] >= 30


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("Hello, please tell me: what's packllama?", "what is packllama"),
        ("What does ... do?", "what does ... do"),
        ("So how do I run it, exactly??", "how do i run it"),
        ("please", "please"),
        ("-n", "-n"),
    ],
)
def test_normal_form(text, form, normal):
    assert normal(text) == form


def test_expand_lists_what_sample_draws():
    import random

    phrasing = "how {do i|{can|could} i} run {it|}"
    every = corpus.expand(phrasing)
    assert len(every) == corpus.count(phrasing) == 6 and "how could i run" in every
    rng = random.Random(0)
    assert {corpus.sample(phrasing, rng) for _ in range(200)} == set(every)
    assert all(corpus.pattern(phrasing).fullmatch(w) for w in every)
    assert not corpus.pattern(phrasing).fullmatch("how can they run")
