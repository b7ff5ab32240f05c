"""
Say what a call is about, and what a write that was replayed leaves behind.

What was done is told to the engine as requests on the public face of `/v2`, whose
policy creates what is missing and replaces what is there:

    a pet or an order     as the answer shows it
    a user                as the request has it, for answers show no password
    a deletion, a form    as it was asked for
    a picture             the pet that the answer shows; nothing where it shows none
    a login, a logout     nothing
"""

import json
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from petstore.contract.call import Call, Place
from petstore.contract.errors import PetstoreError
from petstore.contract.flavours import FACES
from petstore.contract.http import Match, Request, decode_request, encode_request
from petstore.contract.media import JSON, XML, media_type
from petstore.contract.order import Order
from petstore.contract.pet import Pet
from petstore.contract.replies import PROBLEM_HEADER, Response
from petstore.contract.user import User, UserDraft
from petstore.contract.xml import from_xml
from petstore.mock.facts import match_of
from petstore.mock.keys import KINDS_BY_TAG, KINDS_BY_WIRE_NAME, LISTS, Key, Kind

_SESSIONS: Final = ("loginUser", "logoutUser")
_PATHS: Final = {"pet": "/pet", "order": "/store/order", "user": "/user"}
_MODELS: Final[dict[str, Any]] = {"pet": Pet, "order": Order, "user": User}
_V2: Final = FACES["v2", "public"]
_SUCCESS: Final = range(200, 300)
_MERGED_KINDS: Final = ("pet", "order")


class Entity(NamedTuple):
    """Hold an entity as it stands in a body."""

    kind: Kind
    members: dict[str, Any]

    @property
    def key(self) -> Key:
        """Return what it is known by."""
        if self.kind == "user":
            return Key(self.kind, str(self.members.get("username", "")))
        return Key(self.kind, self.number)

    @property
    def number(self) -> int:
        """Return its id; 0 where it has none."""
        return _integer(self.members.get("id"))

    @property
    def version(self) -> int:
        """Return how often it was written; 1 where that is not told."""
        return max(1, _integer(self.members.get("version")))

    def upsert(self) -> Request:
        """Return the request that makes the engine know it so."""
        body = json.dumps(self.members, ensure_ascii=False).encode()
        path = _V2.base + _PATHS[self.kind]
        return Request("POST", path, "", {"content-type": JSON}, body)


class Act:
    """
    Hold a request whose operation the contract knows, read as far as needed.

    Args:
        request: With its whole body.
    """

    def __init__(self, request: Request, match: Match) -> None:
        self.request = request
        self._match = match
        self.operation = match.route.operation

    @property
    def writes(self) -> Kind | None:
        """Return the kind of what it writes; None where it writes nothing."""
        if not self.operation.writes or self.operation.id in _SESSIONS:
            return None
        return KINDS_BY_TAG.get(self.operation.tag)

    @property
    def key(self) -> Key | None:
        """Return what its path is about; None where it is about nothing of a store."""
        for name, text in self._match.path_arguments.items():
            kind = KINDS_BY_WIRE_NAME.get(name)
            if kind is not None:
                return Key(kind, text if kind == "user" else _integer(text))
        listed = LISTS.get(self.operation.id)
        return None if listed is None else Key(listed, "")

    def sent(self) -> list[Entity]:
        """Return the entities of its body."""
        kind = self.writes
        if kind is None or not self._match.route.args_in(Place.BODY):
            return []
        return list(_entities(kind, self.request.headers, self.request.body))

    def shown(self, response: Response) -> list[Entity]:
        """Return the entities of its answer."""
        kind = self.writes or (None if self.key is None else self.key.kind)
        if kind is None or response.status not in _SUCCESS:
            return []
        if self.operation.id in ("getInventory", "getPetHistory"):
            return []
        return list(_entities(kind, response.headers, response.body))

    def written(self, response: Response) -> set[Key]:
        """Return all that it changed; nothing where it was refused."""
        # The public v3 server says 200 where there was nothing to delete.
        is_refused = PROBLEM_HEADER in response.headers
        if self.writes is None or is_refused or response.status not in _SUCCESS:
            return set()
        keys = {one.key for one in self.shown(response)}
        if self.writes == "user" or not keys:
            keys |= {one.key for one in self.sent()}
        if self.key is not None:
            keys.add(self.key)
        return {key for key in keys if key.id}

    def given_ids(self, response: Response) -> dict[str, int]:
        """Return which ids users were given, by their names."""
        shown = self.shown(response)
        ids = {str(one.key.id): one.number for one in shown if one.number}
        if self.operation.id == "createUser" and not ids:
            # The message of /v2 is the id.
            told = _data("user", JSON, _bytes(response.body))
            number = _integer(told.get("message")) if isinstance(told, dict) else 0
            ids = {str(one.key.id): number for one in self.sent() if number}
        return ids

    def deeds(self, response: Response, user_ids: dict[str, int]) -> list[Request]:
        """
        Return what the engine is told of a write that was replayed.

        Args:
            user_ids: Where the answer does not show which ids users were given.
        """
        shown = self.shown(response)
        if shown and self.writes in _MERGED_KINDS:
            return [one.upsert() for one in shown]
        if self.operation.id not in _V2.routes or self._match.route.has_upload:
            return []
        try:
            call = decode_request(self._match, self.request)
            ids = {**user_ids, **self.given_ids(response)}
            arguments = {
                arg.name: _numbered(call.arguments[arg.name], ids)
                for arg in _V2.routes[self.operation.id].args
                if arg.name in call.arguments
            }
            return [encode_request(_V2, Call(self.operation, arguments))]
        except PetstoreError:
            # The upstream took what the contract does not: nobody can tell what it did.
            return []


def act_of(request: Request) -> Act | None:
    """Return what a request does; None beyond the contract."""
    match = match_of(request)
    return None if match is None else Act(request, match)


def _numbered(value: Any, ids: dict[str, int]) -> Any:
    if isinstance(value, list):
        return [_numbered(one, ids) for one in value]
    if isinstance(value, UserDraft) and value.username in ids and not value.id:
        return value.model_copy(update={"id": ids[value.username]})
    return value


def _entities(kind: Kind, headers: Any, body: Any) -> Iterator[Entity]:
    if not isinstance(body, bytes) or not body:
        return
    for members in _found(_data(kind, media_type(headers), body)):
        entity = Entity(kind, members)
        if kind == "user" and "username" not in members:
            continue
        if kind == "user" or entity.number:
            yield entity


def _bytes(body: Any) -> bytes:
    return body if isinstance(body, bytes) else b""


def _data(kind: str, media: str, body: bytes) -> Any:
    try:
        if media == XML:
            return from_xml(body, _MODELS[kind])
        return json.loads(body)
    except (ValueError, RecursionError, PetstoreError):
        return None


def _found(data: Any) -> Iterator[dict[str, Any]]:
    """Yield the entities of an answer: one, a list, a page, or the pet of a photo."""
    if isinstance(data, list):
        yield from (one for one in data if isinstance(one, dict))
        return
    if not isinstance(data, dict):
        return
    if isinstance(data.get("items"), list):
        yield from _found(data["items"])
    elif isinstance(data.get("pet"), dict):
        yield data["pet"]
    else:
        yield data


def _integer(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0
