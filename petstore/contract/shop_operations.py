"""Declare the operations on orders, the inventory, users and tokens."""

from typing import Annotated, Final

from pydantic import Field

from petstore.contract.arguments import (
    IDEMPOTENCY_KEY,
    IF_VERSION,
    PAGING,
    PLACE_ORDERS,
    READ_ORDERS,
    READ_PETS,
    READ_USERS,
    UNLESS_VERSION,
    WRITE_ORDERS,
    WRITE_USERS,
    OrderSort,
    UserDrafts,
    UserSort,
    body,
    path,
    query,
)
from petstore.contract.call import Arg, Operation, Place, Safety
from petstore.contract.errors import Conflicted, NotFound, RuleBroken, Unauthorized
from petstore.contract.model import Int32, Page
from petstore.contract.order import (
    Order,
    OrderDraft,
    OrderId,
    OrderPatch,
    OrderStatusText,
)
from petstore.contract.pet import PetId
from petstore.contract.user import (
    Credentials,
    Password,
    Token,
    TokenInfo,
    User,
    UserDraft,
    Username,
)

_ORDER_ID = path("order_id", "orderId", OrderId)
# Without one, the path would be that of all users.
_USERNAME = path("username", "username", Annotated[Username, Field(min_length=1)])

GET_INVENTORY: Final[Operation[dict[str, int]]] = Operation(
    id="getInventory",
    method="GET",
    path="/store/inventory",
    summary="Returns pet inventories by status",
    tag="store",
    args=(),
    result=dict[str, Int32],
    safety=Safety.SAFE,
    scopes=READ_PETS,
)
PLACE_ORDER: Final[Operation[Order]] = Operation(
    id="placeOrder",
    method="POST",
    path="/store/order",
    summary="Place an order for a pet",
    tag="store",
    args=(body("order", OrderDraft), IDEMPOTENCY_KEY),
    result=Order,
    safety=Safety.KEYED,
    errors=(Conflicted, RuleBroken),
    scopes=PLACE_ORDERS,
    writes=True,
)
LIST_ORDERS: Final[Operation[Page[Order]]] = Operation(
    id="listOrders",
    method="GET",
    path="/store/order",
    summary="List orders, a page at a time",
    tag="store",
    args=(
        query("status", "status", OrderStatusText),
        query("pet_id", "petId", PetId),
        query("sort", "sort", OrderSort),
        *PAGING,
    ),
    result=Page[Order],
    safety=Safety.SAFE,
    scopes=READ_ORDERS,
)
GET_ORDER_BY_ID: Final[Operation[Order]] = Operation(
    id="getOrderById",
    method="GET",
    path="/store/order/{orderId}",
    summary="Find purchase order by ID",
    tag="store",
    args=(_ORDER_ID, UNLESS_VERSION),
    result=Order,
    safety=Safety.SAFE,
    errors=(NotFound,),
    scopes=READ_ORDERS,
)
PATCH_ORDER: Final[Operation[Order]] = Operation(
    id="patchOrder",
    method="PATCH",
    path="/store/order/{orderId}",
    summary="Change some fields of an order (JSON merge patch)",
    tag="store",
    args=(_ORDER_ID, body("patch", OrderPatch), IF_VERSION),
    result=Order,
    safety=Safety.IDEMPOTENT,
    errors=(NotFound, RuleBroken),
    scopes=WRITE_ORDERS,
    writes=True,
)
DELETE_ORDER: Final[Operation[None]] = Operation(
    id="deleteOrder",
    method="DELETE",
    path="/store/order/{orderId}",
    summary="Delete purchase order by ID",
    tag="store",
    args=(_ORDER_ID, IF_VERSION),
    result=None,
    safety=Safety.IDEMPOTENT,
    errors=(NotFound, RuleBroken),
    scopes=WRITE_ORDERS,
    writes=True,
)
CREATE_USER: Final[Operation[User]] = Operation(
    id="createUser",
    method="POST",
    path="/user",
    summary="Create user",
    tag="user",
    args=(body("user", UserDraft), IDEMPOTENCY_KEY),
    result=User,
    safety=Safety.KEYED,
    errors=(Conflicted,),
    scopes=WRITE_USERS,
    writes=True,
)
CREATE_USERS_WITH_ARRAY: Final[Operation[list[User]]] = Operation(
    id="createUsersWithArrayInput",
    method="POST",
    path="/user/createWithArray",
    summary="Creates list of users with given input array",
    tag="user",
    args=(body("users", UserDrafts), IDEMPOTENCY_KEY),
    result=list[User],
    safety=Safety.KEYED,
    errors=(Conflicted,),
    scopes=WRITE_USERS,
    writes=True,
)
CREATE_USERS_WITH_LIST: Final[Operation[list[User]]] = Operation(
    id="createUsersWithListInput",
    method="POST",
    path="/user/createWithList",
    summary="Creates list of users with given input list",
    tag="user",
    args=(body("users", UserDrafts), IDEMPOTENCY_KEY),
    result=list[User],
    safety=Safety.KEYED,
    errors=(Conflicted,),
    scopes=WRITE_USERS,
    writes=True,
)
LIST_USERS: Final[Operation[Page[User]]] = Operation(
    id="listUsers",
    method="GET",
    path="/user",
    summary="List users, a page at a time",
    tag="user",
    args=(query("sort", "sort", UserSort), *PAGING),
    result=Page[User],
    safety=Safety.SAFE,
    scopes=READ_USERS,
)
LOGIN_USER: Final[Operation[Token]] = Operation(
    id="loginUser",
    method="GET",
    path="/user/login",
    summary="Logs user into the system",
    tag="user",
    args=(
        query("username", "username", Username, required=True),
        Arg("password", "password", Place.QUERY, Password, secret=True),
    ),
    result=Token,
    safety=Safety.ONCE,
    errors=(Unauthorized,),
    writes=True,
)
LOGOUT_USER: Final[Operation[None]] = Operation(
    id="logoutUser",
    method="GET",
    path="/user/logout",
    summary="Logs out current logged in user session",
    tag="user",
    args=(),
    result=None,
    safety=Safety.IDEMPOTENT,
    writes=True,
)
GET_USER_BY_NAME: Final[Operation[User]] = Operation(
    id="getUserByName",
    method="GET",
    path="/user/{username}",
    summary="Get user by user name",
    tag="user",
    args=(_USERNAME, UNLESS_VERSION),
    result=User,
    safety=Safety.SAFE,
    errors=(NotFound,),
    scopes=READ_USERS,
    own="username",
)
UPDATE_USER: Final[Operation[User]] = Operation(
    id="updateUser",
    method="PUT",
    path="/user/{username}",
    summary="Updated user",
    tag="user",
    args=(_USERNAME, body("user", UserDraft), IF_VERSION),
    result=User,
    safety=Safety.IDEMPOTENT,
    errors=(NotFound, Conflicted),
    scopes=WRITE_USERS,
    own="username",
    writes=True,
)
DELETE_USER: Final[Operation[None]] = Operation(
    id="deleteUser",
    method="DELETE",
    path="/user/{username}",
    summary="Delete user",
    tag="user",
    args=(_USERNAME, IF_VERSION),
    result=None,
    safety=Safety.IDEMPOTENT,
    errors=(NotFound, RuleBroken),
    scopes=WRITE_USERS,
    own="username",
    writes=True,
)
CREATE_TOKEN: Final[Operation[Token]] = Operation(
    id="createToken",
    method="POST",
    path="/tokens",
    summary="Log in; the credentials travel in the body",
    tag="token",
    args=(body("credentials", Credentials, secret=True),),
    result=Token,
    safety=Safety.ONCE,
    errors=(Unauthorized,),
    writes=True,
)
GET_TOKEN: Final[Operation[TokenInfo]] = Operation(
    id="getToken",
    method="GET",
    path="/tokens/current",
    summary="Describe the credential of this request",
    tag="token",
    args=(),
    result=TokenInfo,
    safety=Safety.SAFE,
    errors=(Unauthorized,),
)
DELETE_TOKEN: Final[Operation[None]] = Operation(
    id="deleteToken",
    method="DELETE",
    path="/tokens/current",
    summary="Log out: end the token of this request",
    tag="token",
    args=(),
    result=None,
    safety=Safety.IDEMPOTENT,
    writes=True,
)
