"""
Compare a recording with what a server answers today.

Only what has no effect is sent: GET and HEAD, no login, no stream without an end, and
nothing that needs a secret. An answer fits where it is as any answer that was recorded
to an equal request. What the recording made itself is not asked for, since another
server does not have it.

Of JSON the fields and their types count; of any other body only that there is one, and
what it holds where values count. What stands where redaction was is a secret of the
server: it is neither compared nor told.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, get_origin
from urllib.parse import parse_qsl, unquote

from pydantic_core import from_json

from petstore.contract.errors import Malformed
from petstore.contract.http import Request
from petstore.contract.media import EVENTS, is_json, media_type
from petstore.contract.replies import Response
from petstore.mock.body_facts import body_facts, masked_value
from petstore.mock.contract_lint import Read
from petstore.mock.drifts import Finding, shown
from petstore.mock.facts import facts_of, key_of
from petstore.mock.json_walk import (
    NOTHING,
    Difference,
    Location,
    differences,
    shape_differences,
    type_of,
)
from petstore.mock.payload import Wire, decoded
from petstore.mock.secrets import PLACEHOLDER, WILDCARD, is_secret, is_secret_name
from petstore.mock.story_lint import touched

_SENT_METHODS: Final = ("GET", "HEAD")
_WITH_STAR: Final = ("if-match", "if-none-match")
_HIDDEN: Final = "something secret"


@dataclass(slots=True)
class Tally:
    """Count the exchanges that a server was asked for, and all that there are."""

    asked: int = 0
    all: int = 0


def live_findings(
    reads: list[Read],
    ask: Callable[[Request], Response],
    *,
    values: bool,
    tally: Tally | None = None,
) -> Iterator[Finding]:
    """
    Yield where a server answers otherwise than was recorded.

    Args:
        ask: Lets the server answer.
        values: Whether what fields hold counts, too.
        tally: Goes on.

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
    if tally is not None:
        tally.asked += sum(map(len, groups.values()))
        tally.all += len(reads)
    if not groups:
        words = "nothing that it holds is safe to ask again, so nobody was asked"
        yield Finding(None, ("petstore",), "unasked", words, is_warning=True)
    for group in groups.values():
        live = plain(ask(group[-1].request))
        told = [list(drifts_from(read, live, values=values)) for read in group]
        if all(told):
            yield from min(reversed(told), key=len)


def _is_sent(read: Read, made: set[object]) -> bool:
    if read.request.method not in _SENT_METHODS:
        return False
    if _needs_secret(read.request):
        return False
    if media_type(read.response.headers) == EVENTS:
        return False
    if read.match is None:
        return True
    operation = read.match.route.operation
    is_harmless = not (operation.writes or operation.endless)
    return is_harmless and made.isdisjoint(touched(read))


def _needs_secret(request: Request) -> bool:
    """Tell whether redaction took something out of a request."""
    query = parse_qsl(request.query, keep_blank_values=True)
    given = [unquote(request.path), *(value for _, value in query)]
    # `If-None-Match: *` asks for something, and stands for no secret.
    given += [one for name, one in request.headers.items() if name not in _WITH_STAR]
    return any(map(_is_redacted, given)) or any(
        is_secret_name(name) for name, _ in query
    )


def _is_redacted(text: str) -> bool:
    return text == WILDCARD or PLACEHOLDER.search(text) is not None


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
        steps: Location = (*_body_location(read, difference), *difference.location)
        yield Finding(number, steps, *_told(difference))


def _body_location(read: Read, difference: Difference) -> Location:
    kind = "json" if difference.location else read.place.exchange.response.kind
    return "response", kind or "json"


def _of_bodies(read: Read, live: Response, *, values: bool) -> Iterator[Difference]:
    if read.request.method == "HEAD":
        return
    old, new = _value(read.response), _value(live)
    if (old is NOTHING) != (new is NOTHING):
        yield Difference((), old, new)
        return
    if type(old) is type(new) is _Other and _facts(read.response) == _facts(live):
        return
    result = None if read.match is None else read.match.route.operation.result
    is_map = get_origin(result) is dict and read.is_success
    seen = set()
    for one in shape_differences(old, new, is_map=is_map):
        seen.add(one.location)
        if not _was_redacted(one):
            yield one
    for one in differences(old, new) if values else ():
        is_hidden = _was_redacted(one) or _stands_for_secret(one.location, one.old)
        if one.location not in seen and not is_hidden:
            yield one


def _was_redacted(difference: Difference) -> bool:
    # A placeholder is never what a server answers, and need not be of its type.
    _, old, new = difference
    return new is not NOTHING and isinstance(old, str) and _is_redacted(old)


class _Other(str):
    """Be the text of a body that is no JSON."""

    __slots__ = ()


def _value(response: Response) -> Any:
    """Return what a body holds; NOTHING where there is none, or it has no end."""
    body = response.body
    if not isinstance(body, bytes) or not body:
        return NOTHING
    kind = media_type(response.headers)
    try:
        return from_json(body) if is_json(kind) or not kind else _Other(body.decode())
    except ValueError:
        return _Other(body.decode(errors="replace"))


def _facts(response: Response) -> dict[str, Any]:
    assert isinstance(response.body, bytes)
    return body_facts(Wire(response.body, response.headers.get("content-type", "")))


def _told(difference: Difference) -> tuple[str, str]:
    location, old, new = difference
    was, is_now = _shown(location, old), _shown(location, new)
    if new is NOTHING:
        what = "has no such field" if location else "answers nothing"
        return "live-missing", f"recorded {was}, the server {what}"
    if _holds_redacted(old):
        # What the server has in its place would be told.
        is_now = _HIDDEN
    if old is NOTHING:
        return "live-added", f"recorded nothing, the server answers {is_now}"
    kinds = _kind_of(old), _kind_of(new)
    if kinds[0] != kinds[1]:
        words = f"recorded {kinds[0]}, {was}; the server answers {is_now}"
        return "live-type", words
    return "live-value", f"recorded {was}, the server answers {is_now}"


def _kind_of(value: Any) -> str:
    return "no JSON" if isinstance(value, _Other) else f"a {type_of(value)}"


def _holds_redacted(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_redacted, value.values()))
    if isinstance(value, list):
        return any(map(_holds_redacted, value))
    return isinstance(value, str) and _is_redacted(value)


def _shown(location: Location, value: Any) -> str:
    if _stands_for_secret(location, value):
        return _HIDDEN
    return "nothing" if value is NOTHING else shown(masked_value(value))


def _stands_for_secret(location: Location, value: Any) -> bool:
    return any(isinstance(step, str) and is_secret(step, value) for step in location)
