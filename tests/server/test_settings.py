"""What may stand in a Host header."""

import pytest

from petstore.server.settings import is_authority
from tests.kit.server import open_shop

ODD_HOSTS = [b'\xff"<', b"a b", b"x/y", b"a@b", b"[", b"x:y", b"x:123456"]


@pytest.mark.parametrize(
    "text", ["localhost", "Shop.example:8080", "127.0.0.1:1", "[::1]:80", "my_app"]
)
def test_host_and_port_are_an_authority(text):
    assert is_authority(text)


@pytest.mark.parametrize("host", [b"", *ODD_HOSTS])
def test_anything_else_is_no_authority(host):
    assert not is_authority(host.decode(errors="surrogateescape"))


@pytest.mark.parametrize("host", ODD_HOSTS)
@pytest.mark.parametrize("suffix", ["json", "yaml"])
@pytest.mark.parametrize("stem", ["/openapi", "/v2/swagger", "/api/v3/openapi"])
async def test_document_has_relative_urls_where_the_host_is_none(stem, suffix, host):
    async with open_shop() as shop:
        usual = await shop.ask(f"GET {stem}.{suffix}")
        odd = await shop.ask(f"GET {stem}.{suffix}", headers={"host": host})

    assert odd.status_code == 200
    assert b"http://petstore.swagger.io" in usual.content
    assert not any(
        f"://{text}".encode() in odd.content
        for text in ("petstore.swagger.io", host.decode("latin-1"))
    )
