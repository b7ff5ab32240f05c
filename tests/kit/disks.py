"""Make this process meet a full disk."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager

FILE_BYTES_MAX = 8_192


@contextmanager
def small_files() -> Iterator[None]:
    """
    Let no file of this process grow beyond 8 KiB, as on a full disk.

    Only around the call under test: pytest's own output may be a longer file.
    """
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES_MAX, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
