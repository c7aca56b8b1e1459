"""Many texts, written several at a time: the prompts are read, then all go on side by side."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from chargen.generation.generate import Network, Writer
from chargen.generation.sample import Record, Sample
from chargen.generation.state import Floats, State
from chargen.text.vocabulary import Ids


@dataclass(frozen=True, eq=False)
class Job:
    """A text to write."""

    prompt: str
    ids: Ids  # of the prompt, or of what stands for an empty one; shape [n], n at least 1
    beginning: State  # that goes before
    number: int  # which sample of its seed it is
    label: str | None = None


def write_jobs(
    network: Network,
    writer: Writer,
    jobs: Iterable[Job],
    *,
    most: int,
    log_probs: bool = False,
    top: int = 0,
) -> Iterator[Sample]:
    """What comes of each job, in order.

    Args:
        network: what reads and writes.
        writer: how to write.
        jobs: the texts to write, each made when it is its turn.
        most: how many to write side by side.
        log_probs: whether to note the log-probability of each character.
        top: how many of the likeliest characters to note in the place of each.
    """
    jobs = iter(jobs)
    while batch := list(islice(jobs, most)):
        records = [Record(writer.characters, log_probs=log_probs, top=top) for _ in batch]
        drafts = [
            writer.draft(job.ids, job.number, record, stands_in=not job.prompt)
            for job, record in zip(batch, records, strict=True)
        ]
        logits = read_prompts(network, batch)
        deque(writer.write(network, drafts, logits), maxlen=0)
        for job, draft, record in zip(batch, drafts, records, strict=True):
            yield record.sample(
                prompt=job.prompt,
                seed=writer.seed,
                number=job.number,
                finish_reason=draft.finish_reason,
                label=job.label,
            )


def read_prompts(network: Network, jobs: Sequence[Job]) -> Floats:
    """Read the prompts of several jobs, and leave the network with the states of all.

    What is the same prompt after the same state, the very objects, is read once.

    Returns:
        The logits after each, shape [len(jobs), vocab_size].
    """
    read: dict[tuple[int, int], tuple[State, Floats]] = {}
    keys = [(id(job.ids), id(job.beginning)) for job in jobs]
    for key, job in zip(keys, jobs, strict=True):
        if key not in read:
            network.resume(job.beginning)
            logits = network.read(job.ids[None])
            read[key] = network.state, logits
    if len(keys) > 1:
        network.resume(State.joined([read[key][0] for key in keys]))
    return np.concatenate([read[key][1] for key in keys])
