"""A URL says what kind of store it names, and never shows a password."""

from pathlib import Path

import pytest

from petstore.contract.errors import ConfigError
from petstore.storage.address import parse


@pytest.mark.parametrize(
    "url", ["memory:", "memory://", ":memory:", "sqlite:///:memory:"]
)
def test_memory_has_several_names(url):
    assert parse(url).kind == "memory"


@pytest.mark.parametrize(
    ("url", "path"),
    [
        pytest.param("shop.db", Path.cwd() / "shop.db", id="relative"),
        pytest.param("/var/shop.db", Path("/var/shop.db"), id="absolute"),
        pytest.param("sqlite:///shop.db", Path.cwd() / "shop.db", id="relative url"),
        pytest.param("sqlite:////var/shop.db", Path("/var/shop.db"), id="absolute url"),
        pytest.param("sqlite:///a%20b.db", Path.cwd() / "a b.db", id="escaped url"),
        pytest.param("a%20b.db", Path.cwd() / "a%20b.db", id="path is not escaped"),
    ],
)
def test_file_has_an_absolute_path(url, path):
    address = parse(url)

    assert (address.kind, address.path) == ("file", path)


def test_link_and_its_target_are_one_store(tmp_path):
    (tmp_path / "link.db").symlink_to(tmp_path / "shop.db")

    assert parse(str(tmp_path / "link.db")).path == tmp_path / "shop.db"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://ann:secret@db:5433/shop", "postgresql://ann@db:5433/shop"),
        ("postgres://db/shop?password=secret", "postgres://db/shop"),
        ("postgresql://ann:secret@db:port/shop", "postgresql://…"),
    ],
)
def test_postgres_is_shown_without_its_password(url, shown):
    address = parse(url)

    assert (address.kind, address.shown, address.dsn) == ("postgres", shown, url)


def test_folder_is_no_store(tmp_path):
    with pytest.raises(ConfigError, match="is a folder; give the path of a file"):
        parse(str(tmp_path))


@pytest.mark.parametrize(
    "url", ["mysql://ann:secret@db/shop", "", "sqlite:///", "a\0b"]
)
def test_what_names_no_store_is_refused(url):
    with pytest.raises(ConfigError) as caught:
        parse(url)

    assert "secret" not in caught.value.message
