"""Stand-ins for the network in training, for tests of the run around it: they need no time."""

import numpy as np
import pytest

from chargen.checkpoint import weight_shapes
from chargen.storage.arrays import check_arrays
from chargen.training.saved_run import array_shapes, without_optimizer


class Network:
    """Stands in for `Trainer`: weights that depend on every step before."""

    def __init__(self, model_config, config, streams, *, boundary=None, replicas=None):
        generator = np.random.default_rng(config.seed)
        shapes = weight_shapes(model_config).items()
        self._weights = {name: generator.normal(0, 1, s).astype(np.float32) for name, s in shapes}
        self._shapes = array_shapes(model_config, config)
        self.model = self

    def step(self, number, rate, dropout_factor=1.0, updates=None):
        change = np.float32(rate * (number % 7 - 3) * (1 + dropout_factor))
        self._weights = {n: each + change * np.roll(each, 1) for n, each in self._weights.items()}
        return 1.0

    def weights(self):
        return {name: each.copy() for name, each in self._weights.items()}

    def get_weights(self):
        return list(self.weights().values())

    def load_weights(self, weights):
        self._weights = {name: each.copy() for name, each in weights.items()}

    def arrays(self):
        weights = {f"weights/{name}": each for name, each in self.weights().items()}
        rest = {name: np.zeros(shape, np.float32) for name, shape in self._shapes.items()}
        return rest | weights

    def restore(self, arrays, path):
        is_whole = len(without_optimizer(arrays)) < len(arrays)
        shapes = self._shapes if is_whole else without_optimizer(self._shapes)
        check_arrays(path, arrays, {name: (shape, "float32") for name, shape in shapes.items()})
        self._weights = {name: arrays[f"weights/{name}"].copy() for name in self._weights}


@pytest.fixture
def stand_ins(monkeypatch):
    """Lets runs train a `Network` and judge it by a loss of its weights."""
    from chargen.training import planning, run
    from chargen.training.validation import ValidationLoss

    class Measure:
        def __init__(self, *args, **kwargs):
            pass

        def __call__(self, weights, characters=None):
            with np.errstate(invalid="ignore"):
                loss = 2 + float(np.sin(weights[0].sum()))
            return ValidationLoss(loss, loss)

        def seconds(self, characters=None):
            return 0.0

    monkeypatch.setattr(run, "Trainer", Network)
    monkeypatch.setattr(run, "Validator", Measure)
    for module in (run, planning):
        monkeypatch.setattr(module, "write_excerpt", lambda *_, **__: "")
