"""The pages work from installed files alone, and name nothing that a caller sent."""

import json
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest

from petstore.contract.errors import NotFound
from petstore.server.docs import (
    ASSETS_PATH,
    DOCUMENTS,
    asset,
    asset_response,
    page,
    page_response,
)
from petstore.server.documents import DOCUMENTS as SERVED

PAGES = ("docs", "redoc")
ASSETS = (
    "page.css",
    "redoc-start.js",
    "redoc.js",
    "swagger-start.js",
    "swagger-ui-bundle.js",
    "swagger-ui-preset.js",
    "swagger-ui.css",
)
SHOW_ALL = """
import sys
from petstore.server.docs import asset_response, page_response
page_response("docs"), page_response("redoc"), asset_response("redoc.js")
print("offapi" in sys.modules)
"""
each_page = pytest.mark.parametrize("kind", PAGES)
each_asset = pytest.mark.parametrize("name", ASSETS)


class Addresses(HTMLParser):
    """Collect what a page loads, and whether it has code or styles of its own."""

    def __init__(self, html: bytes) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.inline = False
        self.feed(html.decode())

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.inline |= tag == "style" or (tag == "script" and "src" not in given)
        self.inline |= any(name.startswith("on") or name == "style" for name in given)
        if tag in ("link", "script"):
            self.loaded.append(given.get("src") or given["href"])


@each_page
def test_page_loads_only_files_that_this_server_has(kind):
    loaded = Addresses(page(kind)).loaded
    files = [one for one in loaded if not one.startswith("data:")]

    assert files
    for address in files:
        name, _, version = address.partition("?v=")
        name = name.removeprefix(ASSETS_PATH.removeprefix("/"))
        assert asset(name) is not None, address
        assert f'"{version}"' == asset_response(name).headers["etag"]


@each_page
def test_page_works_below_the_path_of_a_proxy(kind):
    assert not re.search(rb'(src|href)="(/|https?:)', page(kind))


@each_page
def test_page_has_no_code_of_its_own(kind):
    assert not Addresses(page(kind)).inline


@each_page
def test_page_allows_no_other_host(kind):
    policy = page_response(kind).headers["content-security-policy"]

    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "connect-src 'self'" in policy
    assert "http" not in policy
    assert "unsafe-eval" not in policy


def test_swagger_ui_offers_the_four_documents():
    found = asset("swagger-start.js")

    assert found is not None
    assert [url for _, url in DOCUMENTS] == [
        "openapi.json",
        "v2/swagger.json",
        "v2/openapi.json",
        "api/v3/openapi.json",
    ]
    for name, url in DOCUMENTS:
        assert f'{{"name": "{name}", "url": "{url}"}}'.encode() in found[0]
    assert b"validatorUrl: null" in found[0]


def test_redoc_links_to_itself_for_each_document():
    html, start = page("redoc").decode(), asset("redoc-start.js")

    linked = re.findall(r'<a href="redoc\?url=([^"]+)">', html)
    assert [url for _, url in DOCUMENTS] == linked
    assert start is not None
    assert f"const urls = {json.dumps(linked)};".encode() in start[0]
    assert b"new URLSearchParams(location.search)" in start[0]
    assert "redoc?url=" not in page("docs").decode()


def test_redoc_sends_no_telemetry_and_loads_no_picture():
    start, redoc = asset("redoc-start.js"), asset("redoc.js")

    assert start is not None
    assert redoc is not None
    assert b"disableTelemetry: true" in start[0]
    assert not re.search(rb"https?://[\w./-]+\.(svg|png|ico|css|woff2?)", redoc[0])


@each_page
def test_documents_are_linked_where_there_is_no_javascript(kind):
    html = page(kind).decode()

    for _, url in DOCUMENTS:
        assert f'<a href="{url}">' in html


def test_unknown_page_is_refused():
    with pytest.raises(NotFound, match="docs and redoc"):
        page_response("scalar")


@pytest.mark.parametrize(
    "name",
    ["scalar.js", "__init__.py", "../offapi/redoc.js", "/etc/passwd", "", "redoc.js?"],
)
def test_only_listed_files_are_served(name):
    assert asset(name) is None
    with pytest.raises(NotFound):
        asset_response(name)


@each_asset
def test_asset_may_be_kept_for_good(name):
    response = asset_response(name)
    etag = response.headers["etag"]

    assert response.status == 200
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["content-type"].startswith(
        "text/css" if name.endswith(".css") else "text/javascript"
    )
    for known in (etag, f'W/{etag}, "x"', "*"):
        again = asset_response(name, if_none_match=known)
        assert (again.status, again.body) == (304, b"")
    assert asset_response(name, if_none_match='"other"').status == 200


@each_page
def test_page_is_checked_each_time_and_sent_once(kind):
    response = page_response(kind)
    again = page_response(kind, if_none_match=response.headers["etag"])

    assert response.headers["cache-control"] == "no-cache"
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.body == page(kind)
    assert (again.status, again.body) == (304, b"")


def test_offapi_is_never_imported():
    shown = subprocess.run(
        [sys.executable, "-c", SHOW_ALL], capture_output=True, check=True, text=True
    )

    assert shown.stdout == "False\n"


def test_server_has_what_the_pages_ask_for():
    served = {path.removeprefix("/") for path in SERVED if path.endswith(".json")}

    assert {url for _, url in DOCUMENTS} == served
