"""Random operations on pets, against a shop of plain Python objects."""

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from petstore.contract.errors import Conflicted, NotFound
from petstore.contract.pet import Category, Pet, PetDraft, PetPatch
from petstore.engine.ids import given_id
from tests.engine.shops import PUBLIC_V3, opening
from tests.kit.strategies import pet_drafts

IDS = st.integers(1, 8)
TEXTS = st.text("aß\U0010ffff", max_size=2)
DRAFTS = pet_drafts(text=TEXTS, unknown_status=True)


def stored(draft: PetDraft, pet_id: int, version: int) -> Pet:
    """Return what a store makes of a draft: an empty category is none."""
    fields = draft.model_dump(exclude={"id", "version"})
    if draft.category == Category():
        fields["category"] = None
    return Pet.model_validate({**fields, "id": pet_id, "version": version})


class PetMachine(RuleBasedStateMachine):
    """Compare a store with a model of itself after each operation."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.shop = self.stack.enter_context(opening())
        self.pets: dict[int, Pet] = {}
        self.deleted: dict[int, Pet] = {}
        self.next_id = 1
        self.log: list[tuple[int, int, str, Pet | None]] = []

    def teardown(self) -> None:
        self.stack.close()

    @rule(
        draft=DRAFTS, asked=st.none() | st.integers(-1, 0) | IDS, replaces=st.booleans()
    )
    def add(self, draft: PetDraft, asked: int | None, replaces: bool) -> None:
        given = given_id(asked)
        pet_id = given or self.free_id()
        if pet_id in self.pets and not replaces:
            with pytest.raises(Conflicted):
                self.shop.do("addPet", pet=with_id(draft, asked))
            return
        policy = [PUBLIC_V3] if replaces else []
        added = self.shop.do("addPet", *policy, pet=with_id(draft, asked))
        action = "update" if pet_id in self.pets else self.creating(pet_id)
        self.wrote(action, draft, pet_id, added)

    @rule(draft=DRAFTS, pet_id=IDS)
    def replace(self, draft: PetDraft, pet_id: int) -> None:
        pet = Pet.model_validate({**draft.model_dump(), "id": pet_id})
        self.update(pet_id, draft, lambda: self.shop.do("updatePet", pet=pet))

    @rule(pet_id=IDS, name=st.none() | TEXTS, status=st.none() | TEXTS)
    def fill_in_form(self, pet_id: int, name: str | None, status: str | None) -> None:
        given = {"name": name, "status": status}
        fields = {key: value for key, value in given.items() if value is not None}
        before = self.pets.get(pet_id)
        after = before and before.model_copy(update=fields)
        self.update(
            pet_id,
            after,
            lambda: self.shop.do("updatePetWithForm", pet_id=pet_id, **fields),
            has_fields=bool(fields),
        )

    @rule(pet_id=IDS, other=DRAFTS, names=st.sets(st.sampled_from(["tags", "status"])))
    def patch(self, pet_id: int, other: PetDraft, names: set[str]) -> None:
        fields = other.model_dump(include=names)
        before = self.pets.get(pet_id)
        after = before and before.model_copy(
            update={name: getattr(other, name) for name in names}
        )
        patch = PetPatch.model_validate(fields)
        self.update(
            pet_id,
            after,
            lambda: self.shop.do("patchPet", pet_id=pet_id, patch=patch),
            has_fields=bool(fields),
        )

    @rule(pet_id=IDS)
    def delete(self, pet_id: int) -> None:
        if pet_id not in self.pets:
            with pytest.raises(NotFound):
                self.shop.pets.delete(pet_id)
            return
        self.shop.pets.delete(pet_id)
        pet = self.pets.pop(pet_id)
        version = self.version(pet) + 1
        self.deleted[pet_id] = pet.model_copy(update={"version": version})
        self.log.append((pet_id, version, "delete", None))

    @rule(pet_id=IDS)
    def restore(self, pet_id: int) -> None:
        if pet_id in self.pets:
            assert self.pets[pet_id] == self.shop.pets.restore(pet_id)
        elif pet_id in self.deleted:
            restored = self.shop.pets.restore(pet_id)
            self.wrote("restore", self.deleted[pet_id], pet_id, restored)
        else:
            with pytest.raises(NotFound):
                self.shop.pets.restore(pet_id)

    @rule(pet_id=IDS)
    def get(self, pet_id: int) -> None:
        if pet_id in self.pets:
            assert self.pets[pet_id] == self.shop.pets.get(pet_id)
        else:
            with pytest.raises(NotFound):
                self.shop.pets.get(pet_id)

    @invariant()
    def everything_is_equal(self) -> None:
        assert [self.pets[one] for one in sorted(self.pets)] == list(
            self.shop.pets.list(page_size=3)
        )
        statuses = (pet.status for pet in self.pets.values())
        counted = Counter(one for one in statuses if one is not None)
        assert dict(counted) == self.shop.store.inventory()
        self.shop.assert_sound()

    @invariant()
    def log_tells_everything(self) -> None:
        assert self.log == [
            (
                one.entity_id,
                one.version,
                one.action,
                one.body and Pet.model_validate(one.body),
            )
            for one in self.shop.changes("pet")
        ]

    def update(
        self,
        pet_id: int,
        after: PetDraft | None,
        write: Callable[[], Pet],
        *,
        has_fields: bool = True,
    ) -> None:
        if pet_id not in self.pets:
            with pytest.raises(NotFound):
                write()
            return
        if not has_fields:
            assert self.pets[pet_id] == write()
            return
        assert after is not None
        self.wrote("update", after, pet_id, write())

    def wrote(self, action: str, draft: PetDraft, pet_id: int, answer: Pet) -> None:
        before = self.pets.get(pet_id) or self.deleted.pop(pet_id, None)
        version = 1 if before is None else self.version(before) + 1
        pet = self.pets[pet_id] = stored(draft, pet_id, version)
        self.log.append((pet_id, version, action, pet))
        assert pet == answer

    def creating(self, pet_id: int) -> str:
        return "restore" if pet_id in self.deleted else "create"

    def free_id(self) -> int:
        while self.next_id in self.pets or self.next_id in self.deleted:
            self.next_id += 1
        return self.next_id

    @staticmethod
    def version(pet: Pet) -> int:
        assert pet.version is not None
        return pet.version


def with_id(draft: PetDraft, asked: int | None) -> PetDraft:
    """Return the draft with an id."""
    return draft.model_copy(update={"id": asked})


TestPetMachine: Any = PetMachine.TestCase
TestPetMachine.settings = settings(max_examples=60, stateful_step_count=25)
