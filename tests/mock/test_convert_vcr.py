"""Cassettes of VCR.py: its own replay of ours, and our reading of its own."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
import vcr

from petstore.contract.errors import ConfigError
from petstore.mock.cassette import Cassette, load, save
from petstore.mock.convert import convert
from petstore.mock.exchange import Exchange
from petstore.mock.tape import Tape, wire_response
from tests.mock.traffic import UPSTREAM, a_story, ask, recorded

OLD = """
interactions:
- request:
    method: GET
    uri: http://petstore.local/v2/pet/7?api_key=special-key
    body: null
    headers: {Accept: ['application/xml'], Authorization: ['Bearer hunter22-token']}
  response:
    status: {code: 200, message: OK}
    headers: {Content-Type: [text/plain], Set-Cookie: [sid=1], Date: [now]}
    body: {string: 'it is hunter22-token'}
version: 1
"""


def replayed(cassette: Cassette, path: Path) -> list[httpx.Response]:
    """Ask VCR.py for each request of a recording, with no network."""
    player = vcr.VCR(
        record_mode="none",
        match_on=["method", "scheme", "host", "port", "path", "query", "body"],
    )
    with player.use_cassette(str(path)), httpx.Client(base_url=UPSTREAM) as client:
        return [ask(client, cassette, one) for one in cassette.exchanges]


@pytest.mark.parametrize("name", ["a.vcr.yaml", "a.json"])
def test_vcr_itself_replays_what_was_converted(name: str, tmp_path: Path):
    cassette = recorded(a_story())
    if name.endswith(".json"):
        cassette.exchanges = [one for one in cassette.exchanges if is_text(one)]
    save(cassette, tmp_path / "a.yaml")
    convert(tmp_path / "a.yaml", tmp_path / name, to="vcr")

    answers = replayed(cassette, tmp_path / name)

    for take, answer in zip(Tape([cassette]).takes, answers, strict=True):
        expected = wire_response(take)
        assert expected.status == answer.status_code
        if take.exchange.response.chunks is None:
            assert expected.body == answer.content
        else:
            assert "".join(take.exchange.response.chunks) == answer.text
        assert expected.headers.items() <= dict(answer.headers).items()
        if take.exchange.response.encoding is not None and name != "a.json":
            assert take.exchange.response.encoding == answer.headers["content-encoding"]


def is_text(exchange: Exchange) -> bool:
    """JSON of VCR.py holds text alone."""
    return all(one.kind not in ("parts", "base64") for one in both(exchange))


def both(exchange: Exchange) -> list[Any]:
    return [exchange.request, exchange.response]


def test_no_secret_and_nothing_volatile_of_a_foreign_file_survives(tmp_path: Path):
    (tmp_path / "old.yaml").write_text(OLD)

    losses = convert(tmp_path / "old.yaml", tmp_path / "new.yaml")

    text = (tmp_path / "new.yaml").read_text()
    told = "Headers that hold secrets are not kept: authorization."
    assert [told] == losses
    for gone in ("hunter22", "special-key", "sid=1", "date", "uthorization"):
        assert gone not in text
    (one,) = load(tmp_path / "new.yaml").exchanges
    assert ("getPetById-1", "/v2/pet/7") == (one.id, one.request.path)
    assert {"accept": "application/xml"} == one.request.headers
    assert "it is <" in str(one.response.text)


def an_interaction(request: dict[str, Any], response: dict[str, Any]) -> dict[str, Any]:
    asked: dict[str, Any] = {"method": "GET", "uri": "http://a.test/x", "headers": {}}
    status = {"status": {"code": 200, "message": "OK"}, "headers": {}}
    return {"request": {**asked, **request}, "response": {**status, **response}}


def imported(interactions: list[dict[str, Any]], folder: Path) -> list[Exchange]:
    value = {"version": 1, "interactions": interactions}
    (folder / "old.json").write_text(json.dumps(value))
    convert(folder / "old.json", folder / "new.yaml")
    return load(folder / "new.yaml").exchanges


def test_old_cassettes_of_httpx_are_read(tmp_path: Path):
    old = {"status_code": 201, "http_version": "HTTP/1.1", "content": "hi"}
    interaction = {**an_interaction({}, {}), "response": {**old, "headers": {}}}

    (one,) = imported([interaction], tmp_path)

    assert (201, "hi") == (one.response.status, one.response.text)


def test_parsed_bodies_are_read(tmp_path: Path):
    kind = {"headers": {"content-type": ["application/json"]}}
    parsed = {**kind, "parsed_body": {"id": 7}}

    (one,) = imported([an_interaction({}, parsed)], tmp_path)

    assert {"id": 7} == one.response.json_value


def test_a_body_that_vcr_decompressed_is_read(tmp_path: Path):
    response = {
        "headers": {"content-encoding": ["gzip"]},
        "body": {"string": "plain words"},
    }

    (one,) = imported([an_interaction({}, response)], tmp_path)

    assert ("plain words", "gzip") == (one.response.text, one.response.encoding)


def test_what_cannot_be_read_is_left_out_with_its_place(tmp_path: Path):
    good = an_interaction({}, {})
    value = {"version": 1, "interactions": [good, {**good, "request": {"uri": "x"}}]}
    (tmp_path / "old.json").write_text(json.dumps(value))

    (told,) = convert(tmp_path / "old.json", tmp_path / "new.yaml")

    expected = "Interaction 2 (interactions.1) is left out: request.method: "
    assert told.startswith(expected)


@pytest.mark.parametrize(
    ("body", "content"),
    [
        pytest.param("!!python/unicode 'hi'", "hi", id="unicode"),
        pytest.param("!!python/str 'hi'", "hi", id="str"),
        pytest.param("!!binary aGk=", "hi", id="binary"),
        pytest.param(
            "!!python/object/new:_io.BytesIO\n"
            "      state: !!python/tuple [!!binary aGk=, 0, null]",
            "hi",
            id="buffer",
        ),
    ],
)
def test_tags_that_vcr_writes_are_read_as_data(body: str, content: str, tmp_path: Path):
    text = OLD.replace("body: null", f"body: {body}").replace("GET", "POST")
    (tmp_path / "old.yaml").write_text(text)

    convert(tmp_path / "old.yaml", tmp_path / "new.yaml")

    (one,) = load(tmp_path / "new.yaml").exchanges
    assert content == one.request.text


@pytest.mark.parametrize(
    ("body", "told"),
    [
        pytest.param(
            "!!python/object/apply:os.system ['true']", "the tag .* not data", id="call"
        ),
        pytest.param("!!python/name:os.system ''", "the tag .* not data", id="name"),
        pytest.param("[&a [x], &b [*a, *a], [*b, *b]]", "an alias of more", id="bomb"),
    ],
)
def test_what_is_not_data_is_refused_with_its_line(
    body: str, told: str, tmp_path: Path
):
    (tmp_path / "old.yaml").write_text(OLD.replace("body: null", f"body: {body}"))

    with pytest.raises(ConfigError, match=rf"old\.yaml:6: there is {told}"):
        convert(tmp_path / "old.yaml", tmp_path / "new.yaml")


def test_an_alias_of_a_list_of_texts_is_read(tmp_path: Path):
    """VCR.py writes one where a header of the same list comes again."""
    text = OLD.replace("['application/xml']", "&id001 ['application/xml']")
    text = text.replace("Content-Type: [text/plain]", "Content-Type: *id001")
    (tmp_path / "old.yaml").write_text(text)

    convert(tmp_path / "old.yaml", tmp_path / "new.yaml")

    (one,) = load(tmp_path / "new.yaml").exchanges
    assert "application/xml" == one.response.headers["content-type"]


def test_a_cassette_of_another_version_is_refused(tmp_path: Path):
    (tmp_path / "old.yaml").write_text(OLD.replace("version: 1", "version: 2"))

    with pytest.raises(ConfigError, match="version should be 1"):
        convert(tmp_path / "old.yaml", tmp_path / "new.yaml")


@pytest.mark.parametrize("state", ["{a: 1}", "[1]", "hi"])
def test_buffer_that_is_none_is_refused_with_its_line(state: str, tmp_path: Path):
    buffer = f"!!python/object/new:_io.BytesIO {{state: {state}}}"
    path = tmp_path / "old.yaml"
    path.write_text(OLD.replace("body: null", f"body: {buffer}"))

    with pytest.raises(ConfigError, match=r"old.yaml:6: there is a BytesIO whose"):
        convert(path, tmp_path / "a.cassette.yaml")
