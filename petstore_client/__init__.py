"""
A client for any Petstore: remote over HTTP, embedded in this process, or recorded.

Nothing heavy is imported before it is used. The operations of the contract, by the
names that other clients have for them:

    addPet                     client.pets.create
    updatePet                  client.pets.replace
    patchPet                   client.pets.update
    updatePetWithForm          client.pets.update_with_form
    deletePet                  client.pets.delete
    restorePet                 client.pets.restore
    getPetById                 client.pets.get
    listPets                   client.pets.list
    findPetsByStatus           client.pets.find_by_status
    findPetsByTags             client.pets.find_by_tags
    getPetHistory              client.pets.history
    uploadFile                 client.pets.upload_photo
    getPhoto                   client.pets.photo
    getInventory               client.store.inventory
    placeOrder                 client.store.orders.place
    getOrderById               client.store.orders.get
    listOrders                 client.store.orders.list
    patchOrder                 client.store.orders.update
    deleteOrder                client.store.orders.cancel
    createUser                 client.users.create
    createUsersWithListInput   client.users.create_many
    createUsersWithArrayInput  client.users.create_with_array
    getUserByName              client.users.get
    listUsers                  client.users.list
    updateUser                 client.users.replace
    deleteUser                 client.users.delete
    createToken                client.auth.login
    getToken                   client.auth.me
    deleteToken                client.auth.logout
    loginUser                  client.auth.login_user
    logoutUser                 client.auth.logout_user
    getEvents                  client.events

`client.send` takes any of them from `calls`, and returns the whole reply.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from petstore.contract import calls
    from petstore.contract.call import AsyncBackend, Backend, ByteStream, Call, Reply
    from petstore.contract.errors import (
        ConfigError,
        Conflicted,
        DeadlineExceeded,
        DecodeError,
        FieldProblem,
        Forbidden,
        Invalid,
        LocalError,
        Malformed,
        MethodNotAllowed,
        NoSuchPath,
        NotAcceptable,
        NotFound,
        NotSupported,
        OfflineError,
        PetstoreError,
        RateLimited,
        RemoteError,
        RuleBroken,
        ServerFault,
        Stale,
        StorageFull,
        TooLarge,
        TransportError,
        Unauthorized,
        Unavailable,
        UnsupportedMedia,
    )
    from petstore.contract.event import Event
    from petstore.contract.model import Page
    from petstore.contract.omit import OMIT, Omit
    from petstore.contract.order import Order, OrderDraft, OrderPatch, OrderStatus
    from petstore.contract.pager import AsyncPager, Pager
    from petstore.contract.pet import (
        Category,
        Pet,
        PetChange,
        PetDraft,
        PetPatch,
        PetStatus,
        Photo,
        Tag,
    )
    from petstore.contract.streams import Progress
    from petstore.contract.user import Token, TokenInfo, User, UserDraft
    from petstore_client.auth import (
        ApiKey,
        Bearer,
        FileTokens,
        MemoryTokens,
        Password,
        TokenStore,
    )
    from petstore_client.backends.recorded import AsyncRecorded, Recorded
    from petstore_client.client import AsyncPetstore, Petstore, connect, connect_async
    from petstore_client.decisions import Auth
    from petstore_client.options import Retry, Timeout
    from petstore_client.settings import Options, Settings
    from petstore_client.transports import AsyncTransport, Attempt, Transport
    from petstore_client.wrapping import AsyncBackendWrapper, BackendWrapper

__all__ = [
    "OMIT",
    "ApiKey",
    "AsyncBackend",
    "AsyncBackendWrapper",
    "AsyncPager",
    "AsyncPetstore",
    "AsyncRecorded",
    "AsyncTransport",
    "Attempt",
    "Auth",
    "Backend",
    "BackendWrapper",
    "Bearer",
    "ByteStream",
    "Call",
    "Category",
    "ConfigError",
    "Conflicted",
    "DeadlineExceeded",
    "DecodeError",
    "Event",
    "FieldProblem",
    "FileTokens",
    "Forbidden",
    "Invalid",
    "LocalError",
    "Malformed",
    "MemoryTokens",
    "MethodNotAllowed",
    "NoSuchPath",
    "NotAcceptable",
    "NotFound",
    "NotSupported",
    "OfflineError",
    "Omit",
    "Options",
    "Order",
    "OrderDraft",
    "OrderPatch",
    "OrderStatus",
    "Page",
    "Pager",
    "Password",
    "Pet",
    "PetChange",
    "PetDraft",
    "PetPatch",
    "PetStatus",
    "Petstore",
    "PetstoreError",
    "Photo",
    "Progress",
    "RateLimited",
    "Recorded",
    "RemoteError",
    "Reply",
    "Retry",
    "RuleBroken",
    "ServerFault",
    "Settings",
    "Stale",
    "StorageFull",
    "Tag",
    "Timeout",
    "Token",
    "TokenInfo",
    "TokenStore",
    "TooLarge",
    "Transport",
    "TransportError",
    "Unauthorized",
    "Unavailable",
    "UnsupportedMedia",
    "User",
    "UserDraft",
    "calls",
    "connect",
    "connect_async",
]

if not TYPE_CHECKING:
    _HOMES = {
        "petstore.contract.call": "AsyncBackend Backend ByteStream Call Reply",
        "petstore.contract.errors": (
            "ConfigError Conflicted DeadlineExceeded DecodeError "
            "FieldProblem Forbidden Invalid LocalError Malformed "
            "MethodNotAllowed NoSuchPath NotAcceptable NotFound NotSupported "
            "OfflineError PetstoreError RateLimited RemoteError RuleBroken "
            "ServerFault Stale StorageFull TooLarge TransportError "
            "Unauthorized Unavailable UnsupportedMedia"
        ),
        "petstore.contract.event": "Event",
        "petstore.contract.model": "Page",
        "petstore.contract.omit": "OMIT Omit",
        "petstore.contract.order": "Order OrderDraft OrderPatch OrderStatus",
        "petstore.contract.pager": "AsyncPager Pager",
        "petstore.contract.pet": (
            "Category Pet PetChange PetDraft PetPatch PetStatus Photo Tag"
        ),
        "petstore.contract.streams": "Progress",
        "petstore.contract.user": "Token TokenInfo User UserDraft",
        "petstore_client.auth": (
            "ApiKey Bearer FileTokens MemoryTokens Password TokenStore"
        ),
        "petstore_client.backends.recorded": "AsyncRecorded Recorded",
        "petstore_client.client": "AsyncPetstore Petstore connect connect_async",
        "petstore_client.decisions": "Auth",
        "petstore_client.options": "Retry Timeout",
        "petstore_client.settings": "Options Settings",
        "petstore_client.transports": "AsyncTransport Attempt Transport",
        "petstore_client.wrapping": "AsyncBackendWrapper BackendWrapper",
    }

    def __getattr__(name: str) -> object:
        from importlib import import_module

        if name == "calls":
            return import_module("petstore.contract.calls")
        for home, names in _HOMES.items():
            if name in names.split():
                return getattr(import_module(home), name)
        raise AttributeError(f"module 'petstore_client' has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
