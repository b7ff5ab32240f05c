"""Decide what a server is started with, and refuse what would be unsafe."""

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from petstore.cli.choices import Auth, Contract, ProfileName, Rules
from petstore.cli.seeding import early
from petstore.cli.stores import require_store
from petstore.contract.errors import ConfigError
from petstore.engine.opening import Options, stored_profile
from petstore.engine.profile import Profile, profile
from petstore.engine.seeding import check_kind
from petstore.engine.seeds import Seed
from petstore.server.settings import LOOPBACK_HOSTS, Settings
from petstore.storage.address import Address, parse

WILDCARDS = frozenset({"0.0.0.0", "::"})  # noqa: S104 - recognised, not bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Hold what a command line asks of a server; None leaves it to the profile."""

    host: str
    port: int
    store: str
    profile: ProfileName | None = None
    auth: Auth | None = None
    contract: Contract | None = None
    rules: Rules | None = None
    seed: str | None = None
    allow_reset: bool = False
    workers: int = 1
    data_dir: Path | None = None
    allow_host: tuple[str, ...] = ()
    cors_origin: str | None = None
    upload_bytes_max: int | None = None
    is_verbose: bool = False

    @property
    def is_exposed(self) -> bool:
        """Whether others than this machine may reach the server."""
        if self.host.lower() == "localhost":
            return False
        try:
            return not ip_address(self.host).is_loopback
        except ValueError:
            return True


@dataclass(frozen=True, slots=True)
class Plan:
    """
    Hold everything that a server is started with.

    Args:
        is_new: Whether the store is still to be made.
    """

    wanted: Wanted
    address: Address
    is_new: bool
    profile: Profile
    options: Options
    settings: Settings


def make_plan(wanted: Wanted) -> Plan:
    """
    Look at the store, and settle what was left to the profile.

    Raises:
        ConfigError: Something that was asked for is wrong or unsafe.
        Unavailable: Postgres cannot be reached.
    """
    require_store(wanted.store)
    address = parse(wanted.store)
    _check_place(wanted, address)
    # Before the store is touched: a wrong seed leaves no half-made store.
    seed = early(wanted.seed)
    kind = stored_profile(wanted.store)
    chosen = profile(
        wanted.profile or kind or "sandbox",
        auth=wanted.auth,
        contract=wanted.contract,
        rules=wanted.rules,
    )
    check_kind(kind, chosen.name)
    if chosen.name == "shop":
        _require_safe(wanted, chosen)
    return Plan(
        wanted=wanted,
        address=address,
        is_new=kind is None,
        profile=chosen,
        options=_options(wanted, chosen, seed),
        settings=_settings(wanted, chosen),
    )


def _check_place(wanted: Wanted, address: Address) -> None:
    if not wanted.host:
        raise ConfigError("--host is empty. Give an address, such as 127.0.0.1.")
    if address.kind == "postgres":
        return
    if wanted.workers > 1:
        raise ConfigError(
            f"--workers {wanted.workers} needs a store on Postgres: only one process"
            " can own any other. Leave it out, or give --store postgresql://…"
        )
    if wanted.data_dir is not None:
        raise ConfigError(
            "--data-dir is for a store on Postgres: a file keeps its pictures beside"
            " it, and memory: in memory. Leave it out."
        )


def _require_safe(wanted: Wanted, chosen: Profile) -> None:
    if wanted.allow_reset:
        raise ConfigError(
            "--allow-reset would let anybody erase this shop. Leave it out, or use"
            " --profile sandbox with another store."
        )
    if wanted.cors_origin == "*":
        raise ConfigError(
            "--cors-origin '*' would let any web page use this shop. Name the one"
            " origin that may."
        )
    if not wanted.is_exposed:
        return
    if chosen.auth == "off":
        raise ConfigError(
            f"--auth off on {wanted.host} would let anybody on the network change this"
            " shop. Leave one of the two out."
        )
    if wanted.host in WILDCARDS and not wanted.allow_host:
        raise ConfigError(
            f"With --host {wanted.host} a shop must know the names that it answers to."
            " Add --allow-host NAME for each."
        )


def _options(wanted: Wanted, chosen: Profile, seed: Seed | str | None) -> Options:
    options: Options = {
        "profile": chosen.name,
        "auth": chosen.auth,
        "contract": chosen.contract,
        "rules": chosen.rules,
        "seed": seed,
        "data_dir": wanted.data_dir,
    }
    if wanted.upload_bytes_max is not None:
        options["upload_bytes_max"] = wanted.upload_bytes_max
    return options


def _settings(wanted: Wanted, chosen: Profile) -> Settings:
    is_shop = chosen.name == "shop"
    origin = wanted.cors_origin
    if origin is None and not is_shop:
        origin = "*"
    return Settings(
        hosts=_hosts(wanted) if is_shop or wanted.allow_host else None,
        cors_origin=None if origin is None else _origin(origin),
        allow_reset=wanted.allow_reset,
    )


def _hosts(wanted: Wanted) -> frozenset[str]:
    named = {_host(name) for name in wanted.allow_host}
    own = set() if wanted.host in WILDCARDS else {_host(wanted.host)}
    return LOOPBACK_HOSTS | named | own


def _host(name: str) -> str:
    """Return the name as a Host header has it, without a port."""
    bare = name.lower().strip("[]")
    try:
        return f"[{bare}]" if ip_address(bare).version == 6 else bare
    except ValueError:
        pass
    if not bare or not set(bare) <= _NAME_CHARACTERS:
        raise ConfigError(
            f"--allow-host {name!r} is no name of a host. Give it without scheme, port"
            " and path, such as shop.example.com."
        )
    return bare


_NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-._")


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
