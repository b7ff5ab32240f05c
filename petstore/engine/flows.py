"""
Execute what takes more than one transaction, or work outside of any.

A flow is a generator: it yields what it needs done, receives the outcome, and returns
the reply. What it decides is written once; the engine's two drivers, sync and async,
only do.
"""

import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, cast

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert

from petstore.contract.call import ByteStream, Call, Reply
from petstore.contract.errors import NotFound, TooLarge, Unauthorized
from petstore.contract.pet import Pet, Photo
from petstore.contract.user import Token, UserDraft
from petstore.engine import identity, pets, user_rows, users
from petstore.engine.blobs import BlobWriter
from petstore.engine.changes import from_milliseconds
from petstore.engine.context import HOLDER, Caller, Context
from petstore.engine.images import EXTENSIONS, SNIFF_BYTES, inspect_image, sniff
from petstore.engine.passwords import is_right, protected
from petstore.engine.setup import Setup
from petstore.storage.statement import Statement
from petstore.storage.tables import PHOTO
from petstore.storage.transaction import Tx

PHOTOS_PATH: Final = "/photos/"
_SPOOL_BYTES_MAX: Final = 1024 * 1024
_CHUNK_BYTES: Final = 64 * 1024
_OCTETS: Final = "application/octet-stream"

_FIND_PHOTO = Statement(
    select(PHOTO.c.media_type, PHOTO.c.size).where(PHOTO.c.name == bindparam("wanted"))
)
_INSERT_PHOTO = Statement(insert(PHOTO).on_conflict_do_nothing())


@dataclass(frozen=True, slots=True)
class Read:
    """Ask for a unit that only reads."""

    fn: Callable[[Tx], Any]


@dataclass(frozen=True, slots=True)
class Write:
    """Ask for a unit that writes."""

    fn: Callable[[Tx], Any]


@dataclass(frozen=True, slots=True)
class Work:
    """Ask for work that takes long, outside of any transaction."""

    fn: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Drain:
    """Ask for each piece of a stream to be handed to a function."""

    stream: ByteStream
    write: Callable[[bytes], object]


Step = Read | Write | Work | Drain
Flow = Generator[Step, Any, Reply[Any]]


@dataclass(frozen=True, slots=True)
class Visit:
    """Hold one call inside the engine."""

    call: Call[Any]
    caller: Caller
    setup: Setup

    def enter(self, tx: Tx) -> Context:
        """
        Find out who calls, and refuse what they may not do.

        Raises:
            Unauthorized, Forbidden: As `identity.authenticate` and `authorize`.
        """
        profile, credentials = self.setup.profile, self.caller.credentials
        principal = HOLDER
        if credentials is not None:
            principal = identity.authenticate(tx, credentials, profile)
            if profile.auth == "on":
                identity.authorize(self.call.operation, principal, self.call.arguments)
            tx.actor = principal.name
        return Context(profile, self.caller.policy, principal)


Start = Callable[[Visit], Flow]


def as_reply(value: Any) -> Reply[Any]:
    """Wrap the value of a unit, unless it is a reply already."""
    if isinstance(value, Reply):
        return value
    return Reply(value, version=getattr(value, "version", None))


_USER_UNITS: Final[Mapping[str, Callable[..., Any]]] = {
    "createUser": users.create,
    "createUsersWithArrayInput": users.create_many,
    "createUsersWithListInput": users.create_many,
    "updateUser": users.replace,
}


def write_users(visit: Visit) -> Flow:
    """Create or replace users; a shop hashes their passwords before."""
    arguments = dict(visit.call.arguments)
    if not visit.setup.profile.keeps_passwords:
        # Hashing is slow on purpose: first refuse who may not, and hash in no lane.
        yield Read(visit.enter)
        arguments = yield Work(lambda: _protected(arguments, visit.setup))
    unit = _USER_UNITS[visit.call.operation.id]
    reply: Reply[Any] = yield Write(
        lambda tx: as_reply(unit(tx, visit.enter(tx), **arguments))
    )
    return reply


def _protected(arguments: Mapping[str, Any], setup: Setup) -> dict[str, Any]:
    hasher = setup.hasher()
    changed: dict[str, Any] = dict(arguments)
    if "user" in changed:
        changed["user"] = protected(changed["user"], hasher)
    else:
        drafts: list[UserDraft] = changed["users"]
        changed["users"] = [protected(user, hasher) for user in drafts]
    return changed


def log_in(visit: Visit) -> Flow:
    """
    Exchange a name and a password for a token; with auth=off anything will do.

    Raises:
        Unauthorized: One of them is wrong; which one is not said.
    """
    setup = visit.setup
    username, password = _credentials(visit.call.arguments)
    stored = yield Read(lambda tx: user_rows.find(tx, username))
    kept = None if stored is None else stored.user.password
    if setup.profile.keeps_passwords:
        is_known = is_right(kept, password, None)
    else:
        is_known = yield Work(lambda: is_right(kept, password, setup.hasher()))
    token = setup.random_token()
    if is_known:
        value = yield Write(
            lambda tx: identity.issue_token(
                tx, token, user_id=stored.user.id, role=stored.role
            )
        )
        return Reply(value)
    if setup.profile.auth == "off":
        expires_at = from_milliseconds(setup.clock() + identity.TOKEN_LIFE_MS)
        return Reply(Token(access_token=token, expires_at=expires_at))
    raise Unauthorized("The username or the password is wrong.")


def _credentials(arguments: Mapping[str, Any]) -> tuple[str, str]:
    if "credentials" in arguments:
        credentials = arguments["credentials"]
        return credentials.username, credentials.password
    return arguments.get("username", ""), arguments.get("password", "")


def upload(visit: Visit) -> Flow:
    """
    Keep a picture under its content hash and add it to the pet.

    Raises:
        NotFound: There is no such pet.
        TooLarge: The upload exceeds the limit.
        Invalid: It is no picture that can be opened safely.
    """
    arguments, setup = visit.call.arguments, visit.setup
    pet_id, content = arguments["pet_id"], arguments["content"]
    yield Read(lambda tx: _check_pet(tx, visit, pet_id))
    with tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES_MAX) as spool:
        limited = _Limited(spool, setup.upload_bytes_max)
        yield Drain(content, limited.write)
        # The standard library's own class lacks only the name of the interface.
        file = cast(BinaryIO, spool)
        keep = _keep_any if visit.caller.policy.any_upload else _keep_image
        file.seek(0)
        kept = yield Work(lambda: keep(file, setup))
    url = PHOTOS_PATH + kept.name
    pet = yield Write(lambda tx: _attach(tx, visit, kept, pet_id))
    photo = Photo(
        code=200,
        type="unknown",
        message=url,
        url=url,
        media_type=kept.media_type,
        size_bytes=kept.size_bytes,
        pet=pet,
    )
    return Reply(photo, version=None if pet is None else pet.version)


@dataclass(frozen=True, slots=True)
class _Kept:
    name: str
    media_type: str
    size_bytes: int


class _Limited:
    """Write to a file until a limit."""

    def __init__(self, file: tempfile.SpooledTemporaryFile[bytes], limit: int) -> None:
        self._file = file
        self._limit = limit
        self._size_bytes = 0

    def write(self, chunk: bytes) -> None:
        self._size_bytes += len(chunk)
        if self._size_bytes > self._limit:
            raise TooLarge(f"A picture may have {self._limit:,} bytes at most.")
        self._file.write(chunk)


def _check_pet(tx: Tx, visit: Visit, pet_id: int) -> None:
    context = visit.enter(tx)
    if not context.policy.photo_without_pet:
        pets.get(tx, context, pet_id=pet_id)


def _keep_image(file: BinaryIO, setup: Setup) -> _Kept:
    image = inspect_image(file)
    writer = setup.blobs.writer(setup.upload_bytes_max)
    return _stored(writer, iter((image.content,)), image.media_type)


def _keep_any(file: BinaryIO, setup: Setup) -> _Kept:
    media_type = sniff(file.read(SNIFF_BYTES)) or _OCTETS
    file.seek(0)
    writer = setup.blobs.writer(setup.upload_bytes_max)
    return _stored(writer, iter(lambda: file.read(_CHUNK_BYTES), b""), media_type)


def _stored(writer: BlobWriter, chunks: Iterator[bytes], media_type: str) -> _Kept:
    size_bytes = 0
    try:
        for chunk in chunks:
            size_bytes += len(chunk)
            writer.write(chunk)
        name = writer.finish(EXTENSIONS.get(media_type, ""))
    except BaseException:
        writer.abort()
        raise
    return _Kept(name, media_type, size_bytes)


def _attach(tx: Tx, visit: Visit, kept: _Kept, pet_id: int) -> Pet | None:
    context = visit.enter(tx)
    tx.run(
        _INSERT_PHOTO,
        {
            "name": kept.name,
            "media_type": kept.media_type,
            "size": kept.size_bytes,
            "created_at": tx.now,
        },
    )
    return pets.attach_photo(tx, context, pet_id=pet_id, url=PHOTOS_PATH + kept.name)


def download(visit: Visit) -> Flow:
    """
    Return a picture, piece by piece.

    Raises:
        NotFound: There is no such picture.
    """
    name: str = visit.call.arguments["name"]
    row = yield Read(lambda tx: tx.row(_FIND_PHOTO, {"wanted": name}))
    if row is None:
        raise NotFound(f"There is no picture {name}.")
    file = yield Work(lambda: visit.setup.blobs.open(name))
    media_type, size_bytes = row
    return Reply(ByteStream(_chunks(file), media_type, size_bytes, name))


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk
