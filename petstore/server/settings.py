"""Hold what a server is told at its start, and refuse what would be unsafe."""

import re
from ipaddress import ip_address
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from petstore.contract.errors import ConfigError
from petstore.engine.profile import Profile

LOOPBACK: Final = "127.0.0.1"
LOOPBACK_HOSTS: Final = frozenset({"localhost", LOOPBACK, "[::1]", "::1"})
WILDCARDS: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - recognised, not bound
BODY_BYTES_MAX: Final = 1024 * 1024
BODY_SECONDS_MAX: Final = 30.0
STOP_SECONDS_MAX: Final = 4.0

_NAME: Final = r"[A-Za-z0-9._-]+"
_ADDRESS_6: Final = r"\[[0-9A-Fa-f:.]+\]"
_NAME_ONLY: Final = re.compile(_NAME)
_AUTHORITY: Final = re.compile(rf"(?:{_NAME}|{_ADDRESS_6})(?::[0-9]{{0,5}})?")


class Settings(NamedTuple):
    """
    Set up a server.

    Args:
        hosts: Names that a Host header may give; None takes any.
        cors_origin: What Access-Control-Allow-Origin says; None says nothing.
        allow_reset: Whether POST /__petstore/reset works.
        body_bytes_max: Of everything but a picture.
        body_seconds_max: How long a client may take to send a body.
    """

    hosts: frozenset[str] | None = None
    cors_origin: str | None = "*"
    allow_reset: bool = False
    body_bytes_max: int = BODY_BYTES_MAX
    body_seconds_max: float = BODY_SECONDS_MAX
    stop_seconds_max: float = STOP_SECONDS_MAX


def settle(
    chosen: Profile,
    *,
    host: str = LOOPBACK,
    allow_host: tuple[str, ...] = (),
    cors_origin: str | None = None,
    allow_reset: bool = False,
) -> Settings:
    """
    Return the settings of a server, with the profile's choice where None was made.

    Args:
        host: Address that it listens on.
        allow_host: Further names that it answers to.

    Raises:
        ConfigError: Something is wrong, or unsafe in a shop.
    """
    if not host:
        raise ConfigError("--host is empty. Give an address, such as 127.0.0.1.")
    is_shop = chosen.name == "shop"
    if is_shop:
        _refuse_in_shop(cors_origin, allow_reset=allow_reset)
    if is_shop and is_exposed(host):
        _refuse_exposed_shop(chosen, host, allow_host)
    if cors_origin is None and not is_shop:
        cors_origin = "*"
    return Settings(
        hosts=_hosts(host, allow_host) if is_shop or allow_host else None,
        cors_origin=None if cors_origin is None else _origin(cors_origin),
        allow_reset=allow_reset,
    )


def is_exposed(host: str) -> bool:
    """Return whether others than this machine may reach what listens there."""
    if host.lower() == "localhost":
        return False
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return True


def is_authority(text: str) -> bool:
    """Return whether the text may be a host, with or without a port."""
    return _AUTHORITY.fullmatch(text) is not None


def host_name(host: str) -> str:
    """Return the name of a Host header, without port, in lower case."""
    if host.startswith("["):
        return host.partition("]")[0].lower() + "]"
    return host.partition(":")[0].lower()


def _refuse_in_shop(cors_origin: str | None, *, allow_reset: bool) -> None:
    if allow_reset:
        raise ConfigError(
            "--allow-reset would let anybody erase this shop. Leave it out, or use"
            " --profile sandbox with another store."
        )
    if cors_origin == "*":
        raise ConfigError(
            "--cors-origin '*' would let any web page use this shop. Name the one"
            " origin that may."
        )


def _refuse_exposed_shop(
    chosen: Profile, host: str, allow_host: tuple[str, ...]
) -> None:
    if chosen.auth == "off":
        raise ConfigError(
            f"--auth off on {host} would let anybody on the network change this"
            " shop. Leave one of the two out."
        )
    if host in WILDCARDS and not allow_host:
        raise ConfigError(
            f"With --host {host} a shop must know the names that it answers to."
            " Add --allow-host NAME for each."
        )


def _hosts(host: str, allow_host: tuple[str, ...]) -> frozenset[str]:
    named = {_host(name) for name in allow_host}
    own = set() if host in WILDCARDS else {_host(host)}
    return LOOPBACK_HOSTS | named | own


def _host(name: str) -> str:
    """Return the name as a Host header has it, without a port."""
    bare = name.lower().strip("[]")
    try:
        return f"[{bare}]" if ip_address(bare).version == 6 else bare
    except ValueError:
        pass
    if _NAME_ONLY.fullmatch(bare) is None:
        raise ConfigError(
            f"--allow-host {name!r} is no name of a host. Give it without scheme, port"
            " and path, such as shop.example.com."
        )
    return bare


def _origin(text: str) -> str:
    """Return the origin as browsers send it."""
    if text == "*":
        return text
    parts = urlsplit(text)
    is_origin = text == f"{parts.scheme}://{parts.netloc}" and text.isascii()
    if not is_origin or parts.scheme not in ("http", "https") or " " in text:
        raise ConfigError(
            f"--cors-origin {text!r} is no origin. Give scheme and host without a path,"
            " such as https://shop.example.com, or '*'."
        )
    return text
