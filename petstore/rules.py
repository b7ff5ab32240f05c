"""
Decide what a shop allows, as pure functions of what is known.

`rules=lenient` asks nothing here but the merging and folding. Under `rules=shop`:

    pet   available ──▶ pending ──▶ sold       order   placed ──▶ approved ──▶ delivered
             ▲             │          ┊                   │           │
             ├─────────────┘          ┊                   └───────────┴─cancel─▶ gone
             └┄┄┄┄┄┄┄ return ┄┄┄┄┄┄┄┄┄┘

- An order is for one animal, which is in the shop and available. Placing makes the pet
  pending, delivering makes it sold, cancelling (deleting the order) frees it again.
- An order is *open* until it is delivered. While a pet has an open order, only that
  order changes the pet's status, and the pet cannot be deleted: otherwise the same
  animal could be promised twice. For the same reason an order keeps its pet.
- Without an open order a person may move the pet along the same arrows, such as for a
  customer who telephoned.
- A sold pet comes back by a *return*: a change that names the status itself. A whole
  replacement does not do it, for its status may come from a copy older than the sale.
- A pet enters the shop with any status of the contract, available unless told; an
  order enters as placed. A delivered order is history: its status stays, and it is not
  cancelled.
- A status that the contract does not document, or none, is left by any change that
  ends in a documented one (a store may have been lenient before), and never entered.

Each error carries `rule`, a stable name of the rule that was broken.

Source: RFC 7396 (merging), Unicode 3.13 (case folding).
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

from petstore.contract.errors import FieldProblem, Invalid, RuleBroken
from petstore.contract.order import Order, OrderDraft, OrderStatus
from petstore.contract.pet import Pet, PetStatus

NAME_FOLDED_LENGTH_MAX: Final = 200
PATCH_DEPTH_MAX: Final = 32

_PET_MOVES: Final[Mapping[str, tuple[PetStatus, ...]]] = {
    PetStatus.AVAILABLE: (PetStatus.PENDING,),
    PetStatus.PENDING: (PetStatus.AVAILABLE, PetStatus.SOLD),
    PetStatus.SOLD: (),
}
_PET_RETURNS: Final[Mapping[str, tuple[PetStatus, ...]]] = {
    **_PET_MOVES,
    PetStatus.SOLD: (PetStatus.AVAILABLE,),
}
_ORDER_MOVES: Final[Mapping[str, tuple[OrderStatus, ...]]] = {
    OrderStatus.PLACED: (OrderStatus.APPROVED,),
    OrderStatus.APPROVED: (OrderStatus.DELIVERED,),
    OrderStatus.DELIVERED: (),
}
_END: Final[Mapping[str, str]] = {
    PetStatus.SOLD: "a sold pet comes back as available, by changing its status alone",
    OrderStatus.DELIVERED: "a delivered order stays as it is",
}


def new_pet_status(asked: str | None) -> str:
    """
    Return the status with which a pet enters the shop.

    Raises:
        RuleBroken: The contract documents no such status.
    """
    if asked is None:
        return PetStatus.AVAILABLE
    if asked not in _PET_MOVES:
        raise _unknown_status(asked, _PET_MOVES)
    return asked


def check_pet_transition(
    before: str | None,
    after: str | None,
    *,
    open_order_id: int | None = None,
    names_status: bool = False,
) -> None:
    """
    Allow a person's change of a pet's status, or say what would be allowed.

    Args:
        before: Status of the stored pet; the same status again is always allowed.
        open_order_id: The pet's open order, if it has one.
        names_status: Whether the change names the status (a patch or a form), rather
            than replacing the whole pet.

    Raises:
        RuleBroken: The shop does not allow it.
    """
    if before == after:
        return
    if open_order_id is not None:
        raise _broken(
            "has-open-order",
            f"Order {open_order_id} is open for this pet and decides its status; "
            "deliver or cancel that order instead.",
            order_id=open_order_id,
        )
    _check_move(before, after, _PET_RETURNS if names_status else _PET_MOVES)


def check_pet_delete(pet_id: int, *, open_order_id: int | None) -> None:
    """
    Allow the delete of a pet that no open order needs.

    Raises:
        RuleBroken: An order is open.
    """
    if open_order_id is not None:
        raise _broken(
            "has-open-order",
            f"Pet {pet_id} cannot be deleted while order {open_order_id} is open; "
            "deliver or cancel that order first.",
            field="path.petId",
            order_id=open_order_id,
        )


def check_new_order(order: OrderDraft, pet: Pet | None) -> None:
    """
    Allow an order for one animal that is there to be sold.

    Args:
        pet: The pet that `order.pet_id` names; None when the shop has no such pet.

    Raises:
        RuleBroken: There is no such pet, it is not available, the order is for more
            than one animal, or its status is not where orders start.
    """
    if pet is None:
        raise _broken(
            "pet-not-found",
            f"The shop has no pet {order.pet_id}; petId must name a pet that is "
            "available."
            if order.pet_id is not None
            else "An order needs a petId, of a pet that is available.",
            field="body.petId",
        )
    if pet.status != PetStatus.AVAILABLE:
        raise _broken(
            "pet-not-available",
            f"Pet {pet.id} is {pet.status or 'without status'}; only a pet that is "
            "available can be ordered.",
            field="body.petId",
            pet_status=pet.status,
        )
    _check_quantity(order)
    if order.status not in (None, OrderStatus.PLACED):
        raise _broken(
            "illegal-transition",
            f"A new order cannot be {order.status!s}; placed would be right.",
        )


def check_order_change(before: Order, after: Order) -> None:
    """
    Allow a change of a stored order: its status moves on, its pet stays.

    Raises:
        RuleBroken: Another pet, more than one animal, or not the next status.
    """
    if after.pet_id != before.pet_id:
        raise _broken(
            "pet-is-fixed",
            f"Order {before.id} is for pet {before.pet_id}; to sell another pet, "
            "cancel it and place a new order.",
            field="body.petId",
        )
    if after.quantity != before.quantity:
        _check_quantity(after)
    check_order_transition(before.status, after.status)


def check_order_transition(before: str | None, after: str | None) -> None:
    """
    Allow an order to take its next status.

    Raises:
        RuleBroken: It is not the next one.
    """
    if before != after:
        _check_move(before, after, _ORDER_MOVES)


def check_order_cancel(order: Order) -> None:
    """
    Allow an order to be cancelled (deleted) before it is delivered.

    Raises:
        RuleBroken: It is delivered.
    """
    if not is_open(order.status):
        raise _broken(
            "order-is-delivered",
            f"Order {order.id} is delivered and cannot be cancelled; if the pet came "
            f"back, set the status of pet {order.pet_id} to available.",
            field="path.orderId",
        )


def is_open(order_status: str | None) -> bool:
    """Return whether an order of that status still holds its pet."""
    return order_status != OrderStatus.DELIVERED


def pet_status_after(
    order_status: str | None,
    *,
    before: str | None = PetStatus.PENDING,
) -> str | None:
    """
    Return the status that a pet takes when its order changes.

    Args:
        order_status: The order's new status; None when the order is cancelled.
        before: The pet's status; a cancelled order frees a pending pet only.
    """
    if order_status is None:
        return PetStatus.AVAILABLE if before == PetStatus.PENDING else before
    return PetStatus.PENDING if is_open(order_status) else PetStatus.SOLD


def fold_name(name: str | None) -> str:
    """
    Return the form of a name by which pets are sorted and found.

    The fold of a start of the name is a start of its fold, so a prefix search folds
    what it looks for in the same way.
    """
    return (name or "").casefold()[:NAME_FOLDED_LENGTH_MAX]


def merge_patch(target: object, patch: object) -> Any:
    """
    Return what a JSON merge patch makes of JSON data; neither is altered.

    Raises:
        Invalid: The patch is nested more than 32 deep.

    Source: RFC 7396 §2.
    """
    return _merged(target, patch, depth=1)


def _merged(target: object, patch: object, *, depth: int) -> object:
    if not isinstance(patch, Mapping):
        return patch
    if depth > PATCH_DEPTH_MAX:
        message = f"The patch may be nested {PATCH_DEPTH_MAX} deep at most."
        raise Invalid(message, fields=(FieldProblem("body", message, "too_deep"),))
    merged = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merged(merged.get(name), value, depth=depth + 1)
    return merged


def _check_move(
    before: str | None, after: str | None, moves: Mapping[str, Collection[str]]
) -> None:
    if after not in moves:
        raise _unknown_status(after, moves)
    if before is None or before not in moves or after in moves[before]:
        return
    allowed = " or ".join(moves[before])
    raise _broken(
        "illegal-transition",
        f"The status cannot go from {before!s} to {after!s}; "
        + (f"from {before!s} it goes to {allowed}" if allowed else _END[before])
        + ".",
        status_before=before,
    )


def _check_quantity(order: OrderDraft) -> None:
    if order.quantity not in (None, 1):
        raise _broken(
            "one-animal-per-order",
            f"The quantity is {order.quantity}; an order is for one animal, so 1 would "
            "be right, with an order for each animal.",
            field="body.quantity",
        )


def _unknown_status(status: str | None, moves: Collection[str]) -> RuleBroken:
    right = ", ".join(moves)
    given = "no status" if status is None else f"no status of the shop: {status!r}"
    return _broken("unknown-status", f"That is {given}; one of {right} would be right.")


def _broken(
    rule: str, message: str, *, field: str = "body.status", **extra: Any
) -> RuleBroken:
    problem = FieldProblem(field, message, rule)
    return RuleBroken(message, fields=(problem,), rule=rule, **extra)
