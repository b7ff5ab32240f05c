"""Pets of a store and of a server alike; `shop` is each in turn."""

import pytest

CAT_1 = {
    "id": 1,
    "category": {"id": 2, "name": "Cats"},
    "name": "Cat 1",
    "photoUrls": ["url1", "url2"],
    "tags": [{"id": 1, "name": "tag1"}, {"id": 2, "name": "tag2"}],
    "status": "available",
    "version": 1,
}


def test_get_prints_the_pet_as_the_native_api_has_it(shop):
    assert shop.data("pet get 1") == CAT_1


def test_get_shows_each_field_that_the_pet_has(shop):
    shop("pet add Rex")

    shown = shop("pet get 11")

    assert shown.rows == [
        ["id", "11"],
        ["name", "Rex"],
        ["status", "available"],
        ["version", "1"],
    ]


def test_list_shows_a_row_for_each_pet(shop):
    shown = shop("pet list")

    assert [row[0] for row in shown.rows] == [str(number) for number in range(1, 11)]
    assert shown.rows[0] == ["1", "Cat", "1", "available", "Cats", "tag1,", "tag2"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param("--status sold --status pending", [3, 5, 6], id="any-status"),
        pytest.param("--tag tag1 --category Cats", [1], id="all-conditions"),
        pytest.param("-q LION --sort -name", [9, 8, 7], id="start-of-the-name"),
        pytest.param("--sort -id --limit 2", [10, 9], id="limit"),
    ],
)
def test_list_takes_conditions(shop, options, expected):
    assert [pet["id"] for pet in shop.data(f"pet list {options}")] == expected


def test_list_says_on_stderr_that_there_are_more(shop):
    cut = shop("pet list --limit 2 --json")

    assert len(cut.data) == 2
    assert cut.stderr == "These are the first 2; a higher --limit shows more.\n"


def test_a_whole_list_says_nothing_more(shop):
    assert shop("pet list --limit 10").stderr == ""


def test_add_stores_all_that_was_given(shop):
    options = "--status pending --tag a --tag b --photo-url u --category Dogs --id 77"

    added = shop.data(f"pet add {options}", "Rex the Dog")

    assert added == shop.data("pet get 77")
    assert added == {
        "id": 77,
        "name": "Rex the Dog",
        "category": {"name": "Dogs"},
        "photoUrls": ["u"],
        "tags": [{"name": "a"}, {"name": "b"}],
        "status": "pending",
        "version": 1,
    }


def test_set_status_changes_the_status_and_nothing_else(shop):
    changed = shop.data("pet set-status 1 sold")

    assert changed == CAT_1 | {"status": "sold", "version": 2}


def test_delete_deletes(shop):
    deleted = shop("pet delete 1")

    assert (deleted.code, deleted.stdout) == (0, "Deleted pet 1.\n")
    assert shop("pet get 1").code == 3


@pytest.mark.parametrize(
    ("line", "code", "error"),
    [
        pytest.param("pet get 999", 3, "There is no pet 999.", id="no-such-pet"),
        pytest.param("pet delete 999", 3, "There is no pet 999.", id="delete"),
        pytest.param("pet add Rex --id 1", 5, "Pet 1 exists", id="id-taken"),
        pytest.param("pet get 99999999999999999999", 2, "path.petId", id="int64"),
        pytest.param("pet list --status gone", 2, "query.status: ", id="status"),
        pytest.param(f"pet add {'a' * 501}", 2, "body.name", id="long-name"),
        pytest.param("pet add \udcff", 2, "body.name", id="no-unicode"),
    ],
)
def test_a_refusal_is_one_line_and_an_exit_code(shop, line, code, error):
    refused = shop(line)

    assert refused.code == code
    assert refused.stdout == ""
    assert refused.stderr.startswith(f"error: {error}")
    assert refused.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "line",
    [
        "pet get x",
        "pet set-status 1 gone",
        "pet list --sort size",
        "pet list 1",
        "pet add Rex --id -3",
    ],
)
def test_wrong_usage_exits_with_2(shop, line):
    assert shop(line).code == 2


@pytest.mark.parametrize(
    "line",
    ["pet get -5", "pet delete -5", "pet set-status -5 sold", "pet get -5 --json"],
)
def test_an_id_below_zero_is_no_option(shop, line):
    refused = shop(line)

    assert refused.code == 2
    assert "-5 is no id; ids begin at 1." in refused.stderr


def test_a_name_is_no_markup_and_moves_no_cursor(shop):
    shop("pet add", "[bold]\x1b[31mRex\u202e\nx[/bold]")

    shown = shop("pet list --sort -id --limit 1")

    assert r"[bold]\x1b[31mRex\u202e\nx[/bold]" in shown.stdout
    assert "\x1b" not in shown.stdout


def test_json_is_ascii(shop):
    shop("pet add", "Zoë\u009b31m")

    printed = shop("pet get 11 --json")

    assert printed.stdout.isascii()
    assert printed.data["name"] == "Zoë\u009b31m"
