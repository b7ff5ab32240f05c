"""
Choose the representation that an Accept header prefers.

Source: RFC 9110 §12.5.1.
"""

from functools import lru_cache
from typing import Final

from petstore.contract.flavours import Face
from petstore.contract.media import JSON, XML, YAML, is_xml

_ACCEPT_LENGTH_MAX: Final = 2_000
# Clients send few different headers, and many times each.
_CHOICES_MAX: Final = 256
_YAML_NAMES: Final = (YAML, "application/x-yaml", "text/yaml")


@lru_cache(_CHOICES_MAX)
def choose(face: Face, accept: str, *, has_xml: bool) -> str | None:
    """
    Return the media type to answer with; None when none is acceptable.

    The native face always answers JSON. The public v2 server weighs the header and
    refuses what it cannot do; the public v3 server looks at the first value only.
    """
    if face.flavour == "native" or not accept:
        return JSON
    ranked = _ranked(accept[:_ACCEPT_LENGTH_MAX])
    if face.flavour == "v3":
        return _first(ranked, has_xml=has_xml)
    for name in ranked:
        if name in (JSON, "*/*", "application/*"):
            return JSON
        if has_xml and is_xml(name):
            return XML
    return None


def _first(ranked: list[str], *, has_xml: bool) -> str:
    if has_xml and ranked[:1] == [XML]:
        return XML
    if ranked and all(name in _YAML_NAMES for name in ranked):
        return YAML
    return JSON


def _ranked(accept: str) -> list[str]:
    """Return the acceptable media ranges, the best first, else as written."""
    pairs = [weighed(one) for one in accept.split(",") if one.strip()]
    kept = [(name, weight) for name, weight in pairs if weight > 0]
    return [name for name, _ in sorted(kept, key=lambda pair: -pair[1])]


def weighed(text: str) -> tuple[str, float]:
    """Return what one part of an Accept header names, and how much it is liked."""
    name, *parameters = text.split(";")
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "q":
            try:
                return name.strip().lower(), float(value)
            except ValueError:
                break
    return name.strip().lower(), 1.0


def accepts_coding(accepted: str, coding: str) -> bool:
    """
    Tell whether an Accept-Encoding takes a coding, by its name or by `*`.

    Source: RFC 9110 §12.5.3.
    """
    weights = dict(map(weighed, accepted.split(",")))
    return weights.get(coding, weights.get("*", 0.0)) > 0
