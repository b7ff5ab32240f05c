"""What a client was told to be done is done once, whatever the network did."""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random

import pytest

from petstore.contract.errors import PetstoreError
from petstore_client import AsyncPetstore, PetDraft, Petstore, Retry
from tests.kit.chaos import Chaos, between
from tests.proofs.processes import started

pytestmark = pytest.mark.proof

CREATE_COUNT = 10_000
WORKER_COUNT = 16
HANG_S = 1_200
GIVEN_UP_MAX = 0.01
# Of 500, two are expected, and chance alone makes them six once in sixty runs.
GIVEN_UP_COUNT_MAX = 10
# The pauses are not what is proved.
QUICK = Retry(base_s=0.002, cap_s=0.02)

Tell = Callable[[str], None]


class Outcomes:
    """Hold what came of each create, by the name that it was for."""

    def __init__(self, count: int) -> None:
        self._names = iter([f"pet {number}" for number in range(count)])
        self._lock = threading.Lock()
        self.acknowledged: dict[str, int] = {}
        self.given_up: dict[str, PetstoreError] = {}

    def drafts(self) -> Iterable[PetDraft]:
        """Give what is left to create; any thread may ask."""
        while True:
            with self._lock:
                name = next(self._names, None)
            if name is None:
                return
            yield PetDraft(name=name, photo_urls=[])

    def check(self, url: str, count: int) -> str:
        """Compare with what the server has, and return the figures."""
        with Petstore(url) as client:
            stored = [(pet.name, pet.id) for pet in client.pets.list(page_size=1_000)]
        times = Counter(name for name, _ in stored)
        duplicates = [name for name, number in times.items() if number > 1]
        lost = self.acknowledged.items() - set(stored)

        assert ([], set()) == (duplicates, lost)
        assert count == len(self.acknowledged) + len(self.given_up)
        assert len(self.given_up) <= max(GIVEN_UP_COUNT_MAX, GIVEN_UP_MAX * count)
        assert all(error.message and error.attempts for error in self.given_up.values())
        return (
            f"{count:,} creates, {len(stored):,} stored, {len(duplicates)} twice,"
            f" {len(lost)} lost, {len(self.given_up)} given up"
        )


@pytest.mark.parametrize("kind", ["threads", "coroutines"])
def test_creates_are_done_once_though_answers_are_lost(
    tmp_path: Path, rng: Random, at_scale: Callable[[int], int], tell: Tell, kind: str
):
    count = at_scale(CREATE_COUNT)
    outcomes = Outcomes(count)
    chaos = Chaos(rng, lost=0.20, refused=0.05)
    arguments = ("--store", tmp_path / "shop.db", "--seed", "empty")
    with started(tmp_path, *arguments) as server:
        direct = server.url()
        with between(direct, chaos) as url:
            if kind == "threads":
                by_threads(url, outcomes)
            else:
                asyncio.run(by_coroutines(url, outcomes))
        tell(f"{outcomes.check(direct, count)}; attempts {chaos.counts}")


def by_threads(url: str, outcomes: Outcomes) -> None:
    def work() -> None:
        for draft in outcomes.drafts():
            try:
                outcomes.acknowledged[draft.name] = client.pets.create(draft).id
            except PetstoreError as error:
                outcomes.given_up[draft.name] = error

    with Petstore(url, retry=QUICK) as client:
        threads = [threading.Thread(target=work) for _ in range(WORKER_COUNT)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(HANG_S)
        assert not any(thread.is_alive() for thread in threads)


async def by_coroutines(url: str, outcomes: Outcomes) -> None:
    async def work() -> None:
        for draft in outcomes.drafts():
            try:
                created = await client.pets.create(draft)
            except PetstoreError as error:
                outcomes.given_up[draft.name] = error
            else:
                outcomes.acknowledged[draft.name] = created.id

    async with AsyncPetstore(url, retry=QUICK) as client, asyncio.timeout(HANG_S):
        await asyncio.gather(*(work() for _ in range(WORKER_COUNT)))
