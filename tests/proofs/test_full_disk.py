"""A full or a read-only disk takes no write, keeps what it has, and is read on."""

import asyncio
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

import petstore
from petstore.storage.maintenance import check
from tests.kit.builders import a_draft
from tests.proofs.processes import UNPRIVILEGED, Program, started

pytestmark = pytest.mark.proof

UNLIMITED = resource.RLIM_INFINITY
# How much is left when the disk is about to be full, and how much a pet takes of it.
SPACE_BYTES = 512 * 1024
PET_BYTES = 64 * 1024
WRITER_COUNT = 32
ORDINARY = {"name": "Rex", "photoUrls": [], "status": "sold"}
LARGE = {**ORDINARY, "photoUrls": ["x" * 1024] * (PET_BYTES // 1024)}
OCTETS = {"Content-Type": "application/octet-stream"}

Tell = Callable[[str], None]


async def test_full_disk_keeps_what_is_there_and_answers_reads(
    tmp_path: Path, tell: Tell
):
    store = tmp_path / "shop.db"
    with started(tmp_path, "--store", store) as server:
        async with httpx.AsyncClient(base_url=server.url()) as http:
            kept = await created(http, count=10)
            with space_left(server, log_bytes(store) + SPACE_BYTES):
                answers = await asyncio.gather(
                    *(http.post("/pet", json=LARGE) for _ in range(WRITER_COUNT))
                )
                kept += [one.json()["id"] for one in answers if one.status_code == 200]
                refused = [one for one in answers if one.status_code != 200]

                assert {"storage_full"} == {one.json()["code"] for one in refused}
                assert {507} == {one.status_code for one in refused}
                assert not any(str(store) in one.text for one in refused)
                assert 507 == (await http.post("/pet", json=LARGE)).status_code
                assert [200] * len(kept) == await statuses(http, kept)
                assert 200 == (await http.get("/pet?limit=100")).status_code
                assert [] == check(str(store))
            freed = await http.post("/pet", json=LARGE)
            assert 200 == freed.status_code
            kept += [freed.json()["id"], *await created(http, count=10)]
            assert [200] * len(kept) == await statuses(http, kept)
            sold = (await http.get("/store/inventory")).json()["sold"]
        server.signal(signal.SIGTERM)
        assert 0 == server.end()

    assert [] == check(str(store))
    with petstore.open(str(store)) as shop:
        assert {pet.id for pet in shop.pets.list()} >= set(kept)
        assert sold == shop.store.inventory()["sold"]
    tell(f"{len(answers) - len(refused)} stored, {len(refused)} refused, then resumed")


@pytest.mark.parametrize(
    "size_bytes",
    [
        pytest.param(512 * 1024, id="small"),
        pytest.param(4 * 1024 * 1024, id="large"),
    ],
)
def test_upload_to_a_full_disk_is_refused(size_bytes: int, tmp_path: Path):
    picture = b"x" * size_bytes
    with (
        started(tmp_path, "--store", tmp_path / "shop.db") as server,
        httpx.Client(base_url=server.url(), headers=OCTETS) as http,
    ):
        with space_left(server, size_bytes // 2):
            refused = http.post("/v2/pet/1/uploadImage", content=picture)

        assert 507 == refused.status_code, refused.text
        assert [] == list(tmp_path.glob("shop.db.photos/*"))
        assert 200 == http.post("/v2/pet/1/uploadImage", content=picture).status_code


@pytest.mark.parametrize(
    ("file_mode", "folder_mode"),
    [
        pytest.param(0o444, 0o755, id="file"),
        pytest.param(0o644, 0o555, id="folder"),
        pytest.param(0o444, 0o555, id="both"),
    ],
)
def test_read_only_store_is_read_and_takes_no_write(
    file_mode: int, folder_mode: int, tmp_path: Path
):
    folder = tmp_path / "shop"
    folder.mkdir()
    store = folder / "shop.db"
    with petstore.open(str(store)) as shop:
        pet = shop.pets.create(a_draft())
    content = store.read_bytes()

    with (
        modes({store: file_mode, folder: folder_mode}),
        started(tmp_path, "--store", store, launcher=UNPRIVILEGED) as server,
        httpx.Client(base_url=server.url()) as http,
    ):
        answers = [
            http.post("/pet", json=ORDINARY),
            http.delete(f"/pet/{pet.id}"),
            http.post("/store/order", json={"petId": 1}),
            http.post("/v2/pet/1/uploadImage", content=b"x", headers=OCTETS),
        ]
        assert [503] * len(answers) == [one.status_code for one in answers]
        assert pet.name == http.get(f"/pet/{pet.id}").json()["name"]
        assert 200 == http.get("/store/inventory").status_code
        assert 200 == http.get("/readyz").status_code
        server.signal(signal.SIGTERM)
        assert 0 == server.end()

    assert content == store.read_bytes()


@contextmanager
def space_left(server: Program, size_bytes: int) -> Iterator[None]:
    """Let no file of the server grow beyond a size."""
    pid, kind = server.process.pid, resource.RLIMIT_FSIZE
    resource.prlimit(pid, kind, (size_bytes, UNLIMITED))
    try:
        yield
    finally:
        resource.prlimit(pid, kind, (UNLIMITED, UNLIMITED))


def log_bytes(store: Path) -> int:
    """Return the size of the file that every write goes to first."""
    return store.with_name(f"{store.name}-wal").stat().st_size


@contextmanager
def modes(wanted: dict[Path, int]) -> Iterator[None]:
    before = {path: path.stat().st_mode for path in wanted}
    for path, mode in wanted.items():
        path.chmod(mode)
    try:
        yield
    finally:
        for path, mode in before.items():
            path.chmod(mode)


async def created(http: httpx.AsyncClient, *, count: int) -> list[int]:
    answers = [await http.post("/pet", json=ORDINARY) for _ in range(count)]
    return [answer.raise_for_status().json()["id"] for answer in answers]


async def statuses(http: httpx.AsyncClient, pet_ids: list[int]) -> list[int]:
    return [(await http.get(f"/pet/{pet_id}")).status_code for pet_id in pet_ids]
