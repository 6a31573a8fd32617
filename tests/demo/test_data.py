# SPDX-License-Identifier: Apache-2.0
"""The text that the demo model learns: well-formed, unambiguous, and apart from the held-out."""

from collections import Counter

import pytest

from demo import corpus


@pytest.fixture(scope="module")
def normal():
    return corpus.Normaliser()


@pytest.fixture(scope="module")
def trained(facts, normal):
    """Normal form of every wording of every phrasing -> ids of the facts it asks for."""
    out = {}
    for fact in facts.values():
        for phrasing in fact.phrasings:
            for wording in corpus.expand(phrasing):
                out.setdefault(normal(wording), set()).add(fact.id)
    return out


def test_enough_facts_and_phrasings(facts):
    assert len(facts) >= 200
    for fact in facts.values():
        wordings = {w for p in fact.phrasings for w in corpus.expand(p)}
        assert len(fact.phrasings) >= 3 and len(wordings) >= 12, fact.id


def test_answers_are_short_plain_and_different(facts):
    for fact in facts.values():
        assert fact.answer.isascii() and fact.answer == corpus.clean(fact.answer), fact.id
        assert 10 <= len(fact.answer) <= 180, fact.id
    assert len({f.answer for f in facts.values()}) == len(facts)


def test_phrasings_are_plain(facts):
    for fact in facts.values():
        for phrasing in fact.phrasings:
            assert phrasing.isascii() and "@" not in phrasing, phrasing
            assert all(w for w in corpus.expand(phrasing)), phrasing


def test_no_wording_asks_for_two_facts(trained):
    assert [q for q, ids in trained.items() if len(ids) > 1] == []


@pytest.mark.parametrize("name", ["dev", "test"])
def test_held_out_questions_were_not_trained_on(name, trained, normal):
    seen = [q.text for q in corpus.load_held_out(name) if normal(q.text) in trained]
    assert seen == []


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
    assert len(every) == 6 and "how could i run" in every
    rng = random.Random(0)
    assert {corpus.sample(phrasing, rng) for _ in range(200)} == set(every)
