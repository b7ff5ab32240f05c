"""Look after the api keys of a store."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from petstore.cli.listing import Limit
from petstore.cli.output import AsJson, note, print_fields, print_json, print_table, say
from petstore.cli.stores import STOP_FIRST, OwnStore, open_own
from petstore.contract.role import Role

if TYPE_CHECKING:
    from petstore.engine.keys import Key

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help=f"List, add and delete the api keys of a store.\n\n{STOP_FIRST}",
)

Label = Annotated[str, typer.Argument(help="What the key is for.", show_default=False)]


@app.command("list")
def list_(store: OwnStore, limit: Limit = 100, as_json: AsJson = False) -> None:
    """List api keys; the keys themselves are not stored."""
    from petstore.engine.keys import list_keys

    with open_own(store) as engine:
        found = engine.store.read(lambda tx: list_keys(tx, limit=limit + 1))
    shown = [_data(one) for one in found[:limit]]
    if as_json:
        print_json(shown)
    else:
        rows = [
            (one["label"], " ".join(one["scopes"]), one["createdAt"]) for one in shown
        ]
        print_table(("label", "scopes", "created"), rows)
    if len(found) > limit:
        note(f"These are the first {limit}; a higher --limit shows more.")


@app.command("add")
def add(
    label: Label,
    store: OwnStore,
    *,
    role: Annotated[
        Role, typer.Option(help="Allow what this role may do.")
    ] = Role.CLERK,
    scope: Annotated[
        list[str], typer.Option(help="Allow this instead; may be repeated.")
    ] = [],  # noqa: B006 - Typer copies it
    as_json: AsJson = False,
) -> None:
    """Add an api key and show it, this once; send it as the header api_key."""
    from petstore.cli.people import new_key
    from petstore.engine.identity import ROLE_SCOPES
    from petstore.engine.keys import add_key

    scopes = frozenset[str](scope) or ROLE_SCOPES[role]
    key = new_key()
    with open_own(store) as engine:
        engine.store.write(lambda tx: add_key(tx, label, key, scopes=scopes))
    shown = {"label": label, "key": key, "scopes": sorted(scopes)}
    if as_json:
        print_json(shown)
    else:
        print_fields({**shown, "scopes": " ".join(sorted(scopes))}.items())


@app.command("delete")
def delete(label: Label, store: OwnStore) -> None:
    """Delete an api key."""
    from petstore.engine.keys import delete_key

    with open_own(store) as engine:
        engine.store.write(lambda tx: delete_key(tx, label))
    say(f"Deleted key {label}.")


def _data(key: "Key") -> dict[str, Any]:
    created_at = key.created_at.isoformat(timespec="seconds")
    return {"label": key.label, "scopes": list(key.scopes), "createdAt": created_at}
