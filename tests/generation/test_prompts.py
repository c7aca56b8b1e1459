"""Prompts that are read for texts written side by side leave each as if it were alone."""

import numpy as np

from chargen.generation.decoder import Decoder
from chargen.generation.prompts import read_prompts
from chargen.generation.state import State


def test_each_text_goes_on_from_its_own_prompt_and_beginning(labelled):
    decoder = Decoder(labelled, labels=np.array([0]))
    prompts = [labelled.vocabulary.encode(text) for text in ("ABC", "c")]
    beginnings = [State.zeros("lstm", (5, 3), 1, np.array([label])) for label in (2, 0)]
    pairs = [(0, 0), (0, 1), (1, 1), (0, 0)]
    logits = read_prompts(
        decoder, [prompts[i] for i, _ in pairs], [beginnings[j] for _, j in pairs]
    )
    following = decoder.step(np.array([1, 2, 3, 4]))
    for row, (prompt, beginning) in enumerate(pairs):
        alone = Decoder(labelled, labels=beginnings[beginning].labels)
        np.testing.assert_allclose(logits[row], alone.read(prompts[prompt][None])[0], atol=1e-5)
        np.testing.assert_allclose(following[row], alone.step(np.array([row + 1]))[0], atol=1e-5)


def test_what_is_the_same_is_read_once(make_checkpoint):
    checkpoint, reads = make_checkpoint(), []

    class Counting(Decoder):
        def read(self, ids):
            reads.append(ids)
            return super().read(ids)

    prompt, state = np.array([1, 2, 3]), State.zeros("lstm", (5, 3), 1)
    logits = read_prompts(Counting(checkpoint), [prompt] * 3, [state] * 3)
    assert len(reads) == 1
    assert logits.shape == (3, 9)
