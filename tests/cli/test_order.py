"""Orders and inventory of a store and of a server alike."""

import pytest


def test_place_stores_an_order(shop):
    placed = shop.data("order place 2 --quantity 3 --ship-date 2030-01-31")

    assert placed == shop.data("order get 11")
    assert placed == {
        "id": 11,
        "petId": 2,
        "quantity": 3,
        "shipDate": "2030-01-31T00:00:00Z",
        "status": "placed",
        "complete": False,
        "version": 1,
    }


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        pytest.param("2030-01-31T10:00:00", "2030-01-31T10:00:00Z", id="utc"),
        pytest.param("2030-01-31T10:00:00+02:00", "2030-01-31T08:00:00Z", id="offset"),
    ],
)
def test_a_ship_date_may_have_a_time(shop, given, stored):
    assert shop.data(f"order place 2 --ship-date {given}")["shipDate"] == stored


def test_list_takes_conditions(shop):
    orders = shop.data("order list --status placed --pet-id 3 --sort -id --limit 2")

    assert [order["id"] for order in orders] == [10, 9]


def test_list_shows_a_row_for_each_order(shop):
    shown = shop("order list --pet-id 1")

    assert [row[:5] for row in shown.rows] == [
        ["1", "1", "2", "placed", "no"],
        ["2", "1", "2", "delivered", "no"],
    ]


def test_get_shows_each_field_that_the_order_has(shop):
    shop("order place 5")

    shown = shop("order get 11")

    assert shown.rows == [
        ["id", "11"],
        ["pet", "5"],
        ["quantity", "1"],
        ["status", "placed"],
        ["complete", "no"],
        ["version", "1"],
    ]


def test_set_status_changes_the_status(shop):
    assert shop.data("order set-status 1 approved")["status"] == "approved"


def test_cancel_removes_the_order(shop):
    cancelled = shop("order cancel 1")

    assert (cancelled.code, cancelled.stdout) == (0, "Cancelled order 1.\n")
    assert shop("order get 1").stderr == "error: There is no order 1.\n"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        pytest.param("order get 99", 3, id="no-such-order"),
        pytest.param("order cancel 99", 3, id="cancel"),
        pytest.param("order place 1 --quantity 99999999999", 2, id="int32"),
        pytest.param("order place 1 --quantity -1", 2, id="quantity"),
        pytest.param("order place -1", 2, id="pet-below-zero"),
        pytest.param("order list --pet-id -1", 2, id="pet-id"),
        pytest.param("order place 1 --ship-date tomorrow", 2, id="no-date"),
        pytest.param("order set-status 1 lost", 2, id="status"),
    ],
)
def test_a_refusal_has_an_exit_code(shop, line, code):
    assert shop(line).code == code


def test_inventory_counts_pets(shop):
    assert shop.data("inventory") == {"available": 7, "pending": 2, "sold": 1}
    assert shop("inventory").rows == [
        ["available", "7"],
        ["pending", "2"],
        ["sold", "1"],
    ]


def test_the_rules_of_a_shop_hold(terminal):
    terminal("db seed shop.db --profile shop --seed 3")

    refused = terminal("order place 1 --quantity 2 --store shop.db")

    assert refused.code == 5
