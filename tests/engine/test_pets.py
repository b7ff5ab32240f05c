"""Each operation on pets, on each kind of store."""

import pytest

from petstore.contract import calls
from petstore.contract.errors import Conflicted, Invalid, NotFound, RuleBroken, Stale
from petstore.contract.model import INT64_MAX
from petstore.contract.pet import Category, Pet, PetPatch, PetStatus, Tag
from petstore.storage.transaction import ID_MAX
from tests.engine.shops import PUBLIC_V2, PUBLIC_V3, Shop
from tests.kit.builders import a_draft, a_pet

# ---------------------------------------------------------------------- create


def test_created_pet_is_returned_as_it_is_stored(sandbox: Shop):
    created = sandbox.pets.create(a_draft(name="Rex", status="pending"))

    assert created == sandbox.pets.get(created.id)
    assert a_pet(name="Rex", status="pending", version=1) == created
    assert created.status is PetStatus.PENDING


@pytest.mark.parametrize("asked", [None, 0, -1, -(2**63)])
def test_id_that_is_not_positive_asks_for_one(sandbox: Shop, asked):
    assert [1, 2] == [sandbox.pets.create(a_draft(id=asked)).id for _ in range(2)]


@pytest.mark.parametrize("chosen", [7, ID_MAX, INT64_MAX])
def test_chosen_id_is_kept(sandbox: Shop, chosen):
    assert chosen == sandbox.pets.create(a_draft(id=chosen)).id
    assert chosen == sandbox.pets.get(chosen).id
    assert sandbox.pets.create(a_draft()).id == 1


def test_given_ids_skip_taken_ones_one_by_one_and_in_blocks(sandbox: Shop):
    for taken in (1, 3, *range(5, 25)):
        sandbox.pets.create(a_draft(id=taken))
    sandbox.pets.delete(7)

    given = [sandbox.pets.create(a_draft()).id for _ in range(4)]

    assert [2, 4, 25, 26] == given


def test_taken_id_is_refused_and_nothing_changes(sandbox: Shop):
    before = sandbox.pets.create(a_draft(id=7))

    with pytest.raises(Conflicted, match="Pet 7 exists"):
        sandbox.pets.create(a_draft(id=7, name="Other"))

    assert before == sandbox.pets.get(7)
    assert len(sandbox.changes("pet")) == 1


def test_policy_replaces_a_taken_id(sandbox: Shop):
    sandbox.pets.create(a_draft(id=7, tags=[{"name": "old"}]))

    other = a_draft(id=7, name="Other", tags=[], status="sold")
    replaced = sandbox.do("addPet", PUBLIC_V3, pet=other)

    assert a_pet(id=7, name="Other", tags=[], status="sold", version=2) == replaced
    assert replaced == sandbox.pets.get(7)
    assert {"sold": 1} == sandbox.store.inventory()


def test_tombstone_is_revived_by_a_post_with_the_next_version(sandbox: Shop):
    sandbox.pets.create(a_draft(id=7, tags=[{"name": "old"}]))
    sandbox.pets.delete(7)

    revived = sandbox.pets.create(a_draft(id=7, name="New", tags=[{"name": "new"}]))

    assert revived.version == 3
    assert a_pet(id=7, name="New", tags=[Tag(name="new")], version=3) == revived
    assert revived == sandbox.pets.get(7)
    actions = [change.action for change in sandbox.changes("pet", 7)]
    assert ["create", "delete", "restore"] == actions
    sandbox.assert_sound()


# --------------------------------------------------------------------- replace


def test_replaced_pet_is_the_new_one_with_the_next_version(sandbox: Shop):
    pet = sandbox.pets.create(a_draft())

    replaced = sandbox.pets.replace(
        Pet(id=pet.id, name="Max", photo_urls=[], status="sold", version=99),
        if_version=None,
    )

    assert Pet(id=1, name="Max", photo_urls=[], status="sold", version=2) == replaced
    assert replaced == sandbox.pets.get(1)
    assert {"sold": 1} == sandbox.store.inventory()


@pytest.mark.parametrize("pet_id", [0, -1, 404, INT64_MAX])
def test_missing_pet_cannot_be_replaced(sandbox: Shop, pet_id):
    with pytest.raises(NotFound, match=f"There is no pet {pet_id}."):
        sandbox.pets.replace(a_pet(id=pet_id))


def test_deleted_pet_cannot_be_replaced(sandbox: Shop):
    sandbox.pets.create(a_draft())
    sandbox.pets.delete(1)

    with pytest.raises(NotFound):
        sandbox.pets.replace(a_pet(id=1))


def test_policy_creates_what_a_put_misses(sandbox: Shop):
    sandbox.pets.create(a_draft(id=5))
    sandbox.pets.delete(5)

    created = [
        sandbox.do("updatePet", PUBLIC_V2, pet=a_pet(id=asked)) for asked in (5, 9, 0)
    ]

    assert [(5, 3), (9, 1), (1, 1)] == [(pet.id, pet.version) for pet in created]
    sandbox.assert_sound()


# ----------------------------------------------------------------------- patch


def test_patch_changes_what_it_names_and_nothing_else(sandbox: Shop):
    before = sandbox.pets.create(a_draft())

    patched = sandbox.pets.update(before.id, name="Max")

    assert before.model_copy(update={"name": "Max", "version": 2}) == patched
    assert patched == sandbox.pets.get(1)


def test_patch_of_nothing_writes_nothing(sandbox: Shop):
    before = sandbox.pets.create(a_draft())

    patched = sandbox.send(calls.patch_pet(1, PetPatch()))

    assert (before, 1) == (patched.value, patched.version)
    assert len(sandbox.changes("pet")) == 1
    with pytest.raises(Stale):
        sandbox.send(calls.patch_pet(1, PetPatch(), if_version=2))


def test_patch_with_null_clears(sandbox: Shop):
    sandbox.pets.create(a_draft())

    patched = sandbox.pets.update(1, category=None, tags=None, status=None)

    assert (None, [], None) == (patched.category, patched.tags, patched.status)
    assert {} == sandbox.store.inventory()


@pytest.mark.parametrize(
    ("field", "wire"), [("name", "name"), ("photo_urls", "photoUrls")]
)
def test_patch_cannot_clear_what_is_required(sandbox: Shop, field, wire):
    before = sandbox.pets.create(a_draft())

    with pytest.raises(Invalid) as caught:
        sandbox.pets.update(1, **{field: None})

    assert [f"body.{wire}"] == [problem.field for problem in caught.value.fields]
    assert before == sandbox.pets.get(1)


def test_patch_merges_a_category_and_replaces_lists(sandbox: Shop):
    sandbox.pets.create(a_draft(category={"id": 1, "name": "Dogs"}))

    patched = sandbox.pets.update(
        1, category=Category(id=2), tags=[Tag(name="only")], photo_urls=["one"]
    )

    assert Category(id=2, name="Dogs") == patched.category
    assert [Tag(name="only")] == patched.tags
    assert ["one"] == patched.photo_urls


@pytest.mark.parametrize("pet_id", [404, 2])
def test_missing_and_deleted_pets_cannot_be_changed(sandbox: Shop, pet_id):
    sandbox.pets.create(a_draft(id=2))
    sandbox.pets.delete(2)

    for change in (
        lambda: sandbox.pets.update(pet_id, name="Max"),
        lambda: sandbox.pets.update_with_form(pet_id, name="Max"),
        lambda: sandbox.pets.delete(pet_id),
        lambda: sandbox.pets.get(pet_id),
    ):
        with pytest.raises(NotFound):
            change()
    assert len(sandbox.changes("pet")) == 2


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"name": "Max"}, ("Max", "available")),
        ({"status": "sold"}, ("Rex", "sold")),
        ({"name": "", "status": "odd"}, ("", "odd")),
    ],
)
def test_form_changes_what_is_given(sandbox: Shop, form, expected):
    sandbox.pets.create(a_draft())

    changed = sandbox.do("updatePetWithForm", pet_id=1, **form)

    assert expected == (changed.name, changed.status)
    assert changed.version == 2
    assert changed == sandbox.pets.get(1)


def test_form_of_nothing_writes_nothing(sandbox: Shop):
    before = sandbox.pets.create(a_draft())

    assert before == sandbox.do("updatePetWithForm", pet_id=1)
    assert len(sandbox.changes("pet")) == 1


# ------------------------------------------------------------ delete and restore


def test_deleted_pet_is_gone_from_everywhere(sandbox: Shop):
    sandbox.pets.create(a_draft(name="Rex", tags=[{"name": "shy"}]))

    sandbox.pets.delete(1)

    with pytest.raises(NotFound):
        sandbox.pets.get(1)
    assert [] == list(sandbox.pets.list())
    assert [] == list(sandbox.pets.list(q="rex"))
    assert [] == list(sandbox.pets.list(tags="shy"))
    assert [] == sandbox.pets.find_by_tags("shy")
    assert [] == sandbox.pets.find_by_status("available")
    assert {} == sandbox.store.inventory()


def test_deleting_twice_is_not_found(sandbox: Shop):
    sandbox.pets.create(a_draft())
    sandbox.pets.delete(1)

    with pytest.raises(NotFound):
        sandbox.pets.delete(1)


def test_restored_pet_is_as_it_was_with_the_next_version(sandbox: Shop):
    before = sandbox.pets.create(a_draft())
    sandbox.pets.delete(1)

    restored = sandbox.pets.restore(1)

    assert before.model_copy(update={"version": 3}) == restored
    assert restored == sandbox.pets.get(1)
    assert {"available": 1} == sandbox.store.inventory()


def test_restoring_a_pet_that_is_there_changes_nothing(sandbox: Shop):
    before = sandbox.pets.create(a_draft())

    assert before == sandbox.pets.restore(1)
    assert len(sandbox.changes("pet")) == 1


def test_pet_that_never_was_cannot_be_restored(sandbox: Shop):
    with pytest.raises(NotFound):
        sandbox.pets.restore(404)


# --------------------------------------------------------------- rules of a shop


def test_shop_gives_new_pets_a_status_and_knows_three(shop: Shop):
    assert shop.pets.create(a_draft(status=None)).status is PetStatus.AVAILABLE
    with pytest.raises(RuleBroken):
        shop.do("addPet", pet=a_draft(status="lost"))
    shop.assert_sound()


def test_shop_lets_pets_move_along_the_arrows_only(shop: Shop):
    shop.pets.create(a_draft(status="available"))

    with pytest.raises(RuleBroken):
        shop.pets.update(1, status="sold")
    with pytest.raises(RuleBroken):
        shop.pets.update(1, status=None)
    for status in ("pending", "sold"):
        assert status == shop.pets.update_with_form(1, status=status).status
    with pytest.raises(RuleBroken):
        shop.pets.replace(a_pet(status="available"))
    assert shop.pets.update(1, status="available").status == "available"
    shop.assert_sound()


def test_put_without_status_keeps_it_in_a_shop(shop: Shop):
    shop.pets.create(a_draft(status="sold"))

    assert shop.pets.replace(a_pet(name="Max", status=None)).status == "sold"


def test_put_without_status_clears_it_in_a_sandbox(sandbox: Shop):
    sandbox.pets.create(a_draft(status="sold"))

    assert sandbox.pets.replace(a_pet(status=None)).status is None


def test_shop_revives_a_tombstone_with_any_status(shop: Shop):
    shop.pets.create(a_draft(id=4, status="sold"))
    shop.pets.delete(4)

    assert shop.pets.create(a_draft(id=4, status="available")).version == 3
