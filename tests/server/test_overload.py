"""Work that takes long is let in as far as it can be done soon; the rest is told."""

import asyncio
import threading

import pytest

from petstore.contract.facade import AsyncPetstore
from petstore.engine.workers import THREAD_COUNT, WAITING_COUNT_MAX
from tests.kit.builders import a_user_draft
from tests.kit.server import open_shop, problem_of

pytestmark = pytest.mark.usefixtures("quiet_log")

EXCESS = 3


class SlowHasher:
    """Verify nothing before it is let go."""

    def __init__(self) -> None:
        self.free = threading.Event()

    def hash(self, password: str) -> str:
        """Return something that does not show the password."""
        return "slow$" + password[::-1]

    def verify(self, hashed: str, password: str) -> bool:
        """Compare, late."""
        assert self.free.wait(10)
        return hashed == self.hash(password)


async def test_logins_beyond_the_queue_are_told_to_come_back():
    hasher = SlowHasher()
    user = a_user_draft()
    credentials = {"username": user.username, "password": user.password}
    async with open_shop(auth="on", profile="shop", hasher=hasher) as shop:
        await AsyncPetstore(shop.engine).users.create(user)
        count = THREAD_COUNT + WAITING_COUNT_MAX["passwords"] + EXCESS
        logins = [
            asyncio.create_task(shop.ask("POST /tokens", json=credentials))
            for _ in range(count)
        ]
        refused, _ = await asyncio.wait(logins, return_when=asyncio.FIRST_COMPLETED)
        hasher.free.set()
        answers = await asyncio.gather(*logins)

    assert refused <= {login for login in logins if login.result().status_code == 503}
    late = [answer for answer in answers if answer.status_code != 200]
    assert [(503, "1")] * EXCESS == [
        (answer.status_code, answer.headers["retry-after"]) for answer in late
    ]
    assert {"unavailable"} == {problem_of(answer)["code"] for answer in late}
