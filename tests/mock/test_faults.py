"""Rules decide what goes wrong, the same way for the same seed."""

import pytest

from petstore.contract.errors import ConfigError
from petstore.mock.facts import facts_of
from petstore.mock.faults import DELAY_S_MAX, NO_EFFECT, Effect, FaultRules
from tests.mock.builders import a_request

GET = facts_of(a_request("GET /pet/7"))
POST = facts_of(a_request("POST /store/order"))
RESET = {"do": {"reset": True}}


def effects(rule, *facts, seed=0, now_s=0.0) -> list[Effect]:
    rules = FaultRules.of([rule], seed=seed)
    return [rules.effect(one, now_s) for one in facts]


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({}, [True, True]),
        ({"op": "getPetById"}, [True, False]),
        ({"method": "POST"}, [False, True]),
        ({"path": "/pet/7"}, [True, False]),
        ({"path": "/pet/*"}, [True, False]),
        ({"path": "/pet"}, [False, False]),
        ({"op": "getPetById", "method": "POST"}, [False, False]),
    ],
)
def test_rule_is_about_the_requests_that_it_names(when, expected):
    found = effects({"when": when, **RESET}, GET, POST)

    assert expected == [one.broken == "reset" for one in found]


def test_nth_and_first_count_the_requests_that_a_rule_is_about():
    nth = effects(
        {"when": {"op": "getPetById", "nth": 2}, **RESET}, POST, GET, GET, GET
    )
    first = effects({"when": {"first": 2}, **RESET}, GET, POST, GET)

    assert [None, None, "reset", None] == [one.broken for one in nth]
    assert ["reset", "reset", None] == [one.broken for one in first]


def test_chance_is_the_same_for_the_same_seed():
    rule = {"when": {"probability": 0.5}, **RESET}

    runs = [effects(rule, *[GET] * 64, seed=seed) for seed in (1, 1, 2)]

    assert runs[0] == runs[1] != runs[2]
    assert 10 < sum(one.broken == "reset" for one in runs[0]) < 54


def test_delays_add_up_within_a_bound():
    rules = FaultRules.of(
        [{"do": {"delay_ms": 100}}, {"do": {"delay": {"min": 10, "max": 10}}}]
    )

    assert pytest.approx(0.11) == rules.effect(GET, 0).delay_s
    (late,) = effects({"do": {"delay": {"median": 1e12, "sigma": 0}}}, GET)
    assert DELAY_S_MAX == late.delay_s


def test_limit_refuses_what_is_beyond_it_in_a_while():
    rules = FaultRules.of([{"do": {"limit": {"n": 2, "window_s": 10}}}])

    found = [rules.effect(GET, now_s) for now_s in (0, 1, 2.5, 10, 10.5)]

    assert [None, None, 429, None, 429] == [one.status for one in found]
    assert (8, 1) == (found[2].retry_after, found[4].retry_after)


def test_error_says_when_to_come_again():
    (effect,) = effects({"do": {"status": 503, "retry_after": 2}}, GET)

    assert Effect(status=503, retry_after=2) == effect


def test_reset_begins_to_count_anew():
    rules = FaultRules.of([{"when": {"first": 1}, **RESET}])
    before = [rules.effect(GET, 0), rules.effect(GET, 0)]

    rules.reset()

    assert before == [rules.effect(GET, 0), rules.effect(GET, 0)]
    assert NO_EFFECT == before[1]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"do": {}}, r"faults\[0\].do: should say what goes wrong"),
        ({}, r"faults\[0\].do: is missing; it should be what goes wrong, as {reset"),
        ("reset", r"faults\[0\]: is a text, and should be fields with .*, of when, do"),
        ({"do": {"resett": True}}, r"\[0\].do.resett: there is no .* mean reset\?$"),
        (
            {"do": {"tear": True}},
            r"do.tear: there is no such field; there are delay_ms",
        ),
        ({"do": {"delay": 30}}, r"do.delay: is 30, and should be .* is delay_ms: 30"),
        ({"when": {"methd": "GET"}, **RESET}, r"when.methd: .* did you mean method"),
        ({"when": {"method": "get"}, **RESET}, "method: is 'get', .* capitals, as GET"),
        (
            {"when": {"path": "pet/7"}, **RESET},
            "path: is 'pet/7', .* a path, as /pet/7",
        ),
        (
            {"when": {"op": "xyz"}, **RESET},
            "there is no operation xyz; there are addPet",
        ),
        ({"do": {"limit": 5}}, "limit: is 5, and should be .* {n: 5, window_s: 60}"),
        ({"do": {"reset": False}}, "should say what goes wrong"),
        ({"do": {"reset": True, "status": 500}}, "reset and status; one of them"),
        ({"when": {"op": "getPetByIdd"}, **RESET}, "did you mean getPetById"),
        (
            {"do": {"truncate": -1}},
            r"faults\[0\].do.truncate: is -1, and should be the number",
        ),
        ({"do": {"status": 200}}, r"faults\[0\].do.status: is 200, .* from 400 to 599"),
        ({"do": {"delay": {"min": 1}}}, r"should be \{min, max\} or \{median, sigma\}"),
        ({"do": {"delay": {"min": 1, "sigma": 1}}}, "should be {min, max}"),
        ({"when": {"probability": 2}, **RESET}, r"when.probability: is 2, .* 0 to 1"),
    ],
)
def test_rule_that_is_none_is_refused(rule, words):
    with pytest.raises(ConfigError, match=words):
        FaultRules.of([rule])
