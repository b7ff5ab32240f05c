"""
List every operation once; all else in the product is derived from this table.

Source: the 20 operations of the Swagger Petstore, in the form that the OpenAPI 3.1
example of readme's oas-examples gives them, and the operations of our own.
"""

from typing import Any, Final

from petstore.contract import event_operations as events
from petstore.contract import pet_operations as pets
from petstore.contract import shop_operations as shop
from petstore.contract.call import Operation

_ALL: Final[tuple[Operation[Any], ...]] = (
    pets.ADD_PET,
    pets.UPDATE_PET,
    pets.LIST_PETS,
    pets.FIND_PETS_BY_STATUS,
    pets.FIND_PETS_BY_TAGS,
    pets.GET_PET_BY_ID,
    pets.UPDATE_PET_WITH_FORM,
    pets.PATCH_PET,
    pets.DELETE_PET,
    pets.RESTORE_PET,
    pets.GET_PET_HISTORY,
    pets.UPLOAD_FILE,
    pets.GET_PHOTO,
    shop.GET_INVENTORY,
    shop.PLACE_ORDER,
    shop.LIST_ORDERS,
    shop.GET_ORDER_BY_ID,
    shop.PATCH_ORDER,
    shop.DELETE_ORDER,
    shop.CREATE_USER,
    shop.CREATE_USERS_WITH_ARRAY,
    shop.CREATE_USERS_WITH_LIST,
    shop.LIST_USERS,
    shop.LOGIN_USER,
    shop.LOGOUT_USER,
    shop.GET_USER_BY_NAME,
    shop.UPDATE_USER,
    shop.DELETE_USER,
    shop.CREATE_TOKEN,
    shop.GET_TOKEN,
    shop.DELETE_TOKEN,
    events.GET_EVENTS,
)

OPERATIONS: Final[dict[str, Operation[Any]]] = {one.id: one for one in _ALL}

# Nobody of such a name could be reached at /user/{username}.
RESERVED_USERNAMES: Final = frozenset(
    one.path.removeprefix("/user/")
    for one in _ALL
    if one.path.startswith("/user/") and "{" not in one.path
)
