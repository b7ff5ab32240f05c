"""
Find secrets in XML and HTML, also where a document is cut off or broken.

    <password>…</password>    <credentials><user>…</user><pin v="…"/></credentials>

Whatever stands in an element with the name of a secret is one, however deep, and so are
its attributes; the elements themselves stay. Nothing is parsed: whoever sends a text
chooses it, so the time grows with its length only.

Source: XML 1.0 §2.4 (text), §2.7 (CDATA), §3.1 (tags).
"""

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from petstore.mock.secrets import PLACEHOLDER, is_secret_name

# Takes a name and a value, and returns what is told instead.
Swap = Callable[[str, str], str]
_MARKUP: Final = re.compile(r"\s*<(?![a-z]+-[0-9]+>)[?!A-Za-z]")
# What is not closed goes on to the end of the text.
_TOKEN: Final = re.compile(
    r"<!\[CDATA\[(?:(?!\]\]>).)*+(?:\]\]>|\Z)|<!--(?:(?!-->).)*+(?:-->|\Z)"
    r"|<(/?)([\w.:-]{1,128}+)(\s[^<>]*+|/|)>",
    re.DOTALL,
)
_CDATA: Final = re.compile(r"<!\[CDATA\[((?:(?!\]\]>).)*+)(?:\]\]>|\Z)", re.DOTALL)
_COMMENT: Final = re.compile(r"<!--(?:(?!-->).)*+(?:-->|\Z)", re.DOTALL)
_ATTRIBUTE: Final = re.compile(r"""([\w.:-]{1,128}+)(\s*+=\s*+)("[^"]*+"|'[^']*+')""")
# They tell of which kind a value is.
_OF_KIND: Final = re.compile(r"xmlns\b|xsi:|type\Z", re.IGNORECASE)


class _Tag(NamedTuple):
    """
    Hold a tag, and where it stands.

    Args:
        name: Of its element, without the prefix of its namespace.
        inner: Where its attributes begin and end.
        is_open: Whether an element begins here that may have content.
    """

    name: str
    begin: int
    end: int
    inner: tuple[int, int]
    is_open: bool
    is_close: bool


def is_markup(text: str) -> bool:
    """Tell whether a text is XML or HTML, where a placeholder is to be escaped."""
    return _MARKUP.match(text) is not None


def escaped(text: str) -> str:
    """Return a placeholder as it stands in XML."""
    return text.replace("<", "&lt;").replace(">", "&gt;")


def unescaped(text: str) -> str:
    """Return what stands in XML as it is meant, as far as placeholders need it."""
    return text.replace("&lt;", "<").replace("&gt;", ">")


def swapped_markup(text: str, swap: Swap) -> str:
    """Return a text with something else for each secret in its elements."""
    tags = list(_tags(text))
    if not any(one.is_open or not one.is_close for one in tags if _is_secret(one)):
        return text
    pieces, position = [], 0
    for begin, end, shown in _swaps(text, tags, swap):
        pieces += [text[position:begin], shown]
        position = end
    return "".join([*pieces, text[position:]])


def _tags(text: str) -> Iterator[_Tag]:
    for found in _TOKEN.finditer(text):
        slash, name, inner = found.groups()
        # In a text that was redacted before, a placeholder looks like a tag.
        if name is None or PLACEHOLDER.fullmatch(found[0]):
            continue
        yield _Tag(
            name.rpartition(":")[2],
            found.start(),
            found.end(),
            found.span(3),
            is_open=not slash and not inner.endswith("/"),
            is_close=bool(slash),
        )


def _is_secret(tag: _Tag) -> bool:
    return is_secret_name(tag.name)


def _swaps(text: str, tags: list[_Tag], swap: Swap) -> Iterator[tuple[int, int, str]]:
    """Yield where a secret begins and ends, and what stands for it."""
    ends = _ends(text, tags)
    names: list[tuple[int, str]] = []
    for number, tag in enumerate(tags):
        while names and names[-1][0] <= tag.begin:
            names.pop()
        if not tag.is_close and _is_secret(tag):
            end = ends.get(number, tag.end)
            # An element within a secret ends with it, whatever is left open.
            names.append((min(end, names[-1][0]) if names else end, tag.name))
            yield from _attributes(text, tag, tag.name, swap)
        elif names and not tag.is_close:
            yield from _attributes(text, tag, names[-1][1], swap)
        following = tags[number + 1].begin if number + 1 < len(tags) else len(text)
        until = min(following, names[-1][0]) if names else tag.end
        if tag.end < until:
            yield tag.end, until, _text(text[tag.end : until], names[-1][1], swap)


def _ends(text: str, tags: list[_Tag]) -> dict[int, int]:
    """Return where the content of each element ends, by the number of its tag."""
    is_whole = is_markup(text)
    opened: dict[str, list[int]] = {}
    ends: dict[int, int] = {}
    for number, tag in enumerate(tags):
        if tag.is_open:
            following = tags[number + 1].begin if number + 1 < len(tags) else len(text)
            # Of a document that is cut off; in a sentence a tag may stand for itself.
            ends[number] = len(text) if is_whole else following
            opened.setdefault(tag.name, []).append(number)
        elif tag.is_close and opened.get(tag.name):
            ends[opened[tag.name].pop()] = tag.begin
    return ends


def _attributes(
    text: str, tag: _Tag, name: str, swap: Swap
) -> Iterator[tuple[int, int, str]]:
    for found in _ATTRIBUTE.finditer(text, *tag.inner):
        begin, end = found.start(3) + 1, found.end(3) - 1
        if begin < end and not _OF_KIND.match(found[1]):
            yield begin, end, escaped(swap(name, unescaped(text[begin:end])))


def _text(text: str, name: str, swap: Swap) -> str:
    plain = unescaped(_CDATA.sub(r"\1", _COMMENT.sub("", text))).strip()
    if not plain:
        return text
    lead = text[: len(text) - len(text.lstrip())]
    return lead + escaped(swap(name, plain)) + text[len(text.rstrip()) :]
