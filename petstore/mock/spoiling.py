"""
Spoil an answer on a socket, as a fault's rule says.

    reset       the client sees ECONNRESET: closed with a linger time of 0
    empty       the connection ends without a byte
    garbage     bytes that are no HTTP, then the end
    truncate    the header and so many bytes of the body, then the end
    bad_chunk   the header, half of the body in a chunk, then what is no chunk
    dribble     the body in pieces, over a time

What was spoilt ends its connection, so nobody takes the rest for another answer.
"""

import asyncio
import socket
import struct
from collections.abc import Mapping
from typing import Any, Final

from sanic.http.constants import Stage
from sanic.request import Request as SanicRequest

from petstore.contract.replies import Response
from petstore.mock.faults import Effect
from petstore.mock.hops import LENGTH
from petstore.mock.pieces import (
    beginning_of,
    bytes_of,
    cut_async,
    dribbled,
    promised_bytes,
)
from petstore.server.sent import Sent

_GARBAGE: Final = b"\x16\x03\x01 this is no HTTP \x00\xff\r\n\r\n"
_BAD_CHUNK: Final = b"no length\r\n"
# RFC 793: a linger time of 0 sends RST; to abort alone is an orderly end.
_NO_LINGER: Final = struct.pack("ii", 1, 0)


async def spoil(
    request: SanicRequest,
    response: Response,
    headers: Mapping[str, str],
    effect: Effect,
) -> None:
    """
    Send what a broken answer leaves, and end the connection.

    Args:
        headers: Of the answer as it would be sent.
    """
    response = await cut_async(response, effect)
    protocol: Any = request.protocol
    transport = protocol.transport
    if effect.broken == "reset":
        _reset(transport)
    elif effect.broken == "empty":
        transport.abort()
    elif effect.broken == "garbage":
        await _write(protocol, _GARBAGE)
        transport.close()
    elif effect.broken == "dribble":
        await _dribble(protocol, response, headers, effect)
    else:
        await _write(protocol, _beginning(response, headers, effect))
        transport.close()
    _forget(request)


def break_off(request: SanicRequest) -> None:
    """End the connection of an answer whose end will not come."""
    protocol: Any = request.protocol
    protocol.transport.close()
    _forget(request)


def _beginning(response: Response, headers: Mapping[str, str], effect: Effect) -> bytes:
    body = bytes_of(response)
    kept = beginning_of(body, effect)
    if effect.broken == "truncate":
        length = promised_bytes(body, kept)
        return _head(response, headers, f"content-length: {length}") + kept
    chunk = b"%x\r\n%b\r\n" % (len(kept), kept) if kept else b""
    return _head(response, headers, "transfer-encoding: chunked") + chunk + _BAD_CHUNK


async def _dribble(
    protocol: Any, response: Response, headers: Mapping[str, str], effect: Effect
) -> None:
    assert effect.dribble is not None
    body = bytes_of(response)
    await _write(protocol, _head(response, headers, f"content-length: {len(body)}"))
    for pause_s, piece in dribbled(body, effect):
        await asyncio.sleep(pause_s)
        if protocol.transport.is_closing():
            return
        await _write(protocol, piece)
    protocol.transport.close()


def _head(response: Response, headers: Mapping[str, str], framing: str) -> bytes:
    own = {name: one for name, one in headers.items() if name != LENGTH}
    sent = Sent(b"", response.status, own)
    head, _, _ = sent.on_wire().partition(b"content-length:")
    return head + f"{framing}\r\nconnection: close\r\n\r\n".encode()


def _reset(transport: Any) -> None:
    connection = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    transport.abort()


async def _write(protocol: Any, data: bytes) -> None:
    # Its own sending waits where the client reads slowly.
    await protocol.send(data)


def _forget(request: SanicRequest) -> None:
    """Keep Sanic from answering what the connection is gone for."""
    stream: Any = request.stream
    stream.keep_alive, stream.stage = False, Stage.IDLE
