"""
Describe an operation of a face, as OpenAPI 3.x has it.

Where an official document is looser than the table (an argument that need not be
there), the document of that flavour is as loose; the server decides.
"""

from collections.abc import Iterator
from typing import Any, Final

from petstore.contract.arguments import PAGE_SIZE_DEFAULT, READ_PETS, WRITE_PETS
from petstore.contract.call import Arg, Operation, Place
from petstore.contract.event_operations import GET_EVENTS
from petstore.contract.flavours import Route
from petstore.contract.media import FORM, MULTIPART
from petstore.contract.openapi_responses import BINARY, TEXT, Plan, responses
from petstore.contract.openapi_schemas import Json

_IN: Final = {Place.PATH: "path", Place.QUERY: "query", Place.HEADER: "header"}
# Filled in by the engine.
_NATIVE_DEFAULTS: Final = {"limit": PAGE_SIZE_DEFAULT}
# The operations that the official documents let an api key open; the key alone before
# OpenAPI 3.0.
_KEY_OPENS: Final = ("getPetById", "getInventory")
_KEY_OR_SCOPES: Final = ("getPetById",)


def describe(plan: Plan, route: Route) -> Json:
    """Return the operation object of a route."""
    operation = route.operation
    described: Json = {
        "tags": [operation.tag],
        "summary": operation.summary,
        "operationId": operation.id,
    }
    if description := _description(plan, operation):
        described["description"] = description
    if parameters := list(_parameters(plan, route)):
        described["parameters"] = parameters
    if body := _body(plan, route):
        described["requestBody"] = body
    described["responses"] = responses(plan, route)
    if security := _security(plan, operation):
        described["security"] = security
    if operation.deprecated:
        described["deprecated"] = True
    return described


def _description(plan: Plan, operation: Operation[Any]) -> str:
    if not (plan.is_native and operation.scopes):
        return ""
    text = f"Asks for {' and '.join(sorted(operation.scopes))}"
    if operation.own is not None:
        text += f", or to be the {operation.own} of the path"
    return f"{text}, where credentials are checked."


def _parameters(plan: Plan, route: Route) -> Iterator[Json]:
    if not plan.is_native and route.operation.id == "deletePet":
        # Every official document has it, and no server reads it but as a credential.
        yield {"name": "api_key", "in": "header", "required": False, "schema": TEXT}
    for arg in route.args:
        if arg.place in _IN:
            yield _parameter(plan, route, arg)


def _parameter(plan: Plan, route: Route, arg: Arg) -> Json:
    schema = dict(_schema(plan, route, arg))
    parameter: Json = {
        "name": arg.wire,
        "in": _IN[arg.place],
        "required": _is_required(plan, route, arg),
    }
    if "description" in schema:
        parameter["description"] = schema.pop("description")
    if "items" in schema:
        parameter["explode"] = True
    if arg.name in route.defaults:
        # A list with a default is one text in the official document; the server
        # splits it at commas.
        schema = {**schema["items"], "default": route.defaults[arg.name][0]}
    elif plan.is_native and arg.name in _NATIVE_DEFAULTS:
        schema["default"] = _NATIVE_DEFAULTS[arg.name]
    return {**parameter, "schema": schema}


def _schema(plan: Plan, route: Route, arg: Arg) -> Json:
    if arg.place is Place.UPLOAD:
        return BINARY
    return plan.schemas.shown[f"{route.operation.id}.{arg.name}"]


def _is_required(plan: Plan, route: Route, arg: Arg) -> bool:
    if plan.is_native or arg.place is Place.PATH:
        return arg.required
    if plan.kind == "v3":
        return arg.place is Place.BODY and route.operation.tag == "pet"
    return arg.required and arg.place is not Place.UPLOAD


def _body(plan: Plan, route: Route) -> Json:
    content: Json = {}
    # The preferred type is the last one of an upload: the seed knows the bare bytes
    # only, and generators take what comes first.
    for media in reversed(route.takes) if route.has_upload else route.takes:
        content[media] = {"schema": _body_schema(plan, route, media)}
    if not content:
        return {}
    args = [*route.args_in(Place.BODY), *route.args_in(Place.UPLOAD)]
    is_required = any(_is_required(plan, route, arg) for arg in args)
    return {"content": content, "required": is_required}


def _body_schema(plan: Plan, route: Route, media: str) -> Json:
    form = (*route.args_in(Place.FORM), *route.args_in(Place.UPLOAD))
    for arg in route.args_in(Place.BODY):
        return _schema(plan, route, arg)
    if media not in (FORM, MULTIPART):
        return BINARY
    # No document asks for a field of a form.
    return {
        "type": "object",
        "properties": {arg.wire: _schema(plan, route, arg) for arg in form},
    }


def _security(plan: Plan, operation: Operation[Any]) -> list[Json]:
    if plan.is_native:
        return _native_security(operation)
    return _compat_security(plan, operation)


def _native_security(operation: Operation[Any]) -> list[Json]:
    if operation.scopes:
        scopes = sorted(operation.scopes)
        return [{"bearer": []}, {"api_key": []}, {"petstore_auth": scopes}]
    if operation.args and operation is not GET_EVENTS:
        return []
    # Without scopes and arguments it can only be about the credential of the request;
    # of the events, a credential decides which are shown.
    return [{"bearer": []}, {"api_key": []}, {}]


def _compat_security(plan: Plan, operation: Operation[Any]) -> list[Json]:
    """Return what the official document of the flavour asks for, and no more."""
    if operation.scopes not in (READ_PETS, WRITE_PETS):
        return []
    by_scopes: Json = {"petstore_auth": sorted(WRITE_PETS)}
    if operation.id not in _KEY_OPENS:
        return [by_scopes]
    if plan.kind == "v3" and operation.id in _KEY_OR_SCOPES:
        return [{"api_key": []}, by_scopes]
    return [{"api_key": []}]
