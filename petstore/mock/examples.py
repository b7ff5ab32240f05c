"""
Make the answer that the contract gives as an example.

A field that the contract has examples of has one of them; any other is drawn from the
seed and the field's name, so one seed gives the same pet to all operations. What the
request names, such as an id in its path, is what the answer is about.
"""

import hashlib
import types
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, TypeVar, Union, get_args, get_origin

from pydantic import AwareDatetime, BaseModel
from pydantic.fields import FieldInfo

from petstore.contract.call import ByteStream, Call, Operation, Reply
from petstore.contract.errors import RemoteError
from petstore.contract.event import Event
from petstore.contract.http import Match, Request, decode_request
from petstore.contract.media import EVENTS
from petstore.contract.model import enum_in
from petstore.contract.pet import Pet, PetStatus
from petstore.contract.refusals import Refused, encode_error
from petstore.contract.replies import Response, check_acceptable, encode_reply

_WORDS: Final = ("amber", "birch", "cedar", "dune", "ember", "fjord", "grove", "harbor")
_NUMBER_MAX: Final = 9
_HOURS_MAX: Final = 48
# Where a model of the contract is silent, by the name of the field.
_PLAIN: Final = {
    "action": "update",
    "actor": "theUser",
    "code": 200,
    "cursor": "1.1",
    "kind": "pet",
    "media_type": "image/png",
    "message": "ok",
    "photo_urls": ["https://example.com/pets/10.jpg"],
    "scopes": ["read:pets", "write:pets"],
    "type": "unknown",
}
# One transparent pixel.
_PNG: Final = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f64540"
    "0000000049454e44ae426082"
)

M = TypeVar("M", bound=BaseModel)


class Examples:
    """
    Answer with examples.

    Args:
        seed: Chooses among those that are possible.
    """

    def __init__(self, seed: str | int = 0) -> None:
        self._seed = str(seed)

    def response(self, match: Match, request: Request, now: datetime) -> Response:
        """
        Return the example of what a request asks for.

        Args:
            now: Before the times in it.

        Returns:
            The refusal, where the request is not one of the contract.
        """
        face, route = match.face, match.route
        try:
            check_acceptable(face, route, request)
            call = decode_request(match, request)
            reply = self.reply(call, now)
            return encode_reply(face, call, reply, request)
        except RemoteError as error:
            refused = Refused(face, route, request, request.path, "0" * 16)
            return encode_error(refused, error)

    def reply(self, call: Call[Any], now: datetime) -> Reply[Any]:
        """Return the example of a call's answer."""
        value = self.value(call.operation, now)
        _name(value, call)
        return Reply(value, version=getattr(value, "version", None))

    def value(self, operation: Operation[Any], now: datetime) -> Any:
        """Return the example of an operation's result."""
        if operation.endless:
            pet = self._made(Pet, "", now)
            event = self._model(Event, now).model_copy(
                update={"entity": pet.model_dump(mode="json", exclude_none=True)}
            )
            text = event.model_dump_json(exclude_none=True)
            block = f"id: {event.cursor}\nevent: change\ndata: {text}\n\n"
            return ByteStream([block.encode()], EVENTS)
        if operation.result is ByteStream:
            return ByteStream(_PNG, "image/png", len(_PNG))
        return self._made(operation.result, operation.id, now)

    def _made(self, kind: Any, place: str, now: datetime) -> Any:
        origin = get_origin(kind)
        if origin is Annotated:
            inner, *facts = get_args(kind)
            given = _examples_in(facts)
            return (
                self._one_of(given, place) if given else self._made(inner, place, now)
            )
        if origin in (Union, types.UnionType):
            choices = [one for one in get_args(kind) if one is not type(None)]
            return self._made(choices[0], place, now)
        if origin is list:
            return [self._made(get_args(kind)[0], f"{place}[0]", now)]
        if origin is dict:
            return {name: self._draw(f"{place}.{name}") for name in PetStatus}
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return self._model(kind, now)
        return self._plain(kind, place, now)

    def _model(self, model: type[M], now: datetime) -> M:
        values = {
            name: _PLAIN[name]
            if name in _PLAIN
            else self._field(info, f"{model.__name__}.{name}", now)
            for name, info in model.model_fields.items()
            # An example is the only page, and no cursor leads on.
            if name != "next_cursor"
        }
        return model.model_validate(values)

    def _field(self, info: FieldInfo, place: str, now: datetime) -> Any:
        given = info.examples or _examples_in(info.metadata)
        if given:
            return self._one_of(given, place)
        return self._made(info.annotation, place, now)

    def _plain(self, kind: Any, place: str, now: datetime) -> Any:
        if kind is type(None) or kind is None:
            return None
        if (enum := enum_in(kind)) is not None:
            return self._one_of(list(enum), place)
        if kind is bool:
            return self._draw(place) % 2 == 0
        if kind is int:
            return self._draw(place)
        if kind is AwareDatetime:
            hours = 1 + self._number(place) % _HOURS_MAX
            return now + timedelta(hours=hours)
        return self._one_of(_WORDS, place) if kind is str else {}

    def _draw(self, place: str) -> int:
        return 1 + self._number(place) % _NUMBER_MAX

    def _one_of(self, choices: Any, place: str) -> Any:
        return choices[self._number(place) % len(choices)]

    def _number(self, place: str) -> int:
        digest = hashlib.sha256(f"{self._seed} {place}".encode()).digest()
        return int.from_bytes(digest[:8], "big")


def _examples_in(facts: Any) -> list[Any] | None:
    for fact in facts:
        if isinstance(fact, FieldInfo) and fact.examples:
            return fact.examples
    return None


def _name(value: Any, call: Call[Any]) -> None:
    """Let an example be about what the call names in its path."""
    if not isinstance(value, BaseModel):
        return
    fields = type(value).model_fields
    for argument, field in (
        ("pet_id", "id"),
        ("order_id", "id"),
        ("username", "username"),
    ):
        is_named = f"{{{_wire(call, argument)}}}" in call.operation.path
        if is_named and field in fields:
            setattr(value, field, call.arguments[argument])


def _wire(call: Call[Any], name: str) -> str:
    return next((one.wire for one in call.operation.args if one.name == name), "")
