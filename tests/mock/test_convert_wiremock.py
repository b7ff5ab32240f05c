"""What is read of mappings of WireMock, and how ours are written."""

import json
from pathlib import Path
from typing import Any

import pytest

from petstore.contract.errors import ConfigError
from petstore.mock.cassette import Cassette, load, save
from petstore.mock.convert import convert
from tests.mock.builders import JSON, a_cassette, an_exchange
from tests.mock.traffic import a_json, a_request, a_story, an_answer, recorded


def a_mapping(
    request: dict[str, Any] | None = None,
    response: dict[str, Any] | None = None,
    **others: Any,
) -> dict[str, Any]:
    return {
        "request": {"method": "GET", "url": "/v2/pet/7", **(request or {})},
        "response": {"status": 200, "jsonBody": {"id": 7}, **(response or {})},
        **others,
    }


def imported(
    mappings: list[dict[str, Any]], folder: Path
) -> tuple[Cassette, list[str]]:
    """Read mappings in a folder of one file each."""
    (folder / "mappings").mkdir()
    for number, one in enumerate(mappings):
        (folder / "mappings" / f"{number:02}.json").write_text(json.dumps(one))
    losses = convert(folder, folder / "a.yaml")
    return load(folder / "a.yaml"), losses


def caseless(value: str) -> dict[str, Any]:
    return {"equalTo": value, "caseInsensitive": True}


A_PART = {
    "name": "a",
    "headers": {"X-A": {"equalTo": "a"}},
    "bodyPatterns": [{"equalTo": "a"}],
}


def posted(**request: Any) -> dict[str, Any]:
    return a_mapping({"method": "POST", **request})


@pytest.mark.parametrize(
    ("pattern", "kind", "value"),
    [
        pytest.param(
            {"bodyPatterns": [{"equalToJson": '{"id": 7}'}]},
            "json",
            {"id": 7},
            id="json",
        ),
        pytest.param(
            {"bodyPatterns": [{"equalToJson": {"id": 7}}]},
            "json",
            {"id": 7},
            id="value",
        ),
        pytest.param(
            {"bodyPatterns": [{"equalToXml": "<a/>"}]}, "text", "<a/>", id="xml"
        ),
        pytest.param({"bodyPatterns": [{"equalTo": "hi"}]}, "text", "hi", id="text"),
        pytest.param(
            {"bodyPatterns": [{"binaryEqualTo": "/w=="}]}, "base64", "/w==", id="bytes"
        ),
        pytest.param(
            {"formParameters": {"a": {"equalTo": "1"}}}, "form", {"a": ["1"]}, id="form"
        ),
    ],
)
def test_exact_bodies_become_bodies(pattern, kind: str, value: Any, tmp_path: Path):
    cassette, _ = imported([posted(**pattern)], tmp_path)

    (one,) = cassette.exchanges
    assert kind == one.request.kind
    assert value == getattr(one.request, "json_value" if kind == "json" else kind)


@pytest.mark.parametrize(
    ("mapping", "reason"),
    [
        pytest.param(a_mapping({"urlPattern": "/v2/.*"}), "urlPattern is a", id="url"),
        pytest.param(
            a_mapping({"urlPathTemplate": "/v2/pet/{id}"}),
            "request.urlPathTemplate is a pattern",
            id="template",
        ),
        pytest.param(a_mapping({"method": "ANY"}), "request.method is 'ANY'", id="any"),
        pytest.param(
            a_mapping({"queryParameters": {"a": {"matches": ".*"}}}),
            "request.queryParameters.a is matched by matches; equalTo is read",
            id="query",
        ),
        pytest.param(
            posted(bodyPatterns=[{"matchesJsonPath": "$.id"}]),
            "request.bodyPatterns.0 is matched by matchesJsonPath",
            id="body",
        ),
        pytest.param(
            posted(bodyPatterns=[{"binaryEqualTo": 5}]),
            "request.bodyPatterns.0 is matched by binaryEqualTo",
            id="a number of bytes",
        ),
        pytest.param(
            a_mapping(response={"transformers": ["response-template"]}),
            "response.transformers has no place",
            id="transformers",
        ),
        pytest.param(
            a_mapping(response={"fault": "EMPTY_RESPONSE"}),
            "response.fault",
            id="fault",
        ),
        pytest.param(
            a_mapping(response={"proxyBaseUrl": "http://a"}), "proxyBaseUrl", id="proxy"
        ),
        pytest.param(
            a_mapping({"headers": {"Accept": {"matches": ".*xml"}}}),
            "request.headers.Accept is matched by matches; equalTo is read",
            id="pattern of a header",
        ),
        pytest.param(
            a_mapping({"headers": {"If-Match": {"doesNotMatch": "a"}}}),
            "request.headers.If-Match is matched by doesNotMatch",
            id="other header",
        ),
        pytest.param(
            a_mapping({"headers": {"Content-Type": {"contains": "json"}}}),
            "request.headers.Content-Type is matched by contains",
            id="piece of a header",
        ),
        pytest.param(
            a_mapping({"customMatcher": {"name": "x"}}), "customMatcher", id="code"
        ),
        pytest.param(
            posted(bodyPatterns=[{"equalToJson": '{"a": "${json-unit.ignore}"}'}]),
            "request.bodyPatterns.0 is matched by placeholders",
            id="placeholder in JSON",
        ),
        pytest.param(
            posted(bodyPatterns=[{"equalToXml": "<a/>", "enablePlaceholders": True}]),
            "request.bodyPatterns.0 is matched by placeholders",
            id="placeholders in XML",
        ),
        pytest.param(
            posted(
                multipartPatterns=[
                    {
                        "name": "a",
                        "headers": {"Content-Type": {"contains": "json"}},
                        "bodyPatterns": [{"equalTo": "a"}],
                    }
                ]
            ),
            "multipartPatterns.0.headers.Content-Type is matched by contains",
            id="type of a part",
        ),
    ],
)
def test_what_cannot_be_expressed_is_left_out_by_name(
    mapping, reason: str, tmp_path: Path
):
    cassette, (told,) = imported([a_mapping(), mapping], tmp_path)

    assert 1 == len(cassette.exchanges)
    assert told.startswith("Mapping 01.json is left out: ")
    assert reason in told


def test_an_error_names_the_first_where_nothing_is_left(tmp_path: Path):
    with pytest.raises(
        ConfigError, match=r"Mapping 00\.json is left out: .*urlPattern"
    ):
        imported([a_mapping({"urlPattern": "/.*"})], tmp_path)


@pytest.mark.parametrize(
    ("mapping", "told"),
    [
        pytest.param(a_mapping(priority=1), "its priority is not kept", id="priority"),
        pytest.param(
            a_mapping(response={"fixedDelayMilliseconds": 9}), "its delay", id="delay"
        ),
        pytest.param(
            a_mapping({"headers": {"X-Tenant": {"equalTo": "a"}}}),
            "request.headers.X-Tenant is not compared any more",
            id="header",
        ),
        pytest.param(
            posted(bodyPatterns=[{"equalToJson": "{}", "ignoreArrayOrder": True}]),
            "request.bodyPatterns.0 is compared whole, with order and capitals",
            id="loose JSON",
        ),
        pytest.param(
            a_mapping({"headers": {"Accept": {"contains": "json"}}}),
            "request.headers.Accept is compared whole",
            id="piece of a header",
        ),
        pytest.param(
            a_mapping({"port": 8080}),
            "request.port is not compared any more",
            id="port",
        ),
        pytest.param(
            a_mapping({"queryParameters": {"a": caseless("b")}}),
            "request.queryParameters.a is compared whole",
            id="capitals",
        ),
        pytest.param(
            posted(bodyPatterns=[caseless("b")]),
            "request.bodyPatterns.0 is compared whole",
            id="capitals of a body",
        ),
        pytest.param(
            posted(multipartPatterns=[A_PART]),
            "request.multipartPatterns.0.headers.X-A is not compared any more",
            id="header of a part",
        ),
        pytest.param(
            a_mapping(serveEventListeners=[{"name": "webhook"}]),
            "its serveEventListeners is not kept",
            id="listener",
        ),
    ],
)
def test_what_is_not_heeded_is_told(mapping, told: str, tmp_path: Path):
    _, (loss,) = imported([mapping], tmp_path)

    assert loss.startswith("Mapping 00.json: ")
    assert told in loss


def test_a_scenario_becomes_an_order(tmp_path: Path):
    """Whatever the order of the files is."""

    def state(status: int, required: str, following: str | None) -> dict[str, Any]:
        return a_mapping(
            response={"status": status},
            scenarioName="s",
            requiredScenarioState=required,
            newScenarioState=following,
        )

    third, second = state(503, "c", None), state(404, "b", "c")
    cassette, _ = imported([third, second, state(200, "Started", "b")], tmp_path)

    assert [200, 404, 503] == [one.response.status for one in cassette.exchanges]


def test_a_scenario_of_several_requests_is_told_as_lost(tmp_path: Path):
    mappings = [{**one, "scenarioName": "s"} for one in (a_mapping(), posted())]

    _, losses = imported(mappings, tmp_path)

    assert losses[0].startswith("Scenario s has several requests, whose states are not")


def test_files_of_bodies_are_no_mappings(tmp_path: Path):
    (tmp_path / "__files").mkdir()
    (tmp_path / "__files" / "pet.json").write_text('{"request": {}, "response": {}}')
    (tmp_path / "one.json").write_text(json.dumps(a_mapping()))

    losses = convert(tmp_path, tmp_path / "a.yaml")

    assert [] == losses


def test_a_mapping_without_a_scenario_is_served_as_often_as_asked(tmp_path: Path):
    cassette, _ = imported([posted(), a_mapping()], tmp_path)

    assert ["any", None] == [one.match.times for one in cassette.exchanges]


def test_a_body_beside_the_mappings_is_read(tmp_path: Path):
    (tmp_path / "__files").mkdir()
    (tmp_path / "__files" / "pet.txt").write_text("Mimi")
    mapping = {**a_mapping(), "response": {"bodyFileName": "pet.txt"}}

    cassette, _ = imported([mapping], tmp_path)

    assert "Mimi" == cassette.exchanges[0].response.text


def test_a_file_outside_of_the_folder_is_not_read(tmp_path: Path):
    (tmp_path / "private.txt").write_text("hunter22")
    (tmp_path / "__files").mkdir()
    mapping = {**a_mapping(), "response": {"bodyFileName": "../private.txt"}}

    _, (told,) = imported([a_mapping(), mapping], tmp_path)

    assert "response.bodyFileName: there is no '../private.txt' in __files" in told


def test_equal_requests_are_written_as_a_scenario(tmp_path: Path):
    answers = [an_answer(200, a_json("{}")), an_answer(404), an_answer(200)]
    save(recorded([(a_request(), one) for one in answers]), tmp_path / "a.yaml")

    convert(tmp_path / "a.yaml", tmp_path / "a.json", to="wiremock")

    mappings = json.loads((tmp_path / "a.json").read_text())["mappings"]
    name = "getPetById-1"
    assert [
        (name, "Started", f"{name}-2"),
        (name, f"{name}-2", f"{name}-3"),
        (name, f"{name}-3", None),
    ] == [
        (
            one["scenarioName"],
            one["requiredScenarioState"],
            one.get("newScenarioState"),
        )
        for one in mappings
    ]


def test_what_asks_for_more_has_the_better_priority(tmp_path: Path):
    pairs = [(a_request(query=[("a", "1")]), an_answer()), (a_request(), an_answer())]
    save(recorded(pairs), tmp_path / "a.yaml")

    convert(tmp_path / "a.yaml", tmp_path / "a.json", to="wiremock")

    more, less = json.loads((tmp_path / "a.json").read_text())["mappings"]
    assert more["priority"] < less["priority"]


def test_mappings_are_not_added_to_others(tmp_path: Path):
    save(recorded(a_story()), tmp_path / "a.yaml")
    convert(tmp_path / "a.yaml", tmp_path / "stubs")

    with pytest.raises(ConfigError, match="mappings is not empty; name a new folder"):
        convert(tmp_path / "a.yaml", tmp_path / "stubs")


def test_each_exchange_has_an_id_of_its_own(tmp_path: Path):
    taken = [posted(url=f"/{one}") for one in "ab"]
    mappings = [
        {**taken[0], "name": "getPetById-1-2"},
        {**taken[1], "name": "getPetById-1"},
        a_mapping(),
    ]

    cassette, _ = imported(mappings, tmp_path)

    assert ["getPetById-1-2", "getPetById-1", "getPetById-1-3"] == [
        one.id for one in cassette.exchanges
    ]


def test_header_that_must_be_absent_is_none_in_the_request(tmp_path: Path):
    cassette, losses = imported(
        [a_mapping({"headers": {"Content-Type": {"absent": True}}})], tmp_path
    )

    assert ([], {}) == (losses, cassette.exchanges[0].request.headers)


def test_what_looks_like_a_placeholder_in_ours_was_sent(tmp_path: Path):
    sent = {"headers": JSON, "json": {"a": "${json-unit.ignore}"}}
    one = an_exchange("POST /x", request=sent)
    save(a_cassette(one), tmp_path / "a.yaml")

    convert(tmp_path / "a.yaml", tmp_path / "a.json", to="wiremock")
    convert(tmp_path / "a.json", tmp_path / "b.yaml")

    assert [one.request] == [
        back.request for back in load(tmp_path / "b.yaml").exchanges
    ]
