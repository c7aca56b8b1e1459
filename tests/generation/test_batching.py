"""Texts that are written side by side go on as if each were alone."""

import numpy as np

from chargen.config import SamplingConfig
from chargen.generation.batching import Job, read_prompts, write_jobs
from chargen.generation.decoder import Decoder
from chargen.generation.generate import Writer
from chargen.generation.state import State


def beginning(label=None):
    return State.zeros("lstm", (5, 3), 1, None if label is None else np.array([label]))


def test_each_goes_on_from_its_own_prompt_and_beginning(labelled):
    decoder = Decoder(labelled, labels=np.array([0]))
    prompts = [labelled.vocabulary.encode(text) for text in ("ABC", "c")]
    beginnings = [beginning(2), beginning(0)]
    jobs = [Job("", prompts[i], beginnings[j], 0) for i, j in ((0, 0), (0, 1), (1, 1), (0, 0))]
    logits = read_prompts(decoder, jobs)
    following = decoder.step(np.array([1, 2, 3, 4]))
    for row, job in enumerate(jobs):
        alone = Decoder(labelled, labels=job.beginning.labels)
        np.testing.assert_allclose(logits[row], alone.read(job.ids[None])[0], atol=1e-5)
        np.testing.assert_allclose(following[row], alone.step(np.array([row + 1]))[0], atol=1e-5)


def test_what_is_the_same_is_read_once(make_checkpoint):
    reads = []

    class Counting(Decoder):
        def read(self, ids):
            reads.append(ids)
            return super().read(ids)

    same = Job("", np.array([1, 2, 3]), beginning(), 0)
    assert read_prompts(Counting(make_checkpoint()), [same] * 3).shape == (3, 9)
    assert len(reads) == 1


def test_jobs_are_written_in_order_whatever_the_batch(make_checkpoint):
    checkpoint = make_checkpoint()
    ids, start = checkpoint.vocabulary.encode("A"), beginning()
    jobs = [Job("A", ids, start, number, "x") for number in range(5)]
    writer = Writer(checkpoint.vocabulary, SamplingConfig(length=6, seed=1))
    texts = {
        most: [
            (each.prompt, each.number, each.label, each.text)
            for each in write_jobs(Decoder(checkpoint), writer, iter(jobs), most=most)
        ]
        for most in (1, 2, 5, 64)
    }
    assert [each[:3] for each in texts[1]] == [("A", number, "x") for number in range(5)]
    assert texts[1] == texts[2] == texts[5] == texts[64]
