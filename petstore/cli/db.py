"""Look after a store that outlives its process."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from petstore.cli.choices import ProfileName
from petstore.cli.failures import FAILED
from petstore.cli.output import AsJson, note, print_json, print_table, say
from petstore.cli.progress import progress
from petstore.cli.stores import open_own, require_store
from petstore.contract.errors import ConfigError

if TYPE_CHECKING:
    from petstore.storage.maintenance import Copied

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Make, upgrade, copy and check a store on disk.",
)


def _store(text: str) -> str:
    require_store(text)
    return text


Store = Annotated[
    str,
    typer.Argument(
        metavar="STORE",
        callback=_store,
        help="A path or postgresql://…",
        show_default=False,
    ),
]

MaybeStore = Annotated[
    str | None,
    typer.Argument(
        metavar="[STORE]", help="A path or postgresql://…", show_default=False
    ),
]


@app.command("seed")
def seed(
    store: Store,
    *,
    seed: Annotated[
        str | None,
        typer.Option(
            metavar="public|empty|FILE|N",
            help="What to fill it with; public in a sandbox, empty in a shop.",
        ),
    ] = None,
    profile: Annotated[
        ProfileName | None, typer.Option(help="What a new store is for.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Remove all that is there first.")
    ] = False,
) -> None:
    """Make a store and fill it with first data."""
    from petstore.cli.seeding import fill

    with progress("Filling the store") as on_progress:
        pets = fill(
            store,
            seed=seed,
            profile=profile,
            replace=replace,
            on_progress=on_progress,
        )
    say(f"{_shown(store)} holds {pets} pets.")


@app.command("upgrade")
def upgrade(store: Store) -> None:
    """Bring a store's tables to the revision of this version, after a backup."""
    from petstore.storage import migration

    before = migration.current(store)
    with progress("Upgrading") as on_progress:
        backup = migration.upgrade(store, on_progress=on_progress)
    after = migration.current(store)
    if before == after:
        say(f"{_shown(store)} has the newest revision, {after}.")
        return
    say(f"{_shown(store)} went from revision {before or 'none'} to {after}.")
    if backup is not None:
        say(f"It is backed up in {backup}.")


@app.command("current")
def current(store: Store, as_json: AsJson = False) -> None:
    """Show the revision of a store's tables."""
    from petstore.storage import migration

    revision = migration.current(store)
    if as_json:
        print_json({"revision": revision})
    else:
        say(revision or "none: the database is empty")


@app.command("history")
def history(store: MaybeStore = None, as_json: AsJson = False) -> None:
    """
    List the revisions that this version knows, newest first.

    Given a store, tell which of them it has.
    """
    from petstore.storage import migration

    has = None if store is None else migration.current(store) or ""
    rows = [
        {"revision": one.name, "summary": one.summary}
        | ({} if has is None else {"applied": one.name <= has})
        for one in migration.history()
    ]
    if as_json:
        print_json(rows)
    else:
        print_table(tuple(rows[0]), [tuple(map(str, row.values())) for row in rows])


@app.command("backup")
def backup(
    store: Store,
    target: Annotated[
        Path, typer.Argument(help="New file for the copy.", show_default=False)
    ],
    as_json: AsJson = False,
) -> None:
    """
    Copy a store to a new file, which is a store itself; its owner may go on.

    Its pictures go to the folder TARGET.photos, but for those that are there already.
    """
    from petstore.storage import maintenance

    with progress("Copying") as on_progress:
        copied = maintenance.backup(store, target, on_progress=on_progress)
    _print_copied(copied, as_json)


@app.command("restore")
def restore(
    store: Store,
    backup: Annotated[
        Path, typer.Argument(help="File that `backup` made.", show_default=False)
    ],
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="Overwrite the store that is there.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Put a backup in a store's place, and its pictures beside it."""
    from petstore.storage import maintenance
    from petstore.storage.reader import durable_address

    address = durable_address(store)
    if address.kind == "file" and address.path.exists() and not replace:
        raise ConfigError(
            f"The store {address.shown} exists. Add --replace to overwrite it, or give"
            " another path."
        )
    with progress("Copying") as on_progress:
        copied = maintenance.restore(
            backup, store, overwrite=replace, on_progress=on_progress
        )
    _print_copied(copied, as_json)


@app.command("check")
def check(store: Store, as_json: AsJson = False) -> None:
    """
    Look for damage, and for rows that disagree; exits with 1 when there is any.

    Pictures are looked at too, but for those of a store on Postgres.
    """
    from petstore.storage import maintenance
    from petstore.storage.address import parse

    with progress("Checking") as on_progress:
        found = maintenance.check(store, on_progress=on_progress)
    if as_json:
        print_json([{"check": one.check, "message": one.message} for one in found])
    elif found:
        print_table(("check", "found"), [(one.check, one.message) for one in found])
    else:
        say(f"{_shown(store)} is well.")
    if parse(store).kind == "postgres":
        note("The pictures, in the --data-dir of its servers, were not looked at.")
    if found:
        raise typer.Exit(FAILED)


@app.command("sweep")
def sweep(store: Store) -> None:
    """
    Remove files of pictures that no row names, as a crash may leave them.

    The store must not be in use, and nothing younger than an hour is removed.
    """
    from petstore.engine import photos
    from petstore.storage.address import parse

    if parse(store).kind == "postgres":
        raise ConfigError(
            "Several servers may share the pictures of a store on Postgres, so they are"
            " not swept; give a path."
        )
    with open_own(store) as engine:
        count = photos.sweep(engine.store, engine.setup)
    say(f"Removed {count} files from {_shown(store)}.photos.")


def _print_copied(copied: "Copied", as_json: bool) -> None:
    if as_json:
        print_json(dict(sorted(copied.counts.items())))
    else:
        print_table(("table", "rows"), sorted(copied.counts.items()))
    if copied.lacking:
        note(
            f"{len(copied.lacking)} pictures are not in the copy, for no whole file of"
            " theirs is left. `petstore db check` names them."
        )


def _shown(store: str) -> str:
    from petstore.storage.address import parse

    return parse(store).shown
