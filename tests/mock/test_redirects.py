"""A redirect of an upstream to itself leads to the mock; any other one does not."""

from collections.abc import Iterator

import httpx
import pytest

from petstore.mock.cassette import load, save
from petstore.mock.convert import convert
from petstore.mock.door import MockDoor
from petstore.mock.opening import open_session
from petstore.mock.serving import MockServer
from petstore.mock.sessions import Sessions
from petstore.mock.urls import told_here
from tests.mock.builders import a_cassette, a_session, an_exchange
from tests.mock.doors import DOORS
from tests.mock.servers import QuietHandler, served, upstream_of

EVERY = pytest.mark.parametrize("door", DOORS)


class Moved(QuietHandler):
    """Redirect to where the path below `/tenant` says; `/end` is where that ends."""

    def do_GET(self) -> None:
        own = f"http://{self.headers['host']}"
        is_end = self.path.endswith("/end?a=b")
        self.send_response(200 if is_end else 302)
        if not is_end:
            base, _, _ = self.path.rpartition("/")
            self.send_header("location", f"{own}{base}/end?a=b")
            self.send_header("content-location", f"{own}{base}/end")
        self.send_header("content-length", "0")
        self.end_headers()


@pytest.fixture
def moved() -> Iterator[str]:
    with upstream_of(Moved) as url:
        yield url


@EVERY
@pytest.mark.parametrize("base", ["", "/tenant"])
def test_the_second_leg_is_recorded_as_well(door, base, moved, tmp_path):
    session = open_session(
        cassette=tmp_path / "a.yaml", mode="record", upstream=f"{moved}{base}"
    )

    reply = door(session, "GET /begin", follow_redirects=True)

    assert session.target is not None
    told = [one.response.headers for one in session.target.exchanges]
    assert (200, "/end") == (reply.status_code, reply.url.path)
    assert [{"content-location": "/end", "location": "/end?a=b"}, {}] == told


@pytest.mark.parametrize(
    "headers", [{}, {"x-petstore-session": "a"}], ids=["path", "header"]
)
def test_a_redirect_stays_within_the_session(headers):
    exchanges = (
        an_exchange("GET /a", "a", 302, response={"headers": {"location": "/b?c=d"}}),
        an_exchange("GET /b", "b", 200, request={"query": {"c": "d"}}),
    )
    sessions = Sessions(a_session())
    sessions.add(a_session(*exchanges, id="a"))
    path = "/a" if headers else "/__s/a/a"

    with served(sessions) as client:
        for _ in range(2):
            reply = client.get(path, headers=headers, follow_redirects=True)
            assert (200, "recording/b") == (
                reply.status_code,
                reply.headers["x-petstore-served-by"],
            )


def test_sessions_that_share_a_recording_each_keep_their_own_way():
    moved = an_exchange("GET /a", "a", 302, response={"headers": {"location": "/b"}})
    session = a_session(moved)
    sessions = Sessions(session)
    for name in "cd":
        sessions.add(a_session(moved, id=name))

    with served(sessions) as client:
        paths = ["/a", "/__s/c/a", "/__s/d/a", "/a"]
        told = [client.get(path).headers["location"] for path in paths]

    assert ["/b", "/__s/c/b", "/__s/d/b", "/b"] == told


def test_what_leads_into_a_session_is_not_held_anew_for_each_request():
    headers = {"location": "/b"}
    moved = an_exchange("GET /a", "a", 302, response={"headers": headers})
    sessions = Sessions(a_session())
    sessions.add(a_session(moved, id="a"))
    door = MockDoor(sessions)

    with MockServer(door) as server, httpx.Client(base_url=server.url) as client:
        for _ in range(2):
            assert 302 == client.get("/__s/a/a").status_code

    assert {} == door._ready


BASE = "http://pets.test:8000/shop"


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        (f"{BASE}/a?b=c#d", "/a?b=c#d"),
        (BASE, "/"),
        (f"{BASE}?a=b", "/?a=b"),
        ("HTTP://PETS.test:8000/shop/a%2Fb", "/a%2Fb"),
        ("//pets.test:8000/shop/a", "/a"),
        ("/shop/a", "/a"),
    ],
)
def test_what_is_below_the_upstream_is_told_by_its_path(location, expected):
    assert expected == told_here(location, BASE)


@pytest.mark.parametrize(
    "location",
    [
        "http://other.test:8000/shop/a",
        "http://pets.test/shop/a",
        "https://pets.test:8000/shop/a",
        "http://pets.test:8000/shopping",
        "http://pets.test:8000/other",
        "http://pets.test:8000/shop/../other",
        "http://pets.test:8000/shop//evil.test/a",
        "http://ann:secret@pets.test:8000/shop/a",
        "http://pets.test:99999/a",
        "/other",
        "a?b=c",
        "../a",
        "",
        "mailto:a@pets.test",
    ],
)
def test_what_is_elsewhere_stays_as_it_is(location):
    assert location == told_here(location, BASE)


@pytest.mark.parametrize(
    ("base", "location"),
    [
        ("http://pets.test", "http://pets.test:80/a"),
        ("https://pets.test:443", "https://pets.test/a"),
        ("http://[::1]:80", "http://[::1]/a"),
    ],
)
def test_the_port_of_a_scheme_need_not_be_told(base, location):
    assert "/a" == told_here(location, base)


@pytest.mark.parametrize("tool", ["har", "vcr", "hoverfly"])
def test_a_recording_of_another_tool_is_read_so_too(tool, tmp_path):
    headers = {"location": "http://pets.test/b"}
    moved = an_exchange("GET /a", "a", 302, response={"headers": headers})
    save(a_cassette(moved, upstream="http://pets.test"), tmp_path / "a.yaml")

    convert(tmp_path / "a.yaml", tmp_path / "a.json", to=tool)
    convert(tmp_path / "a.json", tmp_path / "back.yaml")

    (back,) = load(tmp_path / "back.yaml").exchanges
    assert {"location": "/b"} == back.response.headers
