"""
Do what a session asks for: wait, and let somebody else answer.

Whoever is cut off on the way, by a client that left or an error, ends the session's
generator at once: it notes that, and lets others have their turn.

A large body takes long to read, and no event loop waits for that: it is read in a
thread, and so is whatever waits there for the session's lock meanwhile.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

from petstore.contract.errors import ConfigError, PetstoreError
from petstore.contract.http import Request
from petstore.contract.replies import Response
from petstore.mock.pieces import let_go
from petstore.mock.refusals import UpstreamFailed
from petstore.mock.session import Session
from petstore.mock.steps import ENGINE, Answer, Ask, Responding, Step, Turn, Wait

Asking = Callable[[Ask], Response]
Waiting = Callable[[float], None]
AsyncAsking = Callable[[Ask], Awaitable[Response]]
AsyncWaiting = Callable[[float], Awaitable[None]]
_TURN_S_MAX: Final = 60.0
# Some 20 ms of reading.
_LARGE_BYTES: Final = 256 * 1024


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
        _give_up(session, responding, error)
        raise
    else:
        return step


async def answered_async(
    session: Session, request: Request, ask: AsyncAsking, wait: AsyncWaiting
) -> Answer:
    """Answer a request for a coroutine; see `answered`."""
    responding = session.respond(request)
    outcome: Response | None = None
    is_large = _is_large(request.body)
    try:
        while not isinstance(
            step := await _next_async(session, responding, outcome, is_large=is_large),
            Answer,
        ):
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
        await _give_up_async(session, responding, error)
        raise
    else:
        return step


async def _give_up_async(
    session: Session, responding: Responding, error: BaseException
) -> None:
    if session.lock.locked():
        await asyncio.to_thread(_give_up, session, responding, error)
    else:
        _give_up(session, responding, error)


@asynccontextmanager
async def held(session: Session) -> AsyncIterator[None]:
    """Hold the lock of a session; the event loop does not wait for it."""
    if not session.lock.acquire(blocking=False):
        waiting = asyncio.ensure_future(asyncio.to_thread(session.lock.acquire))
        try:
            await asyncio.shield(waiting)
        except asyncio.CancelledError:
            # The thread gets it all the same, for nobody.
            waiting.add_done_callback(lambda _: session.lock.release())
            raise
    try:
        yield
    finally:
        session.lock.release()


def _give_up(session: Session, responding: Responding, error: BaseException) -> None:
    told = error
    if isinstance(error, ConfigError):
        # Who is asked in this process fails so; the session notes it as on a socket.
        told = UpstreamFailed(error.message)
    with session.lock:
        if isinstance(told, PetstoreError):
            # It raises that again, or has raised its own before.
            with suppress(PetstoreError):
                responding.throw(told)
        responding.close()


def _is_large(body: object) -> bool:
    return isinstance(body, bytes) and len(body) > _LARGE_BYTES


def _next(
    session: Session, responding: Responding, outcome: Response | None
) -> Step | Answer:
    with session.lock:
        return _sent(responding, outcome)


def _sent(responding: Responding, outcome: Response | None) -> Step | Answer:
    try:
        return responding.send(outcome)
    except StopIteration as end:
        answer: Answer = end.value
        return answer


async def _next_async(
    session: Session,
    responding: Responding,
    outcome: Response | None,
    *,
    is_large: bool,
) -> Step | Answer:
    is_large = is_large or (outcome is not None and _is_large(outcome.body))
    if is_large or not session.lock.acquire(blocking=False):
        return await _next_in_thread(session, responding, outcome)
    try:
        return _sent(responding, outcome)
    finally:
        session.lock.release()


async def _next_in_thread(
    session: Session, responding: Responding, outcome: Response | None
) -> Step | Answer:
    going_on = asyncio.to_thread(_next, session, responding, outcome)
    stepping = asyncio.ensure_future(going_on)
    try:
        return await asyncio.shield(stepping)
    except asyncio.CancelledError:
        # Nobody can end what a thread is still in.
        await asyncio.wait([stepping])
        step = None if stepping.exception() else stepping.result()
        if isinstance(step, Answer):
            await let_go(step.response)
        raise


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
