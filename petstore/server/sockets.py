"""Listen on an address of this machine, or say why that cannot be."""

import errno
import socket
from typing import Final

from petstore.contract.errors import ConfigError
from petstore.server.settings import LOOPBACK, WILDCARDS

BACKLOG: Final = 1024
_OWN_ADDRESS: Final = "Give as --host an address of this machine, such as 127.0.0.1."


def url_of(listener: socket.socket) -> str:
    """Return where this machine reaches what listens there."""
    host, port = listener.getsockname()[:2]
    if host in WILDCARDS:
        host = "::1" if ":" in host else LOOPBACK
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def bind(host: str, port: int) -> socket.socket:
    """
    Return a listening socket.

    Raises:
        ConfigError: It cannot be had; says why and what would help.
    """
    try:
        return listen(host, port)
    except (TypeError, UnicodeError) as error:
        # What the socket library says of a name that it cannot write.
        raise ConfigError(
            f"{host[:100]!a} is no name of a host. {_OWN_ADDRESS}"
        ) from error
    except OverflowError as error:
        raise ConfigError(f"There is no port {port}; they end at 65535.") from error
    except OSError as error:
        raise ConfigError(
            f"Cannot listen on {host} port {port}: {error.strerror}. {_advice(error)}"
        ) from error


def _advice(error: OSError) -> str:
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return _OWN_ADDRESS
    if error.errno == errno.EACCES:
        return "Choose a --port above 1023; those below are for the system."
    return "Choose another --port, 0 for any free one, or end what uses it."


def listen(host: str, port: int) -> socket.socket:
    """
    Return a listening socket; port 0 asks for any free one.

    Raises:
        OSError: The port is in use, or the host is none of this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except BaseException:
        listener.close()
        raise
    return listener
