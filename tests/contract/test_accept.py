"""Accept is weighed as each of the public servers weighs it."""

import pytest

from petstore.contract.accept import choose
from petstore.contract.flavours import face
from petstore.contract.media import JSON, XML, YAML

NATIVE = face("native", "strict")
V2, V3 = face("v2", "strict"), face("v3", "strict")
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "v2", "v3"),
    [
        ("", JSON, JSON),
        ("*/*", JSON, JSON),
        ("application/*", JSON, JSON),
        (JSON, JSON, JSON),
        (XML, XML, XML),
        ("text/xml", XML, JSON),
        (BROWSER, XML, JSON),
        (f"{XML}, {JSON}", XML, XML),
        (f"{JSON}, {XML}", JSON, JSON),
        (f"{XML};q=0.5, {JSON}", JSON, JSON),
        (f"{JSON};q=0.5, {XML};q=0.9", XML, XML),
        (f"{XML};q=0", None, JSON),
        (f"{JSON};q=0, {XML}", XML, XML),
        (f"{XML};q=high", XML, XML),
        (f"{XML};charset=utf-8", XML, XML),
        (f"{XML}; Q=0.1, {JSON}; q=0.2", JSON, JSON),
        ("APPLICATION/XML", XML, XML),
        (" , ,", None, JSON),
        ("image/png", None, JSON),
        (YAML, None, YAML),
        (f"application/x-yaml, {YAML}", None, YAML),
        (f"{YAML}, {JSON}", JSON, JSON),
        ("text/html, " * 500 + XML, None, JSON),
    ],
)
def test_representation_is_chosen_by_flavour(accept, v2, v3):
    chosen = [choose(one, accept, has_xml=True) for one in (NATIVE, V2, V3)]

    assert chosen == [JSON, v2, v3]


@pytest.mark.parametrize(
    ("accept", "v2", "v3"),
    [
        (XML, None, JSON),
        (BROWSER, JSON, JSON),
        (f"{XML}, {JSON}", JSON, JSON),
    ],
)
def test_answer_without_xml_is_json_or_nothing(accept, v2, v3):
    assert [choose(one, accept, has_xml=False) for one in (V2, V3)] == [v2, v3]


@pytest.mark.parametrize("weight", ["nan", "inf", "-1", ""])
def test_odd_weight_does_not_fail(weight):
    assert choose(V2, f"{XML};q={weight}, {JSON};q=0.5", has_xml=True) in (JSON, XML)
