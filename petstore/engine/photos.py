"""
Take pictures of pets, and give them back.

A picture is kept under its content hash beside the store; its row says what it is, and
its path is one of the pet's photo URLs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from sqlalchemy import bindparam, select

from petstore.contract.call import ByteStream, Reply
from petstore.contract.errors import NotFound
from petstore.contract.pet import Photo
from petstore.engine import pets
from petstore.engine.blobs import BlobStore, BlobWriter
from petstore.engine.context import Context
from petstore.engine.flows import Drain, Flow, Read, Visit, Work, Write
from petstore.engine.idempotency import once
from petstore.engine.images import EXTENSIONS, SNIFF_BYTES, inspect_image, sniff
from petstore.engine.setup import Setup
from petstore.engine.workers import HOP_BYTES
from petstore.storage.statement import Statement
from petstore.storage.store import SyncStore
from petstore.storage.tables import PHOTO
from petstore.storage.transaction import Tx

PHOTOS_PATH: Final = "/photos/"
# Longer than an upload may take from its file to its row.
SWEEP_AGE_MS: Final = 60 * 60 * 1000
_OCTETS: Final = "application/octet-stream"

_FIND = Statement(
    select(PHOTO.c.media_type, PHOTO.c.size).where(PHOTO.c.name == bindparam("wanted"))
)
_NAMES = Statement(select(PHOTO.c.name))
_INSERT = Statement.inserting(lambda insert: insert(PHOTO).on_conflict_do_nothing())


def upload(visit: Visit) -> Flow:
    """
    Keep a picture under its content hash and add it to the pet.

    Raises:
        NotFound: There is no such pet.
        TooLarge: The upload exceeds the limit, or the pet has too many pictures.
        Invalid: It is no picture that can be opened safely.
    """
    arguments, setup = visit.call.arguments, visit.setup
    pet_id: int = arguments["pet_id"]
    yield Read(lambda tx: _check_pet(tx, visit, pet_id))
    with setup.blobs.writer(setup.upload_bytes_max) as sent:
        yield Drain(arguments["content"], sent.write)
        kept: _Kept = yield _keeping(visit, sent)
    reply: Reply[Photo] = yield Write(lambda tx: _attach_once(tx, visit, kept, pet_id))
    return reply


def download(visit: Visit) -> Flow:
    """
    Return a picture, piece by piece.

    Raises:
        NotFound: There is no such picture.
    """
    name: str = visit.call.arguments["name"]
    blobs = visit.setup.blobs
    row = yield Read(lambda tx: tx.row(_FIND, {"wanted": name}))
    if row is None:
        raise NotFound(f"There is no picture {name}.")
    yield Work("files", lambda: blobs.open(name).close())
    media_type, size_bytes = row
    pieces = _BlobPieces(blobs, name, size_bytes)
    return Reply(ByteStream(pieces, media_type, size_bytes, name))


def sweep(store: SyncStore, setup: Setup) -> int:
    """
    Remove files that an upload left without a row, as after a crash.

    A picture that no pet shows any more stays: the history of a pet names it, and so
    does a pet that may be restored. No other process may use the pictures meanwhile.

    Returns:
        How many files were removed.

    Raises:
        Unavailable: They cannot be removed.
    """
    known = store.read(lambda tx: {str(name) for (name,) in tx.rows(_NAMES)})
    return setup.blobs.sweep(known, older_than=setup.clock() - SWEEP_AGE_MS)


class _Kept(NamedTuple):
    name: str
    media_type: str
    size_bytes: int

    @property
    def url(self) -> str:
        return PHOTOS_PATH + self.name


@dataclass(frozen=True, slots=True)
class _BlobPieces:
    """Read a blob from its start; nothing is open between two pieces."""

    blobs: BlobStore
    name: str
    size_bytes: int

    def __iter__(self) -> Iterator[bytes]:
        for offset in range(0, self.size_bytes, HOP_BYTES):
            yield self._piece(offset)

    def _piece(self, offset: int) -> bytes:
        with self.blobs.open(self.name) as file:
            file.seek(offset)
            return file.read(HOP_BYTES)


def _check_pet(tx: Tx, visit: Visit, pet_id: int) -> None:
    context = visit.enter(tx)
    if not context.policy.photo_without_pet:
        pets.get(tx, context, pet_id=pet_id)


def _keeping(visit: Visit, sent: BlobWriter) -> Work:
    if visit.caller.policy.any_upload:
        return Work("files", lambda: _keep_any(sent))
    return Work("pictures", lambda: _keep_image(sent, visit.setup.blobs))


def _keep_image(sent: BlobWriter, blobs: BlobStore) -> _Kept:
    image = inspect_image(sent.reread())
    sent.abort()
    # No limit: what was sent was limited, and a picture drawn again may be larger.
    with blobs.writer() as redrawn:
        redrawn.write(image.content)
        return _finished(redrawn, image.media_type)


def _keep_any(sent: BlobWriter) -> _Kept:
    return _finished(sent, sniff(sent.reread().read(SNIFF_BYTES)) or _OCTETS)


def _finished(writer: BlobWriter, media_type: str) -> _Kept:
    name = writer.finish(EXTENSIONS.get(media_type, ""))
    return _Kept(name, media_type, writer.size_bytes)


def _attach_once(tx: Tx, visit: Visit, kept: _Kept, pet_id: int) -> Reply[Photo]:
    context = visit.enter(tx)
    return once(
        tx,
        visit,
        context,
        lambda: _attach(tx, context, kept, pet_id),
        content=kept.name,
    )


def _attach(tx: Tx, context: Context, kept: _Kept, pet_id: int) -> Reply[Photo]:
    tx.run(
        _INSERT,
        {
            "name": kept.name,
            "media_type": kept.media_type,
            "size": kept.size_bytes,
            "created_at": tx.now,
        },
    )
    pet = pets.attach_photo(tx, context, pet_id=pet_id, url=kept.url)
    photo = Photo(
        code=200,
        type="unknown",
        message=kept.url,
        url=kept.url,
        media_type=kept.media_type,
        size_bytes=kept.size_bytes,
        pet=pet,
    )
    return Reply(photo, version=None if pet is None else pet.version)
