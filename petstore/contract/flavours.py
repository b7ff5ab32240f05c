"""
Say what differs between the native API, `/v2` and `/api/v3`.

A *face* is one of these APIs under one contract: what `public` servers do, or what
the document says (`strict`). A face gives each operation a *route*: method, path, where
the arguments travel, and the *shape* of the answer. What the engine may do for a face
beyond the operation itself is its *policy*; the engine knows no faces.

Source: Swagger Petstore 1.0.7 (Swagger 2.0) and 1.0.26 (OpenAPI 3.0).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Final, Literal, NamedTuple

from petstore.contract import pet_operations as pets
from petstore.contract import shop_operations as shop
from petstore.contract.call import Arg, ByteStream, Call, Method, Operation, Place
from petstore.contract.errors import NotSupported, UnsupportedMedia
from petstore.contract.media import FORM, JSON, MERGE_PATCH, MULTIPART, OCTETS, XML
from petstore.contract.operations import OPERATIONS
from petstore.contract.route_texts import (
    Text,
    argument_text,
    id_text,
    says,
    token_text,
    upload_text,
    v2_login_text,
    v3_login_text,
)
from petstore.contract.router import Router

Flavour = Literal["native", "v2", "v3"]
Contract = Literal["public", "strict"]


class Policy(NamedTuple):
    """
    Allow the engine what the public servers do and no document says.

    Args:
        create_missing: A PUT of an unknown id or name creates it.
        replace_existing: A POST of a taken id or name replaces it.
        photo_without_pet: An upload needs no pet.
        nameless_users: A user without a name is answered, and not stored.
        any_username: A user may have a name that no path leads to.
        any_upload: Any bytes are kept, though only images are served as such.
    """

    create_missing: bool = False
    replace_existing: bool = False
    photo_without_pet: bool = False
    nameless_users: bool = False
    any_username: bool = False
    any_upload: bool = False


STRICT: Final = Policy()


class Shape(Enum):
    """
    Say how a value is written.

    ENTITY: the value as JSON (or XML); nothing when it is None.
    MESSAGE: an ApiResponse whose message is the route's text.
    TEXT: the route's text, bare, labelled JSON as the public v3 server does.
    QUOTED: the route's text as a JSON (or XML) string.
    EMPTY: no body. FIRST: the first of a list. PET: the pet of a photo.
    STREAM: bytes.
    """

    ENTITY = "entity"
    MESSAGE = "message"
    TEXT = "text"
    QUOTED = "quoted"
    EMPTY = "empty"
    FIRST = "first"
    PET = "pet"
    STREAM = "stream"


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """
    Bind an operation to a face.

    Args:
        takes: Media types of the body, the preferred one first.
        text: What a MESSAGE, TEXT or QUOTED shape says, of call and value.
        defaults: Values of arguments that were not sent.
        refuses_strangers: A value outside its enum is refused even under `public`.
        reads: Calls that fetch the value where the shape does not carry it.
        has_upload: Whether the body is a file.
    """

    operation: Operation[Any]
    method: Method
    path: str
    args: tuple[Arg, ...]
    takes: tuple[str, ...]
    shape: Shape
    text: Text | None = None
    defaults: Mapping[str, Any] = field(default_factory=dict)
    refuses_strangers: bool = False
    reads: Callable[[Call[Any]], tuple[Call[Any], ...]] | None = None
    has_upload: bool = field(init=False)

    def __post_init__(self) -> None:
        has_upload = bool(self.args_in(Place.UPLOAD))
        object.__setattr__(self, "has_upload", has_upload)

    def unsupported(self, kind: str) -> UnsupportedMedia:
        """Return the refusal of a media type that the route does not take."""
        given = f"{kind[:100]!a}" if kind else "a body without Content-Type"
        return UnsupportedMedia(
            f"{self.operation.id} takes {' or '.join(self.takes)}, not {given}."
        )

    def args_in(self, place: Place) -> tuple[Arg, ...]:
        """Return the arguments that travel there."""
        return tuple(arg for arg in self.args if arg.place is place)


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """
    Hold all that is decided about one API under one contract.

    Args:
        base: Path below which its routes lie.
        routes: Route of each operation that it has, by operationId.
        extra: What happens to unknown properties of a body.
    """

    flavour: Flavour
    contract: Contract
    base: str
    routes: Mapping[str, Route]
    router: Router[Route]
    policy: Policy
    extra: Literal["forbid", "ignore"]

    @property
    def is_public(self) -> bool:
        """Whether it answers as the public servers do."""
        return self.contract == "public"

    def route(self, operation: Operation[Any]) -> Route:
        """
        Return the route of an operation.

        Raises:
            NotSupported: The face has none.
        """
        route = self.routes.get(operation.id)
        if route is None:
            raise NotSupported(
                f"The {self.flavour} API has no operation {operation.id};"
                " the native API has."
            )
        return route

    def route_for(self, call: Call[Any]) -> Route:
        """
        Return the route that a call can take with all of its arguments.

        Raises:
            NotSupported: There is none.
        """
        route = self.route(call.operation)
        lacking = call.arguments.keys() - {arg.name for arg in route.args}
        # Left out in silence, a condition would overwrite what somebody wrote, and a
        # key would promise that it is harmless to send the call again.
        if lacking:
            names = " and no ".join(sorted(lacking))
            raise NotSupported(
                f"{call.operation.id} takes no {names} on the {self.flavour} API; leave"
                " it out (None), or use the native API."
            )
        return route


_OURS: Final = frozenset(
    {
        "listPets",
        "patchPet",
        "restorePet",
        "getPetHistory",
        "getPhoto",
        "listOrders",
        "patchOrder",
        "listUsers",
        "createToken",
        "getEvents",
        "getToken",
        "deleteToken",
    }
)
_BODIES_V2: Final = {"addPet": (JSON, XML), "updatePet": (JSON, XML)}
_BODIES_V3: Final = dict.fromkeys(
    ("addPet", "updatePet", "placeOrder", "createUser", "updateUser"), (JSON, XML, FORM)
)


def face(flavour: Flavour, contract: Contract) -> Face:
    """Return the face; the native one is strict under either contract."""
    return FACES[flavour, "strict" if flavour == "native" else contract]


def face_of(path: str, contract: Contract) -> Face:
    """Return the face below whose base a request path lies."""
    if not path.startswith(("/v2/", "/api/v3/")):
        return NATIVE
    return face("v2" if path.startswith("/v2/") else "v3", contract)


def _native_route(operation: Operation[Any]) -> Route:
    shape, text = Shape.ENTITY, None
    if operation.result is ByteStream:
        shape = Shape.STREAM
    if operation is shop.LOGIN_USER:
        shape, text = Shape.QUOTED, token_text
    return Route(
        operation,
        operation.method,
        operation.path,
        operation.args,
        _takes(operation, {}),
        shape,
        text,
    )


def _takes(
    operation: Operation[Any], bodies: Mapping[str, tuple[str, ...]]
) -> tuple[str, ...]:
    places = {arg.place for arg in operation.args}
    if Place.UPLOAD in places:
        return (OCTETS,)
    if Place.FORM in places:
        return (FORM,)
    if Place.BODY not in places:
        return ()
    if operation.method == "PATCH":
        return (MERGE_PATCH, JSON)
    return bodies.get(operation.id, (JSON,))


def _reads_pet(call: Call[Any]) -> tuple[Call[Any], ...]:
    return (Call(pets.GET_PET_BY_ID, {"pet_id": call.arguments["pet_id"]}),)


def _reads_users(call: Call[Any]) -> tuple[Call[Any], ...]:
    arguments = call.arguments
    users = arguments["users"] if "users" in arguments else [arguments["user"]]
    names = [user.username or arguments.get("username") for user in users]
    # The public v2 server takes users without a name, and stores none of them.
    return tuple(
        Call(shop.GET_USER_BY_NAME, {"username": name}) for name in names if name
    )


def _moved(args: tuple[Arg, ...], place: Place, *names: str) -> tuple[Arg, ...]:
    return tuple(
        replace(arg, place=place) if arg.name in names else arg for arg in args
    )


def _compat_routes(
    bodies: Mapping[str, tuple[str, ...]], changes: Mapping[str, Mapping[str, Any]]
) -> dict[str, Route]:
    return {
        name: _without_headers(
            replace(
                _native_route(operation),
                **{"takes": _takes(operation, bodies), **changes.get(name, {})},
            )
        )
        for name, operation in OPERATIONS.items()
        if name not in _OURS
    }


def _without_headers(route: Route) -> Route:
    """Leave out conditions and keys, of which the public Petstore knows nothing."""
    kept = tuple(arg for arg in route.args if arg.place is not Place.HEADER)
    return replace(route, args=kept)


def _message(text: Text, **more: Any) -> dict[str, Any]:
    return {"shape": Shape.MESSAGE, "text": text, **more}


_V2: Final[dict[str, Mapping[str, Any]]] = {
    "updatePetWithForm": _message(argument_text("pet_id"), reads=_reads_pet),
    "deletePet": _message(argument_text("pet_id")),
    "uploadFile": _message(
        upload_text,
        takes=(MULTIPART, OCTETS),
        args=_moved(pets.UPLOAD_FILE.args, Place.FORM, "additional_metadata"),
    ),
    "deleteOrder": _message(argument_text("order_id")),
    "createUser": _message(id_text, reads=_reads_users),
    "createUsersWithArrayInput": _message(says("ok"), reads=_reads_users),
    "createUsersWithListInput": _message(says("ok"), reads=_reads_users),
    "updateUser": _message(id_text, reads=_reads_users),
    "deleteUser": _message(argument_text("username")),
    "loginUser": {"shape": Shape.QUOTED, "text": v2_login_text},
    "logoutUser": _message(says("ok")),
}
_OPEN_LOGIN: Final = tuple(replace(arg, required=False) for arg in shop.LOGIN_USER.args)
_V3_FORM: Final = _moved(pets.UPDATE_PET_WITH_FORM.args, Place.QUERY, "name", "status")
_V3: Final[dict[str, Mapping[str, Any]]] = {
    "findPetsByStatus": {"defaults": {"status": ["available"]}},
    "updatePetWithForm": {"args": _V3_FORM, "takes": ()},
    "deleteOrder": {"shape": Shape.EMPTY},
    "deleteUser": {"shape": Shape.EMPTY},
}
_V3_STRICT: Final[dict[str, Mapping[str, Any]]] = {
    **_V3,
    "deletePet": {"shape": Shape.EMPTY},
    "createUsersWithListInput": {"shape": Shape.FIRST, "reads": _reads_users},
    "uploadFile": _message(upload_text),
    "loginUser": {"args": _OPEN_LOGIN, "shape": Shape.QUOTED, "text": v3_login_text},
    "logoutUser": {"shape": Shape.EMPTY},
    "updateUser": {"shape": Shape.EMPTY, "reads": _reads_users},
}
_V3_PUBLIC: Final[dict[str, Mapping[str, Any]]] = {
    **_V3,
    "findPetsByStatus": {**_V3["findPetsByStatus"], "refuses_strangers": True},
    "updatePetWithForm": {
        "args": tuple(
            replace(arg, required=arg.required or arg.name == "name")
            for arg in _V3_FORM
        ),
        "takes": (),
    },
    "deletePet": {"shape": Shape.TEXT, "text": says("Pet deleted")},
    "uploadFile": {"shape": Shape.PET},
    "loginUser": {"args": _OPEN_LOGIN, "shape": Shape.TEXT, "text": v3_login_text},
    "logoutUser": {"shape": Shape.TEXT, "text": says("User logged out")},
}
_V2_PUBLIC: Final[dict[str, Mapping[str, Any]]] = {
    **_V2,
    "findPetsByStatus": {"defaults": {"status": []}},
    "findPetsByTags": {"defaults": {"tags": []}},
    "loginUser": _message(v2_login_text, args=_OPEN_LOGIN),
}
_V2_POLICY: Final = Policy(
    create_missing=True,
    replace_existing=True,
    photo_without_pet=True,
    nameless_users=True,
    any_username=True,
    any_upload=True,
)
_V3_POLICY: Final = Policy(replace_existing=True, any_username=True, any_upload=True)


def _face(
    flavour: Flavour,
    contract: Contract,
    routes: Mapping[str, Route],
    policy: Policy = STRICT,
) -> Face:
    base = {"native": "", "v2": "/v2", "v3": "/api/v3"}[flavour]
    return Face(
        flavour,
        contract,
        base=base,
        routes=routes,
        router=Router(routes.values(), base=base),
        policy=policy,
        extra="forbid" if flavour == "native" else "ignore",
    )


def _v3_routes(changes: Mapping[str, Mapping[str, Any]]) -> dict[str, Route]:
    routes = _compat_routes(_BODIES_V3, changes)
    del routes["createUsersWithArrayInput"]
    return routes


_NATIVE_ROUTES: Final = {name: _native_route(one) for name, one in OPERATIONS.items()}
FACES: Final[Mapping[tuple[Flavour, Contract], Face]] = {
    (one.flavour, one.contract): one
    for one in (
        _face("native", "strict", _NATIVE_ROUTES),
        _face("v2", "public", _compat_routes(_BODIES_V2, _V2_PUBLIC), _V2_POLICY),
        _face("v2", "strict", _compat_routes(_BODIES_V2, _V2)),
        _face("v3", "public", _v3_routes(_V3_PUBLIC), _V3_POLICY),
        _face("v3", "strict", _v3_routes(_V3_STRICT)),
    )
}
NATIVE: Final = FACES["native", "strict"]
