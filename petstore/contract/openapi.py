"""
Write the four OpenAPI documents from the operations table, the routes and the models.

    kind    form            below      operations
    native  OpenAPI 3.1     /          all
    v2      Swagger 2.0     /v2        those of the public Petstore
    seed    OpenAPI 3.1     /v2        the same ones
    v3      OpenAPI 3.0.4   /api/v3    the same ones but createUsersWithArrayInput

Each names the host that it was asked at. The compatible ones hold what the official
document of their flavour holds, and more where that says nothing: the successes and
refusals that the server answers. On purpose they differ from it where it misleads:

- an order's id has no bounds, for the server has none;
- `Pet.id` of the seed is not read-only: a client must say which pet it replaces;
- a category and a tag are named as the elements that the server writes, and so are the
  items of a list;
- OAuth lies on this server, never on a host that the caller did not choose, and what
  is there says how to log in.

Source: OpenAPI 3.0.4 and 3.1.0; Swagger 2.0; petstore.swagger.io 1.0.7 (Swagger 2.0);
swagger-petstore 1.0.26 (OpenAPI 3.0); @readme/oas-examples 8.2.2 (OpenAPI 3.1).
"""

from functools import cache
from typing import Any, Final

from pydantic_core import from_json, to_json

from petstore.contract.arguments import (
    OAUTH_PATH,
    OAUTH_TEXT,
    SCOPES,
    WRITE_PETS,
)
from petstore.contract.call import Operation, Place
from petstore.contract.flavours import Contract, Face, face
from petstore.contract.openapi_operations import describe
from petstore.contract.openapi_responses import (
    API_RESPONSE,
    FLAVOURS,
    PROBLEM,
    Plan,
    error_components,
    has_result,
    problem_schema,
)
from petstore.contract.openapi_schemas import Json, Kind, Schemas, make_schemas
from petstore.contract.openapi_v2 import to_swagger
from petstore.contract.pet import ApiResponse

__all__ = ["Kind", "document"]

_FORMS: Final[dict[Kind, str]] = {
    "native": "3.1.0",
    # On its way to Swagger 2.0.
    "v2": "3.0.4",
    "seed": "3.1.0",
    "v3": "3.0.4",
}
_TITLES: Final[dict[Kind, str]] = {
    "native": "Pet shop",
    "v2": "Swagger Petstore",
    "seed": "Swagger Petstore",
    "v3": "Swagger Petstore - OpenAPI 3.0",
}
_NATIVE_TEXT: Final = (
    "All that this server can do. A refusal is a problem document (RFC 9457) with a"
    " stable `code`. No text may hold a NUL character. Where the server was started to"
    " check credentials, log in with `POST /tokens` and send `Authorization: Bearer …`."
)
_COMPAT_TEXT: Final = (
    "What clients of the public Petstore speak; `/openapi.json` has the whole API. A"
    " refusal carries a problem document (RFC 9457) in `X-Petstore-Problem`."
)
_CONTRACT_TEXTS: Final[dict[Contract, str]] = {
    "public": "Statuses and bodies are those of the public server, even where its"
    " document says otherwise.",
    "strict": "Statuses and bodies are those of this document.",
}
_TAGS: Final = {
    "pet": "The animals, and pictures of them",
    "store": "Inventory and purchase orders",
    "user": "Accounts, login and logout",
    "token": "The credential of a request",
    "event": "What is written, as it happens",
}


def document(
    kind: Kind, *, contract: Contract, origin: str | None, version: str
) -> dict[str, Any]:
    """
    Return one document as JSON-shaped data, the caller's own.

    Args:
        contract: What the compatible faces answer; the native document minds it not.
        origin: Where the server was asked, such as `http://localhost:8080`, with the
            path of a proxy where there is one; None makes all URLs relative.
        version: Version of the server.
    """
    root = (origin or "").rstrip("/")
    built = _openapi(_plan(kind, contract), root, version)
    return to_swagger(built) if kind == "v2" else built


@cache
def _plan(kind: Kind, contract: Contract) -> Plan:
    strict = face(FLAVOURS[kind], "strict")
    return Plan(
        kind=kind,
        face=strict,
        served=face(FLAVOURS[kind], contract),
        schemas=_schemas(kind, strict),
    )


def _schemas(kind: Kind, strict: Face) -> Schemas:
    annotations: dict[str, Any] = {}
    if kind != "native":
        annotations[API_RESPONSE] = ApiResponse
    for route in strict.routes.values():
        for arg in route.args:
            if arg.place is not Place.UPLOAD:
                annotations[f"{route.operation.id}.{arg.name}"] = arg.type
        if has_result(route):
            annotations[route.operation.id] = route.operation.result
    operations = [route.operation for route in strict.routes.values()]
    closed = _only_sent(operations) if strict.extra == "forbid" else ()
    return make_schemas(kind, annotations, closed=closed)


def _only_sent(operations: list[Operation[Any]]) -> list[str]:
    """Return the names of the models that are a body and no answer, sorted."""
    answers = [operation.result for operation in operations]
    return sorted(
        {
            arg.type.__name__
            for operation in operations
            for arg in operation.args
            if arg.place is Place.BODY
            and isinstance(arg.type, type)
            and arg.type not in answers
        }
    )


def _openapi(plan: Plan, root: str, version: str) -> Json:
    paths: dict[str, Json] = {}
    tags: dict[str, Json] = {}
    for route in plan.face.routes.values():
        tag = route.operation.tag
        tags[tag] = {"name": tag, "description": _TAGS[tag]}
        paths.setdefault(route.path, {})[route.method.lower()] = describe(plan, route)
    written: Json = {
        "openapi": _FORMS[plan.kind],
        "info": _info(plan, version),
        "servers": [{"url": root + plan.face.base or "/"}],
        "tags": list(tags.values()),
        "paths": paths,
        "components": _components(plan, paths, root),
    }
    # Schemas are made once and shown in many places; here each place gets its own, or
    # a change by the caller would show in all, and YAML would be full of aliases.
    copied: Json = from_json(to_json(written))
    return copied


def _info(plan: Plan, version: str) -> Json:
    description = _NATIVE_TEXT
    if not plan.is_native:
        description = f"{_COMPAT_TEXT} {_CONTRACT_TEXTS[plan.served.contract]}"
    return {
        "title": _TITLES[plan.kind],
        "description": description,
        "license": {"name": "MIT", "url": "https://opensource.org/license/mit"},
        "version": version,
    }


def _components(plan: Plan, paths: Json, root: str) -> Json:
    schemas = dict(plan.schemas.definitions)
    components: Json = {"schemas": schemas}
    if plan.is_native:
        schemas[PROBLEM] = problem_schema()
        components["responses"] = error_components(plan)
    else:
        # Nothing refers to them; the official documents have them under these names.
        components["requestBodies"] = {
            "Pet": paths["/pet"]["post"]["requestBody"],
            "UserArray": paths["/user/createWithList"]["post"]["requestBody"],
        }
    return {**components, "securitySchemes": _security_schemes(plan, root)}


def _security_schemes(plan: Plan, root: str) -> Json:
    # The seed's dialog lies elsewhere than that of the other documents.
    page = "dialog" if plan.kind == "seed" else "authorize"
    names = list(SCOPES) if plan.is_native else sorted(WRITE_PETS)
    implicit = {
        "authorizationUrl": f"{root}{OAUTH_PATH}{page}",
        "scopes": {name: SCOPES[name] for name in names},
    }
    schemes: Json = {
        "petstore_auth": {
            "type": "oauth2",
            "description": OAUTH_TEXT,
            "flows": {"implicit": implicit},
        },
        "api_key": {"type": "apiKey", "name": "api_key", "in": "header"},
    }
    if plan.is_native:
        schemes["bearer"] = {"type": "http", "scheme": "bearer"}
    return schemes
