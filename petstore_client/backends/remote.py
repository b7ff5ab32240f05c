"""
Send calls to a server over HTTP.

What a face's answer leaves out is fetched by further calls, so a value may already show
what somebody else wrote in between.
"""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar, get_origin

from petstore.contract.call import ByteStream, Call, Reply
from petstore.contract.flavours import Face, Shape, face
from petstore.contract.http import Request, encode_request
from petstore.contract.replies import decode_reply, follow_ups
from petstore_client._http import AsyncHttpSender, HttpSender
from petstore_client.address import Server

T = TypeVar("T")

_BOUNDARY_BYTES: Final = 16


class RemoteBackend:
    """Answer calls by a server; any thread may send."""

    def __init__(self, server: Server, sender: HttpSender | None = None) -> None:
        self._face = _face(server)
        self._sender = HttpSender(server) if sender is None else sender

    def send(self, call: Call[T]) -> Reply[T]:
        """
        Send a call once and return the answer.

        Raises:
            RemoteError: The server refuses.
            TransportError: No answer came; `sent` says whether it may have acted.
            DecodeError: The answer is none of a Petstore.
            NotSupported: The server's flavour has no such operation.
        """
        reply = self._exchange(call)
        reads = follow_ups(self._face, call)
        return _completed(call, reply, [self._exchange(read).value for read in reads])

    def close(self) -> None:
        """Close all connections; a second time does nothing."""
        self._sender.close()

    def _exchange(self, call: Call[T]) -> Reply[T]:
        response = self._sender.exchange(
            _request(self._face, call), is_download=_is_download(self._face, call)
        )
        return decode_reply(self._face, call, response)


class AsyncRemoteBackend:
    """Answer calls by a server, for the coroutines of one event loop."""

    def __init__(self, server: Server, sender: AsyncHttpSender | None = None) -> None:
        self._face = _face(server)
        self._sender = AsyncHttpSender(server) if sender is None else sender

    async def send(self, call: Call[T]) -> Reply[T]:
        """Send a call once and return the answer; raises as `RemoteBackend.send`."""
        reply = await self._exchange(call)
        reads = follow_ups(self._face, call)
        values = [(await self._exchange(read)).value for read in reads]
        return _completed(call, reply, values)

    async def close(self) -> None:
        """Close all connections; a second time does nothing."""
        await self._sender.close()

    async def _exchange(self, call: Call[T]) -> Reply[T]:
        response = await self._sender.exchange(
            _request(self._face, call), is_download=_is_download(self._face, call)
        )
        return decode_reply(self._face, call, response)


def _face(server: Server) -> Face:
    # A server under either contract is understood; `strict` refuses the least.
    return face(server.flavour, "strict")


def _request(face: Face, call: Call[Any]) -> Request:
    if any(isinstance(value, ByteStream) for value in call.arguments.values()):
        # A boundary that is known beforehand could stand in somebody's file.
        boundary = f"petstore-{secrets.token_hex(_BOUNDARY_BYTES)}"
        return encode_request(face, call, boundary=boundary)
    return encode_request(face, call)


def _is_download(face: Face, call: Call[Any]) -> bool:
    return face.route(call.operation).shape is Shape.STREAM


def _completed(call: Call[T], reply: Reply[T], values: Sequence[Any]) -> Reply[T]:
    """Return the reply with the values that were read afterwards, where any were."""
    value: Any = reply.value
    if value is None and get_origin(call.operation.result) is list:
        value = list(values)
    elif values:
        value = values[0]
    return replace(reply, value=value)
