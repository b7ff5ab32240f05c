"""
Execute what takes more than one transaction, or work outside of any.

A flow is a generator: it yields what it needs done, receives the outcome, and returns
the reply. What it decides is written once; the engine's two drivers, sync and async,
only do.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, NamedTuple

from petstore.contract.call import ByteStream, Call, Reply
from petstore.engine import identity
from petstore.engine.context import HOLDER, Caller, Context
from petstore.engine.setup import Setup
from petstore.engine.workers import Queue
from petstore.storage.transaction import Tx


class Read(NamedTuple):
    """Ask for a unit that only reads."""

    fn: Callable[[Tx], Any]


class Write(NamedTuple):
    """Ask for a unit that writes."""

    fn: Callable[[Tx], Any]


class Work(NamedTuple):
    """Ask for work that takes long, outside of any transaction."""

    queue: Queue
    fn: Callable[[], Any]


class Drain(NamedTuple):
    """Ask for each piece of a stream to be handed to a function."""

    stream: ByteStream
    write: Callable[[bytes], object]


class Follow(NamedTuple):
    """
    Ask for the pieces of a stream that goes on for as long as somebody reads it.

    Args:
        start: Begins it; told `is_shared`, whether other processes write to the store,
            and `is_over`, which tells whether it has to end.
    """

    start: Callable[..., Any]


Step = Read | Write | Work | Drain | Follow
Flow = Generator[Step, Any, Reply[Any]]


@dataclass(slots=True)
class Visit:
    """Hold one call inside the engine."""

    call: Call[Any]
    caller: Caller
    setup: Setup

    def enter(self, tx: Tx) -> Context:
        """
        Find out who calls, and refuse what they may not do.

        Raises:
            Unauthorized, Forbidden: As `identity.authorize`.
        """
        profile, credentials = self.setup.profile, self.caller.credentials
        principal = HOLDER
        if credentials is not None:
            if profile.auth == "on":
                principal = identity.authorize(tx, credentials, self.call)
            else:
                principal = identity.authenticate(tx, credentials)
            tx.actor = principal.name
        return Context(profile, self.caller.policy, principal)


Start = Callable[[Visit], Flow]


def as_reply(value: Any, tx: Tx) -> Reply[Any]:
    """Wrap the value of a unit, unless it is a reply already."""
    if isinstance(value, Reply):
        return value
    text = None
    if tx.written is not None and tx.written[0] is value:
        text = tx.written[1]
    return Reply(value, version=getattr(value, "version", None), text=text)
