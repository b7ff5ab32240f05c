"""The history of a pet."""

import pytest

from petstore.contract.errors import NotFound
from tests.engine.shops import Shop
from tests.kit.builders import a_draft


def test_history_is_every_write_oldest_first(sandbox: Shop):
    sandbox.pets.create(a_draft())
    sandbox.clock.advance(1_001)
    sandbox.pets.update(1, name="Max")
    sandbox.pets.create(a_draft())
    sandbox.pets.delete(1)
    sandbox.pets.restore(1)

    history = list(sandbox.pets.history(1, page_size=2))

    assert ["create", "update", "delete", "restore"] == [one.action for one in history]
    assert [1, 2, 3, 4] == [one.version for one in history]
    assert [1, 2, 4, 5] == [one.seq for one in history]
    assert [1, 2, None, 4] == [one.pet and one.pet.version for one in history]
    assert sandbox.pets.get(1) == history[-1].pet
    assert history[1].at.timestamp() - history[0].at.timestamp() == pytest.approx(1.001)
    assert {None} == {one.actor for one in history}


def test_history_of_a_deleted_pet_can_be_read(sandbox: Shop):
    sandbox.pets.create(a_draft())
    sandbox.pets.delete(1)

    assert len(list(sandbox.pets.history(1))) == 2


def test_pet_that_never_was_has_no_history(sandbox: Shop):
    with pytest.raises(NotFound):
        sandbox.pets.history(1).first()
