"""
Keep pictures beside the store, named by their content.

A blob is `<64 hex sha256><extension>`, so the same content is kept once, nobody's file
name ever reaches the disk, and what a name stands for never changes. On disk it is
written to a hidden `.….part`, synced, renamed, and the directory synced: a name that
`finish` has returned survives a crash. The row that names it is written after that, so
there may be blobs without a row, which `sweep` removes, but no row without a blob.
Finishing a blob that exists makes it young again, lest a sweep take it before its row.
"""

import contextlib
import hashlib
import os
import tempfile
import threading
from collections.abc import Callable, Collection, Mapping
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, Self

from petstore.contract.errors import (
    NotFound,
    RemoteError,
    StorageFull,
    TooLarge,
    Unavailable,
)
from petstore.storage.pictures import NAME, PART_SUFFIX
from petstore.storage.space import is_full
from petstore.storage.transaction import Clock


class BlobStore(Protocol):
    """Keep blobs, on disk or in memory."""

    def writer(self, bytes_max: int | None = None) -> "BlobWriter":
        """
        Begin a blob, which exists when its writer has finished.

        Args:
            bytes_max: The most that it may hold; None for no limit.

        Raises:
            Unavailable: Nothing can be written there.
            StorageFull: No space is left.
        """

    def open(self, name: str) -> BinaryIO:
        """
        Open a blob to be read.

        Raises:
            NotFound: There is no such blob, or it is no name of one.
        """

    def read(self, name: str) -> bytes:
        """Return a whole blob; raises as `open`."""

    def path(self, name: str) -> Path | None:
        """Return where a blob lies, None when it is no file; raises as `open`."""

    def sweep(self, known: Collection[str], *, older_than: int) -> int:
        """
        Remove blobs and unfinished writes that nothing names.

        Args:
            known: Names to keep.
            older_than: Milliseconds since the epoch; what is younger is kept too, for
                its row may be on its way.

        Returns:
            How many were removed.

        Raises:
            Unavailable: They cannot be removed.
        """


class BlobWriter:
    """
    Take the bytes of one blob; after an error, or `with` without finish, none is left.

    Args:
        target: Where bytes go, until `keep` gives them their name or `drop` undoes it.
    """

    def __init__(
        self,
        target: BinaryIO,
        bytes_max: int | None,
        *,
        keep: Callable[[str], None],
        drop: Callable[[], None],
    ) -> None:
        self.size_bytes = 0
        self._target = target
        self._bytes_max = bytes_max
        self._keep = keep
        self._drop = drop
        self._hash = hashlib.sha256()
        self._is_open = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.abort()

    def write(self, chunk: bytes) -> None:
        """
        Add the next bytes.

        Raises:
            TooLarge: They pass the limit.
            StorageFull: No space is left.
            Unavailable: They cannot be written.
        """
        self.size_bytes += len(chunk)
        if self._bytes_max is not None and self.size_bytes > self._bytes_max:
            self.abort()
            raise TooLarge(f"A picture may have {self._bytes_max:,} bytes at most.")
        self._hash.update(chunk)
        try:
            self._target.write(chunk)
        except OSError as error:
            self.abort()
            raise _refusal(error) from error

    def reread(self) -> BinaryIO:
        """
        Return what was written, to be read from its start before `finish`.

        Raises:
            StorageFull: No space is left.
            Unavailable: It could not be written.
        """
        try:
            self._target.seek(0)
        except OSError as error:
            self.abort()
            raise _refusal(error) from error
        return self._target

    def finish(self, extension: str = "") -> str:
        """
        Make the blob durable and return its name.

        Args:
            extension: With its dot, three or four small letters; "" for none.

        Raises:
            StorageFull: No space is left.
            Unavailable: It cannot be kept.
        """
        name = self._hash.hexdigest() + extension
        if not NAME.fullmatch(name):
            raise ValueError(f"no extension of a blob: {extension!r}")
        try:
            self._keep(name)
        except OSError as error:
            self.abort()
            raise _refusal(error) from error
        self._is_open = False
        return name

    def abort(self) -> None:
        """Leave nothing behind; does nothing after `finish` or another abort."""
        if self._is_open:
            self._is_open = False
            self._drop()


class DiskBlobs:
    """
    Keep blobs as files in one directory, which is made with mode 0700 when needed.

    Args:
        clock: Milliseconds since the epoch; stamps each blob for `sweep`.
    """

    def __init__(self, directory: Path, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock
        self._lock = threading.Lock()
        self._is_new = False

    def writer(self, bytes_max: int | None = None) -> BlobWriter:
        """Begin a blob; see `BlobStore`."""
        try:
            self._make_directory()
            fd, part_name = tempfile.mkstemp(PART_SUFFIX, ".", self._directory)
        except OSError as error:
            raise _refusal(error) from error
        part = Path(part_name)
        file = os.fdopen(fd, "w+b")

        def keep(name: str) -> None:
            file.flush()
            os.fsync(file.fileno())
            self._stamp(part)
            file.close()
            with self._lock:
                part.replace(self._directory / name)
            self._sync()

        def drop() -> None:
            # Closing flushes, which fails again on a full disk, but closes the file.
            with contextlib.suppress(OSError):
                file.close()
            with contextlib.suppress(OSError):
                part.unlink()

        return BlobWriter(file, bytes_max, keep=keep, drop=drop)

    def open(self, name: str) -> BinaryIO:
        """Open a blob to be read; see `BlobStore`."""
        path = self._directory / _checked(name)
        try:
            return path.open("rb")
        except FileNotFoundError as error:
            raise _not_found(name) from error
        except OSError as error:
            raise _refusal(error) from error

    def read(self, name: str) -> bytes:
        """Return a whole blob."""
        with self.open(name) as file:
            return file.read()

    def path(self, name: str) -> Path:
        """Return the file of a blob."""
        path = self._directory / _checked(name)
        if not path.is_file():
            raise _not_found(name)
        return path

    def sweep(self, known: Collection[str], *, older_than: int) -> int:
        """Remove what nothing names; see `BlobStore`."""
        try:
            old = [path for path in self._files() if path.name not in known]
            return sum(self._remove(path, older_than * 1_000_000) for path in old)
        except OSError as error:
            raise _refusal(error) from error

    def _remove(self, path: Path, older_than_ns: int) -> bool:
        # Without the lock, a blob could become young between the look and the removal.
        with self._lock, contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime_ns < older_than_ns:
                path.unlink()
                return True
        return False

    def _files(self) -> list[Path]:
        """List blobs and unfinished writes, and nothing that somebody else put here."""
        if not self._directory.is_dir():
            return []
        return [
            path
            for path in self._directory.iterdir()
            if NAME.fullmatch(path.name)
            or (path.name.startswith(".") and path.suffix == PART_SUFFIX)
        ]

    def _make_directory(self) -> None:
        if not self._directory.is_dir():
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._is_new = True

    def _sync(self) -> None:
        _sync_directory(self._directory)
        if self._is_new:
            _sync_directory(self._directory.parent)
            self._is_new = False

    def _stamp(self, path: Path) -> None:
        now_ns = self._clock() * 1_000_000
        os.utime(path, ns=(now_ns, now_ns))


class MemoryBlobs:
    """
    Keep blobs in memory, gone with this object.

    Args:
        clock: Milliseconds since the epoch; stamps each blob for `sweep`.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._blobs: dict[str, tuple[bytes, int]] = {}

    def writer(self, bytes_max: int | None = None) -> BlobWriter:
        """Begin a blob; see `BlobStore`."""
        buffer = BytesIO()

        def keep(name: str) -> None:
            self._blobs[name] = (buffer.getvalue(), self._clock())
            buffer.close()

        return BlobWriter(buffer, bytes_max, keep=keep, drop=buffer.close)

    def open(self, name: str) -> BinaryIO:
        """Open a blob to be read; see `BlobStore`."""
        return BytesIO(self.read(name))

    def read(self, name: str) -> bytes:
        """Return a whole blob."""
        if name not in self._blobs:
            raise _not_found(name)
        return self._blobs[name][0]

    def path(self, name: str) -> Path | None:
        """Return None, for no blob is a file."""
        self.read(name)
        return None

    def sweep(self, known: Collection[str], *, older_than: int) -> int:
        """Remove what nothing names; see `BlobStore`."""
        unknown = [
            name
            for name, (_, kept_at) in list(self._blobs.items())
            if name not in known and kept_at < older_than
        ]
        for name in unknown:
            del self._blobs[name]
        return len(unknown)

    def snapshot(self) -> Mapping[str, tuple[bytes, int]]:
        """Return all blobs as they are now, for `restore`."""
        return dict(self._blobs)

    def restore(self, snapshot: Mapping[str, tuple[bytes, int]]) -> None:
        """Replace all blobs by those of a snapshot."""
        self._blobs = dict(snapshot)


def _checked(name: str) -> str:
    # No other name is ever joined to the directory, so none can lead out of it.
    if not NAME.fullmatch(name):
        raise _not_found(name)
    return name


def _not_found(name: str) -> NotFound:
    return NotFound(f"There is no picture {name!a}.")


def _refusal(error: OSError) -> RemoteError:
    if is_full(error):
        return StorageFull(
            "No space is left for pictures; nothing was written, and reading goes on."
        )
    return Unavailable(
        f"Pictures cannot be kept or read now ({error.strerror}); the directory beside "
        "the store must exist and be writable."
    )


def _sync_directory(directory: Path) -> None:
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
