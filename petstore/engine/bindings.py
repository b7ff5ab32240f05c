"""Bind each operation to the one function or flow that executes it."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from petstore.engine import accounts, events, identity, orders, pets, photos, users
from petstore.engine.flows import Start

# A function of a transaction: (tx, context, **arguments) -> the value, or a Reply.
Unit = Callable[..., Any]

UNITS: Final[Mapping[str, Unit]] = {
    "addPet": pets.add,
    "updatePet": pets.replace,
    "listPets": pets.list_page,
    "findPetsByStatus": pets.find_by_status,
    "findPetsByTags": pets.find_by_tags,
    "getPetById": pets.get,
    "updatePetWithForm": pets.update_with_form,
    "patchPet": pets.patch,
    "deletePet": pets.delete,
    "restorePet": pets.restore,
    "getPetHistory": pets.history,
    "getInventory": orders.inventory,
    "placeOrder": orders.place,
    "listOrders": orders.list_page,
    "getOrderById": orders.get,
    "patchOrder": orders.patch,
    "deleteOrder": orders.delete,
    "listUsers": users.list_page,
    "getUserByName": users.get,
    "deleteUser": users.delete,
    "logoutUser": identity.revoke,
    "getToken": identity.describe,
    "deleteToken": identity.revoke,
}
FLOWS: Final[Mapping[str, Start]] = {
    "createUser": accounts.write_users,
    "createUsersWithArrayInput": accounts.write_users,
    "createUsersWithListInput": accounts.write_users,
    "updateUser": accounts.write_users,
    "loginUser": accounts.log_in,
    "createToken": accounts.log_in,
    "uploadFile": photos.upload,
    "getPhoto": photos.download,
    "getEvents": events.follow,
}
