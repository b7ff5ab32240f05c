"""
Turn a document of OpenAPI 3.0 into Swagger 2.0.

Of an OpenAPI document it reads what `openapi.py` writes for a compatible face: inline
parameters and bodies, no shared responses, and references that are Swagger's already.

Source: https://spec.openapis.org/oas/v2.0.html
"""

from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import urlsplit

from petstore.contract.media import FORM, MULTIPART
from petstore.contract.openapi_schemas import Json

# The forms first: a form's fields are parameters here, and a body has one type.
_FORMS: Final = (MULTIPART, FORM)
# What a parameter may say of itself, and it or a header of its type.
_PARAMETER_KEYWORDS: Final = ("name", "in", "required", "description")
_PLAIN_KEYWORDS: Final = ("type", "format", "enum", "default")


def to_swagger(document: Json) -> Json:
    """Return the same API as a Swagger 2.0 document."""
    components = document["components"]
    return {
        "swagger": "2.0",
        "info": document["info"],
        **_address(document["servers"][0]["url"]),
        "tags": document["tags"],
        "paths": {
            path: {method: _operation(one) for method, one in operations.items()}
            for path, operations in document["paths"].items()
        },
        "securityDefinitions": {
            name: _security_scheme(scheme)
            for name, scheme in components["securitySchemes"].items()
        },
        "definitions": components["schemas"],
    }


def _address(url: str) -> Json:
    """Split a server's URL; a relative one leaves host and scheme to the reader."""
    parts = urlsplit(url)
    address = {"basePath": parts.path}
    if parts.netloc:
        return {"host": parts.netloc, **address, "schemes": [parts.scheme]}
    return address


def _operation(operation: Json) -> Json:
    body = operation.get("requestBody", {"content": {}})
    consumes = _consumed(list(body["content"]))
    swagger = {
        key: value
        for key, value in operation.items()
        if key not in ("parameters", "requestBody", "responses")
    }
    if consumes:
        swagger["consumes"] = consumes
    swagger["produces"] = list(operation["responses"]["200"]["content"])
    swagger["parameters"] = [
        *(_parameter(one) for one in operation.get("parameters", ())),
        *_body_parameters(body, consumes),
    ]
    swagger["responses"] = {
        status: _response(one) for status, one in operation["responses"].items()
    }
    return swagger


def _consumed(types: list[str]) -> list[str]:
    for form in _FORMS:
        if form in types:
            return [form]
    return types


def _parameter(parameter: Json) -> Json:
    schema = parameter["schema"]
    flat: Json = {**_kept(parameter, _PARAMETER_KEYWORDS), **_plain(schema)}
    if schema["type"] == "array":
        flat |= {"items": _plain(schema["items"]), "collectionFormat": "multi"}
    return flat


def _body_parameters(body: Json, consumes: list[str]) -> Iterator[Json]:
    if not consumes:
        return
    schema = body["content"][consumes[0]]["schema"]
    if consumes[0] not in _FORMS:
        yield {
            "name": "body",
            "in": "body",
            "required": body["required"],
            "schema": schema,
        }
        return
    for name, field in schema["properties"].items():
        parameter = {"name": name, "in": "formData", "required": False}
        if "description" in field:
            parameter["description"] = field["description"]
        is_file = field.get("format") == "binary"
        yield {**parameter, **({"type": "file"} if is_file else _plain(field))}


def _response(response: Json) -> Json:
    swagger = {"description": response["description"]}
    for media in response.get("content", {}).values():
        # The types differ in their writing only.
        swagger["schema"] = media["schema"]
    if "headers" in response:
        swagger["headers"] = {
            name: {"description": header["description"], **_plain(header["schema"])}
            for name, header in response["headers"].items()
        }
    return swagger


def _plain(schema: Json) -> Json:
    return _kept(schema, _PLAIN_KEYWORDS)


def _kept(members: Json, names: Iterable[str]) -> Json:
    return {name: members[name] for name in names if name in members}


def _security_scheme(scheme: Json) -> Json:
    if scheme["type"] != "oauth2":
        return scheme
    kept = _kept(scheme, ("type", "description"))
    return {**kept, "flow": "implicit", **scheme["flows"]["implicit"]}
