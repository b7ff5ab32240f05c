"""
Compare a recording with what a server answers today.

Only what has no effect is sent: GET and HEAD, no login, no stream without an end, and
nothing that needs a secret. An answer fits where it is as any answer that was recorded
to an equal request. What the recording made itself is not asked for, since another
server does not have it.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final, get_origin

from pydantic_core import from_json

from petstore.contract.errors import Malformed
from petstore.contract.http import Request
from petstore.contract.media import media_type
from petstore.contract.replies import Response
from petstore.mock.contract_lint import Read
from petstore.mock.drifts import Finding, shown
from petstore.mock.facts import facts_of, key_of, masked_value
from petstore.mock.json_walk import (
    NOTHING,
    Difference,
    Location,
    differences,
    shape_differences,
    type_of,
)
from petstore.mock.payload import decoded
from petstore.mock.secrets import is_secret, is_secret_name
from petstore.mock.story_lint import touched

_SENT_METHODS: Final = ("GET", "HEAD")


def live_findings(
    reads: list[Read], ask: Callable[[Request], Response], *, values: bool
) -> Iterator[Finding]:
    """
    Yield where a server answers otherwise than was recorded.

    Args:
        ask: Lets the server answer.
        values: Whether what fields hold counts, too.

    Raises:
        ConfigError: As `ask`.
    """
    groups: dict[str, list[Read]] = {}
    made: set[object] = set()
    for read in reads:
        if _is_sent(read, made):
            key = key_of(facts_of(read.request, read.request.headers))
            groups.setdefault(key, []).append(read)
        if read.match is not None and read.match.route.operation.writes:
            made.update(touched(read))
    for group in groups.values():
        live = plain(ask(group[-1].request))
        told = [list(drifts_from(read, live, values=values)) for read in group]
        if all(told):
            yield from min(reversed(told), key=len)


def _is_sent(read: Read, made: set[object]) -> bool:
    if read.request.method not in _SENT_METHODS:
        return False
    recorded = read.place.exchange.request
    if any(is_secret_name(name) for name in recorded.query):
        return False
    if read.match is None:
        return True
    operation = read.match.route.operation
    is_harmless = not (operation.writes or operation.endless)
    return is_harmless and made.isdisjoint(touched(read))


def plain(response: Response) -> Response:
    """Return an answer without its coding, if it can be taken off."""
    body = response.body
    if not isinstance(body, bytes):
        return response
    try:
        plain, _ = decoded(body, response.headers.get("content-encoding", ""))
    except Malformed:
        plain = body
    return Response(response.status, response.headers, plain)


def drifts_from(read: Read, live: Response, *, values: bool) -> Iterator[Finding]:
    """Yield where one answer is otherwise than a recorded one."""
    number, recorded = read.place.number, read.response
    if live.status != recorded.status:
        words = f"recorded {recorded.status}, the server answers {live.status}"
        yield Finding(number, ("response", "status"), "live-status", words)
        return
    kinds = media_type(recorded.headers), media_type(live.headers)
    if kinds[0] != kinds[1]:
        words = (
            f"recorded {kinds[0] or 'none'}, the server answers {kinds[1] or 'none'}"
        )
        location = ("response", "headers", "content-type")
        yield Finding(number, location, "live-content-type", words)
        return
    for difference in _of_bodies(read, live, values=values):
        steps: Location = ("response", "json", *difference.location)
        yield Finding(number, steps, *_told(difference))


def _of_bodies(read: Read, live: Response, *, values: bool) -> Iterator[Difference]:
    old, new = _json(read.response), _json(live)
    if old is NOTHING or new is NOTHING:
        return
    result = None if read.match is None else read.match.route.operation.result
    is_map = get_origin(result) is dict and read.is_success
    found = shape_differences(old, new, is_map=is_map)
    seen = set()
    for one in found:
        seen.add(one.location)
        yield one
    if values:
        yield from (
            one
            for one in differences(old, new)
            if one.location not in seen and not _is_secret(one)
        )


def _is_secret(difference: Difference) -> bool:
    # A placeholder is never what a server answers.
    return _stands_for_secret(difference.location, difference.old)


def _json(response: Response) -> Any:
    if not isinstance(response.body, bytes) or not response.body:
        return NOTHING
    try:
        return from_json(response.body)
    except ValueError:
        return NOTHING


def _told(difference: Difference) -> tuple[str, str]:
    location, old, new = difference
    was, is_now = _shown(location, old), _shown(location, new)
    if new is NOTHING:
        return "live-missing", f"recorded {was}, the server has no such field"
    if old is NOTHING:
        return "live-added", f"recorded nothing, the server answers {is_now}"
    kinds = type_of(old), type_of(new)
    if kinds[0] != kinds[1]:
        words = f"recorded a {kinds[0]}, {was}; the server answers {is_now}"
        return "live-type", words
    return "live-value", f"recorded {was}, the server answers {is_now}"


def _shown(location: Location, value: Any) -> str:
    if _stands_for_secret(location, value):
        return "something secret"
    return "nothing" if value is NOTHING else shown(masked_value(value))


def _stands_for_secret(location: Location, value: Any) -> bool:
    return any(isinstance(step, str) and is_secret(step, value) for step in location)
