"""
Do what a session asks for: wait, and let somebody else answer.

Whoever is cut off on the way, by a client that left or an error, ends the session's
generator at once: it notes that, and lets others have their turn.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from petstore.contract.errors import ConfigError, PetstoreError
from petstore.contract.http import Request
from petstore.contract.replies import Response
from petstore.mock.pieces import let_go
from petstore.mock.session import Session
from petstore.mock.steps import ENGINE, Answer, Ask, Responding, Step, Turn, Wait

Asking = Callable[[Ask], Response]
Waiting = Callable[[float], None]
AsyncAsking = Callable[[Ask], Awaitable[Response]]
AsyncWaiting = Callable[[float], Awaitable[None]]
_TURN_S_MAX: Final = 60.0


def answered(session: Session, request: Request, ask: Asking, wait: Waiting) -> Answer:
    """
    Answer a request for whoever waits; any thread may.

    Raises:
        ConfigError: Nobody answers what is asked for, or a file is missing.
    """
    responding = session.respond(request)
    outcome: Response | None = None
    try:
        while not isinstance(step := _next(session, responding, outcome), Answer):
            outcome = None
            if isinstance(step, Ask):
                outcome = ask(step)
            elif isinstance(step, Wait):
                wait(step.seconds)
            else:
                _wait_for(step)
    except BaseException as error:
        with session.lock:
            responding.close()
            if isinstance(error, PetstoreError):
                session.failures.append(error.message)
        raise
    else:
        return step


async def answered_async(
    session: Session, request: Request, ask: AsyncAsking, wait: AsyncWaiting
) -> Answer:
    """Answer a request for a coroutine; see `answered`."""
    responding = session.respond(request)
    outcome: Response | None = None
    try:
        while not isinstance(step := _next(session, responding, outcome), Answer):
            outcome = None
            if isinstance(step, Ask) and step.whom == ENGINE:
                outcome = await _whole(session, responding, ask(step))
            elif isinstance(step, Ask):
                outcome = await ask(step)
            elif isinstance(step, Wait):
                await wait(step.seconds)
            else:
                await _wait_for_async(step)
    except BaseException as error:
        with session.lock:
            responding.close()
            if isinstance(error, PetstoreError):
                session.failures.append(error.message)
        raise
    else:
        return step


def _next(
    session: Session, responding: Responding, outcome: Response | None
) -> Step | Answer:
    try:
        with session.lock:
            return responding.send(outcome)
    except StopIteration as end:
        answer: Answer = end.value
        return answer


async def _whole(
    session: Session, responding: Responding, answering: Awaitable[Response]
) -> Response:
    """Let the engine end what it began: it may have written, and that must be known."""
    asking = asyncio.ensure_future(answering)
    try:
        return await asyncio.shield(asking)
    except asyncio.CancelledError:
        await asyncio.wait([asking])
        if not asking.cancelled() and asking.exception() is None:
            response = asking.result()
            _next(session, responding, response)
            await let_go(response)
        raise


def _wait_for(turn: Turn) -> None:
    try:
        turn.over.result(_TURN_S_MAX)
    except TimeoutError as error:
        raise _busy() from error


async def _wait_for_async(turn: Turn) -> None:
    try:
        await asyncio.wait_for(asyncio.wrap_future(turn.over), _TURN_S_MAX)
    except TimeoutError as error:
        raise _busy() from error


def _busy() -> ConfigError:
    return ConfigError(f"The engine of this session was busy for {_TURN_S_MAX:g} s.")
