"""What a store keeps of a pet, what it counts, and what it logs."""

import pytest

from petstore.contract import calls
from petstore.contract.errors import Conflicted
from petstore.contract.model import INT64_MAX
from petstore.contract.pet import Category, Pet, PetDraft, Tag
from tests.engine.shops import PUBLIC_V2, Shop
from tests.kit.builders import a_draft, a_pet


def nameless(**fields: object) -> PetDraft:
    """Build what the public contract makes of a pet without a name."""
    draft = a_draft(name="", **fields)
    draft.model_fields_set.discard("name")
    return draft


def test_pet_keeps_every_field_empty_or_full(sandbox: Shop):
    bare = sandbox.pets.create(PetDraft(name="", photo_urls=[]))
    full = sandbox.do(
        "addPet",
        pet=a_draft(
            name="Ünï\u2028\t😀",
            category={"id": -(2**63), "name": "𝄞"},
            tags=[{"id": INT64_MAX}, {"name": ""}, {}],
            photo_urls=["", "a", "a"],
            status="lost",
        ),
    )

    assert Pet(id=1, name="", photo_urls=[], version=1) == sandbox.pets.get(bare.id)
    assert full == sandbox.pets.get(full.id)
    assert [Tag(id=INT64_MAX), Tag(name=""), Tag()] == full.tags
    assert ["", "a", "a"] == full.photo_urls
    assert full.status == "lost"


def test_category_without_id_and_name_is_none(sandbox: Shop):
    assert sandbox.pets.create(a_draft(category={})).category is None


def test_unknown_fields_are_not_stored(sandbox: Shop):
    draft = a_draft(tags=[{"name": "shy", "colour": "red"}], role="owner", version=7)

    created = sandbox.pets.create(draft)

    assert created.version == 1
    assert not created.model_extra
    assert not created.tags[0].model_extra


# -------------------------------------------------------------- values of a pet


def test_one_tag_id_carries_several_names(sandbox: Shop):
    first = sandbox.pets.create(a_draft(tags=[{"id": 1, "name": "tag1"}]))
    second = sandbox.pets.create(
        a_draft(tags=[{"id": 1, "name": "tag2"}, {"id": 1, "name": "tag3"}])
    )

    sandbox.pets.update(second.id, tags=[Tag(id=1, name="tag9")])

    assert [Tag(id=1, name="tag1")] == sandbox.pets.get(first.id).tags


def test_one_category_id_carries_several_names(sandbox: Shop):
    first = sandbox.pets.create(a_draft(category={"id": 1, "name": "Dogs"}))
    sandbox.pets.create(a_draft(category={"id": 1, "name": "Cats"}))

    assert Category(id=1, name="Dogs") == sandbox.pets.get(first.id).category


def test_many_tags_keep_their_order(sandbox: Shop):
    names = [f"tag{number % 7}" for number in range(60)]

    created = sandbox.pets.create(a_draft(tags=[{"name": name} for name in names]))
    stored = sandbox.pets.get(created.id)
    listed = sandbox.pets.list().collect(1)

    assert names == [tag.name for tag in stored.tags]
    assert [stored] == listed


def test_pet_returned_is_the_callers_own(sandbox: Shop):
    draft = a_draft()
    created = sandbox.pets.create(draft)

    created.tags.append(Tag(name="mine"))
    draft.photo_urls.append("mine")

    assert a_pet(version=1) == sandbox.pets.get(1)


# --------------------------------------------------------------- pets of no name


def test_pet_without_a_name_is_told_from_one_with_an_empty_name(sandbox: Shop):
    created = sandbox.do("addPet", PUBLIC_V2, pet=nameless())
    empty = sandbox.pets.create(a_draft(name=""))

    stored = [sandbox.pets.get(pet.id) for pet in (created, empty)]

    for pet in (created, *stored[:1]):
        assert pet.name == ""
        assert "name" not in pet.model_fields_set
    assert "name" in stored[1].model_fields_set


def test_pet_stays_without_a_name_until_it_gets_one(sandbox: Shop):
    sandbox.do("addPet", PUBLIC_V2, pet=nameless(id=5))

    patched = sandbox.pets.update(5, status="sold")
    sandbox.pets.delete(5)
    restored = sandbox.pets.restore(5)
    named = sandbox.pets.update(5, name="")

    assert "name" not in patched.model_fields_set
    assert "name" not in restored.model_fields_set
    assert "name" in named.model_fields_set
    assert named == sandbox.pets.get(5)


# -------------------------------------------------------------------- inventory


def test_inventory_counts_each_status_that_a_pet_has(sandbox: Shop):
    for status in ("sold", "available", "sold", None, "", "lost", "lost"):
        sandbox.do("addPet", pet=a_draft(status=status))
    sandbox.pets.delete(1)
    sandbox.do("updatePetWithForm", pet_id=7, status="Lost")

    expected = {"": 1, "Lost": 1, "available": 1, "lost": 1, "sold": 1}
    assert expected == sandbox.store.inventory()
    assert list(expected) == list(sandbox.store.inventory())
    sandbox.assert_sound()


def test_failed_write_leaves_no_trace(sandbox: Shop):
    sandbox.pets.create(a_draft(id=1))

    with pytest.raises(Conflicted):
        sandbox.pets.create(a_draft(id=1, status="sold"))
    sandbox.pets.create(a_draft(status="sold"))

    assert {"available": 1, "sold": 1} == sandbox.store.inventory()
    assert [1, 2] == [change.seq for change in sandbox.changes("pet")]
    sandbox.assert_sound()


def test_write_says_who_wrote_when_and_what(sandbox: Shop):
    sandbox.clock.now = 1_893_456_000_678
    sandbox.send_as(calls.add_pet(a_draft()), api_key="special-key")

    (change,) = sandbox.changes("pet")

    assert ("create", 1, "special-key", 1_893_456_000_678) == (
        change.action,
        change.version,
        change.actor,
        change.at,
    )
    assert a_pet(version=1) == Pet.model_validate(change.body)
