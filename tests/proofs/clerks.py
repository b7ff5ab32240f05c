"""
Write to a server from many connections, and remember every write it acknowledged.

Each clerk has pets and orders of its own and one request under way, so what a store
must hold is known but for one attempt per clerk, which it may hold or not.
"""

import itertools
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any, Literal

from tests.proofs.wire import Connection, Cut, request

Kind = Literal["pet", "order"]
Key = tuple[Kind, int]

_PATHS: dict[Kind, str] = {"pet": "/pet", "order": "/store/order"}
_STATUSES: dict[Kind, tuple[str, ...]] = {
    "pet": ("available", "pending", "sold"),
    "order": ("placed", "approved", "delivered"),
}
_ROWS: dict[Kind, str] = {
    "pet": "SELECT id, version, name, status, deleted_at FROM pet",
    "order": "SELECT id, version, quantity, status, deleted_at FROM purchase_order",
}
_LOG = "SELECT kind, entity_id, version, action, body FROM change"
_MARKED: dict[str, str] = {"pet": "name", "order": "quantity"}


@dataclass(frozen=True, slots=True)
class Write:
    """
    Hold what one write leaves of a pet or an order.

    Args:
        id: None while the server has not given one.
        mark: Tells this write's content from that of every other write.
    """

    kind: Kind
    id: int | None
    version: int
    action: str
    mark: int
    status: str

    @property
    def is_deleted(self) -> bool:
        """Whether it leaves a tombstone."""
        return self.action == "delete"


@dataclass(slots=True)
class Clerk:
    """Hold what one connection wrote, over all rounds."""

    marks: Iterator[int]
    rng: Random
    newest: dict[Key, Write] = field(default_factory=dict)
    ids: dict[Kind, list[int]] = field(default_factory=lambda: {"pet": [], "order": []})
    acknowledged: list[Write] = field(default_factory=list)
    attempt: Write | None = None

    async def work(self, connection: Connection, on_write: Callable[[], None]) -> None:
        """Write until the connection is cut."""
        while True:
            self.attempt = self._choose()
            try:
                answer = await connection.ask(_request(self.attempt))
            except Cut:
                return
            assert answer.status == 200, answer
            self._note(self.attempt, answer.body)
            on_write()

    def accept(self, write: Write) -> None:
        """Take a write as done."""
        assert write.id is not None
        if (write.kind, write.id) not in self.newest:
            self.ids[write.kind].append(write.id)
        self.newest[write.kind, write.id] = write
        self.acknowledged.append(write)
        self.attempt = None

    def _note(self, write: Write, body: bytes) -> None:
        if not write.is_deleted:
            stored = json.loads(body)
            assert write.id in (None, stored["id"])
            assert write.version == stored["version"]
            write = replace(write, id=stored["id"])
        self.accept(write)

    def _choose(self) -> Write:
        rng = self.rng
        kind: Kind = rng.choice(("pet", "pet", "order"))
        status = rng.choice(_STATUSES[kind])
        mark = next(self.marks)
        own = self.ids[kind]
        if len(own) < 5 or rng.random() < 0.4:
            return Write(kind, None, 1, "create", mark, status)
        last = self.newest[kind, rng.choice(own)]
        version = last.version + 1
        if last.is_deleted:
            # A POST of its id revives it.
            return Write(kind, last.id, version, "restore", mark, status)
        if rng.random() < 0.3:
            return replace(last, version=version, action="delete")
        return Write(kind, last.id, version, "update", mark, status)


def a_crew(count: int, rng: Random) -> list[Clerk]:
    """Return clerks whose writes can all be told apart."""
    marks = itertools.count(1)
    return [Clerk(marks, Random(rng.getrandbits(32))) for _ in range(count)]  # noqa: S311


def settle(crew: list[Clerk], store: Path) -> None:
    """
    Hold a store against what the crew knows of it, and take its word on attempts.

    Raises:
        AssertionError: An acknowledged write is missing or changed, or there is one
            that nobody sent.
    """
    with closing(sqlite3.connect(f"{store.as_uri()}?mode=ro", uri=True)) as connection:
        rows = {write.mark: write for write in _rows(connection)}
        logged = {_key(write): write for write in _log(connection)}
    for clerk in crew:
        attempt = clerk.attempt
        done = None if attempt is None else _done(attempt, logged)
        if done is not None:
            clerk.accept(done)
        clerk.attempt = None
    accepted = [write for clerk in crew for write in clerk.acknowledged]
    missing = [write for write in accepted if not _is_logged(write, logged)]
    assert missing == [], f"{len(missing)} acknowledged writes are gone"
    assert {_key(write) for write in accepted} == logged.keys(), "nobody sent that"
    newest = [write for clerk in crew for write in clerk.newest.values()]
    assert {write.mark: _as_row(write) for write in newest} == rows


def _request(write: Write) -> bytes:
    path = _PATHS[write.kind]
    if write.is_deleted:
        return request("DELETE", f"{path}/{write.id}")
    body: dict[str, Any] = {"status": write.status}
    if write.kind == "pet":
        body |= {"name": str(write.mark), "photoUrls": []}
    else:
        body |= {"petId": 1, "quantity": write.mark}
    if write.action == "update" and write.kind == "order":
        return request("PATCH", f"{path}/{write.id}", body)
    if write.id is not None:
        body["id"] = write.id
    return request("PUT" if write.action == "update" else "POST", path, body)


def _done(attempt: Write, logged: dict[tuple[Any, ...], Write]) -> Write | None:
    """Return an attempt as it was stored; None when it was not."""
    if attempt.id is not None:
        return attempt if _key(attempt) in logged else None
    found = [
        write
        for write in logged.values()
        if (write.kind, write.mark, write.version) == (attempt.kind, attempt.mark, 1)
    ]
    return replace(attempt, id=found[0].id) if found else None


def _is_logged(write: Write, logged: dict[tuple[Any, ...], Write]) -> bool:
    found = logged.get(_key(write))
    if found is None or found.action != write.action:
        return False
    return write.is_deleted or (found.mark, found.status) == (write.mark, write.status)


def _key(write: Write) -> tuple[Any, ...]:
    return write.kind, write.id, write.version


def _as_row(write: Write) -> Write:
    return replace(write, action="delete" if write.is_deleted else "")


def _rows(connection: sqlite3.Connection) -> Iterator[Write]:
    for kind, query in _ROWS.items():
        for row_id, version, mark, status, deleted_at in connection.execute(query):
            action = "" if deleted_at is None else "delete"
            yield Write(kind, row_id, version, action, int(mark), status)


def _log(connection: sqlite3.Connection) -> Iterator[Write]:
    for kind, entity_id, version, action, text in connection.execute(_LOG):
        body = {} if text is None else json.loads(text)
        mark = int(body.get(_MARKED[kind], 0))
        yield Write(kind, entity_id, version, action, mark, body.get("status", ""))
