"""
Write and read the XML that the compatible faces speak.

An entity is one element whose children are its properties in alphabetical order; a
list is wrapped, as are the lists inside:

    <Pet><id>1</id><name>Rex</name>
         <photoUrls><photoUrl>url1</photoUrl></photoUrls>
         <tags><tag><id>1</id><name>tag1</name></tag></tags></Pet>
    <pets><Pet>…</Pet><Pet>…</Pet></pets>

XML 1.0 cannot carry most control characters, U+FFFE and U+FFFF, not even escaped: in
texts they become U+FFFD, in element names everything unusual becomes `_`. So what is
written is well-formed whatever a store holds, and everything else returns unchanged.

What is read becomes JSON-shaped data for the ordinary validation. Attributes (but for
`xsi:nil`) and namespace prefixes are ignored, and so is the name of the root, which
clients derive from their own class names.

Source: https://www.w3.org/TR/xml/ §2.2, §2.11; OpenAPI 3.1 "XML Object".
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, Literal, NamedTuple, TypeAlias, get_args, get_origin
from xml.parsers import expat

from pydantic import BaseModel

from petstore.contract.errors import Malformed
from petstore.contract.model import ITEMS_MAX
from petstore.contract.pet import PetDraft

DEPTH_MAX: Final = 32
# Every body in XML is one entity. The largest is a pet with all its pictures and tags:
# four elements for each pair, and a few. The rest is for what no model knows.
ELEMENT_COUNT_MAX: Final = 10 * ITEMS_MAX

XmlValue: TypeAlias = (
    str
    | int
    | float
    | datetime
    | Mapping[str, "XmlValue"]
    | Sequence["XmlValue"]
    | None
)
XmlFlavour = Literal["v2", "v3"]


class XmlRoot(NamedTuple):
    """
    Name the outermost elements of one kind of entity in one flavour.

    Args:
        one: Element of an entity, alone or in a list.
        many: Element of a list.
        left_out: Properties that this flavour's XML does not show.
    """

    one: str
    many: str
    left_out: frozenset[str] = frozenset()


# Jersey marks `code` as transient for JAXB only: its JSON has it.
_V2_ROOTS: Final = {
    "Pet": XmlRoot("Pet", "pets"),
    "Order": XmlRoot("Order", "orders"),
    "User": XmlRoot("User", "users"),
    "ApiResponse": XmlRoot("apiResponse", "apiResponses", frozenset({"code"})),
    "str": XmlRoot("String", "Strings"),
}
_V3_ROOTS: Final = {
    "Pet": XmlRoot("pet", "pets"),
    "Order": XmlRoot("order", "orders"),
    "User": XmlRoot("user", "users"),
    "ApiResponse": XmlRoot("apiResponse", "apiResponses"),
    "str": XmlRoot("String", "Strings"),
}
# What the framework under /api/v3 answers, where the controller was not reached.
V3_FRAMEWORK_ERROR: Final = XmlRoot("ApiError", "ApiErrors")

_DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_ESCAPES: Final = str.maketrans(
    # A bare CR would be read back as LF (XML §2.11).
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
)
# Compiled at their first use: three milliseconds that most servers never need.
_NO_XML_CHARACTER: Final = r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]"
_NO_NAME_CHARACTER: Final = r"[^A-Za-z0-9_.-]"
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,100}")
_BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}


def xml_root(kind: type, flavour: XmlFlavour) -> XmlRoot:
    """
    Return the element names for a model, or for `str` (a bare text).

    Raises:
        LookupError: That kind has no XML in the contract.
    """
    roots = _V2_ROOTS if flavour == "v2" else _V3_ROOTS
    for base in kind.__mro__:
        if base.__name__ in roots:
            return roots[base.__name__]
    raise LookupError(f"{kind.__name__} has no XML form")


def to_xml(value: XmlValue, *, flavour_root: XmlRoot) -> bytes:
    """
    Write JSON-shaped data as an XML document.

    Args:
        value: Camel-case data, or a sequence of such entities; None values are left
            out, and instants are written as RFC 3339 in UTC with milliseconds.
        flavour_root: From `xml_root`.
    """
    if isinstance(value, Sequence) and not isinstance(value, str):
        items = "".join(_entity(item, flavour_root) for item in value)
        return _document(_wrapped(flavour_root.many, items))
    return _document(_entity(value, flavour_root))


def from_xml(body: bytes, model: type[BaseModel]) -> dict[str, Any]:
    """
    Read an XML document as the data that its model validates.

    Texts become int or bool where the model's field is one and the text reads as one;
    an empty element is "", [], {} or None, as its field is text, list, model or
    something else. Elements that the model does not know are kept.

    Raises:
        Malformed: No well-formed XML, or a document type, too deep, too many elements,
            a field twice, or text between elements.
    """
    root = _parse(body)
    if not root.children and "".join(root.texts).strip():
        raise Malformed(
            f"The element <{root.name}> holds text; one element for each property of "
            "the entity would be right."
        )
    return _members(root, model)


def _document(root: str) -> bytes:
    return (_DECLARATION + root).encode()


def _entity(value: XmlValue, root: XmlRoot) -> str:
    if isinstance(value, Mapping):
        value = {name: v for name, v in value.items() if name not in root.left_out}
    return _element(root.one, value)


def _element(name: str, value: XmlValue) -> str:
    if isinstance(value, Mapping):
        return _wrapped(name, "".join(_children(value)))
    if isinstance(value, Sequence) and not isinstance(value, str):
        item_name = _item_names().get(name, "item")
        return _wrapped(name, "".join(_element(item_name, item) for item in value))
    return _wrapped(name, _text(value))


def _children(value: Mapping[str, XmlValue]) -> Iterator[str]:
    for name, child in sorted(value.items()):
        if child is not None:
            yield _element(name, child)


def _wrapped(name: str, content: str) -> str:
    safe = re.sub(_NO_NAME_CHARACTER, "_", name)
    if not safe[:1].isalpha():
        safe = f"_{safe}"
    return f"<{safe}>{content}</{safe}>"


def _text(value: str | int | float | datetime | None) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        utc = value.astimezone(UTC).isoformat(timespec="milliseconds")
        return utc.replace("+00:00", "Z")
    return re.sub(_NO_XML_CHARACTER, "\N{REPLACEMENT CHARACTER}", str(value)).translate(
        _ESCAPES
    )


@cache
def _item_names() -> dict[str, str]:
    """Read from the model how the items of each of its lists are called."""
    names = {}
    for name, info in PetDraft.model_fields.items():
        if isinstance(info.json_schema_extra, dict):
            xml: Any = info.json_schema_extra.get("xml", {})
            names[info.alias or name] = str(xml["name"])
    return names


@dataclass(slots=True)
class _Element:
    name: str
    is_nil: bool
    texts: list[str] = field(default_factory=list)
    children: list["_Element"] = field(default_factory=list)


class _TreeBuilder:
    """Collect the elements that expat reports, within the limits."""

    def __init__(self) -> None:
        self.root = _Element("", is_nil=False)
        self._open = [self.root]
        self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > ELEMENT_COUNT_MAX:
            raise Malformed(f"The XML may have {ELEMENT_COUNT_MAX:,} elements at most.")
        if len(self._open) > DEPTH_MAX:
            raise Malformed(f"The XML may be nested {DEPTH_MAX} deep at most.")
        is_nil = any(
            key.rpartition(":")[2] == "nil" and _BOOLEANS.get(value, False)
            for key, value in attributes.items()
        )
        element = _Element(name.rpartition(":")[2], is_nil)
        self._open[-1].children.append(element)
        self._open.append(element)

    def text(self, text: str) -> None:
        self._open[-1].texts.append(text)

    def end(self, name: str) -> None:
        element = self._open.pop()
        if element.children and "".join(element.texts).strip():
            raise Malformed(
                f"The element <{name}> has text between its elements; "
                "either text or elements would be right."
            )

    def refuse_document_type(self, *_: object) -> None:
        # Entities, external or growing by the billion, can only come in a DTD.
        raise Malformed("The XML has a document type (DTD); send it without one.")


def _parse(body: bytes) -> _Element:
    builder = _TreeBuilder()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    parser.StartDoctypeDeclHandler = builder.refuse_document_type
    try:
        parser.Parse(body, True)
    # Beside its own error, expat passes on what Python says about odd encodings.
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise Malformed(f"The body is no well-formed XML: {error}.") from error
    return builder.root.children[0]


def _value(element: _Element, annotation: object) -> Any:
    if element.is_nil:
        return None
    kind = _kind(annotation)
    if element.children and get_origin(kind) is list:
        (item,) = get_args(kind)
        return [_value(child, item) for child in element.children]
    if element.children:
        return _members(element, kind)
    text = "".join(element.texts)
    return _scalar(text, kind) if text.strip() else _empty(text, kind)


def _members(element: _Element, kind: object) -> dict[str, Any]:
    annotations = _annotations(kind) if _is_model(kind) else {}
    members: dict[str, Any] = {}
    for child in element.children:
        value = _value(child, annotations.get(child.name))
        known = members.get(child.name)
        if isinstance(known, list) and isinstance(value, list):
            # A sum would copy all that came before, for each of thousands.
            known.extend(value)
            continue
        if child.name in members and child.name in annotations:
            raise Malformed(
                f"The element <{child.name}> is in <{element.name}> twice; "
                "once would be right."
            )
        members[child.name] = value
    return members


def _scalar(text: str, kind: object) -> str | int | bool:
    if kind is bool:
        return _BOOLEANS.get(text.strip(), text)
    if kind is int and _INTEGER.fullmatch(text.strip()):
        return int(text)
    return text


def _empty(text: str, kind: object) -> Any:
    if get_origin(kind) is list:
        return []
    if _is_model(kind):
        return {}
    is_text = kind is None or (isinstance(kind, type) and issubclass(kind, str))
    return text if is_text else None


def _is_model(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


@cache
def _annotations(model: type[BaseModel]) -> dict[str, object]:
    return {
        info.alias or name: info.annotation for name, info in model.model_fields.items()
    }


def _kind(annotation: object) -> object:
    """Return what holds the data in an annotation such as `Int64 | None`."""
    if get_origin(annotation) in (None, list):
        return annotation
    return _kind(get_args(annotation)[0])
