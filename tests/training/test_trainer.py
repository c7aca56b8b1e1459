"""One step at a time."""

import dataclasses

import numpy as np

from chargen.config import ModelConfig, TrainingConfig
from chargen.corpus.spans import Spans
from chargen.corpus.streams import Streams
from chargen.training.saved_run import array_shapes, without_optimizer
from chargen.training.trainer import Trainer

IDS = np.random.default_rng(0).integers(5, size=400).astype(np.int32)
MODEL = ModelConfig(vocab_size=5, embedding_dim=3, units=(6,), dropout=0.2)


def states_after(*steps: int, state_reset_rate: float) -> list[np.ndarray]:
    """The first layer's h after so many steps of one trainer."""
    config = TrainingConfig(
        batch_size=3, seq_length=4, state_reset_rate=state_reset_rate, learning_rate=1e-9
    )
    trainer = Trainer(MODEL, config, Streams(IDS, 3, 4))
    states = []
    for number in range(max(steps)):
        trainer.step(number, 1e-9)
        states.append(trainer.arrays()["states/000"])
    return [states[number - 1] for number in steps]


def test_the_arrays_are_those_that_a_saved_run_has(cell):
    model = dataclasses.replace(MODEL, cell=cell, units=(6, 4))
    config = TrainingConfig(batch_size=3, seq_length=4)
    arrays = Trainer(model, config, Streams(IDS, 3, 4)).arrays()
    assert {name: array.shape for name, array in arrays.items()} == array_shapes(model, config)
    assert {array.dtype.name for array in arrays.values()} == {"float32"}


def test_soap_goes_on_from_its_arrays_as_if_it_had_never_stopped(tmp_path):
    model = dataclasses.replace(MODEL, units=(64,))
    config = TrainingConfig(batch_size=3, seq_length=4, optimizer="soap")
    one, other = (Trainer(model, config, Streams(IDS, 3, 4)) for _ in range(2))
    for number in range(35):
        one.step(number, 1e-2)
    arrays = one.arrays()
    assert {name: array.shape for name, array in arrays.items()} == array_shapes(model, config)
    assert len(arrays) > len(array_shapes(model, dataclasses.replace(config, optimizer="adamw")))
    other.restore(arrays, tmp_path)
    steps = range(35, 42)  # an iteration of the directions is among them
    assert [one.step(n, 1e-2) for n in steps] == [other.step(n, 1e-2) for n in steps]


def test_an_optimizer_that_begins_anew_learns_as_one_that_begins_with_the_run(tmp_path):
    model = dataclasses.replace(MODEL, units=(64,))
    config = TrainingConfig(batch_size=3, seq_length=4, optimizer="soap")
    first, later, other = (Trainer(model, config, Streams(IDS, 3, 4)) for _ in range(3))
    for number in range(9):
        later.step(number, 1e-2)
    later.restore(without_optimizer(first.arrays()), tmp_path)
    steps = range(20, 26)
    losses = [first.step(number, 1e-2, 1.0, number - 20) for number in steps]
    assert losses == [later.step(number, 1e-2, 1.0, number - 20) for number in steps]
    assert losses != [other.step(number, 1e-2) for number in steps]  # whose moments seem old


def test_rows_carry_their_state_unless_they_restart():
    steps = Streams(IDS, 3, 4).steps_per_epoch
    fresh = states_after(2, steps + 1, state_reset_rate=1.0)
    carried = states_after(2, steps + 1, state_reset_rate=0.0)
    assert not np.allclose(fresh[0], carried[0])
    # With an end of an epoch between, all rows start from zero, as at the very first step.
    np.testing.assert_allclose(carried[1], fresh[1], rtol=1e-4)


def test_which_rows_restart_depends_on_seed_and_step_alone():
    config = TrainingConfig(batch_size=3, seq_length=4, state_reset_rate=0.3)
    trainer = Trainer(MODEL, config, Streams(IDS, 3, 4))
    once = [trainer._kept(number).ravel().tolist() for number in range(30)]
    assert once == [trainer._kept(number).ravel().tolist() for number in range(30)]
    assert 0 < np.mean(once[1:]) < 1


def test_a_row_starts_from_zero_where_something_was_cut_out():
    spans = Spans(np.array([0, 60]), np.array([50, 101]), np.array([1]))
    config = TrainingConfig(batch_size=1, seq_length=5, state_reset_rate=0)
    trainer = Trainer(MODEL, config, Streams(IDS, 1, 5, spans))
    kept = [float(trainer._kept(number)[0, 0]) for number in range(18)]
    # The last window of the first stretch overlaps the one before, to end where the stretch does.
    assert kept == [0, *[1] * 8, 0, 0, *[1] * 7]


def test_dropped_weights_are_others_at_each_step_and_the_same_when_it_is_repeated():
    def losses(*numbers, **given):
        config = TrainingConfig(batch_size=3, seq_length=4, **given)
        streams = Streams(np.zeros(3 * 4 + 1, np.int32), 3, 4)  # every batch is the same
        made = Trainer(dataclasses.replace(MODEL, dropout=0.0), config, streams)
        kernel = made.model.get_layer("lstm_0").cell.recurrent_kernel
        kernel.assign(8 * kernel)  # so that it matters within four characters
        return [made.step(number, 0.0) for number in numbers]  # with fresh states

    whole = losses(0, 1)
    dropped = losses(0, 1, 1, weight_dropout=0.5)
    assert whole[0] == whole[1]
    assert len({whole[0], *dropped}) == 3
    assert dropped[1] == dropped[2]


def test_dropout_is_that_of_the_rates_times_the_factor():
    def losses(factor, dropout=0.2, weight_dropout=0.5):
        config = TrainingConfig(batch_size=3, seq_length=4, weight_dropout=weight_dropout)
        made = Trainer(dataclasses.replace(MODEL, dropout=dropout), config, Streams(IDS, 3, 4))
        return [made.step(number, 1e-2, factor) for number in range(3)]

    assert losses(0.0) == losses(1.0, 0.0, 0.0)
    np.testing.assert_allclose(losses(0.5), losses(1.0, 0.1, 0.25), rtol=1e-6)
    assert losses(0.5) != losses(1.0)
