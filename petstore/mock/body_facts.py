"""
Say what a body holds, so that two ways to write the same are equal, without secrets.

Source: RFC 8259 (JSON).
"""

import hashlib
import json
from typing import Any, Final
from xml.etree import ElementTree

from petstore.contract.media import FORM, MULTIPART, is_json, is_xml
from petstore.mock.fields import fields_of
from petstore.mock.payload import Wire, read_wire
from petstore.mock.secret_texts import masked, swapped_parts, wildcard
from petstore.mock.secrets import WILDCARD, is_secret, is_secret_name

# Most requests have no body, and nobody writes into it.
_NONE: Final[dict[str, Any]] = {}


def body_facts(wire: Wire) -> dict[str, Any]:
    """Say what a body is, in the form in which bodies are compared."""
    if not wire.body:
        return _NONE
    kind = wire.kind
    try:
        if is_json(kind) or not kind:
            return {"json": masked_value(json.loads(wire.body, parse_float=_number))}
        if kind == FORM:
            return {"form": plain_fields(wire.body.decode())}
        if is_xml(kind):
            return {"xml": _xml(wire.body)}
    except (ValueError, ElementTree.ParseError, RecursionError):
        return _opaque(wire.body)
    if kind == MULTIPART:
        parts = read_wire(wire).get("parts")
        if parts is not None:
            return {"parts": [_part(part) for part in parts]}
        return _opaque(swapped_parts(wire.body, wildcard, masked))
    return _opaque(wire.body)


def plain_fields(text: str) -> dict[str, list[str]]:
    """Return the fields of a query or of a form, with a wildcard for each secret."""
    return {
        name: [masked_field(name, one) for one in values]
        for name, values in fields_of(text).items()
    }


def masked_field(name: str, value: str) -> str:
    """Return the value of a field; a wildcard where its name says that it is one."""
    return WILDCARD if is_secret_name(name) else masked(value)


def masked_value(value: Any) -> Any:
    """Return a JSON value with a wildcard for each secret in it."""
    if isinstance(value, dict):
        return {
            name: WILDCARD if is_secret(name, one) else masked_value(one)
            for name, one in value.items()
        }
    if isinstance(value, list):
        return [masked_value(one) for one in value]
    return masked(value) if isinstance(value, str) else value


def _number(text: str) -> int | float:
    # 1.0 and 1 are one number in JSON.
    number = float(text)
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _xml(body: bytes) -> Any:
    return _element(xml_tree(body))


def xml_tree(body: bytes) -> ElementTree.Element:
    """
    Read XML.

    Raises:
        ValueError: It has a document type, whose entities may be endless.
        ParseError: It is no XML.
    """
    if b"<!" in body.replace(b"<![CDATA[", b""):
        raise ValueError("a document type, whose entities may be endless")
    return ElementTree.fromstring(body)  # noqa: S314  nothing of a DTD is read


def _element(element: ElementTree.Element) -> Any:
    name = element.tag
    if is_secret_name(name.rpartition("}")[2]):
        return [name, WILDCARD]
    text = masked((element.text or "").strip())
    # The contract's elements are fields, in any order; those of a list keep theirs.
    children = sorted(map(_element, element), key=lambda child: str(child[0]))
    return [name, *([text] if text else []), *children]


def _part(part: dict[str, Any]) -> dict[str, Any]:
    if is_secret_name(part["name"]):
        return {"name": part["name"], "text": WILDCARD}
    return {**part, "text": masked(part["text"])} if "text" in part else part


def _opaque(body: bytes) -> dict[str, Any]:
    try:
        return {"text": masked(body.decode())}
    except UnicodeDecodeError:
        return {"sha256": hashlib.sha256(body).hexdigest()}
