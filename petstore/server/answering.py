"""
Say what an answer of ours needs beside the call, whatever door the request came in by.

A mock's engine answers as the server does, so both read it here.
"""

from collections.abc import Mapping
from typing import Final

from petstore.contract import errors
from petstore.contract.call import ByteStream
from petstore.contract.flavours import FACES, Face
from petstore.contract.http import Match
from petstore.contract.media import EVENTS
from petstore.engine.context import Caller, Credentials

_BEARER: Final = "bearer "
# What a page of another origin may send, where it may send anything.
CORS_METHODS: Final = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
_ANONYMOUS: Final = {
    key: Caller(face.policy, Credentials()) for key, face in FACES.items()
}


def caller_of(headers: Mapping[str, str], face: Face) -> Caller:
    """Return who sends these headers to a face."""
    api_key = headers.get("api_key")
    authorization = headers.get("authorization")
    if api_key is None and authorization is None:
        return _ANONYMOUS[face.flavour, face.contract]
    bearer = bearer_of(authorization or "")
    return Caller(face.policy, Credentials(readable(api_key), readable(bearer)))


def bearer_of(authorization: str) -> str | None:
    """
    Return the token of a header; None where it has none.

    Source: RFC 6750 §2.1, RFC 9110 §11.1 (the scheme in any case).
    """
    scheme, token = authorization[: len(_BEARER)], authorization[len(_BEARER) :]
    return token.strip() if scheme.lower() == _BEARER else None


def readable(text: str | None) -> str | None:
    """Replace what was no UTF-8; Sanic hands it on as surrogates, never writable."""
    if text is None or text.isascii():
        return text
    return text.encode(errors="replace").decode()


def check_effectless(match: Match, path: str) -> None:
    """
    Refuse a HEAD of what has an effect.

    Raises:
        MethodNotAllowed: The operation writes, although it is a GET.

    Source: RFC 9110 §9.2.1.
    """
    if match.route.operation.writes:
        raise errors.MethodNotAllowed(
            f"{path} takes GET, not HEAD, because it has an effect.", allow=["GET"]
        )


def stream_headers(body: ByteStream) -> dict[str, str]:
    """Keep a browser from taking somebody's upload for a page of this server."""
    if body.media_type == EVENTS:
        # The last one keeps nginx from holding events back.
        return {"cache-control": "no-store", "x-accel-buffering": "no"}
    is_image = body.media_type.startswith("image/")
    headers = {
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'; sandbox",
        "content-disposition": "inline" if is_image else "attachment",
        # The name is the hash of the content, so it never changes.
        "cache-control": "public, max-age=31536000, immutable",
    }
    if body.size_bytes is not None:
        headers["content-length"] = str(body.size_bytes)
    return headers
