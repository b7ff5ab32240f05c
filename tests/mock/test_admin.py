"""Sessions are begun, watched, questioned and ended over HTTP."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from petstore.mock.asking import Answering
from petstore.mock.cassette import load, save
from petstore.mock.session import Session
from petstore.mock.sessions import Sessions
from tests.mock.builders import a_cassette, a_session, an_exchange
from tests.mock.servers import Engine, served

ORDER = "POST /store/order"


@pytest.fixture
def folder(tmp_path):
    recorded = [
        an_exchange(response={"json": {"id": 7}}),
        an_exchange(ORDER, "placeOrder-1", request={"json": {"petId": 7}}),
    ]
    save(a_cassette(*recorded), tmp_path / "buy.yaml")
    return tmp_path


@pytest.fixture
def client(folder):
    with served(a_session(), folder=folder) as client:
        yield client


def begun(client, **order):
    reply = client.post("/__mock/sessions", json=order)
    assert 201 == reply.status_code, reply.text
    return reply.json()


def at(session, what=""):
    return f"/__mock/sessions/{session['id']}{what}"


def test_session_is_begun_asked_and_ended(client):
    session = begun(client, cassette="buy.yaml")

    by_url = httpx.get(f"{session['base_url']}/pet/7")
    by_header = client.get("/pet/7", headers=session["header"])
    report = client.delete(at(session)).json()

    assert {"id": 7} == by_url.json() == by_header.json()
    (left,) = report["unplayed"]
    assert (2, "placeOrder-1") == (report["requests"], left["id"])
    assert "buy.yaml" == Path(left["cassette"]).name
    assert 501 == httpx.get(f"{session['base_url']}/pet/7").status_code


def test_ten_sessions_begun_at_once_have_cursors_of_their_own(client):
    with ThreadPoolExecutor(10) as pool:
        sessions = list(
            pool.map(lambda _: begun(client, cassette="buy.yaml"), range(10))
        )
        asked = {"json": {"petId": 7}}
        first, second = (
            list(
                pool.map(
                    lambda one: (
                        client.post(
                            "/store/order", headers=one["header"], **asked
                        ).status_code
                    ),
                    sessions,
                )
            )
            for _ in range(2)
        )

    assert ([200] * 10, [501] * 10) == (first, second)
    assert 11 == len(client.get("/__mock/sessions").json()["sessions"])


def test_report_tells_how_it_went_so_far(client):
    session = begun(client, id="buy", cassette="buy.yaml")
    client.get("/pet/7", headers=session["header"])
    client.get("/pet/8", headers=session["header"])

    report = client.get(at(session)).json()

    assert ("buy", "replay", 2, 1, 1) == tuple(
        report[name] for name in ("id", "mode", "requests", "played", "unmatched")
    )


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", [1, 2, 3]),
        ("?op=getPetById", [1, 2]),
        ("?served_by=recording", [1]),
        ("?served_by=recording/getPetById-1", [1]),
        ("?served_by=miss", [2, 3]),
        ("?unmatched=true", [2, 3]),
        ("?unmatched=false", [1, 2, 3]),
        ("?after=2", [3]),
        ("?unmatched", [2, 3]),
        ("?op=getPetById&unmatched=true", [2]),
    ],
)
def test_journal_is_read_in_part(client, query, numbers):
    session = begun(client, cassette="buy.yaml")
    for path in ("/pet/7", "/pet/8", "/elsewhere"):
        client.get(path, headers=session["header"])

    journal = client.get(at(session, f"/journal{query}")).json()

    assert numbers == [row["n"] for row in journal["rows"]]
    assert (3, 2) == (journal["count"], journal["unmatched"])
    assert all("No recording for" in row["report"] for row in journal["rows"][1:])


def test_verification_answers_200_or_422_with_the_nearest(client):
    session = begun(client, cassette="buy.yaml")
    client.post("/store/order", headers=session["header"], json={"petId": 7})
    path = at(session, "/verify")

    right = client.post(path, json={"op": "placeOrder", "where": {"json.petId": 7}})
    wrong = client.post(path, json={"op": "placeOrder", "where": {"json.petId": 8}})

    assert (200, 1) == (right.status_code, right.json()["count"])
    assert (422, "unverified") == (wrong.status_code, wrong.json()["code"])
    assert [{"path": "json.petId", "expected": 8, "sent": 7}] == wrong.json()[
        "nearest"
    ][0]["differences"]


def test_stub_is_for_one_session_only(client):
    session, other = (begun(client, cassette="buy.yaml") for _ in range(2))
    stub = {
        "id": "gone",
        "request": {"method": "GET", "path": "/pet/7"},
        "response": {"status": 404},
    }

    added = client.post(at(session, "/exchanges"), json=stub)
    again = client.post(at(session, "/exchanges"), json=stub)
    statuses = [
        client.get("/pet/7", headers=one["header"]).status_code
        for one in (session, other)
    ]

    assert (201, 409, [404, 200]) == (added.status_code, again.status_code, statuses)


def test_faults_are_set_and_cleared(client):
    session = begun(client, cassette="buy.yaml")
    path = at(session, "/faults")
    client.put(path, json=[{"do": {"status": 503}}])
    failing = client.get("/pet/7", headers=session["header"]).status_code
    client.put(path, json=[])

    healed = client.get("/pet/7", headers=session["header"]).status_code

    assert (503, 200) == (failing, healed)


def test_fault_that_is_none_names_its_field(client):
    session = begun(client, cassette="buy.yaml")

    reply = client.put(at(session, "/faults"), json=[{"do": {"delay_ms": -1}}])

    assert 422 == reply.status_code
    assert "body.0.do.delay_ms: is -1" in reply.json()["detail"]


def test_reset_goes_back_to_the_start(client):
    session = begun(client, cassette="buy.yaml")
    order = {"headers": session["header"], "json": {"petId": 7}}
    before = [client.post("/store/order", **order).status_code for _ in range(2)]

    report = client.post(at(session, "/reset")).json()

    assert ([200, 501], 0, 0) == (before, report["requests"], report["played"])
    assert 200 == client.post("/store/order", **order).status_code


@pytest.mark.parametrize(
    ("keep", "is_kept"),
    [("?keep=true", True), ("?keep=false", False), ("?keep", True), ("?keep=", True)],
)
def test_recording_becomes_a_file_when_its_session_ends(folder, keep, is_kept):
    default = a_session(an_exchange(response={"json": {"id": 7}}))
    with served(default) as upstream:
        url = str(upstream.base_url).rstrip("/")
        with served(a_session(), folder=folder, upstreams=[url]) as client:
            session = begun(client, cassette="new.yaml", mode="record", upstream=url)
            client.get("/pet/7", headers=session["header"])
            before = (folder / "new.yaml").exists()
            reply = client.delete(at(session, keep))

    assert (200, 1) == (reply.status_code, reply.json()["recorded"])
    assert (False, is_kept) == (before, (folder / "new.yaml").exists())
    if is_kept:
        assert 1 == len(load(folder / "new.yaml").exchanges)


@pytest.mark.parametrize("end", ["/", "/api/v3", "/v2/"])
def test_upstream_is_allowed_however_its_url_ends(folder, end):
    url = "https://petstore.example"

    with served(a_session(), folder=folder, upstreams=[url + end]) as client:
        assert begun(client, mode="off", upstream=url)["id"]


def test_only_upstreams_of_the_server_are_asked(client, folder):
    save(
        a_cassette(an_exchange(), upstream="https://told.example"), folder / "told.yaml"
    )
    orders = [
        {"mode": "off", "upstream": "https://intranet.example"},
        {"cassette": "told.yaml", "mode": "extend"},
        {"cassette": "told.yaml", "on_miss": "upstream"},
    ]

    for order in orders:
        reply = client.post("/__mock/sessions", json=order)

        assert (403, "forbidden") == (reply.status_code, reply.json()["code"])
    assert "told" in begun(client, id="told", cassette="told.yaml")["id"]


def test_strict_session_ends_with_409_and_its_report(client):
    session = begun(client, cassette="buy.yaml", strict=True)

    reply = client.delete(at(session))

    assert 409 == reply.status_code
    left = reply.json()["report"]["unplayed"]
    assert ["getPetById-1", "placeOrder-1"] == [one["id"] for one in left]
    assert 501 == client.get("/pet/7", headers=session["header"]).status_code


@pytest.mark.parametrize(
    "path", ["../buy.yaml", "/etc/buy.yaml", "a/../../buy.yaml", "link.yaml"]
)
@pytest.mark.parametrize("field", ["cassette", "base"])
def test_paths_stay_in_the_folder(tmp_path, path, field):
    folder = tmp_path / "folder"
    folder.mkdir()
    save(a_cassette(an_exchange()), tmp_path / "buy.yaml")
    (folder / "link.yaml").symlink_to(tmp_path / "buy.yaml")

    with served(a_session(), folder=folder) as client:
        reply = client.post(
            "/__mock/sessions", json={field: [path] if field == "base" else path}
        )

    assert 403 == reply.status_code
    assert reply.json()["detail"].startswith(field)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/__mock/nothing", 404),
        ("GET", "/__mock/sessions/default/nothing", 404),
        ("GET", "/__mock/sessions/default/journal/1", 404),
        ("GET", "/__mock/sessions/nobody", 501),
        ("PUT", "/__mock/sessions", 405),
        ("DELETE", "/__mock/health", 405),
        ("POST", "/__mock/", 405),
        ("PUT", "/__mock/sessions/default/reset", 405),
        ("DELETE", "/__mock/sessions/default", 409),
        ("DELETE", "/__mock/sessions/default?keep=perhaps", 400),
        ("GET", "/__mock/sessions/default/journal?after=x", 422),
        ("POST", "/__mock/sessions", 415),
    ],
)
def test_refusal_is_a_problem(client, method, path, status):
    reply = client.request(method, path)

    assert status == reply.status_code
    assert "application/problem+json" == reply.headers["content-type"]


def test_session_default_is_not_for_a_client_to_end(client):
    problem = client.delete("/__mock/sessions/default").json()

    assert ("not_ended", "This session goes on") == (problem["code"], problem["title"])


def test_path_that_only_begins_alike_is_of_the_api():
    with served(a_session(an_exchange("GET /__mockery", "m"))) as client:
        assert 200 == client.get("/__mockery").status_code


def test_health_says_ready(client):
    reply = client.get("/__mock/health")

    assert (200, "ready") == (reply.status_code, reply.json()["status"])
    assert "no-store" == reply.headers["cache-control"]


def test_page_of_another_origin_is_kept_out(client):
    begin = {"content-type": "text/plain", "origin": "https://evil.example"}

    crossing = client.post("/__mock/sessions", content=b"{}", headers=begin)
    preflight = client.options(
        "/__mock/sessions",
        headers={**begin, "access-control-request-method": "DELETE"},
    )
    own = client.get(
        "/__mock/sessions", headers={"origin": str(client.base_url).rstrip("/")}
    )

    assert (403, 403, 200) == (
        crossing.status_code,
        preflight.status_code,
        own.status_code,
    )
    assert "access-control-allow-origin" not in own.headers


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"authorization": "Bearer wrong"}, 401),
        ({"authorization": "Basic right"}, 401),
        ({"authorization": "right"}, 401),
        ({"authorization": "Bearer"}, 401),
        ({"authorization": "bearer right"}, 200),
        ({"authorization": "Bearer right"}, 200),
    ],
)
def test_token_is_asked_for_where_there_is_one(headers, status):
    with served(a_session(an_exchange()), token="right", host="::") as client:
        for path in ("/__mock/sessions", "/__mock/health"):
            reply = client.get(path, headers=headers)

            assert status == reply.status_code
            assert (status == 401) == ("www-authenticate" in reply.headers)
        assert 200 == client.get("/pet/7").status_code


def test_number_of_sessions_is_bounded(folder):
    with served(Sessions(a_session(), count_max=2), folder=folder) as client:
        begun(client, id="a")
        reply = client.post("/__mock/sessions", json={"id": "b"})

    assert 503 == reply.status_code
    assert "2 sessions" in reply.json()["detail"]


def test_id_is_taken_once(client):
    begun(client, id="a")

    assert 409 == client.post("/__mock/sessions", json={"id": "a"}).status_code


def test_no_secret_is_told(client):
    session = begun(client)
    client.get("/user/login?username=ada&password=hunter22", headers=session["header"])
    client.post(
        "/user",
        headers={**session["header"], "api_key": "s3cr3t-key"},
        json={"username": "ada", "password": "hunter22"},
    )

    # Of its rows, a refusal shows those that come nearest.
    where = {"query.username": "eve", "query.password": "none"}
    expected = {"op": "loginUser", "where": where}
    told = [client.get(at(session, what)).text for what in ("", "/journal")] + [
        client.post(at(session, "/verify"), json=expected).text,
        client.delete(at(session)).text,
    ]

    assert "ada" in told[2]
    assert not [text for text in told if "hunter22" in text or "s3cr3t" in text]


def test_reset_and_end_of_a_session_let_go_of_its_engine(folder):
    made: list[Engine] = []

    def engine(_: Session) -> Answering:
        made.append(Engine())
        return made[-1]

    with served(a_session(), folder=folder, engine=engine) as client:
        session = begun(client, on_miss="engine")
        client.get("/pet/7", headers=session["header"])
        client.post(at(session, "/reset"))
        assert [1] == [one.closed_count for one in made]
        client.get("/pet/7", headers=session["header"])
        client.delete(at(session))

        assert [1, 1] == [one.closed_count for one in made]
