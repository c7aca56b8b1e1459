"""Whatever fits the description of the routes, or does not, gets one of the answers described."""

from contextlib import suppress
from itertools import product

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.specs.openapi.checks import (
    negative_data_rejection,
    positive_data_acceptance,
)

from tests.helpers import tiny_checkpoint
from tests.serving.conftest import LETTERS, save, serving

MODES = (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)
# A body that fits may still name an unknown model, and one that does not fit may be refused for
# another reason first. That there is an answer, and that it is described, is what counts.
UNJUDGED = [negative_data_rejection, positive_data_acceptance]


@pytest.fixture(scope="module")
def description(tmp_path_factory):
    folder = tmp_path_factory.mktemp("described")
    save(tiny_checkpoint(units=(8,), characters=LETTERS), folder, "plain")
    with serving(folder, max_length=50) as (address, _):
        yield schemathesis.openapi.from_url(f"{address}/openapi.json")


def test_every_answer_is_a_described_one(description):
    operations = [each.ok() for each in description.get_all_operations()]
    assert len(operations) > 10
    for operation, mode in product(operations, MODES):

        @settings(
            max_examples=15,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(mode))
        def answers(case):
            case.call_and_validate(excluded_checks=UNJUDGED)

        with suppress(Unsatisfiable):  # nothing can be wrong with what has no parameters
            answers()
