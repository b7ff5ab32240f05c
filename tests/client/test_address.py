"""A URL names a server, by one of its APIs, or a store in this process."""

import pytest

from petstore.contract.errors import ConfigError
from petstore_client.address import Server, names_store, server_of


def server(url, *, flavour=None) -> Server:
    return server_of(url, flavour=flavour)


@pytest.mark.parametrize(
    ("url", "origin", "prefix", "flavour"),
    [
        ("http://localhost:8080", "http://localhost:8080", "", "native"),
        ("http://localhost:8080/", "http://localhost:8080", "", "native"),
        ("https://pets.example", "https://pets.example", "", "native"),
        ("https://pets.example/v2", "https://pets.example", "", "v2"),
        ("https://pets.example/v2/", "https://pets.example", "", "v2"),
        ("https://pets.example/api/v3", "https://pets.example", "", "v3"),
        ("https://pets.example/shop", "https://pets.example", "/shop", "native"),
        ("https://pets.example/shop/v2", "https://pets.example", "/shop", "v2"),
        (
            "https://pets.example/ü %41",
            "https://pets.example",
            "/%C3%BC%20%41",
            "native",
        ),
        ("http://[::1]:80/api/v3", "http://[::1]:80", "", "v3"),
    ],
)
def test_url_names_origin_prefix_and_flavour(url, origin, prefix, flavour):
    named = server(url)

    assert (origin, prefix, flavour) == (named.origin, named.prefix, named.flavour)


@pytest.mark.parametrize("flavour", ["native", "v2", "v3"])
def test_flavour_may_be_given_where_the_url_names_none(flavour):
    assert flavour == server("https://pets.example", flavour=flavour).flavour


def test_flavour_may_say_what_the_url_says():
    assert server("https://pets.example/v2", flavour="v2").flavour == "v2"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("ftp://pets.example", "of no known kind"),
        ("http://", "names no server"),
        ("http://:8080", "names no server"),
        ("http://pets.example ", "names no server"),
        ("http://pets.example:0", "names no server"),
        ("http://pets.example:99999", "cannot be read"),
        ("http://[::1", "cannot be read"),
        ("http://pets.example?api_key=1", "no query"),
        ("http://pets.example/#v2", "no query and no fragment"),
    ],
)
def test_url_that_names_no_server_is_refused(url, message):
    with pytest.raises(ConfigError, match=message):
        server(url)


def test_password_in_a_url_is_refused_and_not_shown():
    with pytest.raises(ConfigError, match="give auth=Password") as caught:
        server("https://ann:secret@pets.example")

    assert "secret" not in str(caught.value)


def test_flavour_that_contradicts_the_url_is_refused():
    with pytest.raises(ConfigError, match="the v2 API, but flavour=v3"):
        server("https://pets.example/v2", flavour="v3")


def test_unknown_flavour_is_refused():
    with pytest.raises(ConfigError, match="native, v2, v3"):
        server("https://pets.example", flavour="v4")


@pytest.mark.parametrize("url", ["memory:", "sqlite:///shop.db", "postgresql://h/d"])
def test_store_is_no_server(url):
    assert names_store(url)


@pytest.mark.parametrize("url", ["http://pets.example", "ftp://pets.example"])
def test_other_urls_are_no_stores(url):
    assert not names_store(url)


@pytest.mark.parametrize("url", ["localhost:8080", "pets.example:80/v2"])
def test_forgotten_scheme_is_told(url):
    with pytest.raises(ConfigError, match=f"http://{url}"):
        names_store(url)


@pytest.mark.parametrize(
    ("url", "advice"),
    [
        ("shop.db", r", such as https://shop\.db for a server, or sqlite:///shop\.db"),
        ("api.example.com/v2", r"https://api\.example\.com/v2 for a server"),
        ("./shop.db", r", such as sqlite:///\./shop\.db for a file\."),
        ("/var/shop.db", r", such as sqlite:////var/shop\.db for a file\."),
        ("", r"or memory:\."),
        ("  ", r"or memory:\."),
        ("memory", "or memory:"),
        ("memory:x", r"or memory:\."),
        ("https:pets.example", r"or memory:\."),
    ],
)
def test_text_without_a_scheme_is_no_url(url, advice):
    with pytest.raises(ConfigError, match=rf"sqlite:///shop\.db, .*{advice}"):
        names_store(url)


def test_password_in_a_url_without_a_scheme_is_not_shown():
    with pytest.raises(ConfigError, match="has no scheme") as caught:
        names_store("ann:secret@pets.example")

    assert "secret" not in str(caught.value)
