import io
import os
import shutil
import sqlite3

import pytest
from PIL import Image

import petstore
from petstore.storage.schema import REVISION

PUBLIC = {"available": 7, "pending": 2, "sold": 1}


def with_picture(store):
    """Make a store with a picture, and return its path on a server."""
    picture = io.BytesIO()
    Image.new("RGB", (1, 1)).save(picture, "PNG")
    with petstore.open(store) as shop:
        return shop.pets.upload_photo(1, picture.getvalue()).url


def inventory(terminal, store):
    return terminal.data("inventory --store", store)


def test_seed_makes_a_store_with_the_public_data(terminal):
    made = terminal("db seed shop.db")

    assert (made.code, made.stdout) == (0, "shop.db holds 10 pets.\n")
    assert inventory(terminal, "shop.db") == PUBLIC


@pytest.mark.parametrize(
    ("seed", "count"),
    [pytest.param("empty", 0), pytest.param("2500", 2_500), pytest.param("x.json", 1)],
)
def test_seed_takes_other_data(terminal, tmp_path, seed, count):
    (tmp_path / "x.json").write_text('{"pets": [{"name": "Rex", "photoUrls": []}]}')

    made = terminal(f"db seed shop.db --seed {seed}")

    assert made.stdout == f"shop.db holds {count} pets.\n"


def test_seed_makes_an_empty_shop(terminal):
    assert terminal("db seed shop.db --profile shop").stdout.endswith("holds 0 pets.\n")


def test_seed_on_postgres(terminal, empty_postgres_url):
    made = terminal("db seed", empty_postgres_url)

    assert made.code == 0
    assert inventory(terminal, empty_postgres_url) == PUBLIC


def test_seed_leaves_a_store_with_data_alone(terminal):
    terminal("db seed shop.db --seed 3")

    refused = terminal("db seed shop.db")

    assert refused.code == 2
    assert "--replace" in refused.stderr
    assert sum(inventory(terminal, "shop.db").values()) == 3


def test_seed_replaces_when_told_to(terminal):
    terminal("db seed shop.db --seed 3")

    replaced = terminal("db seed shop.db --seed 5 --replace")

    assert replaced.stdout == "shop.db holds 5 pets.\n"
    assert terminal("db check shop.db").code == 0


def test_seed_makes_no_shop_of_a_sandbox(terminal):
    terminal("db seed shop.db")

    refused = terminal("db seed shop.db --replace --profile shop")

    assert refused.code == 2
    assert inventory(terminal, "shop.db") == PUBLIC


def test_a_wrong_seed_leaves_no_store(terminal, tmp_path):
    refused = terminal("db seed shop.db --seed typo.json")

    assert refused.code == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "line",
    [
        "seed",
        "upgrade",
        "current",
        "check",
        "sweep",
        "backup copy.db",
        "restore copy.db",
    ],
)
@pytest.mark.parametrize("store", ["memory:", "http://127.0.0.1:1", "mysql://x"])
def test_a_store_on_disk_is_needed(terminal, line, store):
    command, *rest = line.split()

    refused = terminal(f"db {command}", store, *rest)

    assert refused.code == 2
    assert refused.stderr.startswith("error: ")


@pytest.mark.parametrize(
    "line",
    [
        "upgrade typo.db",
        "current typo.db",
        "check typo.db",
        "sweep typo.db",
        "backup typo.db x",
    ],
)
def test_what_is_not_there_is_not_made(terminal, tmp_path, line):
    assert terminal(f"db {line}").code == 2
    assert list(tmp_path.iterdir()) == []


def test_current_shows_the_revision(terminal):
    terminal("db seed shop.db")

    assert terminal("db current shop.db").stdout == f"{REVISION}\n"
    assert terminal.data("db current shop.db") == {"revision": REVISION}


def test_an_empty_database_has_no_revision(terminal, empty_postgres_url):
    shown = terminal("db current", empty_postgres_url)

    assert shown.stdout == "none: the database is empty\n"
    assert terminal.data("db current", empty_postgres_url) == {"revision": None}


def test_history_begins_with_this_revision(terminal):
    known = terminal.data("db history")

    assert known[0]["revision"] == REVISION
    assert terminal("db history").rows[0][0] == REVISION


def test_history_tells_what_a_store_has(terminal, empty_postgres_url):
    terminal("db seed shop.db")

    assert {True} == {one["applied"] for one in terminal.data("db history shop.db")}
    empty = terminal.data("db history", empty_postgres_url)
    assert {False} == {one["applied"] for one in empty}
    assert "True" == terminal("db history shop.db").rows[0][-1]


def test_upgrade_of_a_current_store_does_nothing(terminal):
    terminal("db seed shop.db")

    upgraded = terminal("db upgrade shop.db")

    assert upgraded.stdout == f"shop.db has the newest revision, {REVISION}.\n"


def test_upgrade_makes_the_tables_of_an_empty_database(terminal, tmp_path):
    sqlite3.connect(tmp_path / "shop.db").close()
    (tmp_path / "shop.db").touch()

    upgraded = terminal("db upgrade shop.db")

    assert upgraded.stdout == f"shop.db went from revision none to {REVISION}.\n"


def test_a_newer_store_is_refused(terminal, tmp_path):
    terminal("db seed shop.db")
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()

    for line in ("db upgrade shop.db", "db check shop.db", "pet list --store shop.db"):
        refused = terminal(line)

        assert refused.code == 2
        assert "9999" in refused.stderr


def test_a_backup_is_a_store(terminal):
    terminal("db seed shop.db")

    with petstore.open("shop.db"):
        counts = terminal.data("db backup shop.db copy.db")

    assert counts["pet"] == 10
    assert inventory(terminal, "copy.db") == PUBLIC


def test_a_backup_shows_its_rows(terminal):
    terminal("db seed shop.db")

    assert ["pet", "10"] in terminal("db backup shop.db copy.db").rows


def test_a_backup_brings_the_pictures_back(terminal, tmp_path):
    url = with_picture("shop.db")
    name = url.removeprefix("/photos/")
    with petstore.open("shop.db") as shop:
        content = shop.pets.photo(name)

    terminal("db backup shop.db copy.db")
    shutil.rmtree(tmp_path / "shop.db.photos")
    damaged = terminal("db check shop.db")
    terminal("db restore shop.db copy.db --replace")

    assert damaged.code == 1
    assert f"the picture {name} is missing" in damaged.stdout
    assert terminal("db check shop.db").stdout == "shop.db is well.\n"
    with petstore.open("shop.db") as shop:
        assert content == shop.pets.photo(name)


def test_a_backup_says_which_pictures_it_lacks(terminal, tmp_path):
    with_picture("shop.db")
    shutil.rmtree(tmp_path / "shop.db.photos")

    backed_up = terminal("db backup shop.db copy.db")
    restored = terminal("db restore new.db copy.db")

    for done in (backed_up, restored):
        assert done.code == 0
        assert done.stderr.startswith("1 pictures are not in the copy")


def test_pictures_of_postgres_are_said_to_be_elsewhere(terminal, empty_postgres_url):
    terminal("db seed", empty_postgres_url)

    for line in ("db check", "db backup"):
        target = ["copy.db"] if line == "db backup" else []
        assert "--data-dir" in terminal(line, empty_postgres_url, *target).stderr


def test_a_backup_overwrites_nothing(terminal):
    terminal("db seed shop.db")

    assert terminal("db backup shop.db shop.db").code == 2
    assert inventory(terminal, "shop.db") == PUBLIC


def test_restore_puts_a_backup_in_place(terminal):
    terminal("db seed shop.db")
    terminal("db backup shop.db copy.db")

    counts = terminal.data("db restore new.db copy.db")

    assert counts["pet"] == 10
    assert inventory(terminal, "new.db") == PUBLIC


def test_restore_overwrites_a_store_only_when_told_to(terminal):
    terminal("db seed shop.db")
    terminal("db seed other.db --seed 3")

    refused = terminal("db restore other.db shop.db")
    replaced = terminal("db restore other.db shop.db --replace")

    assert (refused.code, replaced.code) == (2, 0)
    assert "--replace" in refused.stderr
    assert inventory(terminal, "other.db") == PUBLIC


def test_sweep_removes_what_a_crash_left(terminal, tmp_path):
    name = with_picture("shop.db").removeprefix("/photos/")
    photos = tmp_path / "shop.db.photos"
    for left in (".upload.part", "0" * 64 + ".png"):
        (photos / left).write_bytes(b"left")
        os.utime(photos / left, (0, 0))
    (photos / "1.part").write_bytes(b"somebody else's")

    swept = terminal("db sweep shop.db")

    assert (0, "Removed 2 files from shop.db.photos.\n") == (swept.code, swept.stdout)
    assert {name, "1.part"} == {path.name for path in photos.iterdir()}


def test_store_in_use_is_not_swept(terminal):
    terminal("db seed shop.db")

    with petstore.open("shop.db"):
        refused = terminal("db sweep shop.db")

    assert refused.code == 2
    assert "is in use by" in refused.stderr


def test_sweep_leaves_what_servers_may_share(terminal, empty_postgres_url):
    terminal("db seed", empty_postgres_url)

    assert "Postgres" in terminal("db sweep", empty_postgres_url).stderr


def test_check_finds_nothing_in_a_sound_store(terminal):
    terminal("db seed shop.db")

    checked = terminal("db check shop.db")

    assert (checked.code, checked.stdout) == (0, "shop.db is well.\n")
    assert terminal.data("db check shop.db") == []


def test_check_reports_rows_that_disagree(terminal, tmp_path):
    terminal("db seed shop.db")
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.execute("UPDATE inventory SET pets = 99 WHERE status = 'sold'")
    connection.close()

    shown = terminal("db check shop.db")
    printed = terminal("db check shop.db --json")

    assert (shown.code, printed.code) == (1, 1)
    assert shown.rows[0][0] == "inventory"
    assert [one["check"] for one in printed.data] == ["inventory"]


def test_something_else_is_left_alone(terminal, tmp_path):
    (tmp_path / "notes.txt").write_text("hello " * 1000)

    for line in ("db check notes.txt", "db seed notes.txt", "db upgrade notes.txt"):
        assert terminal(line).code == 2

    assert (tmp_path / "notes.txt").read_text() == "hello " * 1000
