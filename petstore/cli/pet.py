"""Work with the pets of a store or of a server."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from petstore.cli.choices import PetSort, PetStatus
from petstore.cli.ids import TakesId
from petstore.cli.listing import Limit, print_list
from petstore.cli.output import AsJson, as_data, print_fields, print_json, say
from petstore.cli.stores import SERVER, AnyStore, connect

if TYPE_CHECKING:
    from petstore.contract.pet import Pet

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="List, show, add and change pets.",
)

PetId = Annotated[int, typer.Argument(help="Which pet.", show_default=False)]
NewStatus = Annotated[
    PetStatus, typer.Argument(help="What it becomes.", show_default=False)
]
Name = Annotated[str, typer.Argument(help="What it is called.", show_default=False)]
Category = Annotated[str | None, typer.Option(help="Name of the category.")]
Tags = Annotated[
    list[str], typer.Option("--tag", help="Name of a tag; may be repeated.")
]


@app.command("list")
def list_(  # noqa: PLR0913 - one for each option
    *,
    status: Annotated[
        list[str], typer.Option(help="Any of these; may be repeated.")
    ] = [],  # noqa: B006 - Typer copies it
    tag: Tags = [],  # noqa: B006
    category: Category = None,
    q: Annotated[
        str | None, typer.Option("-q", "--query", help="Start of the name.")
    ] = None,
    sort: Annotated[PetSort, typer.Option(help="Order; - is backwards.")] = "id",
    limit: Limit = 100,
    store: AnyStore = SERVER,
    as_json: AsJson = False,
) -> None:
    """List pets that meet all conditions."""
    with connect(store) as client:
        pets = client.pets.list(
            status=status or None,
            tags=tag or None,
            category=category,
            q=q,
            sort=sort,
            limit=limit,
        )
        print_list(pets, ("id", "name", "status", "category", "tags"), _row, as_json)


@app.command("get", cls=TakesId)
def get(pet_id: PetId, store: AnyStore = SERVER, as_json: AsJson = False) -> None:
    """Show one pet."""
    with connect(store) as client:
        _show(client.pets.get(pet_id), as_json)


@app.command("add")
def add(  # noqa: PLR0913 - one for each option
    name: Name,
    *,
    status: Annotated[PetStatus, typer.Option(help="May it be sold?")] = "available",
    category: Category = None,
    tag: Tags = [],  # noqa: B006
    photo_url: Annotated[
        list[str], typer.Option(help="Where a picture is; may be repeated.")
    ] = [],  # noqa: B006
    pet_id: Annotated[
        int | None,
        typer.Option("--id", min=1, help="Id to take; a free one unless given."),
    ] = None,
    store: AnyStore = SERVER,
    as_json: AsJson = False,
) -> None:
    """Add a pet."""
    from petstore.contract.pet import Category, PetDraft, Tag

    # Not validated here: the call is, with an error of ours.
    draft = PetDraft.model_construct(
        id=pet_id,
        name=name,
        status=status,
        category=Category.model_construct(name=category) if category else None,
        tags=[Tag.model_construct(name=one) for one in tag],
        photo_urls=photo_url,
    )
    with connect(store) as client:
        _show(client.pets.create(draft), as_json)


@app.command("set-status", cls=TakesId)
def set_status(
    pet_id: PetId, status: NewStatus, store: AnyStore = SERVER, as_json: AsJson = False
) -> None:
    """Change the status of a pet."""
    with connect(store) as client:
        _show(client.pets.update(pet_id, status=status), as_json)


@app.command("delete", cls=TakesId)
def delete(pet_id: PetId, store: AnyStore = SERVER) -> None:
    """Delete a pet."""
    with connect(store) as client:
        client.pets.delete(pet_id)
    say(f"Deleted pet {pet_id}.")


def _show(pet: "Pet", as_json: bool) -> None:
    if as_json:
        print_json(as_data(pet))
    else:
        print_fields(_fields(pet))


def _fields(pet: "Pet") -> Iterator[tuple[str, object]]:
    yield from zip(("id", "name", "status", "category", "tags"), _row(pet), strict=True)
    yield "photo URLs", ", ".join(pet.photo_urls or ()) or None
    yield "version", pet.version


def _row(pet: "Pet") -> tuple[object, ...]:
    category = pet.category.name if pet.category else None
    tags = _joined(tag.name for tag in pet.tags or ()) or None
    return pet.id, pet.name, pet.status, category, tags


def _joined(names: Iterable[str | None]) -> str:
    return ", ".join(name for name in names if name)
