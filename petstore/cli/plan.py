"""Decide what a server is started with, and refuse what cannot be."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from petstore.cli.choices import Auth, Contract, ProfileName, Rules
from petstore.cli.seeding import early
from petstore.cli.stores import require_store
from petstore.contract.errors import ConfigError
from petstore.engine.opening import Options, choose_profile, stored_profile
from petstore.engine.profile import Profile
from petstore.engine.seeds import Seed
from petstore.server.settings import Settings, settle
from petstore.storage.address import Address, parse


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
    is_quiet: bool = False


class Plan(NamedTuple):
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

    @property
    def logs_refusals(self) -> bool:
        """Whether each refused request is worth a line: a developer looks at it."""
        is_noted = self.profile.name == "sandbox" and not self.wanted.is_quiet
        return self.wanted.is_verbose or is_noted


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
    asked: Options = {
        "profile": wanted.profile,
        "auth": wanted.auth,
        "contract": wanted.contract,
        "rules": wanted.rules,
    }
    chosen = choose_profile(kind, asked)
    return Plan(
        wanted=wanted,
        address=address,
        is_new=kind is None,
        profile=chosen,
        options=_options(wanted, chosen, seed),
        settings=settle(
            chosen,
            host=wanted.host,
            allow_host=wanted.allow_host,
            cors_origin=wanted.cors_origin,
            allow_reset=wanted.allow_reset,
        ),
    )


def _check_place(wanted: Wanted, address: Address) -> None:
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
