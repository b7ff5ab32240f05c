"""Whatever answers a client, its pets are the same."""

from pathlib import Path

import pytest

from petstore.contract import calls
from petstore.contract.errors import (
    Conflicted,
    Invalid,
    NotFound,
    RuleBroken,
    Stale,
    TooLarge,
)
from petstore.contract.order import OrderDraft
from petstore.contract.pet import Category, Pet, Tag
from tests.client.kinds import NOW, UPLOAD_BYTES_MAX, Shop, shop, shows, stores
from tests.kit.builders import a_draft, a_pet
from tests.kit.pictures import PNG, a_picture

__all__ = ["shop", "stores"]

# No store of these tests gives it.
NOWHERE = 2**50


def a_new_pet(shop: Shop, **fields: object) -> Pet:
    return shop.client.pets.create(a_draft(**fields))


def a_key(shop: Shop) -> str:
    return shop.new("key").replace(" ", "-")


@shows("pets.create")
def test_created_pet_is_its_draft_with_an_id_and_a_version(shop: Shop):
    draft = a_draft(name=shop.new("Rex"), photo_urls=["a", "b"], status="pending")

    created = shop.client.pets.create(draft)

    assert created.id is not None
    assert created.id > 0
    expected = Pet.model_validate({**draft.model_dump(), "id": created.id})
    assert shop.seen(expected.model_copy(update={"version": 1})) == created


@shows("pets.create", Conflicted)
def test_created_pet_takes_no_id_of_another(shop: Shop):
    taken = a_new_pet(shop).id

    with pytest.raises(Conflicted, match=f"{taken}"):
        a_new_pet(shop, id=taken)


@shows("pets.create", needs="idempotency_key")
def test_pet_with_the_same_key_is_created_once(shop: Shop):
    key, draft = a_key(shop), a_draft(name=shop.new("Rex"))

    first, second = (
        shop.client.pets.create(draft, idempotency_key=key) for _ in range(2)
    )

    assert first == second


@shows("pets.create", Invalid, needs="idempotency_key")
def test_key_of_another_pet_is_refused(shop: Shop):
    key = a_key(shop)
    shop.client.pets.create(a_draft(name="Rex"), idempotency_key=key)

    with pytest.raises(Invalid, match="takes a new key"):
        shop.client.pets.create(a_draft(name="Max"), idempotency_key=key)


@shows("pets.get")
def test_pet_is_read_as_it_was_stored(shop: Shop):
    created = a_new_pet(shop)

    assert created == shop.client.pets.get(created.id)


@shows("pets.get", needs="unless_version")
def test_pet_that_the_caller_knows_is_not_sent_again(shop: Shop):
    created = a_new_pet(shop)

    known, changed = (
        shop.client.send(calls.get_pet_by_id(created.id, unless_version=version))
        for version in (1, 2)
    )

    assert known.value is None
    assert created == changed.value
    assert [(304, 1), (200, 1)] == [
        (reply.status, reply.version) for reply in (known, changed)
    ]


@shows("pets.get", NotFound)
def test_pet_that_is_not_there_is_not_found(shop: Shop):
    with pytest.raises(NotFound, match=f"{NOWHERE}"):
        shop.client.pets.get(NOWHERE)


@shows("pets.replace")
def test_replaced_pet_is_the_new_one_as_a_whole(shop: Shop):
    created = a_new_pet(shop)

    replaced = shop.client.pets.replace(a_pet(id=created.id, name="Max", tags=[]))

    expected = a_pet(id=created.id, name="Max", tags=[], version=2)
    assert shop.seen(expected) == replaced
    assert replaced == shop.client.pets.get(created.id)


@shows("pets.replace", NotFound)
def test_pet_that_is_not_there_is_not_replaced(shop: Shop):
    with pytest.raises(NotFound):
        shop.client.pets.replace(a_pet(id=NOWHERE))


@shows("pets.replace", Stale, needs="if_version")
def test_pet_that_somebody_wrote_is_not_replaced(shop: Shop):
    mine = a_new_pet(shop)
    shop.client.pets.replace(mine)

    with pytest.raises(Stale) as caught:
        shop.client.pets.replace(mine)

    assert 2 == caught.value.extra["current_version"]
    assert 3 == shop.client.pets.replace(mine, if_version=None).version


@shows("pets.replace", RuleBroken)
def test_sold_pet_is_not_replaced_by_an_old_copy(shop: Shop):
    sold = a_new_pet(shop, status="sold")

    with pytest.raises(RuleBroken):
        shop.client.pets.replace(a_pet(id=sold.id, status="available"))


@shows("pets.update")
def test_updated_pet_keeps_what_was_not_named(shop: Shop):
    created = a_new_pet(shop)

    updated = shop.client.pets.update(created.id, name="Max", category=None)

    expected = {"name": "Max", "category": None, "version": 2}
    assert created.model_copy(update=expected) == updated


@shows("pets.update", Invalid)
def test_update_of_no_field_is_refused(shop: Shop):
    created = a_new_pet(shop)

    with pytest.raises(Invalid, match="at least one field to change"):
        shop.client.pets.update(created.id, if_version=1)

    assert created == shop.client.pets.get(created.id)


@shows("pets.update_with_form", Invalid)
def test_form_of_no_field_is_refused(shop: Shop):
    with pytest.raises(Invalid, match="at least one field to change"):
        shop.client.pets.update_with_form(a_new_pet(shop).id)


@shows("pets.update", NotFound)
def test_pet_that_is_not_there_is_not_updated(shop: Shop):
    with pytest.raises(NotFound):
        shop.client.pets.update(NOWHERE, name="Max")


@shows("pets.update", Stale)
def test_pet_that_somebody_wrote_is_not_updated(shop: Shop):
    created = a_new_pet(shop)
    shop.client.pets.update(created.id, name="Max")

    with pytest.raises(Stale):
        shop.client.pets.update(created.id, name="Tom", if_version=created.version)


@shows("pets.update", RuleBroken)
def test_available_pet_is_not_sold_at_once(shop: Shop):
    with pytest.raises(RuleBroken):
        shop.client.pets.update(a_new_pet(shop).id, status="sold")


@shows("pets.update_with_form")
def test_form_changes_name_and_status(shop: Shop):
    created = a_new_pet(shop)

    changed = shop.client.pets.update_with_form(
        created.id, name="Max", status="pending"
    )

    expected = {"name": "Max", "status": "pending", "version": 2}
    assert shop.seen(created.model_copy(update=expected)) == changed


@shows("pets.update_with_form", NotFound)
def test_form_for_no_pet_is_not_found(shop: Shop):
    with pytest.raises(NotFound):
        shop.client.pets.update_with_form(NOWHERE, name="Max")


@shows("pets.update_with_form", Stale, needs="if_version")
def test_form_for_a_pet_that_somebody_wrote_is_stale(shop: Shop):
    created = a_new_pet(shop)
    shop.client.pets.replace(created)

    with pytest.raises(Stale):
        shop.client.pets.update_with_form(created.id, name="Max", if_version=1)


@shows("pets.update_with_form", RuleBroken)
def test_form_sells_no_available_pet(shop: Shop):
    with pytest.raises(RuleBroken):
        shop.client.pets.update_with_form(a_new_pet(shop).id, status="sold")


@shows("pets.delete")
def test_deleted_pet_is_gone(shop: Shop):
    created = a_new_pet(shop)

    shop.client.pets.delete(created.id)

    with pytest.raises(NotFound):
        shop.client.pets.get(created.id)


@shows("pets.delete", NotFound)
def test_pet_that_is_not_there_is_not_deleted(shop: Shop):
    with pytest.raises(NotFound):
        shop.client.pets.delete(NOWHERE)
    shop.client.pets.delete(NOWHERE, missing_ok=True)


@shows("pets.delete", Stale, needs="if_version")
def test_pet_that_somebody_wrote_is_not_deleted(shop: Shop):
    created = a_new_pet(shop)
    shop.client.pets.replace(created)

    with pytest.raises(Stale):
        shop.client.pets.delete(created.id, if_version=created.version)


@shows("pets.delete", RuleBroken)
def test_ordered_pet_is_not_deleted(shop: Shop):
    created = a_new_pet(shop)
    shop.client.store.orders.place(OrderDraft(pet_id=created.id))

    with pytest.raises(RuleBroken):
        shop.client.pets.delete(created.id)


@shows("pets.restore")
def test_deleted_pet_is_brought_back(shop: Shop):
    created = a_new_pet(shop)
    shop.client.pets.delete(created.id)

    restored = shop.client.pets.restore(created.id)

    assert created.model_copy(update={"version": 3}) == restored


@shows("pets.restore", NotFound)
def test_pet_that_never_was_is_not_restored(shop: Shop):
    with pytest.raises(NotFound):
        shop.client.pets.restore(NOWHERE)


@shows("pets.history")
def test_history_tells_each_write(shop: Shop):
    created = a_new_pet(shop)
    shop.client.pets.update(created.id, name="Max")
    shop.client.pets.delete(created.id)

    changes = list(shop.client.pets.history(created.id, page_size=2))

    expected = [("create", 1), ("update", 2), ("delete", 3)]
    assert expected == [(one.action, one.version) for one in changes]
    assert [NOW] * 3 == [one.at for one in changes]
    assert created == changes[0].pet


@shows("pets.history", NotFound)
def test_pet_that_never_was_has_no_history(shop: Shop):
    history = shop.client.pets.history(NOWHERE)

    with pytest.raises(NotFound):
        history.first()


@shows("pets.find_by_status")
def test_pets_are_found_by_status(shop: Shop):
    pets = [a_new_pet(shop, status=one) for one in ("sold", "available", "pending")]

    found = shop.client.pets.find_by_status(["sold", "pending"])

    assert [pets[0], pets[2]] == [one for one in found if one in pets]


@shows("pets.find_by_tags")
def test_pets_are_found_by_tags(shop: Shop):
    names = [shop.new("tag") for _ in range(3)]
    pets = [a_new_pet(shop, tags=[Tag(name=one)]) for one in names]

    assert pets[1:] == shop.client.pets.find_by_tags(names[1:])


@shows("pets.list")
def test_pets_are_listed_by_what_they_have_in_common(shop: Shop):
    category = Category(name=shop.new("category"))
    pets = [a_new_pet(shop, name=one, category=category) for one in ("b", "a", "c")]
    by_name = shop.client.pets.list(category=category.name, sort="name", page_size=2)

    assert [pets[1], pets[0], pets[2]] == list(by_name)
    assert [2, 1] == [len(page.items) for page in by_name.pages()]
    assert pets[1] == by_name.first()
    assert [pets[1], pets[0]] == by_name.collect(2)


@shows("pets.upload_photo")
def test_uploaded_picture_is_named_by_its_pet(shop: Shop):
    created = a_new_pet(shop, photo_urls=[])

    shop.client.pets.upload_photo(created.id, PNG, additional_metadata="left side")

    (url,) = shop.client.pets.get(created.id).photo_urls
    assert "/photos/" in url


@shows("pets.upload_photo", NotFound)
def test_picture_of_no_pet_is_not_found(shop: Shop):
    with pytest.raises(NotFound):
        shop.client.pets.upload_photo(NOWHERE, PNG)


@shows("pets.upload_photo", TooLarge)
def test_picture_above_the_limit_is_too_large(shop: Shop):
    with pytest.raises(TooLarge):
        shop.client.pets.upload_photo(a_new_pet(shop).id, b"x" * UPLOAD_BYTES_MAX * 2)


@shows("pets.upload_photo", Invalid)
def test_text_is_no_picture(shop: Shop):
    with pytest.raises(Invalid, match="no picture that the shop knows"):
        shop.client.pets.upload_photo(a_new_pet(shop).id, b"Dear Rex!")


@shows("pets.upload_photo", OSError)
def test_picture_that_cannot_be_read_is_told(shop: Shop, tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        shop.client.pets.upload_photo(a_new_pet(shop).id, tmp_path / "no.png")


@shows("pets.photo")
def test_picture_is_read_as_it_was_uploaded(shop: Shop):
    picture = a_picture("blue")
    photo = shop.client.pets.upload_photo(a_new_pet(shop).id, picture)
    assert photo.url is not None

    assert picture == shop.client.pets.photo(photo.url)
    assert picture == shop.client.pets.photo(photo.url.rpartition("/")[2])


@shows("pets.photo", NotFound)
def test_picture_that_is_not_there_is_not_found(shop: Shop):
    with pytest.raises(NotFound):
        shop.client.pets.photo("0" * 64)


@shows("pets.photo", Invalid)
def test_picture_of_another_server_is_refused(shop: Shop):
    with pytest.raises(Invalid, match="elsewhere"):
        shop.client.pets.photo(f"https://example.com/photos/{'0' * 64}")
