"""Entropies and n-gram losses, against counting by hand."""

import math
import random
from collections import Counter

import numpy as np
import pytest

from chargen.corpus.ngrams import entropies, held_out_losses


def ids(length, kinds=5, seed=0):
    generator = random.Random(seed)
    text = [0]
    for _ in range(length - 1):  # each character leans on the one before
        text.append((text[-1] + generator.choice([1, 1, 1, 2])) % kinds)
    return np.array(text, np.uint8)


def entropy_by_hand(text, order):
    places = range(order, len(text))
    grams = Counter(tuple(text[i - order : i + 1]) for i in places)
    contexts = Counter(tuple(text[i - order : i]) for i in places)
    total = sum(
        math.log(grams[tuple(text[i - order : i + 1])] / contexts[tuple(text[i - order : i])])
        for i in places
    )
    return -total / len(places)


def loss_by_hand(training, held_out, vocab_size, order):
    def probability(context, character):
        places = range(len(context), len(training))
        following = [training[i] for i in places if training[i - len(context) : i] == context]
        shorter = probability(context[1:], character) if context else 1 / vocab_size
        if not following:
            return shorter
        kinds = len(set(following))
        return (following.count(character) + kinds * shorter) / (len(following) + kinds)

    whole = training + held_out
    places = range(len(training), len(whole))
    return -sum(math.log(probability(whole[i - order : i], whole[i])) for i in places) / len(places)


def test_entropies_are_those_of_counting():
    text = ids(300)
    for order, entropy in enumerate(entropies(text, 4)):
        assert entropy == pytest.approx(entropy_by_hand(text.tolist(), order))


def test_uniform_and_certain_texts():
    assert entropies(np.arange(8).repeat(10), 0) == [pytest.approx(math.log(8))]
    assert entropies(np.arange(5000) % 3, 1)[1] == pytest.approx(0)


def test_losses_are_those_of_the_formula():
    text = ids(260)
    losses = held_out_losses(text[:200], text[200:], 5, 4)
    for order, loss in enumerate(losses):
        assert loss == pytest.approx(
            loss_by_hand(text[:200].tolist(), text[200:].tolist(), 5, order)
        )
    assert losses[1] < losses[0]


def test_characters_that_the_training_part_lacks_cost_much_and_not_everything():
    (loss,) = held_out_losses(np.array([0, 1, 0, 1]), np.array([2]), 3, 0)
    assert loss == pytest.approx(-math.log((2 / 3) / 6))


@pytest.mark.parametrize("length", [2, 3, 5])
def test_short_texts_have_as_many_orders_as_fit(length):
    text = np.arange(length) % 2
    assert len(entropies(text, 5)) == min(5, length - 1) + 1
    assert np.isfinite(held_out_losses(text[:-1], text[-1:], 2, 5)).all()
