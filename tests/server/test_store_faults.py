"""A store that fails is told to callers without its place, and to the log with it."""

import sqlite3
from contextlib import closing

from tests.kit.server import PROBLEM_HEADER, open_shop

ASKED = ("/pet/1", "/v2/pet/1", "/api/v3/pet/1")


async def test_callers_are_not_told_where_a_broken_store_lies(tmp_path, caplog):
    store = tmp_path / "shop.db"
    async with open_shop(store=str(store), contract="strict") as shop:
        with closing(sqlite3.connect(store)) as connection:
            connection.execute("DROP TABLE pet_tag")
        answers = [await shop.ask(f"GET {path}") for path in ASKED]

    assert [500] * len(ASKED) == [one.status_code for one in answers]
    for one in answers:
        assert "The store failed (SQLITE_ERROR)." in one.text
        assert "The store failed (SQLITE_ERROR)." in one.headers[PROBLEM_HEADER]
        assert str(tmp_path) not in f"{one.headers} {one.text}"
    warned = [one.getMessage() for one in caplog.records if one.levelname == "WARNING"]
    told = f"the store failed: The store {store} failed (SQLITE_ERROR)."
    ids = [one.headers["x-request-id"] for one in answers]
    assert [f"{told} [{one}]" for one in ids] == warned
