"""Serve from this process until it is told to stop."""

import asyncio
import json
import logging
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import ExitStack, closing, suppress

from petstore.cli import workers
from petstore.cli.banner import banner
from petstore.cli.output import note, plain, say
from petstore.cli.plan import Plan, Wanted, make_plan
from petstore.cli.progress import progress
from petstore.engine import owner
from petstore.engine.engine import AsyncEngine
from petstore.engine.opening import Options, open_engine
from petstore.engine.seeding import Account
from petstore.server.running import Served, run_until_signal
from petstore.server.sockets import bind, url_of

_FILLING = "Filling the store"
_LOG_FORMAT = "%(asctime)s %(levelname)s %(message)s"


def start(wanted: Wanted, *, listen_fd: int | None = None) -> None:
    """
    Serve until SIGINT or SIGTERM.

    Args:
        listen_fd: Socket of the parent, in a worker.

    Raises:
        PetstoreError: It cannot be served, or a worker ended.
    """
    plan = make_plan(wanted)
    _log(has_refusals=plan.logs_refusals)
    if listen_fd is not None:
        with closing(socket.socket(fileno=listen_fd)) as listener:
            _work(plan, listener)
        return
    with closing(bind(wanted.host, wanted.port)) as listener:
        if wanted.workers > 1:
            _serve_by_workers(plan, listener)
        else:
            _serve(plan, listener)


def _serve(plan: Plan, listener: socket.socket) -> None:
    with ExitStack() as filling:
        plan.options["on_progress"] = filling.enter_context(progress(_FILLING))

        async def announce(engine: AsyncEngine) -> None:
            filling.close()
            account = await owner.appoint_async(engine)
            _announce(plan, listener, account)

        run_until_signal(_served(plan, listener), announce)


def _serve_by_workers(plan: Plan, listener: socket.socket) -> None:
    """Prepare the store once, then let children serve it."""
    with progress(_FILLING) as on_progress:
        options: Options = {**plan.options, "on_progress": on_progress}
        with closing(open_engine(plan.wanted.store, options)) as engine:
            account = owner.appoint(engine)

    def announce(workers: Sequence[int]) -> None:
        _announce(plan, listener, account, workers)

    asyncio.run(workers.supervise(plan, listener, announce))


def _work(plan: Plan, listener: socket.socket) -> None:
    """Be a worker: no banner, and no life beyond the parent's."""

    async def announce(_: AsyncEngine) -> None:
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), _stop_with_parent)
        _say_url(listener)

    run_until_signal(_served(plan, listener), announce)


def _stop_with_parent() -> None:
    # The parent writes nothing; what can be read is that it is gone.
    asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
    signal.raise_signal(signal.SIGTERM)


def _announce(
    plan: Plan,
    listener: socket.socket,
    account: Account | None,
    workers: Sequence[int] = (),
) -> None:
    note(banner(plan, url_of(listener), account, workers))
    _say_url(listener)


def _served(plan: Plan, listener: socket.socket) -> Served:
    return Served(plan.wanted.store, plan.options, plan.settings, listener)


def _say_url(listener: socket.socket) -> None:
    # Whoever started the server may not read its stdout; that is no reason to stop.
    with suppress(BrokenPipeError):
        say(json.dumps({"url": url_of(listener)}))


def _log(*, has_refusals: bool) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(_Line(_LOG_FORMAT))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    # What Sanic advises is about running Sanic by hand.
    logging.getLogger("sanic").setLevel(logging.ERROR)
    if has_refusals:
        logging.getLogger("petstore").setLevel(logging.INFO)


class _Line(logging.Formatter):
    """Write what a client sent so that it neither breaks a line nor colours it."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        return plain(super().formatMessage(record))
