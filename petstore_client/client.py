"""
Call a Petstore: a server, or a store in this process.

    with Petstore("https://pets.example.com", auth=ApiKey.from_env()) as client:
        client.pets.get(7)
        client.with_options(timeout=2, retry=1).store.inventory()

What answers is chosen once, by the target; all else is the kernel's facade.
"""

from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Generator,
    Iterable,
    Iterator,
    Mapping,
)
from contextlib import aclosing, closing
from typing import Any, Final, Self, TypeVar, Unpack

from petstore.contract import facade
from petstore.contract.call import AsyncBackend, Backend
from petstore.contract.errors import ConfigError, PetstoreError
from petstore.contract.event import Event
from petstore_client.address import Server, names_store, recording_of, server_of
from petstore_client.backends.recorded import AsyncRecorded, Recorded, replay_of
from petstore_client.following import Following
from petstore_client.logs import log_as_told
from petstore_client.settings import (
    URL_VARIABLE,
    Options,
    Settings,
    completed,
    from_environment,
)
from petstore_client.tracing import AsyncTracedBackend, TracedBackend
from petstore_client.wrapping import adjusted, require_coroutines, require_waiting

B = TypeVar("B", Backend, AsyncBackend)

# What takes no settings, and why.
_OBJECT: Final = (
    "A backend that is given as an object",
    "it has what it was made with, as by connect(url, …)",
)
_STORE: Final = (
    "A store in this process",
    "no network and no login is between it and whoever opens it",
)


class Petstore(facade.Petstore):
    """
    Call a Petstore; any thread may.

    Nothing is sent to a server before the first call.

    Args:
        target: A URL as `address.py` says, or a backend, which is used as it is; None
            is what the environment has as PETSTORE_URL.
        settings: How a server is called; a store in this process takes none. The
            environment fills in some of what is not given, see `settings.completed`.

    Raises:
        ConfigError: The target or a setting is not what it should be.
        Unavailable: A store on Postgres cannot be reached.
    """

    def __init__(
        self, target: str | Backend | None = None, **settings: Unpack[Settings]
    ) -> None:
        super().__init__(_backend(target, settings))

    def events(self, *, after: str | int | None = None) -> Generator[Event, None, None]:
        """
        Yield what is written, as it happens, until the client is closed.

        A stream of a server that breaks off is followed again, from behind the last
        event; one of a store in this process ends with the store. Nothing is sent until
        it is iterated. The total time of a call is for each stream to begin.

        Args:
            after: The `cursor` of an event to go on after, or the `seq` of a change of
                a history; 0 is the start, None from now on.

        Raises:
            Unauthorized, Forbidden: The caller may read nothing of it.
            Invalid: The store has no such place: it was reset or restored, or is
                another one, as when a server of a store in memory is started again.
            NotSupported: The server's flavour has no events.
        """
        backend: Any = self._backend
        if not hasattr(backend, "pause_before_stream"):
            yield from super().events(after=after)
            return
        following = Following(after)
        while not backend.is_closed:
            yield from self._stream(following)
            if not backend.is_closed:
                backend.pause_before_stream(*following.failed())

    def _stream(self, following: Following) -> Iterator[Event]:
        try:
            pieces: Any = self.send(following.call()).value.chunks
            with closing(pieces):
                yield from _events(pieces, following, self._backend)
        except PetstoreError as error:
            following.failure = error

    def with_options(self, **options: Unpack[Options]) -> Self:
        """
        Return a client with other options over the same connections.

        It costs little, and closing it does nothing: this one closes the connections.

        Raises:
            ConfigError: An option is not what it should be, or no server is called.
        """
        _check_names(options, Options)
        return type(self)(adjusted(self._backend, options))


class AsyncPetstore(facade.AsyncPetstore):
    """
    Call a Petstore from coroutines; else as `Petstore`.

    A store in this process is opened at the first call, which may raise what opening
    it raises, and belongs to the event loop of that.
    """

    def __init__(
        self, target: str | AsyncBackend | None = None, **settings: Unpack[Settings]
    ) -> None:
        super().__init__(_async_backend(target, settings))

    async def events(
        self, *, after: str | int | None = None
    ) -> AsyncGenerator[Event, None]:
        """Yield what is written, as it happens; see `Petstore.events`."""
        backend: Any = self._backend
        if not hasattr(backend, "pause_before_stream"):
            async for event in super().events(after=after):
                yield event
            return
        following = Following(after)
        while not backend.is_closed:
            async with aclosing(self._stream(following)) as events:
                async for event in events:
                    yield event
            if not backend.is_closed:
                await backend.pause_before_stream(*following.failed())

    async def _stream(self, following: Following) -> AsyncGenerator[Event, None]:
        try:
            pieces: Any = (await self.send(following.call())).value.chunks
            async with aclosing(pieces):
                async for event in _async_events(pieces, following, self._backend):
                    yield event
        except PetstoreError as error:
            following.failure = error

    def with_options(self, **options: Unpack[Options]) -> Self:
        """Return a client with other options; see `Petstore.with_options`."""
        _check_names(options, Options)
        return type(self)(adjusted(self._backend, options))


def connect(url: str | None = None, **settings: Unpack[Settings]) -> Backend:
    """
    Return the backend of a URL, for something to stand around it (`wrapping.py`).

    Args:
        url: As for `Petstore`, and so are the settings.

    Raises:
        ConfigError: The URL or a setting is not what it should be.
        Unavailable: A store on Postgres cannot be reached.
    """
    return _backend(url, settings)


def connect_async(url: str | None = None, **settings: Unpack[Settings]) -> AsyncBackend:
    """Return the backend of a URL, for coroutines; see `connect`."""
    return _async_backend(url, settings)


def _backend(target: str | Backend | None, settings: Settings) -> Backend:
    is_url_given = target is not None
    target = _checked(target, settings)
    if not isinstance(target, str):
        require_waiting(target, "Petstore")
        _check_none(settings, _OBJECT)
        return target
    recording = recording_of(target)
    if recording is not None:
        replay = replay_of(completed(settings, is_url_given=is_url_given))
        return Recorded(recording, **replay)
    server = _server(target, settings)
    # Late, because one loads the engine, and the other httpx.
    if server is None:
        from petstore_client.backends.embedded import embedded

        return embedded(target)
    from petstore_client.backends.remote import remote

    log_as_told()
    settings = completed(settings, is_url_given=is_url_given)
    backend = remote(server, settings, settings.get("transport"))
    return TracedBackend(backend, server)


def _async_backend(
    target: str | AsyncBackend | None, settings: Settings
) -> AsyncBackend:
    is_url_given = target is not None
    target = _checked(target, settings)
    if not isinstance(target, str):
        require_coroutines(target, "AsyncPetstore")
        _check_none(settings, _OBJECT)
        return target
    recording = recording_of(target)
    if recording is not None:
        replay = replay_of(completed(settings, is_url_given=is_url_given))
        return AsyncRecorded(recording, **replay)
    server = _server(target, settings)
    if server is None:
        from petstore_client.backends.embedded import OpenedLate

        return OpenedLate(target)
    from petstore_client.backends.remote import async_remote

    log_as_told()
    settings = completed(settings, is_url_given=is_url_given)
    backend = async_remote(server, settings, settings.get("transport"))
    return AsyncTracedBackend(backend, server)


def _checked(target: str | B | None, settings: Settings) -> str | B:
    """Return the target, which the environment may have."""
    _check_names(settings, Settings)
    if target is None:
        target = from_environment(URL_VARIABLE)
    if target is None:
        raise ConfigError(
            f"Nothing says what to call: give a URL, or set {URL_VARIABLE} to one."
        )
    return target


def _server(url: str, settings: Settings) -> Server | None:
    """Return the server that the URL names; None when it names a store."""
    if not names_store(url):
        return server_of(url, flavour=settings.get("flavour"))
    _check_none(settings, _STORE)
    return None


def _check_none(settings: Settings, why: tuple[str, str]) -> None:
    given = [name for name, value in settings.items() if value is not None]
    if given:
        kind, reason = why
        it = "it" if len(given) == 1 else "them"
        raise ConfigError(
            f"{kind} takes no {' and no '.join(given)}, for {reason}; leave {it} out."
        )


def _check_names(given: Mapping[str, object], kind: type) -> None:
    unknown = given.keys() - kind.__annotations__.keys()
    if unknown:
        # Type checkers see it in an Unpack; at run time it would go unnoticed.
        raise TypeError(f"There is no setting {', '.join(sorted(unknown))}")


def _events(
    pieces: Iterable[bytes], following: Following, backend: Any
) -> Iterator[Event]:
    for piece in pieces:
        for event in following.feed(piece):
            if backend.is_closed:
                return
            yield event


async def _async_events(
    pieces: AsyncIterable[bytes], following: Following, backend: Any
) -> AsyncIterator[Event]:
    async for piece in pieces:
        for event in following.feed(piece):
            if backend.is_closed:
                return
            yield event
