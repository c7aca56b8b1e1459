"""NumPy's threads: put back after use, never a reason for another text, and no loss of time."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

import chargen.generation.threads as module
from chargen.checkpoint import weight_shapes
from chargen.errors import SettingError
from chargen.evaluation.score import score
from chargen.generation.blas import POOL, held, one_thread
from chargen.generation.products import Kernel
from chargen.generation.threads import SameBits, Steps, Threads
from chargen.generation.weights import DecoderWeights
from chargen.language_model import LanguageModel, load

LIBRARIES = POOL._libraries

pytestmark = pytest.mark.skipif(
    not LIBRARIES, reason="NumPy's library is none that threadpoolctl knows"
)


def number_of_threads():
    return LIBRARIES[0].get_num_threads()


@pytest.fixture
def callers_number():
    """The caller of the library has NumPy take three threads."""
    with threadpool_limits(3, user_api="blas"):
        yield 3


@pytest.fixture
def four_cores(monkeypatch):
    monkeypatch.setattr(module, "available_cores", lambda: 4)


@pytest.fixture
def wide(make_checkpoint):
    """A network whose products are large enough to be split, and alike with two threads."""
    return make_checkpoint("lstm", units=(256,))


def test_a_caller_finds_the_number_of_threads_as_it_was(callers_number, make_checkpoint):
    model = LanguageModel(make_checkpoint())
    for character in model.stream("A", seed=1, length=5):
        assert number_of_threads() == callers_number, character
    session = model.session(seed=1)
    session.generate("A", length=5)
    assert number_of_threads() == callers_number
    next(session.stream(length=5))
    assert number_of_threads() == callers_number
    list(model.samples("A", n=3, length=5))
    model.evaluate("ABC")
    model.score("ABC")
    assert number_of_threads() == callers_number


def test_it_is_put_back_after_an_error_too(callers_number, make_checkpoint):
    def fail(characters):
        raise RuntimeError

    weights = DecoderWeights(make_checkpoint())
    with pytest.raises(RuntimeError):
        score(weights, "ABC", progress=fail)
    assert number_of_threads() == callers_number


def test_steps_take_one_thread_unless_more_pay(callers_number, make_checkpoint):
    seen = []
    weights = DecoderWeights(make_checkpoint())
    score(weights, "ABC", progress=lambda _: seen.append(number_of_threads()))
    assert seen == [1, 1, 1]


def test_what_the_caller_sets_meanwhile_is_put_back(callers_number):
    with one_thread():
        assert number_of_threads() == 1
        with ThreadPoolExecutor(1) as other:
            other.submit(threadpool_limits, 2, user_api="blas").result()
        assert POOL.use(1) == 1
        assert number_of_threads() == 1
    assert number_of_threads() == 2


def test_several_threads_of_python_take_one_each(callers_number):
    def inner():
        with held():
            return POOL.use(3), number_of_threads()

    with held(), ThreadPoolExecutor(1) as other:
        assert POOL.use(3) == 3
        assert other.submit(inner).result() == (1, 1)
        assert POOL.use(3) == 3
    assert number_of_threads() == callers_number


def test_more_threads_than_the_caller_has_are_not_taken():
    with threadpool_limits(1, user_api="blas"), held():
        assert POOL.use(2) == 1


@pytest.mark.parametrize("threads", [2, 3, None])
def test_a_seed_has_one_text_and_one_score(wide, four_cores, threads):
    model, one = LanguageModel(wide, threads=threads), LanguageModel(wide, threads=1)
    texts = [[each.text for each in it.samples("A", n=4, seed=2, length=4)] for it in (model, one)]
    assert texts[0] == texts[1]
    assert model.score("ABCabc").bits.tolist() == one.score("ABCabc").bits.tolist()
    assert model.evaluate("ABCabc") == one.evaluate("ABCabc")


def test_the_table_of_the_first_layer_does_not_depend_on_threads(make_checkpoint):
    checkpoint = make_checkpoint("lstm", units=(251,), characters="".join(map(chr, range(64, 129))))
    config = replace(checkpoint.config, embedding_dim=500)
    generator = np.random.default_rng(0)
    weights = {
        name: generator.standard_normal(shape, np.float32)
        for name, shape in weight_shapes(config).items()
    }
    tables = []
    for number in (1, 3):
        with threadpool_limits(number, user_api="blas"):
            tables.append(DecoderWeights(replace(checkpoint, config=config, weights=weights)))
    assert np.array_equal(*(each.embeddings for each in tables))


@pytest.mark.parametrize("differs", [True, False])
def test_a_number_that_changes_bits_is_not_taken(four_cores, differs):
    seen = []

    def product(x):
        return x * (1 + differs * (number_of_threads() == 2) * np.float32(2**-23))

    steps = Steps(SameBits([(product, 64)], 1), 2)
    for _ in range(3):
        steps.run(lambda ids: seen.append(number_of_threads()), np.zeros(1, np.int32))
    assert seen == [1 if differs else 2] * 3


def test_a_fixed_number_is_at_most_one_for_each_core(monkeypatch):
    monkeypatch.setattr(module, "available_cores", lambda: 2)
    seen = []
    kernel = Kernel(np.ones((4, 4), np.float32))
    steps = Threads([kernel], kernel, 64).steps(1, logits=True, by_rows=True)
    steps.run(lambda ids: seen.append(number_of_threads()), np.zeros(1, np.int32))
    assert seen == [2]


class Machine:
    """A clock, and steps that take as long as a table says for each number of threads."""

    def __init__(self, monkeypatch, seconds):
        self.now, self.seconds, self.taken, self.share = 0.0, seconds, [], 1.0
        self.hiccups = 0  # in so many steps, one takes longer
        self.product = 0.0  # seconds that one takes where bits are compared
        monkeypatch.setattr(module, "perf_counter", lambda: self.now)
        monkeypatch.setattr(module, "thread_time", lambda: self.now * self.share)
        self.steps = Steps(SameBits([(self._multiply, 8)], 1), None)

    def run(self, seconds):
        """Take steps for some seconds; return how many."""
        self.taken, end = [], self.now + seconds
        while self.now < end:
            self.steps.run(self._step, np.zeros(1, np.int32))
        return len(self.taken)

    def _multiply(self, x):
        self.now += self.product
        return x

    def _step(self, ids):
        self.taken.append(number_of_threads())
        self.now += self.seconds[self.taken[-1]]
        if self.hiccups and len(self.taken) % self.hiccups == 0:
            self.now += 6e-3


@pytest.fixture
def machine(monkeypatch, four_cores):
    with threadpool_limits(4, user_api="blas"):
        yield lambda **seconds: Machine(
            monkeypatch, dict(zip((1, 2, 4), seconds["of"], strict=True))
        )


def test_the_quickest_number_is_found_and_kept(machine):
    quiet = machine(of=(1e-3, 0.6e-3, 0.4e-3))
    assert quiet.run(8) > 0.95 * 8 / 0.4e-3
    some = machine(of=(1e-3, 0.6e-3, 0.7e-3))
    assert some.run(8) > 0.95 * 8 / 0.6e-3


def test_large_products_are_compared_little_by_little(machine):
    large = machine(of=(10e-3, 6e-3, 7e-3))
    large.product = 8e-3
    large.run(6)
    assert large.taken[-1] == 2
    assert large.run(8) > 0.95 * 8 / 6e-3


def test_hiccups_do_not_end_what_pays(machine):
    machine = machine(of=(1e-4, 0.7e-4, 0.6e-4))
    machine.run(1)
    machine.hiccups = 3000
    assert machine.run(8) > 0.98 * 8 / (0.6e-4 + 6e-3 / 3000)


def test_threads_that_wait_for_each_other_cost_little(machine):
    busy = machine(of=(1e-3, 16e-3, 32e-3))
    assert busy.run(8) > 0.95 * 8 / 1e-3
    even = machine(of=(1e-3, 1e-3, 1e-3))
    even.run(8)
    assert even.taken.count(1) > 0.5 * len(even.taken)


def test_nothing_is_tried_while_one_thread_waits_for_a_core(machine):
    busy = machine(of=(1e-3, 0.6e-3, 0.4e-3))
    busy.share = 0.5
    busy.run(1)
    assert set(busy.taken) == {1}


def test_it_follows_the_machine(machine):
    changing = machine(of=(1e-3, 0.6e-3, 0.4e-3))
    changing.run(5)
    assert changing.taken[-1] == 4
    changing.seconds = {1: 1e-3, 2: 16e-3, 4: 32e-3}
    assert changing.run(8) > 0.95 * 8 / 1e-3
    assert changing.taken[-1] == 1
    changing.seconds = {1: 1e-3, 2: 0.6e-3, 4: 0.4e-3}
    assert changing.run(8) > 0.8 * 8 / 0.4e-3
    assert changing.taken[-1] == 4


@pytest.mark.parametrize("threads", [0, -1, 1.5, True, 10**30, "2"])
def test_a_wrong_number_is_refused(checkpoint_file, threads):
    with pytest.raises(SettingError, match="threads must be a whole number"):
        load(checkpoint_file, threads=threads)


def test_where_the_number_cannot_be_set_this_is_said(monkeypatch, lstm_file):
    monkeypatch.setattr(POOL, "_libraries", [])
    with pytest.raises(SettingError, match="threads cannot be set"):
        load(lstm_file, threads=1)
    assert len(load(lstm_file).generate("A", length=5, seed=1)) == 5


def test_the_keras_engine_has_no_such_setting(lstm_file):
    with pytest.raises(SettingError, match="threads is for the numpy engine"):
        load(lstm_file, engine="keras", threads=1)
