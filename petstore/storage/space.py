"""Tell a full disk from the other faults of files."""

import contextlib
import errno
from collections.abc import Iterator
from typing import Final

from petstore.contract.errors import StorageFull, Unavailable

# Besides the disk itself, a quota and the limit of a file's size.
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def is_full(error: OSError) -> bool:
    """Return whether no space is left."""
    return error.errno in _FULL


@contextlib.contextmanager
def temporary_files() -> Iterator[None]:
    """
    Refuse when a temporary file fails in the block.

    Every use belongs in it: a buffered file may tell of a full disk as late as when it
    is rewound.

    Raises:
        StorageFull: No space is left.
        Unavailable: They cannot be written for another reason.
    """
    try:
        yield
    except OSError as error:
        if is_full(error):
            raise StorageFull(
                "No space is left for temporary files; free some, and try again."
            ) from error
        raise Unavailable("Temporary files cannot be written now.") from error
