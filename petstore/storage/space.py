"""Tell a full disk from the other faults of files."""

import errno
from typing import Final

# Besides the disk itself, a quota and the limit of a file's size.
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def is_full(error: OSError) -> bool:
    """Return whether no space is left."""
    return error.errno in _FULL
