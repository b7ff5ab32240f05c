"""Say in words why a connection failed."""

import socket
import ssl
from collections.abc import Iterator

_DEPTH_MAX = 10


def cause_of(error: BaseException) -> str:
    """
    Return why, as the end of a sentence without its full stop.

    Libraries wrap what the system says, in a text of their own or in none.
    """
    for one in _chain(error):
        words = _words(one)
        if words:
            return words
    return str(error).rstrip(".") or type(error).__name__


def may_be_late(error: BaseException) -> bool:
    """Tell whether what was told as a timeout has one behind it, or nothing at all."""
    _, *causes = _chain(error)
    return not causes or any(isinstance(one, TimeoutError) for one in causes)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield the error, and those that it was raised from."""
    for _ in range(_DEPTH_MAX):
        yield error
        if isinstance(error, BaseExceptionGroup):
            yield from error.exceptions
        following = error.__cause__ or error.__context__
        if following is None:
            return
        error = following


def _words(error: BaseException) -> str:
    if isinstance(error, socket.gaierror):
        return f"the name of the host has no address ({_told(error)})"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({_told(error)})"
    if isinstance(error, ssl.SSLError):
        return f"it speaks no TLS that fits ({_told(error)})"
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    if isinstance(error, ConnectionError | TimeoutError):
        return str(error.strerror or "").lower()
    return ""


def _told(error: OSError) -> str:
    # Whoever raises one without OpenSSL leaves the attributes out.
    return getattr(error, "verify_message", None) or error.strerror or str(error)
