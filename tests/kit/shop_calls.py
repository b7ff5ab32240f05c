"""
Draw calls that meet each other: few ids, few names, few texts.

Stores that answer the same calls must agree, and they only disagree where calls
collide.
"""

from collections.abc import Callable
from typing import Any, cast

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from petstore.contract import calls
from petstore.contract.call import Call
from petstore.contract.order import OrderDraft, OrderPatch, OrderStatus
from petstore.contract.pet import Pet, PetDraft, PetPatch, PetStatus
from petstore.contract.user import UserDraft
from tests.kit.scripts import Script
from tests.kit.strategies import TEXTS, instants

Calls = SearchStrategy[Call[Any]]

# Mostly those that the opening takes.
_IDS = st.sampled_from([1, 1, 1, 2, 2, 2, 3, 4, 5, 2**53 - 1, 2**63 - 1])
# An id that a draft may name; 0 and below ask for a new one.
_DRAFT_IDS = st.none() | st.sampled_from([0, -7]) | _IDS
_NAMES = (
    st.sampled_from(["Rex", "rex", "Rëx", "Ärlo", "", "a,b", "ß", "%2C+&="]) | TEXTS
)
_USERNAMES = st.sampled_from(
    ["ann", "ann", "ann", "b/ob", "b/ob", "Ann", "c%2Fd", "ü ser", ".", "..", "?#"]
)
_PET_STATUSES = st.sampled_from(PetStatus)
_ORDER_STATUSES = st.sampled_from(OrderStatus)
_CATEGORIES = st.none() | st.sampled_from(
    [{"id": 1, "name": "Dogs"}, {"name": "Cats"}, {"id": 0}, {}]
)
_TAGS = st.lists(
    st.sampled_from(
        [{"id": 1, "name": "a"}, {"id": 1, "name": "b"}, {"name": "a"}, {"id": 3}, {}]
    ),
    max_size=3,
)
_URLS = st.lists(st.sampled_from(["url1", "http://a/b?c=d,e", "ü"]), max_size=2)

_PET_FIELDS: dict[str, SearchStrategy[Any]] = {
    "name": _NAMES,
    "photo_urls": _URLS,
    "category": _CATEGORIES,
    "tags": _TAGS,
    "status": st.none() | _PET_STATUSES,
}
_ORDER_FIELDS: dict[str, SearchStrategy[Any]] = {
    "pet_id": st.none() | _IDS,
    "quantity": st.none() | st.sampled_from([0, 1, 2]),
    "ship_date": st.none() | instants(),
    "status": st.none() | _ORDER_STATUSES,
    "complete": st.booleans(),
}
_USER_FIELDS: dict[str, SearchStrategy[Any]] = {
    "id": _DRAFT_IDS,
    "username": _USERNAMES,
    "first_name": st.none() | _NAMES,
    "password": st.none() | st.sampled_from(["secret", "p w", ""]),
    "user_status": st.none() | st.integers(-1, 1),
}


def scripts() -> SearchStrategy[Script]:
    """Draw calls of all operations but uploads and what belongs to a caller's token."""
    one = st.one_of(_pet_writes(), _pet_writes(), _pet_reads(), _orders(), _users())
    calls_drawn = st.lists(one, min_size=5, max_size=26)
    return st.builds(lambda first, then: Script(first + then), _opening(), calls_drawn)


def _opening() -> SearchStrategy[list[Call[Any]]]:
    """Draw calls that put something into the shop, for the others to meet."""
    drafts = st.fixed_dictionaries(_PET_FIELDS).map(PetDraft.model_validate)
    return st.tuples(
        drafts.map(calls.add_pet),
        st.just(calls.add_pet(PetDraft(name="Rex", photo_urls=[], status="available"))),
        st.just(calls.place_order(OrderDraft(pet_id=2))),
        st.just(calls.create_user(UserDraft(username="ann", password="secret"))),
    ).map(lambda opening: [*opening])


def _pet_writes() -> Calls:
    drafts = st.fixed_dictionaries({"id": _DRAFT_IDS, **_PET_FIELDS})
    pets = st.fixed_dictionaries({"id": _IDS, **_PET_FIELDS})
    # A patch that clears is drawn too: None of what may not be cleared is refused.
    patches = st.fixed_dictionaries(
        {}, optional={name: st.none() | one for name, one in _PET_FIELDS.items()}
    )
    return st.one_of(
        drafts.map(lambda one: calls.add_pet(PetDraft.model_validate(one))),
        pets.map(lambda one: calls.update_pet(Pet.model_validate(one))),
        _made(
            lambda pet_id, patch: calls.patch_pet(
                pet_id, PetPatch.model_validate(patch)
            ),
            _IDS,
            patches,
        ),
        _made(
            lambda pet_id, name, status: calls.update_pet_with_form(
                pet_id, name=name, status=status
            ),
            _IDS,
            st.none() | _NAMES,
            st.none() | _PET_STATUSES,
        ),
        # Only the status, which is what the shop's rules are about.
        _made(
            lambda pet_id, status: calls.patch_pet(pet_id, PetPatch(status=status)),
            _IDS,
            _PET_STATUSES,
        ),
        _IDS.map(calls.delete_pet),
        _IDS.map(calls.restore_pet),
    )


def _pet_reads() -> Calls:
    return st.one_of(
        _IDS.map(calls.get_pet_by_id),
        _IDS.map(calls.get_pet_history),
        st.lists(_PET_STATUSES, max_size=3).map(calls.find_pets_by_status),
        st.lists(st.sampled_from(["a", "b", "a,b"]), max_size=3).map(
            calls.find_pets_by_tags
        ),
        st.fixed_dictionaries(
            {},
            optional={
                "status": st.lists(_PET_STATUSES, max_size=2),
                "tag": st.lists(st.sampled_from(["a", "b"]), max_size=2),
                "category": st.sampled_from(["Dogs", "Cats"]),
                "q": st.sampled_from(["", "R", "rë", "SS", "a,"]) | TEXTS,
                "sort": st.sampled_from(["id", "-id", "name", "-name"]),
                "limit": st.integers(1, 4),
            },
        ).map(lambda one: calls.list_pets(**cast(Any, one))),
        st.just(calls.get_inventory()),
    )


def _orders() -> Calls:
    drafts = st.fixed_dictionaries({"id": _DRAFT_IDS, **_ORDER_FIELDS})
    patches = st.fixed_dictionaries(
        {}, optional={name: st.none() | one for name, one in _ORDER_FIELDS.items()}
    )
    return st.one_of(
        drafts.map(lambda one: calls.place_order(OrderDraft.model_validate(one))),
        # Most orders of a shop's rules must be plain to be taken.
        _IDS.map(lambda pet_id: calls.place_order(OrderDraft(pet_id=pet_id))),
        _IDS.map(calls.get_order_by_id),
        _IDS.map(calls.delete_order),
        _made(
            lambda order_id, patch: calls.patch_order(
                order_id, OrderPatch.model_validate(patch)
            ),
            _IDS,
            patches,
        ),
        _made(
            lambda order_id, status: calls.patch_order(
                order_id, OrderPatch(status=status)
            ),
            _IDS,
            _ORDER_STATUSES,
        ),
        st.fixed_dictionaries(
            {},
            optional={
                "status": _ORDER_STATUSES,
                "pet_id": _IDS,
                "sort": st.sampled_from(["id", "-id"]),
                "limit": st.integers(1, 4),
            },
        ).map(lambda one: calls.list_orders(**one)),
    )


def _users() -> Calls:
    drafts = st.fixed_dictionaries(_USER_FIELDS).map(UserDraft.model_validate)
    nameless = st.fixed_dictionaries(
        {**_USER_FIELDS, "username": st.none() | st.just("") | _USERNAMES}
    ).map(UserDraft.model_validate)
    several = st.lists(drafts, max_size=3)
    return st.one_of(
        nameless.map(calls.create_user),
        several.map(calls.create_users_with_array),
        several.map(calls.create_users_with_list),
        _USERNAMES.map(calls.get_user_by_name),
        _USERNAMES.map(calls.delete_user),
        _made(calls.update_user, _USERNAMES, nameless),
        _made(calls.login_user, _USERNAMES, st.just("secret")),
        _made(calls.create_token, _USERNAMES, st.just("secret")),
        st.fixed_dictionaries(
            {},
            optional={
                "sort": st.sampled_from(["username", "-username"]),
                "limit": st.integers(1, 4),
            },
        ).map(lambda one: calls.list_users(**cast(Any, one))),
    )


def _made(build: Callable[..., Call[Any]], *drawn: SearchStrategy[Any]) -> Calls:
    return st.tuples(*drawn).map(lambda values: build(*values))
