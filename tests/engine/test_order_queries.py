"""Pages of orders that may look at a few entries only are together the whole."""

import itertools
from functools import partial
from typing import Any

import pytest

from petstore.contract.order import Order
from petstore.engine.order_queries import Filters, read_page
from petstore.engine.order_rows import order_of
from petstore.engine.paging import Key
from petstore.storage.transaction import Tx
from tests.engine.shops import Shop
from tests.kit.builders import an_order_draft


def strolled(shop: Shop, filters: Filters, sort: str, examined: int) -> list[Order]:
    """Return all pages, each of which may look at so many entries only."""

    def page(tx: Tx, **bounds: Any) -> tuple[list[Order], Key | None]:
        rows, next_key = read_page(tx, filters, sort, **bounds)
        return [order_of(row) for row in rows], next_key

    orders: list[Order] = []
    after: Key | None = None
    for _ in range(100):
        asked = partial(page, after=after, limit=2, examined=examined)
        found, after = shop.engine.store.read(asked)
        assert len(found) <= 2
        orders += found
        if after is None:
            return orders
    raise AssertionError("There is no end.")


@pytest.mark.parametrize("examined", [1, 4, 9, 100])
def test_pages_that_end_early_together_are_the_whole(sandbox: Shop, examined):
    statuses = ["placed", "delivered", None]
    for number in range(24):
        draft = an_order_draft(pet_id=number % 4 // 2, status=statuses[number % 3])
        sandbox.do("placeOrder", order=draft)
    for order_id in (3, 4, 5, 24):
        sandbox.store.orders.cancel(order_id)
    orders = list(sandbox.store.orders.list())

    listings = itertools.product([None, "placed", "none"], [None, 0, 1, 7])
    for (status, pet_id), sort in itertools.product(listings, ["id", "-id"]):
        filters: Any = {"status": status, "pet_id": pet_id}
        given: Any = {name: one for name, one in filters.items() if one is not None}
        expected = [
            order
            for order in orders
            if status in (None, order.status) and pet_id in (None, order.pet_id)
        ]
        if sort == "-id":
            expected.reverse()
        assert expected == strolled(sandbox, given, sort, examined), (given, sort)
