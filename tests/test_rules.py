"""The shop's rules, and the pure helpers beside them."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petstore.contract.errors import Invalid, RuleBroken
from petstore.contract.order import OrderStatus
from petstore.contract.pet import PetStatus
from petstore.rules import (
    NAME_FOLDED_LENGTH_MAX,
    PATCH_DEPTH_MAX,
    check_new_order,
    check_order_cancel,
    check_order_change,
    check_order_transition,
    check_pet_delete,
    check_pet_transition,
    fold_name,
    is_open,
    merge_patch,
    new_pet_status,
    pet_status_after,
)
from tests.kit.builders import a_pet, an_order, an_order_draft

ODD = "on holiday"
PET_STATUSES = [*PetStatus, ODD, None]
ORDER_STATUSES = [*OrderStatus, ODD, None]


def rule_of(caught: pytest.ExceptionInfo[RuleBroken]) -> str:
    """Return the rule's name, which the error carries twice, beside a sentence."""
    (problem,) = caught.value.fields
    assert problem.message[0].isupper()
    assert problem.message.endswith(".")
    assert caught.value.extra["rule"] == problem.kind
    return problem.kind


def is_allowed(check, *args, **options) -> bool:
    try:
        check(*args, **options)
    except RuleBroken:
        return False
    return True


def matrix(check, statuses, **options) -> dict[str | None, set[str | None]]:
    """Return for each status those that it may change to, itself left out."""
    return {
        before: {
            after
            for after in statuses
            if after != before and is_allowed(check, before, after, **options)
        }
        for before in statuses
    }


# --- pets


def test_transitions_of_pets():
    assert matrix(check_pet_transition, PET_STATUSES) == {
        "available": {"pending"},
        "pending": {"available", "sold"},
        "sold": set(),
        ODD: {"available", "pending", "sold"},
        None: {"available", "pending", "sold"},
    }


def test_sold_pet_comes_back_by_naming_its_status():
    by_patch = matrix(check_pet_transition, PET_STATUSES, names_status=True)

    assert by_patch == {
        **matrix(check_pet_transition, PET_STATUSES),
        "sold": {"available"},
    }


@pytest.mark.parametrize("names_status", [True, False])
def test_open_order_decides_the_status_of_its_pet(names_status):
    moves = matrix(
        check_pet_transition,
        PET_STATUSES,
        open_order_id=7,
        names_status=names_status,
    )

    assert moves == {status: set() for status in PET_STATUSES}


@pytest.mark.parametrize("status", PET_STATUSES)
def test_same_status_again_is_no_transition(status):
    check_pet_transition(status, status)
    check_pet_transition(status, status, open_order_id=7)


@pytest.mark.parametrize(
    ("before", "after", "options", "rule", "message"),
    [
        pytest.param(
            "available",
            "sold",
            {},
            "illegal-transition",
            "The status cannot go from available to sold; "
            "from available it goes to pending.",
            id="skips-pending",
        ),
        pytest.param(
            "sold",
            "available",
            {},
            "illegal-transition",
            "The status cannot go from sold to available; a sold pet comes back as "
            "available, by changing its status alone.",
            id="return-by-replacement",
        ),
        pytest.param(
            "sold",
            ODD,
            {},
            "unknown-status",
            "That is no status of the shop: 'on holiday'; one of available, pending, "
            "sold would be right.",
            id="undocumented",
        ),
        pytest.param(
            "sold",
            None,
            {},
            "unknown-status",
            "That is no status; one of available, pending, sold would be right.",
            id="none",
        ),
        pytest.param(
            "pending",
            "available",
            {"open_order_id": 7},
            "has-open-order",
            "Order 7 is open for this pet and decides its status; deliver or cancel "
            "that order instead.",
            id="open-order",
        ),
    ],
)
def test_refused_transition_says_what_would_be_right(
    before, after, options, rule, message
):
    with pytest.raises(RuleBroken) as caught:
        check_pet_transition(before, after, **options)

    assert caught.value.message == message
    assert rule_of(caught) == rule


def test_new_pet_is_available_unless_told():
    assert new_pet_status(None) == "available"
    assert [new_pet_status(status) for status in PetStatus] == list(PetStatus)


def test_new_pet_has_a_documented_status():
    with pytest.raises(RuleBroken, match="available, pending, sold would be right"):
        new_pet_status(ODD)


def test_pet_with_an_open_order_cannot_be_deleted():
    check_pet_delete(3, open_order_id=None)

    with pytest.raises(RuleBroken, match=r"Pet 3 .* while order 7 is open") as caught:
        check_pet_delete(3, open_order_id=7)
    assert rule_of(caught) == "has-open-order"
    assert caught.value.extra["order_id"] == 7


# --- orders


def test_transitions_of_orders():
    assert matrix(check_order_transition, ORDER_STATUSES) == {
        "placed": {"approved"},
        "approved": {"delivered"},
        "delivered": set(),
        ODD: {"placed", "approved", "delivered"},
        None: {"placed", "approved", "delivered"},
    }


def test_delivered_order_stays_delivered():
    check_order_transition("delivered", "delivered")

    with pytest.raises(RuleBroken, match="a delivered order stays as it is"):
        check_order_transition("delivered", "approved")


@pytest.mark.parametrize("quantity", [None, 1])
@pytest.mark.parametrize("status", [None, "placed"])
def test_available_pet_can_be_ordered(quantity, status):
    check_new_order(an_order_draft(quantity=quantity, status=status), a_pet())


@pytest.mark.parametrize(
    ("order", "pet", "rule", "message"),
    [
        pytest.param(
            {"pet_id": 9}, None, "pet-not-found", "has no pet 9", id="no-such-pet"
        ),
        pytest.param(
            {"pet_id": None}, None, "pet-not-found", "needs a petId", id="no-pet-id"
        ),
        pytest.param(
            {}, {"status": "pending"}, "pet-not-available", "is pending", id="pending"
        ),
        pytest.param({}, {"status": "sold"}, "pet-not-available", "is sold", id="sold"),
        pytest.param(
            {}, {"status": ODD}, "pet-not-available", "is on holiday", id="odd"
        ),
        pytest.param(
            {}, {"status": None}, "pet-not-available", "without status", id="none"
        ),
        pytest.param(
            {"quantity": 2}, {}, "one-animal-per-order", "1 would be right", id="two"
        ),
        pytest.param(
            {"quantity": 0}, {}, "one-animal-per-order", "1 would be right", id="zero"
        ),
        pytest.param(
            {"status": "approved"}, {}, "illegal-transition", "placed", id="approved"
        ),
        pytest.param({"status": ODD}, {}, "illegal-transition", ODD, id="odd-status"),
    ],
)
def test_order_is_refused(order, pet, rule, message):
    ordered = None if pet is None else a_pet(**pet)

    with pytest.raises(RuleBroken, match=message) as caught:
        check_new_order(an_order_draft(**order), ordered)

    assert rule_of(caught) == rule


def test_order_may_change_what_the_rules_do_not_name():
    check_order_change(
        an_order(status="placed", ship_date=None),
        an_order(status="approved", complete=True),
    )


def test_quantity_that_was_wrong_before_does_not_block_a_change():
    check_order_change(an_order(quantity=3), an_order(quantity=3, status="approved"))


@pytest.mark.parametrize(
    ("change", "rule", "message"),
    [
        pytest.param({"pet_id": 2}, "pet-is-fixed", "place a new order", id="pet"),
        pytest.param({"quantity": 2}, "one-animal-per-order", "1 would", id="quantity"),
        pytest.param(
            {"status": "delivered"}, "illegal-transition", "to approved", id="skip"
        ),
        pytest.param({"status": None}, "unknown-status", "placed, approved", id="none"),
    ],
)
def test_change_of_an_order_is_refused(change, rule, message):
    with pytest.raises(RuleBroken, match=message) as caught:
        check_order_change(an_order(), an_order(**change))

    assert rule_of(caught) == rule


@pytest.mark.parametrize("status", ["placed", "approved", ODD, None])
def test_open_order_can_be_cancelled(status):
    assert is_open(status)
    check_order_cancel(an_order(status=status))


def test_delivered_order_cannot_be_cancelled():
    assert not is_open("delivered")
    with pytest.raises(RuleBroken, match="set the status of pet 1") as caught:
        check_order_cancel(an_order(status="delivered"))
    assert rule_of(caught) == "order-is-delivered"


@pytest.mark.parametrize(
    ("order_status", "before", "after"),
    [
        pytest.param("placed", "available", "pending", id="placed"),
        pytest.param("approved", "pending", "pending", id="approved"),
        pytest.param(ODD, "pending", "pending", id="undocumented-is-open"),
        pytest.param("delivered", "pending", "sold", id="delivered"),
        pytest.param(None, "pending", "available", id="cancelled"),
        pytest.param(None, "sold", "sold", id="cancelled-but-sold"),
        pytest.param(None, None, None, id="cancelled-without-status"),
    ],
)
def test_order_moves_its_pet(order_status, before, after):
    assert pet_status_after(order_status, before=before) == after


def test_what_an_order_does_to_its_pet_is_a_transition_of_pets():
    placed = pet_status_after(OrderStatus.PLACED, before=PetStatus.AVAILABLE)
    check_pet_transition(PetStatus.AVAILABLE, placed)
    check_pet_transition(placed, pet_status_after(None))
    check_pet_transition(placed, pet_status_after(OrderStatus.DELIVERED))


# --- names


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        pytest.param("Rex", "rex", id="case"),
        pytest.param("STRAẞE", "strasse", id="sharp-s"),
        pytest.param("ΣΊΣΥΦΟΣ", "σίσυφοσ", id="sigma"),
        pytest.param(None, "", id="none"),
        pytest.param("ß" * 150, "s" * NAME_FOLDED_LENGTH_MAX, id="long"),
    ],
)
def test_name_is_folded(name, folded):
    assert fold_name(name) == folded


@given(st.text(max_size=300), st.integers(0, 300))
def test_fold_of_a_start_is_a_start_of_the_fold(name, length):
    assert fold_name(name).startswith(fold_name(name[:length]))


# --- merge patch


@pytest.mark.parametrize(
    ("target", "patch", "merged"),
    [
        pytest.param({"a": "b"}, {"a": "c"}, {"a": "c"}, id="replace"),
        pytest.param({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}, id="add"),
        pytest.param({"a": "b"}, {"a": None}, {}, id="remove"),
        pytest.param({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}, id="remove-one"),
        pytest.param({"a": ["b"]}, {"a": "c"}, {"a": "c"}, id="list-by-text"),
        pytest.param({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}, id="text-by-list"),
        pytest.param(
            {"a": {"b": "c"}},
            {"a": {"b": "d", "c": None}},
            {"a": {"b": "d"}},
            id="nested",
        ),
        pytest.param({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}, id="list-whole"),
        pytest.param(["a", "b"], ["c", "d"], ["c", "d"], id="lists"),
        pytest.param({"a": "b"}, ["c"], ["c"], id="object-by-list"),
        pytest.param({"a": "foo"}, None, None, id="object-by-null"),
        pytest.param({"a": "foo"}, "bar", "bar", id="object-by-text"),
        pytest.param({"e": None}, {"a": 1}, {"e": None, "a": 1}, id="old-null-stays"),
        pytest.param([1, 2], {"a": "b", "c": None}, {"a": "b"}, id="list-by-object"),
        pytest.param(
            {}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}, id="null-deep-down"
        ),
    ],
)
def test_merge_patch_of_rfc_7396_appendix_a(target, patch, merged):
    before = copy.deepcopy((target, patch))

    assert merge_patch(target, patch) == merged
    assert (target, patch) == before


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(JSON, JSON)
def test_patching_twice_is_patching_once(target, patch):
    once = merge_patch(target, patch)

    assert merge_patch(once, patch) == once


def test_deep_patch_is_invalid():
    patch: dict[str, object] = {}
    for _ in range(PATCH_DEPTH_MAX - 1):
        patch = {"a": patch}

    assert merge_patch({}, patch) == patch
    with pytest.raises(Invalid, match="32 deep at most"):
        merge_patch({}, {"a": patch})
