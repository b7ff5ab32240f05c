"""Name the media types that the codec reads and writes."""

from collections.abc import Mapping
from typing import Final

JSON: Final = "application/json"
XML: Final = "application/xml"
YAML: Final = "application/yaml"
FORM: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"
OCTETS: Final = "application/octet-stream"
EVENTS: Final = "text/event-stream"
MERGE_PATCH: Final = "application/merge-patch+json"


def is_json(kind: str) -> bool:
    """Tell whether a media type is JSON, or made of it."""
    return kind in (JSON, "text/json") or kind.endswith("+json")


def is_xml(kind: str) -> bool:
    """Tell whether a media type is XML, under either of its names."""
    return kind in (XML, "text/xml")


def media_type(headers: Mapping[str, str]) -> str:
    """Return the media type of a body, without parameters; "" when none is named."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()
