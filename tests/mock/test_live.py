"""The live page shows what is asked, as it is asked, and runs nothing of it."""

import re

import pytest

from petstore.contract.errors import MethodNotAllowed
from petstore.mock.live import page_response
from petstore.mock.sessions import Sessions
from tests.mock.builders import a_request, a_session, an_exchange, respond
from tests.mock.chromium import chromium, program
from tests.mock.servers import served

FILES = ["/__mock/", "/__mock/page.js", "/__mock/page.css"]
in_browser = pytest.mark.skipif(program() is None, reason="Chromium is not installed")


@pytest.mark.parametrize("path", FILES)
def test_files_of_the_page_are_served_under_a_strict_policy(path):
    response = page_response(a_request(f"GET {path}"))

    assert response is not None
    policy = response.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert "nosniff" == response.headers["x-content-type-options"]
    assert response.body


def test_page_asks_nobody_else_and_writes_no_html():
    texts = {path: page_response(a_request(f"GET {path}")) for path in FILES}

    for response in texts.values():
        assert response is not None
        assert isinstance(response.body, bytes)
        assert not re.search(
            rb"https?://|innerHTML|document\.write|eval", response.body
        )


def test_root_leads_to_the_page_and_other_paths_are_none_of_it():
    root = page_response(a_request("GET /__mock"))

    assert root is not None
    assert (302, "/__mock/") == (root.status, root.headers["location"])
    assert None is page_response(a_request("GET /__mock/sessions"))
    with pytest.raises(MethodNotAllowed):
        page_response(a_request("POST /__mock/"))


@pytest.fixture
def page(tmp_path):
    with chromium(tmp_path) as page:
        yield page


def rows_shown(page, count):
    """Wait until the page shows so many rows, and return their text."""
    page.until(f"document.querySelectorAll('#rows tr').length === {count}")
    return page.text("#rows")


@in_browser
def test_requests_appear_with_where_they_were_answered(page):
    with served(a_session(an_exchange())) as client:
        page.open(f"{client.base_url}/__mock/")
        page.until("document.querySelector('#session').options.length === 1")
        before = page.text("#empty")
        client.get("/pet/7")
        client.get("/pet/8")
        rows_shown(page, 3)

        assert "Nobody has asked" in before
        assert "recording/getPetById-1" in page.text("#rows tr:last-child")
        assert 'recorded "7"   sent "8"' in page.text("#rows pre")
        assert "2 requests, 1 unmatched" == page.text("#summary")
        assert [] == page.complaints()


@in_browser
def test_only_unmatched_requests_are_shown_on_demand(page):
    with served(a_session(an_exchange())) as client:
        page.open(f"{client.base_url}/__mock/")
        client.get("/pet/7")
        client.get("/pet/8")
        both = rows_shown(page, 3)
        page.run("document.querySelector('#unmatched').click()")
        unmatched = rows_shown(page, 2)

        assert "GET /pet/7" in both
        assert "GET /pet/7" not in unmatched


@in_browser
def test_sessions_are_chosen_between(page):
    sessions = Sessions(a_session(an_exchange()))
    base = sessions.add(a_session(an_exchange("GET /pet/9"), id="other"))
    with served(sessions) as client:
        client.get("/pet/7")
        client.get(f"{base}/pet/9")
        page.open(f"{client.base_url}/__mock/")
        of_default = rows_shown(page, 1)
        page.run(
            "document.querySelector('#session').value = 'other';"
            "document.querySelector('#session').dispatchEvent(new Event('change'))"
        )
        page.until("document.querySelector('#rows').innerText.includes('/pet/9')")

        assert "/pet/7" in of_default
        assert "/pet/7" not in rows_shown(page, 1)


@in_browser
@pytest.mark.parametrize("count", [1, 2, 3])
def test_reset_empties_the_table_however_much_is_asked_then(page, count):
    session = a_session(an_exchange(), an_exchange("GET /new", "new"))
    with served(session) as client:
        for _ in range(2):
            client.get("/pet/7")
        page.open(f"{client.base_url}/__mock/")
        rows_shown(page, 2)
        with session.lock:
            session.reset()
        # All of it within one look of the page.
        for _ in range(count):
            respond(session, a_request("GET /new"))
        page.until(
            f"document.querySelector('#summary').innerText.startsWith('{count}')"
        )
        page.until("!document.querySelector('#rows').innerText.includes('/pet/7')")
        rows = rows_shown(page, count)

        assert (count, 0) == (rows.count("GET /new"), rows.count("/pet/7"))


@in_browser
def test_what_a_request_brings_is_text(page):
    evil = "/<img src=x onerror=alert(1)><b>x</b>"
    session = a_session()
    respond(session, a_request(f"PUT {evil}"))
    with served(session) as client:
        page.open(f"{client.base_url}/__mock/")
        rows = rows_shown(page, 2)

        assert evil in rows
        assert page.run("document.querySelector('#rows b, #rows img') === null")
        assert [] == page.complaints()


@in_browser
def test_page_asks_for_the_token_where_there_is_one(page):
    with served(a_session(), token="right") as client:
        page.open(f"{client.base_url}/__mock/")
        page.until("!document.querySelector('#entry').hidden")
        page.run(
            "document.querySelector('#token').value = 'right';"
            "document.querySelector('#entry button').click()"
        )
        page.until("document.querySelector('#session').options.length === 1")
        page.until("document.querySelector('#entry').hidden")

        assert "0 requests" in page.text("#summary")
