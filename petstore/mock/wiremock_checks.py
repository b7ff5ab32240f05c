"""
Tell what a mapping of WireMock matches otherwise than exactly.

A pattern that would become one exact request leaves its mapping out. What a recording
does not compare at all is told.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from petstore.mock.facts import COUNTED_HEADERS

_DELAYS: Final = ("fixedDelayMilliseconds", "delayDistribution", "chunkedDribbleDelay")
_UNREAD: Final = (
    *("cookies", "basicAuthCredentials", "host", "pathParameters"),
    *("scheme", "port", "clientIp"),
)
_LOOSE: Final = (
    "ignoreExtraElements",
    "ignoreArrayOrder",
    "exemptedComparisons",
    "caseInsensitive",
)
_OTHER_URLS: Final = ("urlPattern", "urlPathPattern", "urlPathTemplate")
_MADE: Final = ("fault", "proxyBaseUrl", "transformers")
_LISTENERS: Final = ("serveEventListeners", "postServeActions")
_PLACEHOLDER: Final = re.compile(r"\$\{(?:json-unit|xmlunit)\.")
_PREDICATES: Final = ("headers", "queryParameters", "formParameters")


def refuse_inexact(mapping: Mapping[str, Any]) -> None:
    """
    Refuse a mapping that is matched by patterns, or made.

    Raises:
        ValueError: It is one; says by what.
    """
    made = [one for one in _MADE if mapping["response"].get(one)]
    if made:
        raise ValueError(f"response.{made[0]} has no place in a recording")
    request = mapping["request"]
    for one in _OTHER_URLS:
        if one in request:
            raise ValueError(f"request.{one} is a pattern; url or urlPath is read")
    if "customMatcher" in request:
        raise ValueError("request.customMatcher is code, which is not read")
    for name, predicate in request.get("headers", {}).items():
        if name.lower() in COUNTED_HEADERS:
            _refuse_pattern(name, predicate)


def _refuse_pattern(name: str, predicate: Mapping[str, Any]) -> None:
    # Accept names what is acceptable, and mostly more than the one that is looked for.
    is_accept = name.lower() == "accept" and "contains" in predicate
    if is_accept or "equalTo" in predicate or predicate.get("absent") is True:
        return
    by = ", ".join(predicate) or "nothing"
    raise ValueError(f"request.headers.{name} is matched by {by}; equalTo is read")


def refuse_placeholders(request: Mapping[str, Any]) -> None:
    """
    Refuse a body that stands for many; in ours, what looks so is what was sent.

    Raises:
        ValueError: It has a placeholder.
    """
    parts = request.get("multipartPatterns", [])
    for one in [request, *parts]:
        for number, pattern in enumerate(one.get("bodyPatterns", [])):
            if pattern.get("enablePlaceholders") or _PLACEHOLDER.search(str(pattern)):
                place = f"bodyPatterns.{number}"
                raise ValueError(f"request.{place} is matched by placeholders")


def uncompared(mapping: Mapping[str, Any]) -> Iterator[str]:
    """Yield what WireMock heeds of a mapping, and a recording does not."""
    request = mapping["request"]
    for place in _places(request):
        yield f"request.{place} is not compared any more"
    for place in _looser(request):
        yield f"request.{place} is compared whole, with order and capitals, from now on"
    if any(one in mapping["response"] for one in _DELAYS):
        yield "its delay is not kept"
    for one in ("priority", *_LISTENERS):
        if one in mapping:
            yield f"its {one} is not kept"


def _looser(request: Mapping[str, Any]) -> Iterator[str]:
    """Name what is compared in a looser way than a recording does."""
    for name, predicate in request.get("headers", {}).items():
        if name.lower() in COUNTED_HEADERS and "contains" in predicate:
            yield f"headers.{name}"
    for field in _PREDICATES:
        for name, predicate in request.get(field, {}).items():
            if predicate.get("caseInsensitive"):
                yield f"{field}.{name}"
    for number, pattern in enumerate(request.get("bodyPatterns", [])):
        if any(map(pattern.get, _LOOSE)):
            yield f"bodyPatterns.{number}"


def _places(request: Mapping[str, Any]) -> Iterator[str]:
    for name in request.get("headers", {}):
        if name.lower() not in COUNTED_HEADERS:
            yield f"headers.{name}"
    yield from (one for one in _UNREAD if one in request)
    for number, part in enumerate(request.get("multipartPatterns", [])):
        for name in part.get("headers", {}):
            if name.lower() != "content-type":
                yield f"multipartPatterns.{number}.headers.{name}"
