"""Hold what an engine is equipped with; everything that tests replace is here."""

from collections.abc import Callable
from typing import NamedTuple

from petstore.engine.blobs import BlobStore
from petstore.engine.passwords import Hasher, default_hasher
from petstore.engine.profile import Profile
from petstore.storage.transaction import Clock

UPLOAD_BYTES_MAX = 10 * 1024 * 1024


class Setup(NamedTuple):
    """
    Equip an engine.

    Args:
        clock: Milliseconds since the epoch in UTC.
        random_token: Makes a new secret token of 128 random bits or more.
        hasher: Makes the password hasher, late: it is heavy to import.
        upload_bytes_max: Size of the largest picture that is taken.
    """

    profile: Profile
    clock: Clock
    random_token: Callable[[], str]
    blobs: BlobStore
    hasher: Callable[[], Hasher] = default_hasher
    upload_bytes_max: int = UPLOAD_BYTES_MAX
