"""Show a recording as a table, one row an exchange; whoever asks prints it."""

from typing import NamedTuple
from urllib.parse import urlencode

from petstore.contract.errors import ConfigError
from petstore.contract.http import Request
from petstore.mock.body_facts import masked_field
from petstore.mock.cassette import Cassette
from petstore.mock.exchange import Exchange
from petstore.mock.facts import match_of, shown_path
from petstore.mock.fields import pairs_of
from petstore.mock.rerecording import plain_response
from petstore.mock.secrets import PLACEHOLDER


class Shown(NamedTuple):
    """
    Hold a row.

    Args:
        number: From 1.
        operation: Its operationId; "" beyond the contract.
        target: The path, with its query.
        size_bytes: Of the answer's body, without its coding; None where it is missing.
        note: What somebody wrote beside it; "" for nothing.
    """

    number: int
    id: str
    operation: str
    method: str
    target: str
    status: int
    size_bytes: int | None
    note: str


def rows_of(cassette: Cassette) -> list[Shown]:
    """Return a row for each exchange, in their order."""
    return [
        Shown(
            number,
            exchange.id,
            _operation(exchange),
            exchange.request.method,
            _target(exchange),
            exchange.response.status,
            _size_bytes(cassette, exchange),
            exchange.note or "",
        )
        for number, exchange in enumerate(cassette.exchanges, 1)
    ]


def _operation(exchange: Exchange) -> str:
    asked = exchange.request
    match = match_of(Request(asked.method, asked.path, "", asked.headers))
    return "" if match is None else match.route.operation.id


def _target(exchange: Exchange) -> str:
    # A hand may have written one that is a secret, and nobody checked it yet.
    pairs = [
        (name, value if PLACEHOLDER.fullmatch(value) else masked_field(name, value))
        for name, value in pairs_of(exchange.request.query)
    ]
    # Placeholders stay readable.
    query = urlencode(pairs, safe="<>*")
    return shown_path(exchange.request.path) + (f"?{query}" if pairs else "")


def _size_bytes(cassette: Cassette, exchange: Exchange) -> int | None:
    try:
        body = plain_response(cassette, exchange.response).body
    except ConfigError:
        return None
    if isinstance(body, bytes):
        return len(body)
    chunks = exchange.response.chunks or []
    return sum(len(chunk.encode()) for chunk in chunks)
