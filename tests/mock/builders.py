"""Make recordings for tests; a test states only what matters."""

from typing import Any

from petstore.contract.http import Request
from petstore.contract.replies import Response
from petstore.mock.cassette import Cassette
from petstore.mock.exchange import Exchange, Header
from petstore.mock.session import Session
from petstore.mock.steps import Answer, Ask, Wait
from petstore.mock.tape import Tape

JSON = {"content-type": "application/json"}


def an_exchange(
    line: str = "GET /pet/7", id: str = "getPetById-1", status: int = 200, **more: Any
) -> Exchange:
    """Return an exchange; `request`, `response` and other fields of the file add."""
    method, _, path = line.partition(" ")
    request = {"method": method, "path": path, **more.pop("request", {})}
    response = {"status": status, **more.pop("response", {})}
    return Exchange.model_validate(
        {"id": id, "request": request, "response": response, **more}
    )


def a_cassette(*exchanges: Exchange, **header: Any) -> Cassette:
    return Cassette(Header.model_validate(header), list(exchanges))


def a_session(*exchanges: Exchange, **setup: Any) -> Session:
    return Session(Tape([a_cassette(*exchanges)]), **setup)


def a_request(line: str = "GET /pet/7", body: bytes = b"", **headers: str) -> Request:
    """Return a request; header names with `_` for `-`."""
    method, _, target = line.partition(" ")
    path, _, query = target.partition("?")
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(method, path, query, given, body)


def a_json_request(line: str, body: str, **headers: str) -> Request:
    headers.setdefault("content_type", "application/json")
    return a_request(line, body.encode(), **headers)


def respond(session: Session, request: Request, *outcomes: Response) -> Answer:
    """Drive a session; each Ask is answered by the next outcome."""
    given = iter(outcomes)
    responding = session.respond(request)
    outcome: Response | None = None
    while True:
        try:
            step = responding.send(outcome)
        except StopIteration as end:
            answer: Answer = end.value
            return answer
        outcome = next(given) if isinstance(step, Ask) else None


def waits(session: Session, request: Request) -> list[float]:
    """Return how long a session lets a request wait, each time."""
    responding = session.respond(request)
    found: list[float] = []
    try:
        while True:
            step = responding.send(None)
            assert isinstance(step, Wait)
            found.append(step.seconds)
    except StopIteration:
        return found
