"""Pictures are kept whole or not at all, under the name of their content."""

import hashlib
import os
import shutil
import stat
import tempfile
from pathlib import Path

import pytest

from petstore.contract.errors import NotFound, StorageFull, TooLarge, Unavailable
from petstore.engine.blobs import DiskBlobs, MemoryBlobs
from tests.kit.disks import small_files

CONTENT = b"a picture"
NAME = hashlib.sha256(CONTENT).hexdigest() + ".png"


class Clock:
    """Tell a time that tests set, in milliseconds."""

    def __init__(self) -> None:
        self.now = 1_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def directory(tmp_path):
    return tmp_path / "shop.db.photos"


@pytest.fixture(params=["disk", "memory"])
def blobs(request, directory, clock):
    return (
        DiskBlobs(directory, clock) if request.param == "disk" else (MemoryBlobs(clock))
    )


@pytest.fixture
def disk(directory, clock):
    return DiskBlobs(directory, clock)


def keep(blobs, content: bytes = CONTENT, extension: str = ".png") -> str:
    with blobs.writer() as writer:
        writer.write(content)
        return str(writer.finish(extension))


def files_in(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_blob_is_named_by_its_content(blobs):
    writer = blobs.writer(len(CONTENT))
    for byte in CONTENT:
        writer.write(bytes([byte]))

    assert writer.finish(".png") == NAME
    assert writer.size_bytes == len(CONTENT)
    assert blobs.read(NAME) == CONTENT
    with blobs.open(NAME) as file:
        assert file.read(1) == b"a"


def test_empty_blob_without_extension_is_kept(blobs):
    name = keep(blobs, b"", "")

    assert name == hashlib.sha256().hexdigest()
    assert blobs.read(name) == b""


def test_same_content_is_kept_once(disk, directory):
    assert keep(disk) == keep(disk) == NAME

    assert files_in(directory) == [NAME]


@pytest.mark.parametrize(
    "extension", ["png", ".PNG", ".p", ".jpegs", "/../x", ".png\n", ".p\0g"]
)
def test_odd_extension_is_a_bug(blobs, extension):
    with pytest.raises(ValueError, match="extension"), blobs.writer() as writer:
        writer.finish(extension)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("0" * 64 + ".png", id="unknown"),
        pytest.param("", id="empty"),
        pytest.param("..", id="parent"),
        pytest.param("../../etc/passwd", id="traversal"),
        pytest.param("/etc/passwd", id="absolute"),
        pytest.param(NAME + "/../" + NAME, id="inside"),
        pytest.param(NAME.upper(), id="upper-case"),
        pytest.param(NAME + "\n", id="newline"),
        pytest.param("\0" + NAME, id="nul"),
        pytest.param("nul", id="device"),
        pytest.param("\ud800", id="surrogate"),
    ],
)
@pytest.mark.parametrize("method", ["open", "read", "path"])
def test_what_is_no_blob_is_not_found(blobs, name, method):
    keep(blobs)

    with pytest.raises(NotFound, match="no picture"):
        getattr(blobs, method)(name)


def test_blob_on_disk_has_a_path_and_one_in_memory_has_none(disk, directory, clock):
    memory = MemoryBlobs(clock)

    assert disk.path(keep(disk)) == directory / NAME
    assert memory.path(keep(memory)) is None


def test_too_much_is_refused_and_leaves_nothing(blobs, directory):
    writer = blobs.writer(4)
    writer.write(b"1234")

    with pytest.raises(TooLarge, match="A picture may have 4 bytes at most"):
        writer.write(b"5")

    assert writer.size_bytes == 5
    assert not directory.exists() or files_in(directory) == []


def test_unfinished_blob_leaves_nothing(blobs, directory):
    with blobs.writer() as writer:
        writer.write(CONTENT)

    writer.abort()
    assert not directory.exists() or files_in(directory) == []
    with pytest.raises(NotFound):
        blobs.read(NAME)


def test_what_was_written_can_be_read_before_the_end(blobs):
    with blobs.writer() as writer:
        writer.write(CONTENT)

        assert writer.reread().read() == CONTENT
        assert writer.finish(".png") == NAME

    assert blobs.read(NAME) == CONTENT


def test_unfinished_blob_cannot_be_seen(disk, directory):
    with disk.writer() as writer:
        writer.write(CONTENT)
        (part,) = files_in(directory)

    assert part.startswith(".")
    assert part.endswith(".part")


def test_only_the_owner_may_look(disk, directory):
    path = disk.path(keep(disk))

    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_directory_is_made_by_the_first_write(disk, directory):
    assert disk.sweep((), older_than=2**50) == 0
    with pytest.raises(NotFound):
        disk.open(NAME)
    assert not directory.exists()

    keep(disk)
    assert directory.exists()


# --- sweeping


def test_sweep_removes_what_is_old_and_unknown(blobs, clock):
    known, old = keep(blobs, b"known"), keep(blobs, b"old")
    clock.now += 1
    young = keep(blobs, b"young")

    assert blobs.sweep({known}, older_than=clock.now) == 1

    assert blobs.read(known) == b"known"
    assert blobs.read(young) == b"young"
    with pytest.raises(NotFound):
        blobs.read(old)


def test_blob_that_comes_again_is_young_again(blobs, clock):
    keep(blobs)
    clock.now += 1
    keep(blobs)

    assert blobs.sweep((), older_than=clock.now) == 0
    assert blobs.read(NAME) == CONTENT


def test_sweep_removes_old_parts_and_nobody_elses_files(disk, directory):
    keep(disk)
    (directory / ".abc.part").write_bytes(b"")
    (directory / "README").write_bytes(b"")
    (directory / ".hidden").write_bytes(b"")

    assert disk.sweep({NAME}, older_than=2**50) == 1

    assert files_in(directory) == sorted([".hidden", "README", NAME])


# --- snapshots


def test_restored_memory_has_what_the_snapshot_had(clock):
    blobs = MemoryBlobs(clock)
    name = keep(blobs)
    snapshot = blobs.snapshot()
    other = keep(blobs, b"other")
    blobs.sweep({other}, older_than=2**50)

    blobs.restore(snapshot)

    assert blobs.read(name) == CONTENT
    with pytest.raises(NotFound):
        blobs.read(other)


# --- faults


def test_full_disk_is_said_and_leaves_nothing(disk, directory):
    kept = keep(disk)
    writer = disk.writer()

    with small_files(), pytest.raises(StorageFull, match="reading goes on"):
        writer.write(bytes(100_000))

    assert files_in(directory) == [kept]
    assert disk.read(kept) == CONTENT


def test_disk_that_is_full_at_the_end_is_said_and_leaves_nothing(disk, directory):
    writer = disk.writer()
    writer.write(bytes(8_000))
    # Stays in the buffer until the blob is finished.
    writer.write(bytes(500))

    with small_files(), pytest.raises(StorageFull):
        writer.finish(".png")

    assert files_in(directory) == []


def test_disk_that_is_full_when_it_is_reread_is_said_and_leaves_nothing(
    disk, directory
):
    writer = disk.writer()
    writer.write(bytes(8_000))
    # Stays in the buffer until then.
    writer.write(bytes(500))

    with small_files(), pytest.raises(StorageFull):
        writer.reread()

    assert files_in(directory) == []


def test_place_that_is_no_directory_is_unavailable(disk, directory):
    directory.write_bytes(b"")

    with pytest.raises(Unavailable, match="must exist and be writable"):
        disk.writer()
    with pytest.raises(Unavailable):
        disk.open(NAME)


def test_directory_that_is_gone_at_the_end_is_unavailable(disk, directory):
    writer = disk.writer()
    writer.write(CONTENT)
    shutil.rmtree(directory)

    with pytest.raises(Unavailable):
        writer.finish(".png")


@pytest.fixture
def nobody():
    """Be a user whom a mode can stop, for none stops root."""
    was_root = os.geteuid() == 0
    if was_root:
        os.seteuid(65_534)
    yield
    if was_root:
        os.seteuid(0)


@pytest.fixture
def open_directory():
    """Give a directory that everybody may enter; that of `tmp_path` is private."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_read_only_directory_is_unavailable_and_can_be_read(
    open_directory, clock, request
):
    disk = DiskBlobs(open_directory, clock)
    disk.path(keep(disk)).chmod(0o444)
    open_directory.chmod(0o555)
    request.getfixturevalue("nobody")

    with pytest.raises(Unavailable):
        disk.writer()
    with pytest.raises(Unavailable):
        disk.sweep((), older_than=2**50)

    assert disk.read(NAME) == CONTENT
