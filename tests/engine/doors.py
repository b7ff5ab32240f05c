"""Open a shop with somebody of each role in it, and see whom it lets in."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from petstore.contract.arguments import READ_PETS, SCOPES
from petstore.contract.call import ByteStream, Call
from petstore.contract.errors import Forbidden, RemoteError, Unauthorized
from petstore.contract.flavours import STRICT
from petstore.contract.operations import OPERATIONS
from petstore.contract.order import OrderPatch
from petstore.contract.pet import PetPatch
from petstore.contract.role import Role
from petstore.contract.user import Credentials as Login
from petstore.engine.context import Caller, Credentials
from petstore.engine.identity import add_credential
from petstore.engine.keys import add_key
from petstore.engine.roles import add_user
from petstore.storage.tables import CHANGE
from tests.engine.shops import FakeHasher, Shop
from tests.kit.builders import (
    a_draft,
    a_pet,
    a_user_draft,
    an_order_draft,
)

PASSWORD: Final = "correct horse"
ROLES: Final = ("customer", "clerk", "owner")
KEY: Final = "a key of the shop"
READING_KEY: Final = "a key that only reads"
OWN: Final = ("ann", "customer")

ACTORS: Final = (
    "nobody",
    "stranger",
    "expired",
    *ROLES,
    "own user",
    "key",
    "reading key",
)
ARGUMENTS: Final[dict[str, Any]] = {
    "pet": a_pet(),
    "pet_id": 1,
    "patch": PetPatch(),
    "content": ByteStream(b""),
    "name": "0" * 64,
    "order": an_order_draft(),
    "order_id": 1,
    "status": ["sold"],
    "tags": ["shy"],
    "user": a_user_draft(username="eve"),
    "users": [],
    "username": "ann",
    "password": PASSWORD,
    "credentials": Login(username="ann", password=PASSWORD),
}
SPECIAL: Final[dict[str, dict[str, Any]]] = {
    "addPet": {"pet": a_draft()},
    "patchOrder": {"patch": OrderPatch()},
    "updateUser": {"user": a_user_draft(username=None)},
    "deleteUser": {"username": "ann"},
}


@dataclass
class Doors:
    """Hold a shop with somebody of each role in it, and what each of them sends."""

    shop: Shop
    sent: dict[str, Credentials]

    def refusal(self, operation_id: str, actor: str) -> str:
        """Say how an operation answers an actor: 401, 403, or nothing of that kind."""
        operation = OPERATIONS[operation_id]
        known = {**ARGUMENTS, **SPECIAL.get(operation_id, {})}
        given = {arg.name: known[arg.name] for arg in operation.args if arg.required}
        call: Call[Any] = Call(operation, given)
        before = self.shop.rows(select(CHANGE.c.seq))
        try:
            self.shop.engine.send(call, Caller(STRICT, self.sent[actor]))
        except (Unauthorized, Forbidden) as error:
            assert before == self.shop.rows(select(CHANGE.c.seq))
            return str(error.status)
        except RemoteError:
            # Let in, and told that the arguments of this test are not there.
            pass
        return "passed"


def furnished(shop: Shop) -> Doors:
    """Fill a shop with users of each role, keys, and an old token."""
    hashed = FakeHasher().hash(PASSWORD)

    def fill(tx: Any) -> None:
        for name, role in (*zip(("cid", "cleo", "olga"), ROLES, strict=True), OWN):
            draft = a_user_draft(username=name, password=hashed)
            add_user(tx, draft, role=Role(role))
        add_key(tx, "all", KEY, scopes=frozenset(SCOPES))
        add_key(tx, "some", READING_KEY, scopes=READ_PETS)
        add_credential(tx, "old", scopes=" ".join(SCOPES), user_id=3, expires_at=tx.now)

    shop.engine.store.write(fill)
    names = {"customer": "cid", "clerk": "cleo", "owner": "olga", "own user": "ann"}
    tokens = {
        actor: Credentials(bearer=shop.auth.login(name, PASSWORD).access_token)
        for actor, name in names.items()
    }
    return Doors(
        shop,
        {
            "nobody": Credentials(),
            "stranger": Credentials(bearer="not a token"),
            "expired": Credentials(bearer="old"),
            "key": Credentials(api_key=KEY),
            "reading key": Credentials(api_key=READING_KEY),
            **tokens,
        },
    )
