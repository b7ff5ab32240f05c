import pytest

from petstore.contract import calls
from petstore.contract.errors import (
    Conflicted,
    Forbidden,
    Invalid,
    NotFound,
    Unauthorized,
)
from petstore.engine import keys
from petstore.engine.instants import from_milliseconds

READ = frozenset({"read:pets", "read:orders"})


def add(shop, label, key="secret", scopes=READ):
    shop.engine.store.write(lambda tx: keys.add_key(tx, label, key, scopes=scopes))


def listed(shop, **page):
    return shop.engine.store.read(lambda tx: keys.list_keys(tx, **page))


@pytest.fixture
def guarded(opened):
    """Give an empty shop that checks credentials."""
    return opened(profile="shop", auth="on")


def test_a_key_may_do_what_its_scopes_say(guarded):
    add(guarded, "till")

    assert guarded.send_as(calls.list_pets(), api_key="secret").value.items == []
    with pytest.raises(Forbidden):
        guarded.send_as(calls.delete_pet(1), api_key="secret")


def test_keys_are_listed_by_label_without_the_keys(shop):
    for label in ("c", "a", "b"):
        add(shop, label, key=label * 9)

    assert [one.label for one in listed(shop, limit=2)] == ["a", "b"]
    (last,) = listed(shop, after="b", limit=2)
    assert last == keys.Key(
        "c", ("read:orders", "read:pets"), from_milliseconds(shop.clock())
    )


def test_a_login_is_no_key(shop):
    shop.users.create_many([])

    assert listed(shop, limit=9) == []


def test_a_label_is_given_once(shop):
    add(shop, "till")

    with pytest.raises(Conflicted):
        add(shop, "till", key="another")


@pytest.mark.parametrize("label", ["", " ", "a\nb", "\x1b", "a" * 101])
def test_a_label_is_short_and_printable(lone, label):
    with pytest.raises(Invalid, match="label"):
        add(lone(profile="shop"), label)


def test_a_scope_is_one_that_exists(lone):
    with pytest.raises(Invalid, match="'all'"):
        add(lone(profile="shop"), "till", scopes={"all", "read:pets"})


def test_a_deleted_key_is_refused(guarded):
    add(guarded, "till")

    guarded.engine.store.write(lambda tx: keys.delete_key(tx, "till"))

    with pytest.raises(Unauthorized):
        guarded.send_as(calls.list_pets(), api_key="secret")


def test_only_a_key_that_exists_can_be_deleted(shop):
    with pytest.raises(NotFound):
        shop.engine.store.write(lambda tx: keys.delete_key(tx, "till"))
