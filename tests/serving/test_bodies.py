"""JSON of bodies."""

import json

import pytest

from chargen.serving.bodies import encode, encode_in_parts


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        None,
        "ж\n",
        {"a": {}, "b": [], "c": [{}], "d": [{"e": None}, {"f": 1.5}]},
        {"numbers": list(range(2_500)), "text": 'quote " and \\'},
        [{"top": [{"a": -0.5, "\n": -1}] * 1_001}, {"top": [None] * 1_000}],
    ],
)
def test_in_parts_it_is_the_same(body):
    assert encode_in_parts(body) == encode(body)
    assert json.loads(encode(body)) == body


def test_what_json_has_no_number_for_is_an_error():
    with pytest.raises(ValueError, match="JSON compliant"):
        encode_in_parts({"a": [float("nan")]})
