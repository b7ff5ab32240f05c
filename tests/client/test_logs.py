"""The log says what happened, and shows nobody's secrets."""

import io
import logging
import sys
from collections.abc import Iterator

import pytest

import petstore
from petstore.contract import calls
from petstore.contract.errors import (
    ConfigError,
    DeadlineExceeded,
    PetstoreError,
    TransportError,
)
from petstore.contract.pet import PetDraft
from petstore.contract.user import UserDraft
from petstore_client import (
    ApiKey,
    AsyncPetstore,
    Bearer,
    Password,
    Petstore,
    Retry,
    connect,
)
from petstore_client.logs import LOGGER
from tests.client.raw import Raw, raw_server, say_nothing, whole

NO_PAUSE = Retry(base_s=0)
NOT_NOW = b"HTTP/1.1 503 No\r\nContent-Length: 0\r\nX-Request-Id: r1\r\n\r\n"
PET = b'{"id":42,"name":"Rex","photoUrls":[],"tags":[]}'
SECRET = "hush-hush-0815"
PRIVATE = "mrs-hyde-4711"


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Catch what every logger says."""
    caplog.set_level(logging.DEBUG)
    return caplog


@pytest.fixture(autouse=True)
def _untouched() -> Iterator[None]:
    """Leave the logger as it was."""
    level, handlers = LOGGER.level, [*LOGGER.handlers]
    yield
    LOGGER.setLevel(level)
    LOGGER.handlers[:] = handlers


def told(caught: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.getMessage()
        for record in caught.records
        if record.name == "petstore_client"
    ]


def fail_first(raw: Raw, connection) -> None:
    while raw.next_request(connection):
        connection.sendall(NOT_NOW if raw.request_count == 1 else whole(PET))


def test_each_attempt_is_a_line(lines):
    lines.set_level(logging.INFO)
    with raw_server(fail_first) as raw, Petstore(raw.url, retry=NO_PAUSE) as client:
        client.pets.get(42)

    first, second = told(lines)

    assert first.startswith("GET /pet/{petId} 503 in ")
    assert first.endswith(" ms, attempt 1 of getPetById, request r1")
    assert second.startswith("GET /pet/{petId} 200 in ")
    assert second.endswith(" ms, attempt 2 of getPetById, request -")


async def test_each_attempt_of_a_coroutine_is_a_line(lines):
    lines.set_level(logging.INFO)
    with raw_server(fail_first) as raw:
        async with AsyncPetstore(raw.url, retry=NO_PAUSE) as client:
            await client.pets.get(42)

    assert ["503", "200"] == [line.split()[2] for line in told(lines)]


def test_attempt_without_an_answer_says_what_came_instead(lines):
    with raw_server(fail_first) as raw:
        url = raw.url
    with Petstore(url, retry=1) as client, pytest.raises(TransportError):
        client.pets.get(42)

    (line,) = told(lines)

    assert "GET /pet/{petId} TransportError (sent: no) in " in line
    assert line.endswith("; answered nothing")


def test_call_that_is_out_of_time_is_a_line(lines):
    with (
        raw_server(say_nothing) as raw,
        Petstore(raw.url, timeout=0.05) as client,
        pytest.raises(DeadlineExceeded),
    ):
        client.pets.get(42)

    (line,) = told(lines)

    assert "GET /pet/{petId} DeadlineExceeded in " in line


def test_debug_shows_the_names_of_a_list_and_no_others(lines):
    with petstore.serve() as server, Petstore(server.url) as client:
        client.pets.list(status="sold", q=PRIVATE).first()

    (line,) = told(lines)

    assert "; asked status='sold' limit='1'" in line
    assert "; answered content-length: '" in line
    assert PRIVATE not in line
    assert "GET /pet 200" in line


def test_info_shows_neither_headers_nor_a_query(lines):
    lines.set_level(logging.INFO)
    with petstore.serve() as server, Petstore(server.url) as client:
        client.pets.list(status="sold").first()

    (line,) = told(lines)

    assert "sold" not in line
    assert "accept" not in line


def test_a_logger_that_nobody_listens_to_is_not_asked_to_write(lines):
    lines.set_level(logging.WARNING)
    with raw_server(fail_first) as raw, Petstore(raw.url, retry=NO_PAUSE) as client:
        client.pets.get(42)

    assert [] == told(lines)


async def test_nothing_that_is_secret_is_in_any_line(lines):
    """Not in one of ours, nor in one of a library below."""
    with petstore.serve() as server:
        use_secrets(f"{server.url}/v2")
        use_secrets(server.url)
        async with AsyncPetstore(server.url, auth=Bearer(SECRET), retry=1) as client:
            await client.users.create(UserDraft(username=PRIVATE))
            await client.auth.login_user("bob", SECRET)

    assert len(told(lines)) > 10
    assert "httpx" not in {record.name for record in lines.records}
    assert PRIVATE not in "\n".join(told(lines))
    # The server is in this process, too, and says to its owner what it refused.
    theirs = ("petstore.", "aiosqlite", "asyncio")
    ours = [one for one in lines.records if not one.name.startswith(theirs)]
    assert SECRET not in "\n".join(record.getMessage() for record in ours)


def use_secrets(url: str) -> None:
    """Send a secret in each place that has one, and ask for one."""
    name = f"ann{len(url)}"
    with Petstore(url, retry=1) as client:
        client.users.create_many([UserDraft(username=name, password=SECRET)])
        client.auth.login_user(name, SECRET)
        tell(client, calls.find_pets_by_tags([PRIVATE]))
        tell(client, calls.get_user_by_name(PRIVATE))
        key = {} if "/v2" in url else {"idempotency_key": SECRET}
        client.send(calls.add_pet(PetDraft(name=PRIVATE, photo_urls=[]), **key))
    for auth in (ApiKey(SECRET), Bearer(SECRET), Password(name, SECRET)):
        with Petstore(url, auth=auth, retry=1) as client:
            tell(client, calls.get_pet_by_id(1))
            tell(client, calls.delete_pet(10**6))


def tell(client, call) -> None:
    """Send a call, and see that what comes of it shows no secret."""
    try:
        shown = repr(client.send(call).headers)
    except PetstoreError as error:
        shown = repr(error)
    assert SECRET not in shown


@pytest.mark.parametrize(
    ("told_level", "level"),
    [("debug", logging.DEBUG), (" INFO ", logging.INFO)],
)
def test_environment_chooses_the_level(monkeypatch, told_level, level):
    monkeypatch.setenv("PETSTORE_LOG", told_level)

    Petstore("http://pets.example").close()

    assert level == LOGGER.level


def test_environment_puts_the_lines_on_stderr(monkeypatch):
    out = io.StringIO()
    monkeypatch.setattr(sys, "stderr", out)
    monkeypatch.setenv("PETSTORE_LOG", "info")
    # As where a program has set up no logging at all.
    monkeypatch.setattr(LOGGER, "propagate", False)

    with raw_server(fail_first) as raw:
        for _ in range(2):
            with Petstore(raw.url, retry=NO_PAUSE) as client:
                client.pets.get(42)

    assert 3 == out.getvalue().count(" petstore_client GET /pet/{petId} ")
    assert 3 == len(out.getvalue().splitlines())


def test_lines_are_not_shown_twice_where_a_program_shows_them(monkeypatch):
    monkeypatch.setenv("PETSTORE_LOG", "info")

    connect("http://pets.example").close()

    assert logging.getLogger().handlers
    assert [] == LOGGER.handlers


def test_level_that_the_program_has_set_is_kept(monkeypatch):
    monkeypatch.setenv("PETSTORE_LOG", "debug")
    LOGGER.setLevel(logging.ERROR)

    connect("http://pets.example").close()

    assert logging.ERROR == LOGGER.level


@pytest.mark.parametrize("blank", ["", "  "])
def test_blank_environment_changes_nothing(monkeypatch, blank):
    monkeypatch.setenv("PETSTORE_LOG", blank)

    connect("http://pets.example").close()

    assert logging.NOTSET == LOGGER.level


@pytest.mark.parametrize("kind", [Petstore, AsyncPetstore])
def test_environment_that_names_no_level_is_told(monkeypatch, kind):
    monkeypatch.setenv("PETSTORE_LOG", "loud")

    with pytest.raises(ConfigError, match="PETSTORE_LOG is debug or info, not 'loud'"):
        kind("http://pets.example")
