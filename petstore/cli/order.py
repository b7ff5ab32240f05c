"""Work with the orders of a store or of a server."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from petstore.cli.choices import OrderSort, OrderStatus
from petstore.cli.ids import TakesId
from petstore.cli.listing import Limit, print_list
from petstore.cli.output import AsJson, as_data, print_fields, print_json, say
from petstore.cli.stores import SERVER, AnyStore, connect

if TYPE_CHECKING:
    from petstore.contract.order import Order

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="List, show, place and change orders.",
)

_COLUMNS = ("id", "pet", "quantity", "status", "complete", "ships")

OrderId = Annotated[int, typer.Argument(help="Which order.", show_default=False)]
NewStatus = Annotated[
    OrderStatus, typer.Argument(help="What it becomes.", show_default=False)
]


@app.command("list")
def list_(
    *,
    status: Annotated[OrderStatus | None, typer.Option(help="Only these.")] = None,
    pet_id: Annotated[
        int | None, typer.Option(min=1, help="Only those of this pet.")
    ] = None,
    sort: Annotated[OrderSort, typer.Option(help="Order; - is backwards.")] = "id",
    limit: Limit = 100,
    store: AnyStore = SERVER,
    as_json: AsJson = False,
) -> None:
    """List orders that meet all conditions."""
    with connect(store) as client:
        orders = client.store.orders.list(
            status=status, pet_id=pet_id, sort=sort, limit=limit
        )
        print_list(orders, _COLUMNS, _row, as_json)


@app.command("get", cls=TakesId)
def get(order_id: OrderId, store: AnyStore = SERVER, as_json: AsJson = False) -> None:
    """Show one order."""
    with connect(store) as client:
        _show(client.store.orders.get(order_id), as_json)


@app.command("place", cls=TakesId)
def place(
    pet_id: Annotated[int, typer.Argument(help="Which pet.", show_default=False)],
    *,
    quantity: Annotated[int, typer.Option(min=1, help="How many; a shop sells 1.")] = 1,
    ship_date: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"],
            help="When it ships; in UTC unless it says otherwise.",
        ),
    ] = None,
    store: AnyStore = SERVER,
    as_json: AsJson = False,
) -> None:
    """Place an order for a pet."""
    from petstore.contract.order import OrderDraft

    if ship_date is not None and ship_date.tzinfo is None:
        ship_date = ship_date.replace(tzinfo=UTC)
    # Not validated here: the call is, with an error of ours.
    draft = OrderDraft.model_construct(
        pet_id=pet_id, quantity=quantity, ship_date=ship_date, status="placed"
    )
    with connect(store) as client:
        _show(client.store.orders.place(draft), as_json)


@app.command("set-status", cls=TakesId)
def set_status(
    order_id: OrderId,
    status: NewStatus,
    store: AnyStore = SERVER,
    as_json: AsJson = False,
) -> None:
    """Change the status of an order."""
    with connect(store) as client:
        _show(client.store.orders.update(order_id, status=status), as_json)


@app.command("cancel", cls=TakesId)
def cancel(order_id: OrderId, store: AnyStore = SERVER) -> None:
    """Cancel an order."""
    with connect(store) as client:
        client.store.orders.cancel(order_id)
    say(f"Cancelled order {order_id}.")


def _show(order: "Order", as_json: bool) -> None:
    if as_json:
        print_json(as_data(order))
    else:
        print_fields(_fields(order))


def _fields(order: "Order") -> Iterator[tuple[str, object]]:
    yield from zip(_COLUMNS, _row(order), strict=True)
    yield "version", order.version


def _row(order: "Order") -> tuple[object, ...]:
    ships = order.ship_date.isoformat(timespec="seconds") if order.ship_date else None
    is_complete = "yes" if order.complete else "no"
    return order.id, order.pet_id, order.quantity, order.status, is_complete, ships
