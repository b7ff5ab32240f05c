"""A recording is shown a row an exchange."""

from petstore.mock.showing import Shown, rows_of
from tests.mock.builders import JSON, a_cassette, an_exchange


def test_row_tells_what_was_asked_and_answered():
    asked = {"query": {"username": "ann", "password": "<password-1>"}}
    login = an_exchange(
        "GET /v2/user/login",
        "loginUser-1",
        request=asked,
        response={"headers": JSON, "json": "<session-1>"},
        note="by hand",
    )

    (row,) = rows_of(a_cassette(login))

    assert row == Shown(
        number=1,
        id="loginUser-1",
        operation="loginUser",
        method="GET",
        target="/v2/user/login?username=ann&password=<password-1>",
        status=200,
        size_bytes=13,
        note="by hand",
    )


def test_other_api_has_no_operation():
    (row,) = rows_of(a_cassette(an_exchange("GET /billing", "a", 204)))

    assert ("", 0, "") == (row.operation, row.size_bytes, row.note)


def test_size_is_that_of_the_body_without_its_coding():
    text = an_exchange("GET /a", "a", response={"text": "äb", "encoding": "gzip"})
    events = an_exchange("GET /events", "b", response={"chunks": ["ä", "bc"]})
    missing = an_exchange("GET /c", "c", response={"file": "0123456789ab.bin"})

    rows = rows_of(a_cassette(text, events, missing))

    assert [3, 4, None] == [row.size_bytes for row in rows]


def test_secret_that_a_hand_wrote_is_not_shown():
    asked = {"query": {"username": "ann", "password": "hunter22"}}
    login = an_exchange("GET /v2/user/login", "loginUser-1", request=asked)

    (row,) = rows_of(a_cassette(login))

    assert "/v2/user/login?username=ann&password=*" == row.target
