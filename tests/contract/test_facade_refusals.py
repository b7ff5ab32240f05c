"""What a method is given wrong is told in its own words, before anything is sent."""

from operator import attrgetter

import pytest

from petstore.contract.errors import Invalid
from petstore.contract.facade import AsyncPetstore, Petstore
from tests.kit.builders import a_user_draft
from tests.kit.facades import AsyncNotingBackend, NotingBackend

LISTINGS = ["pets.list", "pets.history", "store.orders.list", "users.list"]


@pytest.mark.parametrize("client", [Petstore, AsyncPetstore])
@pytest.mark.parametrize("method", LISTINGS)
@pytest.mark.parametrize(
    ("paging", "bound"),
    [
        ({"limit": 0}, "limit: .*, 1 or above"),
        ({"limit": "3"}, "limit: .*, 1 or above"),
        ({"page_size": 1001}, "page_size: .*, 1 to 1,000"),
    ],
)
def test_paging_out_of_bounds_is_told_by_each_listing(client, method, paging, bound):
    listing = attrgetter(method)(client(NotingBackend()))
    needed = [1] if method == "pets.history" else []

    with pytest.raises(Invalid, match=f"^{bound}"):
        listing(*needed, **paging)


@pytest.mark.parametrize("username", ["", "\0"])
def test_name_that_no_path_holds_is_told_before_anything_is_sent(username):
    backend = NotingBackend()
    users = Petstore(backend).users

    for use in (
        users.get,
        users.delete,
        lambda name: users.replace(name, a_user_draft()),
    ):
        with pytest.raises(Invalid, match=r"path\.username"):
            use(username)
    assert backend.noted == []


CHANGES = ["pets.update", "pets.update_with_form", "store.orders.update"]


@pytest.mark.parametrize("method", CHANGES)
async def test_change_of_no_field_is_told_before_anything_is_sent(method):
    backend, async_backend = NotingBackend(), AsyncNotingBackend()

    with pytest.raises(Invalid, match="Give at least one field to change"):
        attrgetter(method)(Petstore(backend))(1, if_version=3)
    with pytest.raises(Invalid, match="Give at least one field to change"):
        await attrgetter(method)(AsyncPetstore(async_backend))(1)

    assert [] == backend.noted == async_backend.noted
