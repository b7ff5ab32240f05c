"""What is read of simulations of Hoverfly, and how ours are written."""

import json
from pathlib import Path
from typing import Any

import pytest

from petstore.contract.errors import ConfigError
from petstore.mock.cassette import Cassette, load, save
from petstore.mock.convert import convert
from tests.mock.traffic import a_json, a_request, an_answer, recorded


def exact(value: Any, matcher: str = "exact") -> list[dict[str, Any]]:
    return [{"matcher": matcher, "value": value}]


def a_pair(
    request: dict[str, Any] | None = None, response: dict[str, Any] | None = None
) -> dict[str, Any]:
    asked = {"method": exact("GET"), "path": exact("/v2/pet/7")}
    return {
        "request": {**asked, "destination": exact("a.test:81"), **(request or {})},
        "response": {"status": 200, "body": "hi", **(response or {})},
    }


def imported(
    pairs: list[dict[str, Any]], folder: Path, schema: str = "v5.2"
) -> tuple[Cassette, list[str]]:
    value = {"data": {"pairs": pairs}, "meta": {"schemaVersion": schema}}
    (folder / "a.json").write_text(json.dumps(value))
    losses = convert(folder / "a.json", folder / "a.yaml")
    return load(folder / "a.yaml"), losses


def test_exact_matchers_become_a_request(tmp_path: Path):
    pair = a_pair(
        {
            "method": exact("POST"),
            "path": exact("/other/a b"),
            "scheme": exact("https"),
            "query": {
                "q": exact("1"),
                "tag": [{"matcher": "array", "value": ["a", "b"]}],
            },
            "body": exact('{"id": 7}', "json"),
        }
    )

    cassette, losses = imported([pair], tmp_path)

    (one,) = cassette.exchanges
    assert [] == losses
    assert "https://a.test:81" == cassette.header.upstream
    assert ("POST", "/other/a%20b") == (one.request.method, one.request.path)
    assert {"q": ["1"], "tag": ["a", "b"]} == one.request.query
    assert {"id": 7} == one.request.json_value
    assert "any" == one.match.times


@pytest.mark.parametrize(
    ("pair", "reason"),
    [
        pytest.param(
            a_pair(
                {
                    "body": [
                        {
                            "matcher": "form",
                            "value": {"a": exact("1")},
                            "doMatch": {"matcher": "regex", "value": ".*"},
                        }
                    ]
                }
            ),
            "request.body is matched by form; exact is read",
            id="more behind a form",
        ),
        pytest.param(
            a_pair({"path": exact("/v2/*", "glob")}),
            "request.path is matched by glob; exact is read",
            id="glob",
        ),
        pytest.param(a_pair({"method": []}), "request.method should have", id="any"),
        pytest.param(
            a_pair({"body": exact("$.id", "jsonpath")}), "by jsonpath", id="jsonpath"
        ),
        pytest.param(
            a_pair({"path": [*exact("/a"), *exact("/b", "regex")]}),
            "request.path has several matchers",
            id="several",
        ),
        pytest.param(
            a_pair({"requiresState": {"basket": "full"}}),
            "request.requiresState.basket is no sequence",
            id="state",
        ),
        pytest.param(
            a_pair({"body": exact({"a": 3}, "form")}),
            "a: is 3, and should be a list",
            id="form",
        ),
        pytest.param(a_pair(response={"templated": True}), "templated", id="templated"),
    ],
)
def test_what_cannot_be_expressed_is_left_out_by_name(
    pair, reason: str, tmp_path: Path
):
    cassette, (told,) = imported([a_pair(), pair], tmp_path)

    assert 1 == len(cassette.exchanges)
    assert told.startswith("Pair 2 (data.pairs.1) is left out: ")
    assert reason in told


def test_a_sequence_becomes_an_order(tmp_path: Path):
    pairs = [
        a_pair({"requiresState": {"sequence:1": place}}, {"status": status})
        for place, status in (("2", 404), ("10", 503), ("1", 200))
    ]

    cassette, _ = imported(pairs, tmp_path)

    assert [200, 404, 503] == [one.response.status for one in cassette.exchanges]


def test_an_encoded_body_is_decoded(tmp_path: Path):
    cassette, _ = imported(
        [a_pair(response={"body": "aGk=", "encodedBody": True})], tmp_path
    )

    assert "hi" == cassette.exchanges[0].response.text


def test_a_file_beside_the_simulation_is_read(tmp_path: Path):
    (tmp_path / "pet.txt").write_text("Mimi")

    cassette, _ = imported([a_pair(response={"bodyFile": "pet.txt"})], tmp_path)

    assert "Mimi" == cassette.exchanges[0].response.text


def test_a_file_elsewhere_is_not_read(tmp_path: Path):
    (tmp_path / "private.txt").write_text("hunter22")
    (tmp_path / "in").mkdir()
    pair = a_pair(response={"bodyFile": "../private.txt"})

    _, (told,) = imported([a_pair(), pair], tmp_path / "in")

    assert "response.bodyFile: '../private.txt' does not lie beside" in told


def test_what_is_no_part_of_an_exchange_is_told_as_lost(tmp_path: Path):
    pair = a_pair(response={"transitionsState": {"basket": "full", "sequence:1": "2"}})
    data = {
        "pairs": [pair],
        "globalActions": {"delays": [{"delay": 9}], "delaysLogNormal": []},
    }
    value = {"data": data, "meta": {"schemaVersion": "v5.2"}}
    (tmp_path / "a.json").write_text(json.dumps(value))

    losses = convert(tmp_path / "a.json", tmp_path / "a.yaml")

    assert losses == [
        "data.globalActions.delays is not kept.",
        "Pair 1 (data.pairs.0): response.transitionsState.basket is not kept.",
    ]


def test_a_delay_is_told_as_lost(tmp_path: Path):
    _, losses = imported([a_pair(response={"fixedDelay": 9})], tmp_path)

    assert ["Pair 1 (data.pairs.0): fixedDelay is not kept."] == losses


def test_another_schema_is_refused(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"meta\.schemaVersion is 'v4'; export it as"):
        imported([a_pair()], tmp_path, "v4")


def test_equal_requests_are_written_as_a_sequence(tmp_path: Path):
    answers = [an_answer(200, a_json("{}")), an_answer(404)]
    save(recorded([(a_request(), one) for one in answers]), tmp_path / "a.yaml")

    convert(tmp_path / "a.yaml", tmp_path / "a.json", to="hoverfly")

    first, last = json.loads((tmp_path / "a.json").read_text())["data"]["pairs"]
    assert {"sequence:1": "1"} == first["request"]["requiresState"]
    assert {"sequence:1": "2"} == first["response"]["transitionsState"]
    assert {"sequence:1": "2"} == last["request"]["requiresState"]
    assert "transitionsState" not in last["response"]


def test_a_path_that_hoverfly_cannot_tell_is_left_out(tmp_path: Path):
    pairs = [(a_request(path="/x/a%2Fb"), an_answer()), (a_request(), an_answer())]
    save(recorded(pairs), tmp_path / "a.yaml")

    losses = convert(tmp_path / "a.yaml", tmp_path / "a.json", to="hoverfly")

    assert 1 == len(json.loads((tmp_path / "a.json").read_text())["data"]["pairs"])
    assert [one for one in losses if "unescaped" in one]
