"""YAML holds what JSON can say, and nothing that only looks like text means more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petstore.contract.errors import ConfigError
from petstore.mock.yaml_stream import line_of, read_stream, write_stream

TEXTS = st.text(st.characters(codec="utf-8"), max_size=30) | st.sampled_from(
    ["no", "12:30", "010", "2026-11-22", "null", "~", "", "1_000", "0x1f", "1.0", "=",
     "a\nb\n", "a\r\nb", " a", "a \n", "\ta", "\x85", "---", "...", "a: b", "# x", "- "]
)  # fmt: skip
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4)
    ),
    max_leaves=12,
)


def read(text: str) -> list[object]:
    return [document.value for document in read_stream(text, "a.yaml")]


@given(st.lists(VALUES, min_size=1, max_size=3))
def test_every_json_value_comes_back(values):
    text = write_stream(values)

    assert values == read(text)
    assert [list(map(type, values))] == [list(map(type, read(text)))]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("no", "no"),
        ("12:30", "12:30"),
        ("010", "010"),
        ("2026-11-22", "2026-11-22"),
        ("yes", "yes"),
        ("~", "~"),
        ("1_000", "1_000"),
        (".inf", ".inf"),
        ("0x1f", "0x1f"),
        ("null", None),
        ("", None),
        ("true", True),
        ("-12", -12),
        ("1.5e3", 1500.0),
    ],
)
def test_only_json_words_mean_more_than_text(written, expected):
    assert [{"a": expected}] == read(f"a: {written}\n...\n")


@pytest.mark.parametrize("end", ["", "\n", "...x", "\n....\n", "\n... \n\nb: 1\n"])
def test_cut_off_stream_is_an_error(end):
    with pytest.raises(ConfigError, match="was cut off: the last line should be"):
        read(f"a: 1{end}")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: &x 1\nb: *x\n...\n", r"a\.yaml:1: there is an anchor that an alias"),
        ("a: !!python/name:os.system x\n...\n", r"a\.yaml:1: there is the tag"),
        ("a: 1\na: 2\n...\n", r"a\.yaml:2: there is a a second time; a line ---"),
        ("a: 1\n...\nb: 2\n...\n", "nothing stands behind the last line"),
        ("a: [1\nb: 2\n...\n", r"a\.yaml:2: there is something that is no YAML"),
        ("a:\n\tb: 2\n...\n", r"a\.yaml:2: .* \(a tab, where spaces should be"),
        ("a: 1\n---\nb: *x\n...\n", r"a\.yaml:3: there is an alias or an anchor"),
        ("a: '\x01'\n...\n", r"a\.yaml is no YAML"),
    ],
)
def test_what_is_no_json_is_refused_with_its_line(text, words):
    with pytest.raises(ConfigError, match=words):
        read(text)


def test_number_as_a_name_is_a_text():
    assert [{"200": "ok"}] == read("200: ok\n...\n")


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        (["b"], 3),
        (["b", "c"], 4),
        (["b", "c", 0], 5),
        (["b", "c", 1], 6),
        (["b", "c", 1, "z"], 6),
    ],
)
def test_line_of_a_field_is_found(location, expected):
    text = "a: 1\n---\nb:\n  c:\n  - x\n  - d: 2\n...\n"

    assert expected == line_of(text, 1, location)
