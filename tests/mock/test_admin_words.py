"""Whoever asks the admin API wrongly is told what would be right."""

import pytest

from tests.mock.builders import a_session
from tests.mock.servers import served


@pytest.fixture
def client(tmp_path):
    with served(a_session(), folder=tmp_path) as client:
        yield client


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ({"casette": "buy.yaml"}, "body.casette: there is no such field; did you mean"),
        ({"colour": 1}, "body.colour: there is no such field; there are id, cassette"),
        ({"mode": 5}, "body.mode: is 5, and should be one of auto, replay"),
        ({"base": "buy.yaml"}, "body.base: is a text, and should be a list of 100"),
        ({"seed": "x"}, "body.seed: is a text, and should be a whole number"),
        ([], "body: is a list, and should be fields with their values, of id, cass"),
        ({"id": "a/b"}, "body.id"),
        ({"id": ".."}, "id: "),
        ({"mode": "tape"}, "mode: there is no 'tape'; there are auto"),
        ({"on_miss": "guess"}, "no on_miss 'guess'"),
        ({"cassette": "missing.yaml"}, "missing.yaml"),
        ({"cassette": "conftest.py"}, "should end with .yaml"),
        ({"ignore": ["status"]}, "ignore: 'status' is no path"),
        ({"faults": [{"do": {}}]}, "body.faults.0.do: should say"),
        ({"clock": "yesterday"}, "yesterday"),
    ],
)
def test_order_that_is_none_names_its_field(client, order, words):
    reply = client.post("/__mock/sessions", json=order)

    assert 422 == reply.status_code
    assert words in reply.json()["detail"]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("journal?after=" + "9" * 5_000, "Wrong after: '9999"),
        (
            "journal?opp=addPet",
            "query.opp: there is no such parameter; did you mean op?",
        ),
        ("journal?op=addPett", "There is no op 'addPett'; did you mean addPet?"),
        ("journal?served_by=tape", "There is no served_by 'tape'; there are recording"),
        ("jurnal", "/default/jurnal; did you mean journal?"),
    ],
)
def test_question_that_is_none_is_told_what_there_is(client, path, words):
    reply = client.get(f"/__mock/sessions/default/{path}")

    assert words in reply.json()["detail"]


def test_recording_is_not_kept_by_a_typing_error(client):
    """`kep=false` would write the file that nobody wants."""
    id = client.post("/__mock/sessions", json={"id": "a"}).json()["id"]

    reply = client.delete(f"/__mock/sessions/{id}?kep=false")

    assert (422, 200) == (
        reply.status_code,
        client.get(f"/__mock/sessions/{id}").status_code,
    )


@pytest.mark.parametrize(
    ("what", "body", "words"),
    [
        ("faults", "{", "body: is no JSON: "),
        ("faults", '{"do": {}}', "body: is a mapping, and should be a list of rules"),
        ("faults", '[{"do": {"delay": 30}}]', "body.0.do.delay: is 30, and should be"),
        ("clock", '{"mode": "frozen"}', "body.mode: is 'frozen', and should be 'real'"),
        ("clock", '{"at": 5}', "body.at: is 5, and should be an instant, as 2026-"),
    ],
)
def test_setting_that_is_none_says_what_fits(client, what, body, words):
    headers = {"content-type": "application/json"}
    url = f"/__mock/sessions/default/{what}"

    reply = client.put(url, content=body, headers=headers)

    assert 422 == reply.status_code
    assert words in reply.json()["detail"]
