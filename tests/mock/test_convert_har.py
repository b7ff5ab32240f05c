"""What is read of the HAR files of browsers and proxies."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from petstore.contract.errors import ConfigError
from petstore.mock.cassette import Cassette, load, save
from petstore.mock.convert import convert
from tests.mock.traffic import a_story, recorded


def an_entry(
    url: str = "https://petstore3.swagger.io/api/v3/pet/7",
    request: dict[str, Any] | None = None,
    response: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """An entry as Firefox writes it, with what is not read."""
    return {
        "startedDateTime": "2026-11-22T20:00:00.000+01:00",
        "time": 12.5,
        "request": {"method": "GET", "url": url, "headers": [], **(request or {})},
        "response": {
            "status": 200,
            "headers": [],
            "content": {"size": 2, "mimeType": "application/json", "text": "{}"},
            **(response or {}),
        },
        "cache": {},
        "timings": {"send": 0, "wait": 12, "receive": 0},
        "pageref": "page_1",
    }


def imported(entries: list[dict[str, Any]], folder: Path) -> tuple[Cassette, list[str]]:
    log = {"version": "1.2", "creator": {"name": "Firefox"}, "entries": entries}
    (folder / "a.har").write_text(json.dumps({"log": log}), encoding="utf-8-sig")
    losses = convert(folder / "a.har", folder / "a.yaml")
    return load(folder / "a.yaml"), losses


def pairs(**headers: str) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers.items()]


def test_the_host_goes_to_the_header(tmp_path: Path):
    cassette, losses = imported([an_entry()], tmp_path)

    assert "https://petstore3.swagger.io" == cassette.header.upstream
    assert [] == losses
    assert ["getPetById-1"] == [one.id for one in cassette.exchanges]


def test_credentials_and_pseudo_headers_are_not_kept(tmp_path: Path):
    asked = pairs(Authorization="Bearer hunter22", Cookie="sid=hunter23")
    asked += [{"name": ":authority", "value": "petstore3.swagger.io"}]
    request = {"headers": asked, "cookies": pairs(sid="hunter23")}
    url = "https://ada:hunter24@petstore3.swagger.io/api/v3/pet/7?api_key=hunter25"
    told = {"mimeType": "application/json", "text": '{"token":"hunter26","say":1}'}
    response = {"content": told, "headers": [{"name": ":status", "value": "200"}]}

    imported([an_entry(url, request, response)], tmp_path)

    text = (tmp_path / "a.yaml").read_text()
    assert "hunter2" not in text
    assert ":authority" not in text
    assert ":status" not in text
    assert "say: 1" in text


def test_a_secret_that_the_last_answer_tells_is_not_kept_in_the_first(tmp_path: Path):
    early = {"mimeType": "text/plain", "text": "it will be hunter26"}
    late = {"mimeType": "application/json", "text": '{"token":"hunter26"}'}
    entries = [an_entry(response={"content": one}) for one in (early, late)]

    imported(entries, tmp_path)

    assert "hunter26" not in (tmp_path / "a.yaml").read_text()


def test_what_a_cassette_said_is_redacted_as_well(tmp_path: Path):
    told = {"mimeType": "application/json", "text": '{"token":"hunter26"}'}
    entry = an_entry(response={"content": told})
    entry["_petstore"] = {"note": "with hunter26"}
    header = {"name": "of hunter26", "upstream": "https://ada:hunter27@a.test:81/v2"}
    log = {"version": "1.2", "entries": [entry], "_petstore": header}
    (tmp_path / "a.har").write_text(json.dumps({"log": log}))

    convert(tmp_path / "a.har", tmp_path / "a.yaml")

    assert "hunter2" not in (tmp_path / "a.yaml").read_text()
    cassette = load(tmp_path / "a.yaml")
    assert "https://a.test:81/v2" == cassette.header.upstream
    assert "with <token-1>" == cassette.exchanges[0].note


def test_one_host_is_kept_the_one_of_the_contract(tmp_path: Path):
    others = [an_entry(f"https://cdn.test/{number}.js") for number in range(3)]

    cassette, (told,) = imported([*others, an_entry()], tmp_path)

    assert ["getPetById-1"] == [one.id for one in cassette.exchanges]
    expected = "3 entries of other hosts than https://petstore3.swagger.io are left"
    assert told.startswith(expected)
    assert told.endswith("https://cdn.test.")


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        pytest.param(an_entry(response={"status": 0}), "was blocked", id="blocked"),
        pytest.param(an_entry("wss://petstore3.swagger.io/x"), "wss is not", id="wss"),
        pytest.param(
            an_entry(response={"content": {"size": 9, "mimeType": "a/b"}}),
            "was not captured",
            id="no body",
        ),
        pytest.param({}, "request: is missing; it should", id="empty"),
        pytest.param(
            an_entry(response={"status": 999}), "holds no such status", id="status"
        ),
        pytest.param(an_entry(request={"method": "M-SEARCH"}), "method", id="method"),
    ],
)
def test_what_is_no_exchange_is_left_out_by_name(entry, reason: str, tmp_path: Path):
    cassette, (told,) = imported([an_entry(), entry], tmp_path)

    assert 1 == len(cassette.exchanges)
    assert told.startswith("Entry 2 (log.entries.1) is left out: ")
    assert reason in told


def test_a_body_below_its_coding_is_taken_as_decoded(tmp_path: Path):
    response = {"headers": pairs(**{"Content-Encoding": "gzip"})}

    cassette, _ = imported([an_entry(response=response)], tmp_path)

    (one,) = cassette.exchanges
    assert ({}, "gzip") == (one.response.json_value, one.response.encoding)


def test_a_body_keeps_the_bytes_of_its_charset(tmp_path: Path):
    content = {"size": 1, "mimeType": "text/plain; charset=iso-8859-1", "text": "ä"}

    cassette, _ = imported([an_entry(response={"content": content})], tmp_path)

    (one,) = cassette.exchanges
    assert "ä".encode("latin-1") == base64.b64decode(one.response.base64 or "")


def test_parameters_of_a_form_are_read(tmp_path: Path):
    form = {
        "mimeType": "application/x-www-form-urlencoded",
        "params": pairs(name="M & M", status="sold"),
    }

    posted = an_entry(request={"method": "POST", "postData": form})
    cassette, _ = imported([posted], tmp_path)

    (one,) = cassette.exchanges
    assert {"name": ["M & M"], "status": ["sold"]} == one.request.form


def test_parameters_of_a_multipart_form_are_read(tmp_path: Path):
    params = [{"name": "f", "value": "hi", "fileName": "a.txt", "contentType": "a/b"}]
    data = {"mimeType": "multipart/form-data; boundary=x", "params": params}

    posted = an_entry(request={"method": "POST", "postData": data})
    cassette, _ = imported([posted], tmp_path)

    (part,) = cassette.exchanges[0].request.parts or []
    assert ("f", "a.txt", "a/b", "hi") == (
        part.name,
        part.filename,
        part.type,
        part.text,
    )


def test_what_is_written_has_all_that_har_requires(tmp_path: Path):
    save(recorded(a_story()), tmp_path / "a.yaml")

    convert(tmp_path / "a.yaml", tmp_path / "a.har")

    log = json.loads((tmp_path / "a.har").read_text())["log"]
    assert {"version", "creator", "entries"} <= log.keys()
    for entry in log["entries"]:
        assert {"startedDateTime", "time", "cache", "timings"} <= entry.keys()
        asked = {"method", "url", "httpVersion", "cookies", "headers", "queryString"}
        assert {*asked, "headersSize", "bodySize"} <= entry["request"].keys()
        told = {"status", "statusText", "httpVersion", "cookies", "headers"}
        told |= {"content", "redirectURL", "headersSize", "bodySize"}
        assert told <= entry["response"].keys()
        assert {"size", "mimeType"} <= entry["response"]["content"].keys()
        assert {"send", "wait", "receive"} <= entry["timings"].keys()


def test_a_log_without_entries_is_refused(tmp_path: Path):
    (tmp_path / "a.har").write_text('{"log": {}}')

    with pytest.raises(ConfigError, match=r"a\.har: log\.entries should be a list"):
        convert(tmp_path / "a.har", tmp_path / "a.yaml")


def test_coding_of_bytes_that_nobody_knows_is_told_as_lost(tmp_path: Path):
    def coded(**content: str) -> dict[str, Any]:
        told = {"size": 2, "mimeType": "a/b", **content}
        headers = pairs(**{"content-encoding": "br"})
        return an_entry(response={"headers": headers, "content": told})

    text, data = coded(text="hi"), coded(text="/w==", encoding="base64")
    cassette, losses = imported([text, data], tmp_path)

    found = [one.response.headers.keys() for one in cassette.exchanges]
    assert [{"content-type"}, {"content-type"}] == found
    (loss,) = losses
    assert loss.startswith("Entry 2 (log.entries.1): its content-encoding br is not")


def test_no_type_of_a_body_is_invented(tmp_path: Path):
    posted = {"method": "POST", "postData": {"mimeType": "", "text": "a"}}

    cassette, _ = imported([an_entry(request=posted)], tmp_path)

    assert {} == cassette.exchanges[0].request.headers


def test_headers_with_secrets_are_told_as_lost(tmp_path: Path):
    request = {"headers": pairs(Cookie="a=b", Authorization="Bearer hunter26")}
    response = {"headers": pairs(**{"Set-Cookie": "a=b", "X-Api-Key": "hunter27"})}

    _, losses = imported([an_entry(request=request, response=response)], tmp_path)

    assert losses == [
        "Headers that hold secrets are not kept: authorization, cookie, x-api-key."
    ]


def test_path_to_ignore_that_is_none_is_told(tmp_path: Path):
    bad, good = an_entry(), an_entry()
    bad["_petstore"] = {"match": {"ignore": ["body.x"]}}

    cassette, losses = imported([bad, good], tmp_path)

    (loss,) = losses
    assert 1 == len(cassette.exchanges)
    assert "Entry 1 (log.entries.0) is left out: _petstore.match: " in loss
    assert "body.x" in loss
