"""
Read and write YAML streams whose scalars are those of JSON.

Only `null`, `true`, `false` and JSON's numbers mean more than text: `no`, `12:30`,
`010` and dates stay what they look like. Anchors and tags are refused, so nothing is
larger, or other, than the file shows. A stream ends with a line `...`; one without it
was cut off, which YAML alone would not notice.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

import yaml

from petstore.contract.errors import ConfigError

END: Final = "...\n"
# Git writes other line ends on Windows.
_WHOLE: Final = re.compile(r"\n\.\.\.(?:\r?\n)?\Z")
# Methods, media types, statuses: a long recording says the same thousands of times.
_INTERNED_LENGTH_MAX: Final = 40
LINE_WIDTH: Final = 1_000_000
# A block shows such a text to the letter; libyaml would change the others.
_AS_BLOCK: Final = re.compile(
    r"[^\r\x85\u2028\u2029\ufeff\x00-\x08\x0b-\x1f\t]*\n[^\r]*"
)


# What libyaml says where a hand wrote what it cannot read.
_CURES: Final = {
    "found character that cannot start any token": "a tab, where spaces should be, or a"
    " text that begins with @, % or a backtick and needs quotes",
    "mapping values are not allowed in this context": "a colon in a text, which needs"
    " quotes, or a line that is indented too far",
    "did not find expected <document start>": "nothing stands behind the last line"
    " `...`; the exchanges of two recordings become one below one header",
    "did not find expected ',' or '}'": "a } or a comma is missing before it",
    "did not find expected ',' or ']'": "a ] or a comma is missing before it",
}


class Document(NamedTuple):
    """Hold one document: what it says, and its first line, counted from 1."""

    value: Any
    line: int


class _Loader(yaml.CSafeLoader):
    """Build JSON-shaped values only."""

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        if node in self.constructed_objects:
            raise yaml.constructor.ConstructorError(
                None,
                None,
                "an anchor that an alias repeats, which a cassette has none of",
                node.start_mark,
            )
        return super().construct_object(node, deep)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        mapping: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            # JSON's names are texts: `200:` is "200". They are few, and come often.
            key = sys.intern(key_node.value)
            if key in mapping:
                raise yaml.constructor.ConstructorError(
                    None,
                    None,
                    f"{key} a second time; a line --- may be missing before it",
                    key_node.start_mark,
                )
            mapping[key] = self.construct_object(value_node, deep=True)
        return mapping


def _construct_map(loader: Any, node: Any) -> dict[Any, Any]:
    mapping: dict[Any, Any] = loader.construct_mapping(node)
    return mapping


def _construct_list(loader: Any, node: Any) -> list[Any]:
    return [loader.construct_object(child, deep=True) for child in node.value]


def _construct_text(_: Any, node: Any) -> str:
    text: str = node.value
    return sys.intern(text) if len(text) <= _INTERNED_LENGTH_MAX else text


def _construct_int(_: Any, node: Any) -> int:
    return int(node.value)


def _construct_float(_: Any, node: Any) -> float:
    return float(node.value)


def _refuse(_: Any, node: Any) -> Any:
    raise yaml.constructor.ConstructorError(
        None, None, f"the tag {node.tag}, which a cassette has none of", node.start_mark
    )


_TAG: Final = "tag:yaml.org,2002:"
_NUMBER: Final = list("-0123456789")
# Tag, what such a scalar looks like, and how it may begin.
_SCALARS: Final = (
    ("null", r"(?:null|)", ["n", ""]),
    ("bool", r"(?:true|false)", ["t", "f"]),
    ("int", r"-?(?:0|[1-9][0-9]*)", _NUMBER),
    ("float", r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?", _NUMBER),
)


def _resolve(kind: Any) -> None:
    for name, pattern, begins in _SCALARS:
        kind.add_implicit_resolver(f"{_TAG}{name}", re.compile(f"^{pattern}$"), begins)


_Loader.yaml_implicit_resolvers = {}
_resolve(_Loader)
_Loader.yaml_constructors = {
    **{
        f"{_TAG}{kind}": yaml.SafeLoader.yaml_constructors[f"{_TAG}{kind}"]
        for kind in ("null", "bool")
    },
    f"{_TAG}str": _construct_text,
    f"{_TAG}int": _construct_int,
    f"{_TAG}float": _construct_float,
    f"{_TAG}map": _construct_map,
    f"{_TAG}seq": _construct_list,
    None: _refuse,
}


class PlainDumper(yaml.CSafeDumper):
    """Write everything where it stands, however often it does."""

    def ignore_aliases(self, data: Any) -> bool:
        """Tell that nothing stands for another."""
        return True


class _Dumper(PlainDumper):
    """Write texts of many lines as blocks."""


class _Whole(dict[str, Any]):
    """Be a document, whose fields stand one below the other however few they are."""


def _represent_whole(dumper: Any, document: _Whole) -> Any:
    return dumper.represent_mapping(f"{_TAG}map", document, flow_style=False)


def _represent_text(dumper: Any, text: str) -> Any:
    style = "|" if _AS_BLOCK.fullmatch(text) and " \n" not in text else None
    return dumper.represent_scalar(f"{_TAG}str", text, style=style)


# What the loader reads as more than text is quoted, beside what YAML 1.1 has.
_resolve(_Dumper)
_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(_Whole, _represent_whole)


def read_stream(text: str, name: str) -> Iterator[Document]:
    """
    Yield the documents of a stream.

    Args:
        name: Of the file, for the errors.

    Raises:
        ConfigError: It is no such YAML, or was cut off; says in which line.
    """
    if text.strip() == END.strip():
        return
    if not _WHOLE.search(text):
        raise ConfigError(
            f"{name} was cut off: the last line should be `...`, which every whole"
            " cassette ends with."
        )
    loader = _Loader(text)
    try:
        while loader.check_node():
            node: Any = loader.get_node()
            yield Document(loader.construct_document(node), node.start_mark.line + 1)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = "" if mark is None else f":{mark.line + 1}"
        raise ConfigError(f"{name}{line}: there is {_words(error)}.") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise ConfigError(f"{name} is no YAML: {error}.") from error
    finally:
        loader.dispose()


def line_of(text: str, document: int, location: Iterable[str | int]) -> int:
    """
    Return the line of a field, counted from 1; the nearest one around it where the
    field is missing.

    Args:
        document: Its number in the stream, from 0.
        location: Names and indexes that lead to it.
    """
    loader = _Loader(text)
    try:
        node: Any = None
        for _ in range(document + 1):
            # It also reads on; libyaml's parser needs that.
            loader.check_node()
            node = loader.get_node()
        line: int = node.start_mark.line + 1
        for step in location:
            found = _child(node, step)
            if found is None:
                break
            line, node = found
        return line
    finally:
        loader.dispose()


def write_stream(documents: Iterable[Any]) -> str:
    """Return a stream, with its end."""
    text = yaml.dump_all(
        [_Whole(one) if isinstance(one, dict) else one for one in documents],
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=LINE_WIDTH,
        default_flow_style=None,
        explicit_start=False,
    )
    return text.removesuffix(END) + END


def _child(node: Any, step: str | int) -> tuple[int, Any] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == step:
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int):
        for child in node.value[step : step + 1]:
            return child.start_mark.line + 1, child
    return None


def _words(error: yaml.MarkedYAMLError) -> str:
    problem = str(error.problem or error.context)
    if isinstance(error, yaml.scanner.ScannerError | yaml.parser.ParserError):
        return f"something that is no YAML ({_CURES.get(problem, problem)})"
    if isinstance(error, yaml.composer.ComposerError):
        return "an alias or an anchor, which a cassette has none of"
    return problem
