"""On a GPU: `python -m pytest -m gpu`. Nobody who wrote these has had one to run them on."""

import dataclasses
import sys
from pathlib import Path

import numpy as np
import pytest

from chargen import api
from chargen.config import ModelConfig, TrainingConfig
from chargen.corpus.streams import Streams
from chargen.training.backend import tf
from chargen.training.replicas import Replicas
from chargen.training.trainer import Trainer

GPUS = [f"GPU:{number}" for number in range(len(tf.config.list_physical_devices("GPU")))]
pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not GPUS, reason="there is no GPU")]

IDS = np.random.default_rng(0).integers(20, size=8_000).astype(np.int32)
MODEL = ModelConfig(vocab_size=20, embedding_dim=16, units=(64, 48), dropout=0.2)
CONFIG = TrainingConfig(batch_size=16, seq_length=16, weight_dropout=0.1)
PLAY = Path(__file__).parents[2] / "corpora" / "drowned-bell.txt"


def losses(devices, *, boundary=None, model=MODEL, steps=20):
    """The losses of some steps on these devices."""
    strategy = tf.distribute.OneDeviceStrategy(devices[0])
    if len(devices) > 1:
        strategy = tf.distribute.MirroredStrategy(devices)
    trainer = Trainer(
        model, CONFIG, Streams(IDS, 16, 16), boundary=boundary, replicas=Replicas(strategy)
    )
    return [trainer.step(number, 3e-3) for number in range(steps)]


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("boundary", [None, 3])
def test_a_gpu_learns_what_a_cpu_learns(cell, boundary):
    model = dataclasses.replace(MODEL, cell=cell)
    how = {"boundary": boundary, "model": model}
    np.testing.assert_allclose(losses(GPUS[:1], **how), losses(["CPU:0"], **how), rtol=1e-3)


def test_a_plain_lstm_layer_runs_cudnn(monkeypatch):
    rnn = sys.modules["keras.src.backend.tensorflow.rnn"]
    called, known = [], rnn._cudnn_lstm

    def cudnn_lstm(*args, **kwargs):
        called.append(True)
        return known(*args, **kwargs)

    monkeypatch.setattr(rnn, "_cudnn_lstm", cudnn_lstm)
    losses(GPUS[:1], steps=1)
    assert called


@pytest.mark.skipif(len(GPUS) < 2, reason="there is one GPU")
def test_several_gpus_learn_what_one_learns():
    several = GPUS[: 2 if len(GPUS) < 4 else 4]
    np.testing.assert_allclose(losses(several), losses(GPUS[:1]), rtol=1e-3)


def test_several_gpus_are_used_without_being_asked():
    trainer = Trainer(MODEL, CONFIG, Streams(IDS, 16, 16))
    assert trainer._replicas.count == max(n for n in range(1, len(GPUS) + 1) if 16 % n == 0)


def test_a_run_on_a_gpu_is_resumed_and_written_with_by_numpy(tmp_path):
    settings = {"units": (64,), "epochs": 1, "name": str(tmp_path / "run")}
    model = api.train(PLAY, **settings)
    api.resume(tmp_path / "run", epochs=1)
    assert model.checkpoint.origin.carried < 3
    ids = model.vocabulary.encode("Come in, Wick. Come in, sea.")
    expected = np.asarray(model.to_keras(batch_size=1)(ids[None]))[0, -1]
    from chargen.generation.decoder import Decoder
    from chargen.generation.weights import DecoderWeights

    weights = DecoderWeights(model.checkpoint)
    decoder = Decoder(weights, weights.zero_state(1))
    np.testing.assert_allclose(decoder.read(ids[None])[0], expected, atol=2e-3)
