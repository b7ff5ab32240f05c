"""The tests of a suite have cassettes of their own, and say what they want of them."""

from pathlib import Path

import pytest

from petstore.contract.errors import ConfigError
from petstore.mock.suites import (
    NAME_LENGTH_MAX,
    Mark,
    cassette_of,
    cassette_path,
    mode_for,
    orphans,
    safe_name,
    wanted_of,
)

MODULE = Path("/suite/tests/test_shop.py")
FOLDER = Path("/suite/tests/cassettes/test_shop")
LONG = "test_" + "x" * 100


@pytest.mark.parametrize(
    ("test", "file"),
    [
        pytest.param("test_buy", "test_buy.yaml", id="plain"),
        pytest.param("TestShop.test_buy", "TestShop.test_buy.yaml", id="class"),
        pytest.param("test_buy[7-a b]", "test_buy-7-a-b-.yaml", id="parameters"),
        pytest.param("test[../../etc]", "test-..-..-etc-.yaml", id="escape"),
        pytest.param("../../etc", "-..-etc.yaml", id="steps"),
        pytest.param("..", "-.yaml", id="dots"),
        pytest.param("ü\0\n", "---.yaml", id="letters"),
    ],
)
def test_a_cassette_lies_in_the_folder_of_its_module(test, file):
    path = cassette_path(MODULE, test)

    assert FOLDER / file == path
    assert path.resolve().is_relative_to(FOLDER)


def test_a_long_name_is_cut_and_told_apart():
    names = {safe_name(LONG), safe_name(LONG + "y"), safe_name(LONG + "z")}

    assert 3 == len(names)
    assert {NAME_LENGTH_MAX} == {len(name) for name in names}
    assert all(name.startswith("test_xxx") for name in names)


def test_a_name_of_the_greatest_length_is_kept():
    assert "x" * NAME_LENGTH_MAX == safe_name("x" * NAME_LENGTH_MAX)


def test_a_marker_may_name_the_cassette():
    named = cassette_of(MODULE, "test_buy", {"cassette": "data/buy.yaml"})

    assert Path("/suite/tests/data/buy.yaml") == named
    assert cassette_of(MODULE, "test_buy", {"cassette": None}) is None
    assert FOLDER / "test_buy.yaml" == cassette_of(MODULE, "test_buy", {})


def test_the_nearest_marker_wins():
    near = Mark((), {"on_miss": "engine"})
    far = Mark((), {"on_miss": "fail", "strict": True})

    assert {"on_miss": "engine", "strict": True} == wanted_of([near, far])
    assert {} == wanted_of([])


@pytest.mark.parametrize(
    ("mark", "told"),
    [
        (Mark((), {"casette": "a.yaml"}), "no casette; did you mean cassette?"),
        (Mark((), {"x": 1}), "no x; there are cassette, mode, on_miss"),
        (Mark(("a.yaml",), {}), "takes names only, not 'a.yaml'"),
        (Mark((), {"cassette": 7}), "cassette is a path, or None, not 7"),
        (Mark((), {"strict": "yes"}), "strict is True or False, not 'yes'"),
        (Mark((), {"realtime": 1}), "realtime is True or False, not 1"),
        (Mark((), {"timing": None}), "timing is True or False, not None"),
        (Mark((), {"faults": {"do": 1}}), "faults is a list of rules"),
        (Mark((), {"ignore": "json.id"}), "ignore is a list of paths"),
        (Mark((), {"seed": True}), "seed is 'public', 'empty' or a number"),
        (Mark((), {"mode": None}), "mode is a text"),
    ],
)
def test_an_argument_that_is_none_is_told(mark, told):
    with pytest.raises(ConfigError) as raised:
        wanted_of([mark])

    assert told in raised.value.message


@pytest.mark.parametrize(
    ("marked", "asked", "ci", "mode"),
    [
        pytest.param(None, None, "", "replay", id="default"),
        pytest.param("auto", None, "", "auto", id="marker"),
        pytest.param("auto", "record", "", "record", id="command line wins"),
        pytest.param("replay", "record", "", "replay", id="replay is final"),
        pytest.param("none", "record", "", "replay", id="as VCR names it"),
        pytest.param("record", None, "1", "replay", id="no network in CI"),
        pytest.param(None, "record", "1", "record", id="but when asked"),
    ],
)
def test_the_mode_of_a_test(marked, asked, ci, mode):
    assert mode == mode_for(marked, asked, {"CI": ci})


def test_cassettes_that_no_test_uses_are_found(tmp_path):
    modules = [tmp_path / f"test_{name}.py" for name in ("known", "other")]
    names = (
        *("test_known/used", "test_known/left", "test_other/whose"),
        *("test_gone/left", "shared"),
    )
    for path in modules:
        path.touch()
    for name in names:
        path = tmp_path / "cassettes" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    used = {tmp_path / "cassettes/test_known/used.yaml"}

    def found(known):
        return [
            path.relative_to(tmp_path / "cassettes").with_suffix("").as_posix()
            for path in orphans(known, used)
        ]

    assert ["shared", "test_gone/left", "test_known/left", "test_other/whose"] == found(
        modules
    )
    # What lies beside the folders may belong to the tests that nobody looked at.
    assert ["test_gone/left", "test_known/left"] == found(modules[:1])
    assert [] == orphans([tmp_path / "elsewhere/test_a.py"], set())
