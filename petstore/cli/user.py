"""Look after the users of a store and their roles."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from petstore.cli.listing import Limit
from petstore.cli.output import AsJson, note, print_fields, print_json, print_table, say
from petstore.cli.stores import STOP_FIRST, OwnStore, open_own
from petstore.contract.role import Role

if TYPE_CHECKING:
    from petstore.engine.user_rows import StoredUser

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help=f"List, add and change the users of a store.\n\n{STOP_FIRST}",
)

_FIELDS = ("id", "username", "role", "email")

Username = Annotated[str, typer.Argument(help="Which user.", show_default=False)]
NewRole = Annotated[
    Role, typer.Argument(help="What the user may do.", show_default=False)
]


@app.command("list")
def list_(store: OwnStore, limit: Limit = 100, as_json: AsJson = False) -> None:
    """List users with their roles."""
    from petstore.engine.roles import list_users

    with open_own(store) as engine:
        found = engine.store.read(lambda tx: list_users(tx, limit=limit + 1))
    shown = [_data(one) for one in found[:limit]]
    if as_json:
        print_json(shown)
    else:
        print_table(_FIELDS, [[one.get(name) for name in _FIELDS] for one in shown])
    if len(found) > limit:
        note(f"These are the first {limit}; a higher --limit shows more.")


@app.command("add")
def add(
    username: Username,
    store: OwnStore,
    *,
    role: Annotated[Role, typer.Option(help="What the user may do.")] = Role.CUSTOMER,
    email: Annotated[str | None, typer.Option(help="Where to reach the user.")] = None,
    password_stdin: Annotated[
        bool,
        typer.Option(
            "--password-stdin",
            help="Read the password from stdin; else one is made and shown once.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Add a user."""
    from petstore.cli.people import make_draft
    from petstore.engine.passwords import new_password
    from petstore.engine.roles import add_user

    made = None if password_stdin else new_password()
    password = made or sys.stdin.readline().rstrip("\r\n")
    with open_own(store) as engine:
        draft = make_draft(username, password, email=email, setup=engine.setup)
        stored = engine.store.write(lambda tx: add_user(tx, draft, role=role))
    shown = _data(stored) | ({"password": made} if made else {})
    if as_json:
        print_json(shown)
    else:
        print_fields(shown.items())


@app.command("set-role")
def set_role(username: Username, role: NewRole, store: OwnStore) -> None:
    """Give a user another role, and end the user's logins."""
    from petstore.engine import roles

    with open_own(store) as engine:
        engine.store.write(lambda tx: roles.set_role(tx, username, role=role))
    say(f"{username} has the role {role}.")


@app.command("delete")
def delete(username: Username, store: OwnStore) -> None:
    """Delete a user, and end the user's logins."""
    from petstore.engine import roles

    with open_own(store) as engine:
        engine.store.write(lambda tx: roles.delete_user(tx, username))
    say(f"Deleted user {username}.")


def _data(stored: "StoredUser") -> dict[str, Any]:
    """Return what of a user may be shown: never a password."""
    user = stored.user
    shown = {"id": user.id, "username": user.username, "role": stored.role}
    return shown | ({"email": user.email} if user.email else {})
