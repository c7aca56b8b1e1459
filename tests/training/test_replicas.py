"""Several devices of one process learn as one: two halves of a CPU, in the place of GPUs."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import sys
from pathlib import Path
import numpy as np
from chargen.training.backend import tf

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
from chargen.config import ModelConfig, TrainingConfig
from chargen.corpus.streams import Streams
from chargen.training.replicas import Replicas, mirrored
from chargen.training.trainer import Trainer

model = ModelConfig(vocab_size=7, embedding_dim=5, units=(64, 4), dropout=0.4)
training = TrainingConfig(
    batch_size=8, seq_length=12, weight_dropout=0.3, weight_decay=0.01, optimizer="soap"
)
ids = np.random.default_rng(0).integers(0, 7, 8 * 12 * 6 + 1).astype(np.int32)
ids[::50] = 0  # where documents begin
streams = Streams(ids, 8, 12)


def trainer(strategy, model=model):
    return Trainer(model, training, streams, boundary=0, replicas=Replicas(strategy))


def two(**more):
    return trainer(mirrored(("CPU:0", "CPU:1")), **more)


def learn(trainer, numbers):
    return [trainer.step(number, 0.01) for number in numbers]


def same(ours, theirs):
    assert ours.keys() == theirs.keys()
    for name, array in ours.items():
        np.testing.assert_allclose(array, theirs[name], atol=2e-5, err_msg=name)


one, both = trainer(tf.distribute.get_strategy()), two()
assert both._replicas.count == 2
np.testing.assert_allclose(learn(one, range(8)), learn(both, range(8)), rtol=1e-5)
two(model=ModelConfig(vocab_size=7, embedding_dim=3, units=(5,))).step(0, 0.01)  # disturbs nothing
saved = both.arrays()
same(one.arrays(), saved)
assert all(saved[name].any() for name in saved if name.startswith("states"))

again, alone = two(), trainer(tf.distribute.get_strategy())
for each in (again, alone):
    each.restore(saved, Path("saved"))
losses = learn(both, range(8, 12))
assert learn(again, range(8, 12)) == losses  # bit for bit
np.testing.assert_allclose(learn(alone, range(8, 12)), losses, rtol=1e-5)
after = both.arrays()
for name, array in again.arrays().items():
    assert np.array_equal(array, after[name]), name
same(alone.arrays(), after)
"""


@pytest.mark.slow
def test_two_devices_learn_what_one_learns_and_go_on_from_what_they_saved():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
    )
    assert done.returncode == 0, done.stderr
