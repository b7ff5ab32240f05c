"""Turn the fields of a query, or of a form, into lists by name, and back."""

from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl


def fields_of(text: str) -> dict[str, list[str]]:
    """Return the fields of a query or of a form, by name."""
    return grouped(parse_qsl(text, keep_blank_values=True))


def grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return what comes under each name, in its order."""
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return fields


def pairs_of(fields: Mapping[str, Iterable[str]]) -> list[tuple[str, str]]:
    """Return fields one by one, as they travel."""
    return [(name, value) for name, values in fields.items() for value in values]
