"""
Choose the representation that an Accept header prefers.

Source: RFC 9110 §12.5.1.
"""

from functools import lru_cache
from typing import Final

from petstore.contract.flavours import Face
from petstore.contract.media import JSON, XML, YAML

_ACCEPT_LENGTH_MAX: Final = 2_000
# Clients send few different headers, and many times each.
_CHOICES_MAX: Final = 256
_XML_NAMES: Final = (XML, "text/xml")
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
        if has_xml and name in _XML_NAMES:
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
    weighed = [_weighed(one) for one in accept.split(",") if one.strip()]
    kept = [(name, weight) for name, weight in weighed if weight > 0]
    return [name for name, _ in sorted(kept, key=lambda pair: -pair[1])]


def _weighed(text: str) -> tuple[str, float]:
    name, *parameters = text.split(";")
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "q":
            try:
                return name.strip().lower(), float(value)
            except ValueError:
                break
    return name.strip().lower(), 1.0
