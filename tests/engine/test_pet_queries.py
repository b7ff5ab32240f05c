"""Listings of pets: every filter, sort and cursor, against the same in plain Python."""

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from petstore.contract import calls
from petstore.contract.arguments import CHOICES_MAX, FIND_COUNT_MAX
from petstore.contract.call import Reply
from petstore.contract.errors import Invalid
from petstore.contract.pet import Pet, PetDraft
from petstore.engine.paging import Key
from petstore.engine.pet_queries import Filters, read_page
from petstore.engine.pet_rows import with_tags
from petstore.rules import NAME_FOLDED_LENGTH_MAX, fold_name
from petstore.storage.transaction import Tx
from tests.engine.shops import PUBLIC_V2, Opener, Shop, opening
from tests.kit.builders import a_draft

STATUSES = ("available", "pending", "sold", "lost", "")
TAGS = ("shy", "loud", "", "é")
CATEGORIES = ("Dogs", "Cats", "")
NAMES = ("Rex", "rex", "REX II", "ß", "SS", "sS", "Éa", "", "r\U0010ffffa", "r", "Zoe")
PREFIXES = ("", "r", "RE", "ss", "é", "r\U0010ffff", "x")
SORTS = ("id", "-id", "name", "-name")


@dataclass(frozen=True)
class Asked:
    """Hold the arguments of a listing."""

    status: Sequence[str] = ()
    tag: Sequence[str] = ()
    category: str | None = None
    q: str | None = None
    sort: str | None = None

    def arguments(self) -> dict[str, Any]:
        """Return what a call carries."""
        given = {
            "status": list(self.status) or None,
            "tag": list(self.tag) or None,
            "category": self.category,
            "q": self.q,
            "sort": self.sort,
        }
        return {name: value for name, value in given.items() if value is not None}

    def matches(self, pet: Pet) -> bool:
        """Tell whether a pet belongs in the listing."""
        category = None if pet.category is None else pet.category.name
        return (
            (not self.status or pet.status in self.status)
            and (not self.tag or any(tag.name in self.tag for tag in pet.tags))
            and (self.category is None or category == self.category)
            and (self.q is None or fold_name(pet.name).startswith(fold_name(self.q)))
        )

    def expected(self, pets: Sequence[Pet]) -> list[Pet]:
        """Return the whole listing."""
        sort = self.sort or ("id" if self.q is None else "name")

        def key(pet: Pet) -> Any:
            folded = fold_name(pet.name).encode()
            return (folded, pet.id) if sort.endswith("name") else pet.id

        found = [pet for pet in pets if self.matches(pet)]
        return sorted(found, key=key, reverse=sort.startswith("-"))


def walked(shop: Shop, asked: Asked, limit: int) -> list[Pet]:
    """Return all pages, one after the other."""
    pets: list[Pet] = []
    cursor: dict[str, str] = {}
    while True:
        page = shop.do("listPets", **asked.arguments(), limit=limit, **cursor)
        pets += page.items
        if page.next_cursor is None:
            return pets
        assert limit == len(page.items)
        cursor = {"cursor": page.next_cursor}


def strolled(shop: Shop, asked: Asked, limit: int, examined: int) -> list[Pet]:
    """Return all pages, each of which may look at so many entries only."""
    filters = Filters(tuple(asked.status), tuple(asked.tag), asked.category, asked.q)
    sort = asked.sort or "id"
    pets: list[Pet] = []
    after: Key | None = None
    ends: set[Key] = set()
    while True:
        rows, next_key = shop.engine.store.read(
            partial(_page, filters, sort, after=after, limit=limit, examined=examined)
        )
        assert len(rows) <= limit
        pets += rows
        if next_key is None:
            return pets
        assert next_key not in ends
        ends.add(next_key)
        after = next_key


def _page(
    filters: Filters, sort: str, tx: Tx, **bounds: Any
) -> tuple[list[Pet], Key | None]:
    rows, next_key = read_page(tx, filters, sort, **bounds)
    return with_tags(tx, rows), next_key


def fill(shop: Shop, drafts: Sequence[PetDraft], deleted: Sequence[bool]) -> list[Pet]:
    """Store pets, delete some, and return those that are left."""
    pets = [shop.do("addPet", pet=draft) for draft in drafts]
    for pet, is_deleted in zip(pets, deleted, strict=True):
        if is_deleted:
            shop.pets.delete(pet.id)
    return [pet for pet, gone in zip(pets, deleted, strict=True) if not gone]


def drafts() -> st.SearchStrategy[PetDraft]:
    return st.builds(
        a_draft,
        name=st.sampled_from(NAMES),
        status=st.none() | st.sampled_from(STATUSES),
        category=st.none()
        | st.fixed_dictionaries({"name": st.none() | st.sampled_from(CATEGORIES)}),
        tags=st.lists(
            st.fixed_dictionaries({"name": st.none() | st.sampled_from(TAGS)}),
            max_size=4,
        ),
    )


def askings() -> st.SearchStrategy[Asked]:
    return st.builds(
        Asked,
        status=st.lists(st.sampled_from(STATUSES), max_size=3),
        tag=st.lists(st.sampled_from(TAGS), max_size=3),
        category=st.none() | st.sampled_from(CATEGORIES),
        q=st.none() | st.sampled_from(PREFIXES),
        sort=st.none() | st.sampled_from(SORTS),
    )


@settings(max_examples=150)
@given(
    population=st.lists(st.tuples(drafts(), st.booleans()), max_size=12),
    listings=st.lists(askings(), min_size=5, max_size=5),
    limit=st.integers(1, 5),
)
def test_pages_together_are_the_whole_sorted_and_filtered(population, listings, limit):
    with opening() as shop:
        pets = fill(shop, *zip(*population, strict=True)) if population else []
        for asked in listings:
            assert asked.expected(pets) == walked(shop, asked, limit)


@settings(max_examples=150)
@given(
    population=st.lists(st.tuples(drafts(), st.booleans()), max_size=12),
    listings=st.lists(askings(), min_size=5, max_size=5),
    limit=st.integers(1, 5),
    examined=st.integers(1, 15),
)
def test_pages_that_end_early_together_are_the_whole(
    population, listings, limit, examined
):
    with opening() as shop:
        pets = fill(shop, *zip(*population, strict=True)) if population else []
        for asked in (replace(one, sort=one.sort or "id") for one in listings):
            assert asked.expected(pets) == strolled(shop, asked, limit, examined)


@pytest.mark.uncounted
@pytest.mark.parametrize("examined", [None, 1, 7, 40])
def test_pages_of_every_filter_and_sort_on_every_store(sandbox: Shop, examined):
    draw = random.Random(2)  # noqa: S311  it spreads the pets
    population = [
        a_draft(
            id=draw.choice([None, None, draw.randrange(1, 2**53)]),
            name=draw.choice(NAMES),
            status=draw.choice([None, *STATUSES]),
            category=draw.choice([None, *({"name": one} for one in CATEGORIES)]),
            tags=[{"name": tag} for tag in draw.choices(TAGS, k=draw.randrange(4))],
        )
        for _ in range(60)
    ]
    pets = fill(sandbox, population, [draw.random() < 0.2 for _ in population])
    listings = itertools.product(
        [(), ("sold",), ("available", "sold", "available")],
        [(), ("shy",), ("shy", "é")],
        [None, "Dogs"],
        [None, "r"],
        SORTS,
    )

    for listing in listings:
        asked = Asked(*listing)
        pages = (
            walked(sandbox, asked, 7)
            if examined is None
            else strolled(sandbox, asked, 7, examined)
        )
        assert asked.expected(pets) == pages, asked


def test_pages_are_sorted_by_name_where_a_prefix_and_no_sort_is_given(sandbox: Shop):
    for name in ("Rexa", "Rex", "Max"):
        sandbox.pets.create(a_draft(name=name))

    assert [2, 1] == [pet.id for pet in sandbox.pets.list(q="re")]
    assert [1, 2, 3] == [pet.id for pet in sandbox.pets.list()]


def test_pet_with_one_tag_many_times_hides_nobody(sandbox: Shop):
    repeated = [{"name": "shy"}] * 50
    for number in range(1, 4):
        sandbox.pets.create(a_draft(name=f"Rex {number}", tags=repeated))

    assert [1, 2, 3] == [pet.id for pet in walked(sandbox, Asked(tag=["shy"]), 2)]
    assert [1, 2, 3] == [pet.id for pet in sandbox.pets.find_by_tags("shy")]
    by_name = Asked(tag=["shy"], sort="-name")
    assert [3, 2, 1] == [pet.id for pet in walked(sandbox, by_name, 1)]


def test_names_are_found_by_their_first_200_folded_characters(sandbox: Shop):
    long = "n" * NAME_FOLDED_LENGTH_MAX
    for end in ("", "a", "b"):
        sandbox.pets.create(a_draft(name=long + end))

    assert [1, 2, 3] == [pet.id for pet in sandbox.pets.list(q=long + "a")]
    assert [] == list(sandbox.pets.list(q=long[1:] + "x"))


def test_last_page_has_no_cursor_even_when_it_is_full(sandbox: Shop):
    for _ in range(4):
        sandbox.pets.create(a_draft())

    pages = list(sandbox.pets.list(page_size=2).pages())

    assert [2, 2] == [len(page.items) for page in pages]
    assert pages[-1].next_cursor is None


def test_listing_goes_on_where_it_was_while_others_write(sandbox: Shop):
    for _ in range(4):
        sandbox.pets.create(a_draft())
    pages = sandbox.pets.list(page_size=2).pages()
    next(pages)

    sandbox.pets.delete(2)
    sandbox.pets.delete(3)
    sandbox.pets.create(a_draft())

    assert [4, 5] == [pet.id for page in pages for pet in page.items]


def test_cursor_of_another_listing_is_refused(sandbox: Shop):
    for name in ("Rex", "Rex", "Zoe"):
        sandbox.pets.create(a_draft(name=name))
    by_id = sandbox.do("listPets", limit=1).next_cursor
    by_prefix = sandbox.do("listPets", q="re", limit=1).next_cursor

    for wrong in (
        {"cursor": by_id, "sort": "-id"},
        {"cursor": by_id, "sort": "name"},
        {"cursor": by_prefix, "q": "zo"},
        {"cursor": by_prefix, "sort": "id"},
        {"cursor": "x"},
    ):
        with pytest.raises(Invalid):
            sandbox.do("listPets", **wrong)
    with pytest.raises(Invalid):
        sandbox.do("getPetHistory", pet_id=1, cursor=by_id)
    with pytest.raises(Invalid):
        sandbox.do("findPetsByStatus", status=["sold"], cursor=by_prefix)


def test_as_many_tags_and_statuses_as_declared_are_answered(sandbox: Shop):
    tags = [f"tag{number}" for number in range(CHOICES_MAX)]
    for number in (7, 3, 99, 5):
        tagged = [{"name": f"tag{number}"}, {"name": "tag0"}]
        sandbox.pets.create(a_draft(status="sold", tags=tagged))
    sandbox.pets.update(2, status="pending")
    sandbox.pets.delete(3)
    asked = Asked(status=["sold", "pending", "lost"], tag=tags)

    assert [1, 2, 4] == [pet.id for pet in sandbox.pets.find_by_tags(tags)]
    for sort in SORTS:
        sorted_by = replace(asked, sort=sort)
        expected = sorted_by.expected(list(sandbox.pets.list()))
        assert expected == walked(sandbox, sorted_by, 2)
        assert expected == strolled(sandbox, sorted_by, 2, 1)


@pytest.mark.parametrize("name", ["status", "tag"])
def test_more_values_than_declared_are_refused_by_name(name):
    with pytest.raises(Invalid, match="at most 100 items") as caught:
        calls.list_pets(**cast(Any, {name: ["shy"] * (CHOICES_MAX + 1)}))

    assert [f"query.{name}"] == [problem.field for problem in caught.value.fields]


# ---------------------------------------------------------------------- findBy*


def found(shop: Shop, operation_id: str, **arguments: Any) -> list[Reply[list[Pet]]]:
    """Return the replies that a client gets who follows the links."""
    replies = [shop.reply(operation_id, **arguments)]
    while (cursor := replies[-1].next_cursor) is not None:
        replies.append(shop.reply(operation_id, **arguments, cursor=cursor))
    return replies


@pytest.mark.parametrize(
    ("count", "expected"), [(999, [999]), (1_000, [1_000]), (2_001, [1_000, 1_000, 1])]
)
def test_find_gives_1000_at_a_time_and_says_where_it_goes_on(
    lone: Opener, count, expected
):
    shop = lone(seed=count)
    pets = shop.pets.list(page_size=1_000).collect(count)

    by_status = found(shop, "findPetsByStatus", status=["sold", "available", "pending"])
    by_tags = found(shop, "findPetsByTags", tags=["shy", "loud"])

    assert expected == [len(reply.value) for reply in by_status]
    assert pets == [pet for reply in by_status for pet in reply.value]
    assert Asked(tag=["shy", "loud"]).expected(pets) == [
        pet for reply in by_tags for pet in reply.value
    ]


def test_find_leaves_deleted_pets_behind_however_many(lone: Opener):
    shop = lone()
    for number in range(FIND_COUNT_MAX + 5):
        shop.pets.create(a_draft(name=str(number), tags=[{"name": "shy"}]))
    for pet_id in range(1, FIND_COUNT_MAX + 4):
        shop.pets.delete(pet_id)

    (reply,) = found(shop, "findPetsByTags", tags=["shy"])

    assert [1_004, 1_005] == [pet.id for pet in reply.value]


def test_find_without_values_finds_nothing(sandbox: Shop):
    sandbox.pets.create(a_draft(tags=[{"name": None}]))

    assert [] == sandbox.do("findPetsByStatus", PUBLIC_V2, status=[])
    assert [] == sandbox.do("findPetsByTags", PUBLIC_V2, tags=[])


def test_find_gives_each_pet_once(sandbox: Shop):
    sandbox.pets.create(a_draft(tags=[{"name": "shy"}, {"name": "loud"}]))
    sandbox.pets.create(a_draft(status="sold", tags=[{"name": "loud"}]))

    both = ["loud", "shy", "loud"]
    assert [1, 2] == [pet.id for pet in sandbox.pets.find_by_tags(both)]
    twice = ["sold", "available", "sold"]
    assert [1, 2] == [pet.id for pet in sandbox.pets.find_by_status(twice)]
