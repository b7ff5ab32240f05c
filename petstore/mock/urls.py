"""Say whom a mock may ask, before anything is sent."""

import ipaddress
import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from petstore.contract.errors import ConfigError


def check_network(
    url: str, *, is_asked: bool, environment: Mapping[str, str] = os.environ
) -> None:
    """
    Refuse the network where the variable CI is set, unless it was asked for.

    Raises:
        ConfigError: It is refused.
    """
    host = str(urlsplit(url).hostname)
    if environment.get("CI") and not is_asked and not is_loopback(host):
        raise ConfigError(
            f"CI is set, so no network is used: {url} was not asked. Replay a"
            " recording, or say that the network is wanted (--allow-network)."
        )


def checked_url(url: str) -> str:
    """
    Return the URL of a server without a trailing slash and the base of an API.

    Raises:
        ConfigError: It is no http URL, or holds a credential.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(
            f"Wrong upstream: {url!r:.100} is no URL of a server, as https://petstore3"
            ".swagger.io is one; `engine` is the store in this process."
        )
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigError(
            "Wrong upstream: it should be a URL without user, query and fragment;"
            " clients send their own credentials through."
        )
    path = parts.path.rstrip("/")
    for base in ("/api/v3", "/v2"):
        path = path.removesuffix(base)
    return f"{parts.scheme}://{parts.netloc}{path}"


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
