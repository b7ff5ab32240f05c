import pytest

import petstore
from petstore.cli.banner import banner
from petstore.cli.plan import Wanted, make_plan
from petstore.engine.seeding import Account

URL = "http://127.0.0.1:8080"


def said(account=None, **choices):
    wanted = Wanted(
        **{"host": "127.0.0.1", "port": 8080, "store": "memory:", **choices}
    )
    return banner(make_plan(wanted), URL, account)


@pytest.mark.parametrize(
    "text",
    [
        URL,
        f"{URL}/docs",
        "sandbox: auth=off contract=public rules=lenient",
        "--store shop.db keeps it",
        "passwords readable",
    ],
)
def test_a_sandbox_says_what_it_is_and_how_to_keep_data(text):
    assert text in said()


def test_a_file_is_named_and_needs_no_advice(tmp_path):
    text = said(store=str(tmp_path / "pets.db"))

    assert "pets.db (new)" in text
    assert "keeps it" not in text


def test_an_exposed_sandbox_is_warned_about():
    assert "Warning: with --host 192.0.2.1" in said(host="192.0.2.1")
    assert "Warning" not in said()
    assert "Warning" not in said(host="192.0.2.1", auth="on")


def test_a_shop_has_nothing_to_warn_about():
    text = said(profile="shop")

    assert "shop: auth=on contract=strict rules=shop" in text
    assert "passwords readable" not in text


def test_the_owner_of_a_new_shop_is_shown():
    text = said(Account("owner", "correct horse"), profile="shop")

    assert "username owner" in text
    assert "password correct horse" in text


def test_a_seed_that_does_nothing_is_mentioned(tmp_path):
    store = str(tmp_path / "pets.db")
    assert "--seed is" not in said(store=store, seed="5")

    petstore.open(store).close()

    assert "--seed is for a new store" in said(store=store, seed="5")


def test_the_reset_is_mentioned():
    assert f"{URL}/__petstore/reset" in said(allow_reset=True)


def test_a_path_moves_no_cursor():
    assert "\x1b" not in said(store="a\x1b[31m.db")
