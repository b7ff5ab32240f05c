"""
Serve with several processes that share one listening socket.

The parent owns the socket and serves nothing. A child says that it is ready by the line
that every server prints on stdout, and holds the parent's end of its stdin: when that
closes, the parent is gone, and the child stops. A child that ends takes all with it, so
that whatever watches this process sees that something is wrong.
"""

import asyncio
import os
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from typing import Final

from petstore.cli.plan import Plan, Wanted
from petstore.cli.stores import STORE_VARIABLE
from petstore.contract.errors import ServerFault
from petstore.server.process import stopped_by_signal

Announce = Callable[[Sequence[int]], None]

# A server's own limit, and time to close the store.
STOP_SECONDS_MAX: Final = 8.0


async def supervise(plan: Plan, listener: socket.socket, announce: Announce) -> None:
    """
    Run the workers until SIGINT or SIGTERM.

    Args:
        announce: Called with their process ids when all of them answer.

    Raises:
        ServerFault: One of them ended by itself; the others were stopped.
    """
    stopped = stopped_by_signal()
    crew: list[Process] = []
    try:
        for _ in range(plan.wanted.workers):
            crew.append(await _start(plan, listener))
        await _watch(crew, stopped, announce)
    finally:
        # Or it would go on to take connections that no worker accepts any more.
        listener.close()
        await _stop(crew)


async def _start(plan: Plan, listener: socket.socket) -> Process:
    fd = listener.fileno()
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "petstore.cli", "serve", f"--listen-fd={fd}"),
        *arguments(plan.wanted, profile=plan.profile.name),
        # Not an argument: its password would be for all processes to see.
        env={**os.environ, STORE_VARIABLE: plan.wanted.store},
        pass_fds=[fd],
        stdin=PIPE,
        stdout=PIPE,
        # Ctrl-C is for the parent, which passes it on.
        start_new_session=True,
    )


def arguments(wanted: Wanted, *, profile: str) -> list[str]:
    """Return what a worker is started with, beside the store and the socket."""
    pairs: list[tuple[str, object]] = [
        ("host", wanted.host),
        ("profile", profile),
        ("auth", wanted.auth),
        ("contract", wanted.contract),
        ("rules", wanted.rules),
        ("seed", wanted.seed),
        ("data-dir", wanted.data_dir),
        ("cors-origin", wanted.cors_origin),
        ("upload-bytes-max", wanted.upload_bytes_max),
        *(("allow-host", name) for name in wanted.allow_host),
    ]
    given = [f"--{name}={value}" for name, value in pairs if value is not None]
    flags = {
        "--allow-reset": wanted.allow_reset,
        "--verbose": wanted.is_verbose,
        "--quiet": wanted.is_quiet,
    }
    return [*given, *(flag for flag, is_set in flags.items() if is_set)]


async def _watch(
    crew: Sequence[Process], stopped: asyncio.Event, announce: Announce
) -> None:
    """Wait for the order to stop, or for the first worker that ends."""
    stopping = asyncio.ensure_future(stopped.wait())
    ending = [asyncio.ensure_future(worker.wait()) for worker in crew]
    starting = asyncio.ensure_future(_are_ready(crew))
    tasks = (stopping, starting, *ending)
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if starting.done() and starting.result():
            announce([worker.pid for worker in crew])
        await asyncio.wait((stopping, *ending), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
    if stopped.is_set():
        return
    dead = next(worker for worker in crew if worker.returncode is not None)
    raise ServerFault(
        f"Worker {dead.pid} ended with exit code {dead.returncode}, so the others were"
        " stopped."
    )


async def _are_ready(crew: Sequence[Process]) -> bool:
    """Wait until each worker said so; False when one ended instead."""
    for worker in crew:
        assert worker.stdout is not None
        if not await worker.stdout.readline():
            return False
    return True


async def _stop(crew: Sequence[Process]) -> None:
    running = [worker for worker in crew if worker.returncode is None]
    for worker in running:
        worker.terminate()
    if not running:
        return
    waits = [asyncio.ensure_future(worker.wait()) for worker in running]
    await asyncio.wait(waits, timeout=STOP_SECONDS_MAX)
    for worker in running:
        if worker.returncode is None:
            worker.kill()
            await worker.wait()
