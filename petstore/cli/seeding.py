"""Fill a store with first data."""

from contextlib import closing

from petstore.cli.choices import ProfileName
from petstore.cli.progress import OnProgress
from petstore.contract.errors import ConfigError
from petstore.engine.opening import Options, open_engine, refill, stored_profile
from petstore.engine.seeding import check_kind
from petstore.engine.seeds import Seed, parse_seed
from petstore.storage.reader import durable_address


def fill(
    store: str,
    *,
    seed: str | None,
    profile: ProfileName | None,
    replace: bool,
    on_progress: OnProgress,
) -> int:
    """
    Make a store and fill it, and return how many pets it holds.

    Args:
        replace: Whether a store that has its data loses them first.

    Raises:
        ConfigError: The store has its data, or something that was given is wrong.
    """
    shown = durable_address(store).shown
    stored = 0

    def count(done: int, total: int) -> None:
        nonlocal stored
        stored = done
        on_progress(done, total)

    # Before the store is touched: a wrong seed leaves no half-made store.
    options: Options = {"seed": early(seed), "on_progress": count}
    kind = stored_profile(store)
    if kind is not None and not replace:
        raise ConfigError(
            f"The store {shown} has its data. Add --replace to remove them first, or"
            " give another store."
        )
    if profile is not None:
        check_kind(kind, profile)
        options["profile"] = profile
    with closing(open_engine(store, options)) as engine:
        if kind is not None:
            refill(engine, store, options)
    return stored


def early(seed: str | None) -> Seed | str | None:
    """
    Read a seed before any store is touched.

    Raises:
        ConfigError: There is no such seed, or its file is wrong.
    """
    # The public data bear the time at which the store is made.
    return seed if seed in (None, "public", "empty") else parse_seed(seed)
