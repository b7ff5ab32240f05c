"""What a conversion keeps, what it states as lost, and what it refuses."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petstore.contract.errors import ConfigError
from petstore.mock.cassette import Cassette, dump, load, save
from petstore.mock.convert import FORMATS, Format, convert, detect
from petstore.mock.exchange import Exchange, Header, Matching
from tests.mock.builders import a_cassette, an_exchange
from tests.mock.traffic import (
    PICTURE,
    UPSTREAM,
    Wired,
    a_form,
    a_json,
    a_multipart,
    a_request,
    a_story,
    an_answer,
    recorded,
)

OTHERS: tuple[Format, ...] = ("har", "vcr", "wiremock", "hoverfly")
FILE_NAMES: dict[Format, str] = {
    "cassette": "a.yaml",
    "har": "a.har",
    "vcr": "a.vcr.yaml",
    "wiremock": "a.wiremock.json",
    "hoverfly": "a.hoverfly.json",
}

words = st.text("abcXYZ019 äß✓\"'\\<&>{}%+;=/-_.:#\n\t", max_size=12)
names = st.sampled_from(["a", "b b", "tag[]", "ünï", "id"])
statuses = st.sampled_from([200, 201, 400, 404, 409, 422, 500, 503])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-9, 9) | words,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3)
    ),
    max_leaves=6,
)
bodies: st.SearchStrategy[Wired] = st.one_of(
    st.just(("", b"")),
    json_values.map(lambda one: ("application/json", json.dumps(one).encode())),
    st.just(("application/json", b'{"price":1.50,"price":2}')),
    st.dictionaries(names, st.lists(words, min_size=1, max_size=3), min_size=1).map(
        a_form
    ),
    words.map(lambda one: ("text/plain", one.encode())),
    words.map(lambda one: ("application/problem+json", one.encode())),
    st.just(("application/xml", b"<Pet><id>7</id>\n <name>Mimi</name></Pet>")),
    st.binary(max_size=40).map(lambda one: ("application/octet-stream", one)),
    st.just(("image/png", b"\x89PNG" + bytes(range(256)) * 8)),
    st.lists(
        st.tuples(
            names.filter(str.isascii),
            st.none() | st.just("cat.png"),
            st.none() | st.just("image/png"),
            st.binary(max_size=9) | words.map(str.encode),
        ).filter(lambda part: b"\r\n--xyz" not in part[3]),
        min_size=1,
        max_size=3,
    ).map(a_multipart),
)
paths = st.sampled_from(
    ["/v2/pet/7", "/v2/pet", "/api/v3/pet/findByTags", "/other/x%20y"]
)
queries = st.lists(st.tuples(names, words), max_size=3)
requests = st.tuples(
    st.sampled_from(["GET", "POST", "PUT", "DELETE"]), paths, queries, bodies
)
events = st.lists(
    words.map(lambda one: f"data: {json.dumps(one)}\n\n"), min_size=1, max_size=3
)
answers = st.one_of(
    st.tuples(statuses, bodies, st.sampled_from([None, "gzip", "deflate"])),
    events.map(lambda one: (200, one, None)),
    st.just((204, ("", b""), None)),
)


def there_and_back(
    cassette: Cassette, to: Format, folder: Path
) -> tuple[Cassette, list[str]]:
    """Convert a cassette and what came of it, and return that and the losses."""
    save(cassette, folder / "source.yaml")
    losses = convert(folder / "source.yaml", folder / FILE_NAMES[to], to=to)
    losses += convert(folder / FILE_NAMES[to], folder / "back.yaml")
    return load(folder / "back.yaml"), losses


@pytest.mark.parametrize("to", OTHERS)
@given(st.lists(st.tuples(requests, answers), min_size=1, max_size=4))
def test_nothing_that_is_stated_as_kept_is_lost(to, tmp_path_factory, pairs):
    cassette = recorded(
        [(a_request(*asked), an_answer(*answered)) for asked, answered in pairs]
    )
    cassette.exchanges = [one for one in cassette.exchanges if is_kept(one, to)]
    if not cassette.exchanges:
        return

    back, _ = there_and_back(cassette, to, tmp_path_factory.mktemp("there"))

    header = Header() if to == "wiremock" else Header(upstream=UPSTREAM)
    assert dump(Cassette(header, cassette.exchanges)) == dump(back)


def is_kept(exchange: Exchange, to: Format) -> bool:
    """Hoverfly leaves requests with bytes out, and says so."""
    return to != "hoverfly" or exchange.request.kind not in ("base64", "file", "parts")


@pytest.mark.parametrize("to", ["har", "vcr"])
def test_what_only_a_cassette_knows_comes_back(to: Format, tmp_path: Path):
    cassette = recorded(
        [(a_request(), an_answer())],
        name="adopt a pet",
        recorded="2026-11-22T20:00:00Z",
        upstream="engine",
        ignore=["json.shipDate"],
        headers=["x-tenant"],
        max_age="90d",
    )
    extras = {"id": "mine", "note": "keep", "match": Matching(times="any")}
    cassette.exchanges = [one.model_copy(update=extras) for one in cassette.exchanges]

    back, _ = there_and_back(cassette, to, tmp_path)

    assert dump(cassette) == dump(back)


STREAM = [(a_request(), an_answer(200, ["data: 1", "\n\ndata: 2\n\n"]))]
RAW = ("application/octet-stream", PICTURE)


@pytest.mark.parametrize(
    ("to", "pairs", "update", "told"),
    [
        pytest.param("har", STREAM, {}, "one piece per event", id="har pieces"),
        pytest.param("vcr", STREAM, {}, "one piece per event", id="vcr pieces"),
        pytest.param("wiremock", STREAM, {}, "one piece per", id="wiremock pieces"),
        pytest.param("hoverfly", STREAM, {}, "one piece per", id="hoverfly pieces"),
        pytest.param(
            "har",
            [(a_request("POST", body=RAW), an_answer())],
            {},
            "take the bytes of a request for text",
            id="har bytes",
        ),
        pytest.param(
            "hoverfly", [(a_request(), an_answer())], {"note": "n"}, "note", id="note"
        ),
        pytest.param(
            "hoverfly",
            [(a_request(), an_answer())],
            {"match": Matching(times="any")},
            "no place for `match`",
            id="hoverfly match",
        ),
        pytest.param(
            "wiremock",
            [(a_request(), an_answer())],
            {"match": Matching(ignore=["json.id"])},
            "does not heed `ignore`",
            id="wiremock ignore",
        ),
        pytest.param(
            "wiremock",
            [(a_request("POST"), an_answer())],
            {},
            "not safe as often as it is asked for",
            id="wiremock repeats",
        ),
        pytest.param(
            "wiremock",
            [(a_request(), an_answer())],
            {},
            "Of the header, upstream is lost",
            id="wiremock header",
        ),
    ],
)
def test_a_loss_is_told_where_it_concerns(to, pairs, update, told, tmp_path: Path):
    cassette = recorded(pairs)
    (one,) = cassette.exchanges
    cassette.exchanges = [one.model_copy(update=update)]

    _, losses = there_and_back(cassette, to, tmp_path)

    assert [one for one in losses if told in one]


def test_a_recording_that_loses_nothing_has_no_losses(tmp_path: Path):
    cassette = recorded([(a_request(), an_answer(200, a_json("{}"), "gzip"))])

    for to in ("har", "vcr"):
        folder = tmp_path / to
        folder.mkdir()
        assert [] == there_and_back(cassette, to, folder)[1]


def test_file_that_is_there_is_not_overwritten(tmp_path: Path):
    source, target = tmp_path / "a.yaml", tmp_path / "b.har"
    save(recorded([(a_request(), an_answer())]), source)
    target.write_text("dear")

    with pytest.raises(ConfigError, match=r"b\.har exists, and what it holds would be"):
        convert(source, target)

    assert "dear" == target.read_text()


@pytest.mark.parametrize(
    ("to", "body"),
    [
        pytest.param("hoverfly", RAW, id="bytes"),
        pytest.param("hoverfly", a_multipart([("a", None, None, b"1")]), id="parts"),
    ],
)
def test_what_has_no_place_is_left_out_by_name(to: Format, body, tmp_path: Path):
    posted = (a_request("POST", body=body), an_answer())
    cassette = recorded([posted, (a_request(), an_answer())])

    back, losses = there_and_back(cassette, to, tmp_path)

    assert [cassette.exchanges[1].id] == [one.id for one in back.exchanges]
    assert [one for one in losses if cassette.exchanges[0].id in one]


def test_json_of_vcr_leaves_bytes_out_and_writes_codings_plain(tmp_path: Path):
    cassette = recorded(
        [
            (a_request("POST", body=RAW), an_answer()),
            (a_request(), an_answer(200, a_json("{}"), "gzip")),
        ]
    )
    save(cassette, tmp_path / "a.yaml")

    losses = convert(tmp_path / "a.yaml", tmp_path / "a.json", to="vcr")

    (told,) = json.loads((tmp_path / "a.json").read_text())["interactions"]
    assert "{}" == told["response"]["body"]["string"]
    assert "content-encoding" not in told["response"]["headers"]
    assert 2 == len(losses)


def test_an_error_where_nothing_is_left(tmp_path: Path):
    cassette = recorded([(a_request("POST", body=RAW), an_answer())])
    save(cassette, tmp_path / "a.yaml")

    with pytest.raises(ConfigError, match=r"a\.yaml: nothing of it .* no request with"):
        convert(tmp_path / "a.yaml", tmp_path / "a.json", to="hoverfly")


@pytest.mark.parametrize("to", FORMATS)
def test_a_format_is_told_from_the_content(to: Format, tmp_path: Path):
    save(recorded(a_story()), tmp_path / "source.yaml")
    target = tmp_path / "nameless"

    convert(tmp_path / "source.yaml", target, to=to)

    assert to == detect(target)


@pytest.mark.parametrize(
    "text", [pytest.param("{}", id="json"), pytest.param("a: 1\n", id="yaml")]
)
def test_what_is_no_recording_is_refused(text: str, tmp_path: Path):
    (tmp_path / "a").write_text(text)

    with pytest.raises(ConfigError, match="in none of the formats"):
        convert(tmp_path / "a", tmp_path / "b.yaml")


def test_a_target_whose_name_says_nothing_asks_for_its_format(tmp_path: Path):
    save(recorded(a_story()), tmp_path / "a.yaml")

    with pytest.raises(ConfigError, match=r"b\.json may be in any format; say which"):
        convert(tmp_path / "a.yaml", tmp_path / "b.json")


@pytest.mark.parametrize("to", OTHERS)
def test_from_one_tool_to_another(to: Format, tmp_path: Path):
    """It is redacted on the way, and the order of equal requests stays."""
    save(recorded(a_story()), tmp_path / "a.yaml")
    convert(tmp_path / "a.yaml", tmp_path / "a.har")

    convert(tmp_path / "a.har", tmp_path / "b", to=to)
    convert(tmp_path / "b", tmp_path / "c.yaml")

    statuses = [one.response.status for one in load(tmp_path / "c.yaml").exchanges]
    left_out = 2 if to == "hoverfly" else 0
    assert len(a_story()) - left_out == len(statuses)
    assert 404 == statuses[-1]


def test_the_answer_of_a_login_comes_back(tmp_path: Path):
    login = a_request("GET", "/api/v3/user/login", [("password", "hunter22")])
    told = an_answer(200, a_json('"Logged in user session: 1700000021"'))
    cassette = recorded([(login, told)])

    back, _ = there_and_back(cassette, "har", tmp_path)

    (one,) = back.exchanges
    assert "Logged in user session: <session-1>" == one.response.json_value
    assert "hunter22" not in (tmp_path / "a.har").read_text()


@pytest.mark.parametrize("to", FORMATS)
def test_no_secret_that_an_edit_left_in_a_cassette_is_written(to: Format, tmp_path):
    login = an_exchange(
        "POST /v2/user",
        "createUser-1",
        request={"json": {"username": "ann", "password": "hunter22"}},
        note="as ann, with hunter22",
    )
    header = {"name": "with hunter22", "upstream": "http://ann:hunter23@a.test"}
    save(a_cassette(login, **header), tmp_path / "a.yaml")

    convert(tmp_path / "a.yaml", tmp_path / "b.txt", to=to)

    written = list((tmp_path / "b.txt").rglob("*.json"))
    text = "".join(one.read_text() for one in written or [tmp_path / "b.txt"])
    assert ("ann" in text, "hunter2" not in text) == (True, True)


@pytest.mark.parametrize("to", OTHERS)
def test_path_of_the_upstream_is_in_what_a_client_asks_for(to: Format, tmp_path):
    """WireMock itself is asked below its own URL."""
    pet = an_exchange("GET /v2/pet/7", response={"text": "a"})
    save(a_cassette(pet, upstream="http://a.test/shop/v2"), tmp_path / "a.yaml")

    losses = convert(tmp_path / "a.yaml", tmp_path / "b.json", to=to)
    convert(tmp_path / "b.json", tmp_path / "c.yaml")

    (back,) = load(tmp_path / "c.yaml").exchanges
    is_asked = "/shop/v2/pet/7" in (tmp_path / "b.json").read_text()
    told = any("Paths begin with /shop" in one for one in losses)
    comes_back = back.request.path == "/v2/pet/7"
    expected = {"wiremock": (False, False, True), "hoverfly": (True, True, False)}
    assert expected.get(to, (True, False, True)) == (is_asked, told, comes_back)


@pytest.mark.parametrize("host", ["a:99999", "a:x", "[::1"])
def test_upstream_that_is_no_url_hinders_no_conversion(host: str, tmp_path):
    save(a_cassette(an_exchange(), upstream=f"http://{host}"), tmp_path / "a.yaml")

    convert(tmp_path / "a.yaml", tmp_path / "a.har")
    convert(tmp_path / "a.har", tmp_path / "b.yaml")

    assert "/pet/7" == load(tmp_path / "b.yaml").exchanges[0].request.path


@pytest.mark.parametrize("to", OTHERS)
def test_coding_that_nobody_here_takes_off_stays_on(to: Format, tmp_path):
    headers = {"content-type": "text/plain", "content-encoding": "br"}
    one = an_exchange("GET /x", response={"headers": headers, "base64": "iwGAaGkD"})
    save(a_cassette(one, upstream="http://a.test"), tmp_path / "a.yaml")

    convert(tmp_path / "a.yaml", tmp_path / "b.yaml", to=to)
    convert(tmp_path / "b.yaml", tmp_path / "c.yaml")

    assert [one.response] == [
        back.response for back in load(tmp_path / "c.yaml").exchanges
    ]


def test_engine_is_no_host_of_a_simulation(tmp_path):
    save(a_cassette(an_exchange(), upstream="engine"), tmp_path / "a.yaml")

    losses = convert(tmp_path / "a.yaml", tmp_path / "a.json", to="hoverfly")

    assert ["Of the header, upstream is lost: hoverfly has no place."] == losses
