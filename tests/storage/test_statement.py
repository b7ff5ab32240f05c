"""A statement is text for both engines, compiled once per shape."""

from functools import partial

import pytest
from sqlalchemy import Select, bindparam, select, update

from petstore.storage.statement import (
    LIST_LENGTH_MAX,
    Statement,
    list_params,
    one_of,
    padded_count,
)
from petstore.storage.store import SyncStore
from petstore.storage.tables import COUNTER, PET
from tests.storage.units import INSERT_PET, add_pet, pet_row


def by_status(count: int) -> Select[tuple[int]]:
    """Find the pets of some statuses."""
    is_asked_for = one_of(PET.c.status, "status", count)
    return select(PET.c.id).where(is_asked_for).order_by(PET.c.id)


BY_STATUS = Statement.of(by_status)


def test_text_is_compiled_once_per_dialect():
    statement = Statement(select(PET.c.id))

    first = statement.compiled["sqlite"]

    assert statement.compiled["sqlite"] is first
    assert statement.compiled["postgresql"] is not first


def test_values_of_the_expression_travel_as_constants():
    statement = Statement(select(PET.c.id).where(PET.c.status == "sold").limit(7))

    compiled = statement.compiled["sqlite"]

    assert {7, "sold"} <= set(compiled.constants.values())
    assert not compiled.is_write


def test_values_are_given_in_the_order_of_the_text():
    statement = Statement(
        update(PET)
        .where(PET.c.id == bindparam("pet_id"))
        .values(name=bindparam("new_name"), version=PET.c.version + 1)
    )
    sqlite, postgres = (
        statement.compiled["sqlite"],
        statement.compiled["postgresql"],
    )
    given = {**sqlite.constants, "pet_id": 7, "new_name": "Rex"}

    assert sqlite.arranged(given) == ("Rex", 1, 7)
    assert postgres.arranged(given) is given


def test_lone_value_is_given_as_a_tuple():
    compiled = Statement(
        select(PET.c.name).where(PET.c.id == bindparam("pet_id"))
    ).compiled["sqlite"]

    assert compiled.arranged({"pet_id": 7}) == (7,)


def test_list_inside_in_is_refused():
    statement = Statement(select(PET.c.id).where(PET.c.status.in_(["sold"])))

    with pytest.raises(TypeError, match="one_of"):
        statement.compiled["sqlite"]


def test_family_builds_each_shape_once():
    assert BY_STATUS(2) is BY_STATUS(2)
    assert BY_STATUS(2) is not BY_STATUS(4)


@pytest.mark.parametrize(
    ("count", "padded"), [(1, 1), (2, 2), (3, 4), (4, 4), (5, 8), (1_000, 1_024)]
)
def test_list_is_padded_to_a_power_of_two(count, padded):
    assert padded_count(["x"] * count) == padded


@pytest.mark.parametrize("count", [0, LIST_LENGTH_MAX + 1])
def test_list_has_a_stated_length(count):
    with pytest.raises(ValueError, match="1 to 1024"):
        padded_count(["x"] * count)


def test_padding_repeats_the_last_value():
    assert list_params("status", ["a", "b", "c"]) == {
        "status_0": "a",
        "status_1": "b",
        "status_2": "c",
        "status_3": "c",
    }


def test_padded_list_finds_what_the_list_names(store: SyncStore):
    statuses = ["available", "sold", "lost"]
    for status in (*statuses, "x"):
        store.write(partial(add_pet, status=status))

    found = store.read(
        lambda tx: tx.rows(
            BY_STATUS(padded_count(statuses)), list_params("status", statuses)
        )
    )

    assert found == [(1,), (2,), (3,)]


def test_percent_and_colon_are_only_text(store: SyncStore):
    odd = "100% :status %(status)s ? ü"
    store.write(lambda tx: tx.run(INSERT_PET, pet_row(1, name=odd)))
    like = Statement(select(PET.c.name).where(PET.c.name.like("100%")))
    equal = Statement(select(PET.c.name).where(PET.c.name == odd))

    assert store.read(lambda tx: tx.rows(like)) == [(odd,)]
    assert store.read(lambda tx: tx.rows(equal)) == [(odd,)]


def test_text_sorts_by_its_bytes(store: SyncStore):
    rows = [
        pet_row(pet_id, name=name)
        for pet_id, name in enumerate(["é", "a", "Z", "z", "_"], start=1)
    ]
    store.write(lambda tx: tx.run_each(INSERT_PET, rows))
    by_name = Statement(select(PET.c.name).order_by(PET.c.name))

    names = store.read(lambda tx: [name for (name,) in tx.rows(by_name)])

    assert names == ["Z", "_", "a", "z", "é"]


def test_literals_of_both_kinds_come_back(store: SyncStore):
    statement = Statement(select(COUNTER.c.name, COUNTER.c.value).order_by("name"))

    assert store.read(lambda tx: tx.rows(statement)) == [
        ("clock", 0),
        ("id.order", 0),
        ("id.pet", 0),
        ("id.user", 0),
    ]
