"""Open engines over any store, and look into what they wrote."""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Executable, func, select

from petstore.contract.call import Call, Reply
from petstore.contract.facade import Petstore
from petstore.contract.flavours import FACES, STRICT, Policy
from petstore.contract.operations import OPERATIONS
from petstore.engine.context import Caller, Credentials
from petstore.engine.engine import Engine
from petstore.engine.instants import from_milliseconds
from petstore.engine.opening import open_engine
from petstore.storage.ledger import log_begin
from petstore.storage.statement import Statement
from petstore.storage.tables import CHANGE, INVENTORY, PET
from petstore.storage.transaction import Row
from tests.kit.stores import ManualClock

T = TypeVar("T")

PUBLIC_V2 = FACES["v2", "public"].policy
PUBLIC_V3 = FACES["v3", "public"].policy

_KEPT = select(INVENTORY.c.status, INVENTORY.c.pets)
_COUNTED = (
    select(PET.c.status, func.count())
    .where(PET.c.deleted_at.is_(None), PET.c.status.is_not(None))
    .group_by(PET.c.status)
)
_CHANGES = select(CHANGE).order_by(CHANGE.c.seq, CHANGE.c.position)


class FakeHasher:
    """Hash as fast as a test wants it; counts, and may act before it compares."""

    def __init__(self) -> None:
        self.count = 0
        self.before: Callable[[], object] = lambda: None

    def hash(self, password: str) -> str:
        """Return something that does not show the password."""
        self.count += 1
        return "fake$" + hashlib.blake2b(password.encode()).hexdigest()

    def verify(self, hashed: str, password: str) -> bool:
        """Compare."""
        act, self.before = self.before, lambda: None
        act()
        return self.hash(password) == hashed


class Change(NamedTuple):
    """Hold one row of the change log."""

    seq: int
    position: int
    kind: str
    entity_id: int
    version: int
    action: str
    at: int
    actor: str | None
    body: Any


class Shop(Petstore):
    """Be a client of an engine in this process, and look behind it."""

    def __init__(self, engine: Engine, clock: ManualClock) -> None:
        super().__init__(engine)
        self.engine = engine
        self.clock = clock

    def do(
        self, operation_id: str, policy: Policy = STRICT, /, **arguments: Any
    ) -> Any:
        """Return the value of a call of anything, as public faces decode it."""
        return self.reply(operation_id, policy, **arguments).value

    def reply(
        self, operation_id: str, policy: Policy = STRICT, /, **arguments: Any
    ) -> Reply[Any]:
        """Return the reply to a call of anything, as public faces decode it."""
        call: Call[Any] = Call(OPERATIONS[operation_id], arguments)
        return self.engine.send(call, Caller(policy))

    def send_as(
        self, call: Call[T], *, bearer: str | None = None, api_key: str | None = None
    ) -> Reply[T]:
        """Send a call as a server does for somebody with these credentials."""
        return self.engine.send(call, Caller(STRICT, Credentials(api_key, bearer)))

    def rows(self, core: Executable) -> list[Row]:
        """Return the rows of a select."""
        statement = Statement(core)
        return self.engine.store.read(lambda tx: tx.rows(statement))

    def changes(self, kind: str, entity_id: int | None = None) -> list[Change]:
        """Return the writes of a kind, of one entity or of all, in order."""
        return [
            one._replace(body=one.body and json.loads(one.body))
            for one in (Change(*row) for row in self.rows(_CHANGES))
            if one.kind == kind and entity_id in (None, one.entity_id)
        ]

    def assert_sound(self) -> None:
        """Check that the counters equal a recount, and the log has no gaps."""
        begin = self.engine.store.read(log_begin)
        assert dict(self.rows(_COUNTED)) == dict(self.rows(_KEPT))
        versions: dict[tuple[str, int], int] = {}
        seqs: list[int] = []
        for seq, position, kind, entity_id, version, *_ in self.rows(_CHANGES):
            assert versions.get((kind, entity_id), 0) + 1 == version
            versions[kind, entity_id] = version
            if position == 0:
                seqs.append(seq)
        assert [begin + number for number in range(1, len(seqs) + 1)] == seqs


@contextmanager
def opening(
    url: str = "memory:", at: ManualClock | None = None, **options: Any
) -> Iterator[Shop]:
    """Open a store that is empty and has a clock that stands, unless told otherwise."""
    clock = at or ManualClock()
    # Tests try wrong ones too.
    given: Any = {**defaults(clock), **options}
    engine = open_engine(url, given)
    try:
        yield Shop(engine, clock)
    finally:
        engine.close()


def defaults(clock: ManualClock) -> dict[str, Any]:
    """Return what tests open a store with: nothing in it, and this clock."""
    return {"seed": "empty", "clock": lambda: from_milliseconds(clock())}


class Opener:
    """Open stores, and close all of them at the end."""

    def __init__(self, url: str, clock: ManualClock, **options: Any) -> None:
        self.url = url
        self.clock = clock
        self.hasher = FakeHasher()
        self._options = {"hasher": self.hasher, **options}
        self._stack = ExitStack()

    def __call__(self, url: str | None = None, **options: Any) -> Shop:
        """Open a store of this test's engine, or at another URL."""
        given = {**self._options, **options}
        return self._stack.enter_context(opening(url or self.url, self.clock, **given))

    def close(self) -> None:
        """Close every store."""
        self._stack.close()
