"""Name what requests and answers are about: a pet, an order, a user, or all of them."""

from typing import Final, Literal, NamedTuple, get_args

Kind = Literal["pet", "order", "user"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
KINDS_BY_TAG: Final[dict[str, Kind]] = {"pet": "pet", "store": "order", "user": "user"}
# Operations that answer with what there is of a kind.
LISTS: Final[dict[str, Kind]] = {
    "findPetsByStatus": "pet",
    "findPetsByTags": "pet",
    "getInventory": "pet",
    "listOrders": "order",
    "listPets": "pet",
    "listUsers": "user",
}
_PATH_ARGUMENTS: Final[tuple[tuple[str, str, Kind], ...]] = (
    ("pet_id", "petId", "pet"),
    ("order_id", "orderId", "order"),
    ("username", "username", "user"),
)
# Arguments that name one, as Python calls them and as the contract does.
KINDS_BY_NAME: Final = {name: kind for name, _, kind in _PATH_ARGUMENTS}
KINDS_BY_WIRE_NAME: Final = {wire: kind for _, wire, kind in _PATH_ARGUMENTS}


class Key(NamedTuple):
    """
    Name an entity.

    Args:
        id: Its number or username; "" for all of the kind.
    """

    kind: Kind
    id: int | str

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
