"""
Make the JSON schemas of the documents from the models.

The native document shows what its server checks. The compatible ones show what the
official documents of their flavours show: types, formats and enums. There a draft and
its entity are one schema under the entity's name, for the public Petstore knows no
drafts and no versions.

Nullable fields are shown without their null: an answer leaves out what is absent. Only
a patch shows it, where it clears the field.

Source: JSON Schema 2020-12; OpenAPI 3.0.4 §4.7.24 (its dialect); Swagger 2.0.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from pydantic import TypeAdapter

from petstore.contract.model import INT32_MAX, INT64_MAX, NO_NUL
from petstore.contract.order import Order
from petstore.contract.pet import ApiResponse, Pet
from petstore.contract.user import User
from petstore.contract.xml import XmlFlavour, xml_root

Kind = Literal["native", "v2", "seed", "v3"]
Json: TypeAlias = dict[str, Any]

_OPENAPI_REF: Final = "#/components/schemas/"
_SWAGGER_REF: Final = "#/definitions/"
_BOUNDS: Final = {
    "int32": (-INT32_MAX - 1, INT32_MAX),
    "int64": (-INT64_MAX - 1, INT64_MAX),
}
# What a compatible document shows of a schema; the rest is for the server to check.
_COMPAT_KEYWORDS: Final = frozenset(
    {
        "$ref",
        "additionalProperties",
        "default",
        "description",
        "enum",
        "examples",
        "format",
        "items",
        "properties",
        "required",
        "type",
        "xml",
    }
)
_ENTITIES: Final = {kind.__name__: kind for kind in (Pet, Order, User, ApiResponse)}


@dataclass(frozen=True, slots=True)
class Schemas:
    """
    Hold the schemas of one document.

    Args:
        shown: Schema of each annotation, by the name that it was given with.
        definitions: The models that they refer to, by name, sorted.
    """

    shown: Mapping[str, Json]
    definitions: Mapping[str, Json]


def make_schemas(
    kind: Kind, annotations: Mapping[str, Any], *, closed: Iterable[str] = ()
) -> Schemas:
    """
    Return the schemas of annotations as one document shows them.

    Args:
        annotations: What pydantic reads, each under a name of the caller's choice.
        closed: Names of models whose unknown properties are refused.
    """
    given: list[tuple[str, Literal["validation"], TypeAdapter[Any]]] = [
        (name, "validation", TypeAdapter(annotation))
        for name, annotation in annotations.items()
    ]
    raw, found = TypeAdapter.json_schemas(given, ref_template="{model}")
    writer = _Writer(kind, found["$defs"])
    definitions = writer.definitions()
    for name in closed:
        definitions[name]["additionalProperties"] = False
    return Schemas(
        shown={name: writer.shown(raw[name, "validation"]) for name in annotations},
        definitions=definitions,
    )


class _Writer:
    """Rewrite pydantic's schemas for one document."""

    def __init__(self, kind: Kind, models: Mapping[str, Json]) -> None:
        self._kind = kind
        self._ref = _SWAGGER_REF if kind == "v2" else _OPENAPI_REF
        self._enums = {name: one for name, one in models.items() if "enum" in one}
        self._models = {
            name: one for name, one in models.items() if name not in self._enums
        }

    def definitions(self) -> dict[str, Json]:
        """Return the models under the names of the document."""
        shown = {
            name: self.shown(model, is_patch=name.endswith("Patch"))
            for name, model in self._models.items()
        }
        if self._kind == "native":
            _ask_for_ids(shown)
        else:
            shown = _without_drafts(shown)
            for name, schema in shown.items():
                schema["xml"] = {"name": _element(name, self._kind)}
        named = {self._name(name): schema for name, schema in shown.items()}
        return dict(sorted(named.items()))

    def shown(self, schema: Json, *, is_patch: bool = False) -> Json:
        """Return a schema in the dialect of the document."""
        if "anyOf" in schema:
            return self._union(schema, is_patch=is_patch)
        if "$ref" in schema:
            return self._reference(schema)
        shown = {
            key: value for key, value in schema.items() if self._is_shown(key, schema)
        }
        if "properties" in shown:
            shown["properties"] = {
                name: self.shown(one, is_patch=is_patch)
                for name, one in schema["properties"].items()
            }
        for key in ("items", "additionalProperties"):
            if isinstance(shown.get(key), dict):
                shown[key] = self.shown(schema[key])
        if shown.get("type") == "integer":
            # Counts: they have bounds of their own, or none that matters.
            shown.setdefault("format", "int32")
        return self._with_example(self._with_elements(shown))

    def _union(self, schema: Json, *, is_patch: bool) -> Json:
        """Show one branch: the enum of an open field, or what is there but null."""
        branches = [one for one in schema["anyOf"] if one != {"type": "null"}]
        chosen = self.shown(
            next(
                (one for one in branches if one.get("$ref") in self._enums), branches[0]
            )
        )
        outer = self.shown({key: schema[key] for key in schema if key != "anyOf"})
        if "$ref" in chosen and not self._is_modern:
            return chosen
        shown = {**chosen, **outer}
        is_nullable = is_patch and len(branches) < len(schema["anyOf"])
        return _nullable(shown) if is_nullable else shown

    def _reference(self, schema: Json) -> Json:
        name = schema["$ref"]
        if name in self._enums:
            enum = self._enums[name]
            return {"type": enum["type"], "enum": list(enum["enum"])}
        shown = {"$ref": self._ref + self._name(name)}
        if self._is_modern and "description" in schema:
            shown["description"] = schema["description"]
        return shown

    @property
    def _is_modern(self) -> bool:
        """Whether a reference may have siblings, and examples come in lists."""
        return self._kind in ("native", "seed")

    def _is_shown(self, key: str, schema: Json) -> bool:
        value = schema[key]
        if key == "title" or (key == "default" and value in (None, [])):
            return False
        if key == "additionalProperties" and value is True:
            return False
        if self._kind != "native":
            # Generators make a type of its own of this format, and no official
            # document has it.
            return key in _COMPAT_KEYWORDS and value != "password"
        if key in ("minimum", "maximum"):
            return value not in _BOUNDS.get(schema.get("format", ""), ())
        return key != "xml" and value != NO_NUL

    def _with_elements(self, shown: Json) -> Json:
        """Name the element of an item, which the models note beside the list."""
        if "name" not in shown.get("xml", {}):
            return shown
        element = {"name": shown["xml"]["name"]}
        items = shown["items"]
        if "$ref" not in items or self._is_modern:
            items = {**items, "xml": element}
        return {**shown, "items": items, "xml": {"wrapped": True}}

    def _with_example(self, shown: Json) -> Json:
        if self._is_modern or "examples" not in shown:
            return shown
        example = shown.pop("examples")[0]
        return {**shown, "example": example}

    def _name(self, name: str) -> str:
        if page := re.fullmatch(r"Page_(\w+)_", name):
            return f"{page[1]}Page"
        return name if self._kind == "native" else name.removesuffix("Draft")


def _ask_for_ids(models: Mapping[str, Json]) -> None:
    """Let the example of a draft ask for an id, or trying it out would be a 409."""
    for name, schema in models.items():
        if name.endswith("Draft"):
            schema["properties"]["id"]["examples"] = [0]


def _without_drafts(models: Mapping[str, Json]) -> dict[str, Json]:
    """Let each draft, which asks for the least, stand for its entity."""
    kept = {name: one for name, one in models.items() if not name.endswith("Draft")}
    for name, draft in models.items():
        entity = name.removesuffix("Draft")
        if entity != name:
            kept[entity] = {**draft, "description": kept[entity]["description"]}
    return kept


def _nullable(shown: Json) -> Json:
    if "$ref" in shown:
        target = {"$ref": shown.pop("$ref")}
        return {"anyOf": [target, {"type": "null"}], **shown}
    if "enum" in shown:
        shown["enum"] = [*shown["enum"], None]
    return {**shown, "type": [shown["type"], "null"]}


def _element(name: str, kind: Kind) -> str:
    """Return the element that the server writes; a part of a pet is its property."""
    flavour: XmlFlavour = "v3" if kind == "v3" else "v2"
    if name in _ENTITIES:
        return xml_root(_ENTITIES[name], flavour).one
    return name.lower()
