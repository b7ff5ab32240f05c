"""Work with the pets of a store; `pet_facade.py` is the same without `await`."""

from typing import Unpack

from petstore.contract import calls
from petstore.contract.calls import Condition, Keyed, OneOrMore
from petstore.contract.errors import NotFound
from petstore.contract.omit import OMIT, Omit, patch_of, require_change
from petstore.contract.pager import AsyncPager, Paging, page_arguments
from petstore.contract.pet import (
    Category,
    Pet,
    PetChange,
    PetDraft,
    PetPatch,
    Photo,
    Tag,
)
from petstore.contract.resource import AsyncResource
from petstore.contract.streams import AsyncFile, OnProgress, byte_stream
from petstore.contract.versions import FROM_PET, Carried, carried


class AsyncPets(AsyncResource):
    """Work with the pets of a store."""

    async def get(self, pet_id: int) -> Pet:
        """
        Return a pet.

        Raises:
            NotFound: No such pet, or it was deleted.
        """
        return await self._send(calls.get_pet_by_id(pet_id))

    async def create(self, pet: PetDraft, **keyed: Unpack[Keyed]) -> Pet:
        """
        Add a pet, and return it as stored.

        Raises:
            Conflicted: The id of the draft is taken.
        """
        return await self._send(calls.add_pet(pet, **keyed))

    async def replace(
        self, pet: Pet, *, if_version: int | Carried | None = FROM_PET
    ) -> Pet:
        """
        Replace the pet of the same id as a whole, and return it as stored.

        Args:
            if_version: Refuse unless the stored pet has it. FROM_PET is the one that
                the pet came with, if it came with one; None overwrites any. `/v2` and
                `/api/v3` have no versions: there a replace always overwrites, and a
                version that is given is NotSupported.

        Raises:
            NotFound: No such pet.
            Stale: Somebody wrote the pet in between.
            RuleBroken: The shop's rules forbid the change of status.
        """
        version = carried(pet, if_version)
        return await self._send(calls.update_pet(pet, if_version=version))

    async def update(
        self,
        pet_id: int,
        *,
        name: str | Omit | None = OMIT,
        status: str | Omit | None = OMIT,
        category: Category | Omit | None = OMIT,
        photo_urls: list[str] | Omit | None = OMIT,
        tags: list[Tag] | Omit | None = OMIT,
        **condition: Unpack[Condition],
    ) -> Pet:
        """
        Change the given fields of a pet; None clears one, OMIT leaves it.

        Raises:
            Invalid: No field is given, or one is wrong.
            NotFound: No such pet.
            Stale: Somebody wrote the pet in between.
            RuleBroken: The shop's rules forbid the change of status.
        """
        patch = patch_of(
            PetPatch,
            name=name,
            status=status,
            category=category,
            photo_urls=photo_urls,
            tags=tags,
        )
        return await self._send(calls.patch_pet(pet_id, patch, **condition))

    async def update_with_form(
        self,
        pet_id: int,
        *,
        name: str | None = None,
        status: str | None = None,
        **condition: Unpack[Condition],
    ) -> Pet:
        """
        Change name or status as a form of the public contract does; None leaves it.

        Raises:
            Invalid: No field is given, or one is wrong.
            NotFound: No such pet.
            Stale: Somebody wrote the pet in between.
            RuleBroken: The shop's rules forbid the change of status.
        """
        is_given = name is not None or status is not None
        require_change("form", is_given=is_given)
        call = calls.update_pet_with_form(pet_id, name=name, status=status, **condition)
        return await self._send(call)

    async def delete(
        self,
        pet_id: int,
        *,
        missing_ok: bool = False,
        **condition: Unpack[Condition],
    ) -> None:
        """
        Delete a pet; `restore` brings it back.

        Raises:
            NotFound: No such pet, unless missing_ok.
            Stale: Somebody wrote the pet in between.
            RuleBroken: The shop's rules forbid it.
        """
        try:
            await self._send(calls.delete_pet(pet_id, **condition))
        except NotFound:
            if not missing_ok:
                raise

    async def restore(self, pet_id: int) -> Pet:
        """
        Bring a deleted pet back.

        Raises:
            NotFound: There never was such a pet.
        """
        return await self._send(calls.restore_pet(pet_id))

    def history(self, pet_id: int, **paging: Unpack[Paging]) -> AsyncPager[PetChange]:
        """
        List the writes of a pet, oldest first; nothing is sent until it is iterated.

        Raises:
            NotFound: There never was such a pet; raised while iterating.
        """
        call = calls.get_pet_history(pet_id, **page_arguments(paging))
        return self._pager(call, paging)

    async def find_by_status(self, statuses: OneOrMore) -> list[Pet]:
        """Return the pets with any of the statuses: the first 1,000, by id."""
        return await self._send(calls.find_pets_by_status(statuses))

    async def find_by_tags(self, tags: OneOrMore) -> list[Pet]:
        """Return the pets with any of the tag names: the first 1,000, by id."""
        return await self._send(calls.find_pets_by_tags(tags))

    async def upload_photo(
        self,
        pet_id: int,
        file: AsyncFile,
        *,
        additional_metadata: str | None = None,
        on_progress: OnProgress | None = None,
    ) -> Photo:
        """
        Store a picture, and append its URL to the photo URLs of the pet.

        Args:
            on_progress: Called as the file leaves, first with 0 bytes, and from 0 on
                anew when the call is sent again. Whoever reads the file calls it: in a
                coroutine's client that is another thread, for a path and for bytes.

        Raises:
            NotFound: No such pet.
            TooLarge: The file is above the limit, or the pet has too many pictures.
            Invalid: It is no picture that the store takes, or one that is too large; or
                it cannot be read as bytes, and nothing was sent.
            OSError: The path cannot be read.
        """
        content = byte_stream(file, on_progress)
        return await self._send(
            calls.upload_file(pet_id, content, additional_metadata=additional_metadata)
        )

    async def photo(self, name: str) -> bytes:
        """
        Return a picture; `send(calls.get_photo(name))` streams it.

        Args:
            name: One of the photo URLs of a pet, as it is, or its last part.

        Raises:
            NotFound: No such picture.
            Invalid: It is no picture's name, or the URL of one on another server.
        """
        stream = await self._send(calls.get_photo(name, origin=self._origin))
        return await stream.aread()

    # Last in its class, because below it `list` would no more mean the built-in type.
    def list(
        self,
        *,
        status: OneOrMore | None = None,
        tags: OneOrMore | None = None,
        category: str | None = None,
        q: str | None = None,
        sort: str | None = None,
        **paging: Unpack[Paging],
    ) -> AsyncPager[Pet]:
        """
        List pets that meet all conditions; nothing is sent until it is iterated.

        Args:
            status: Any of them.
            tags: Any of these tag names.
            category: Name of the category.
            q: Start of the name; upper and lower case are the same.
            sort: id, -id, name or -name.
        """
        call = calls.list_pets(
            status=status,
            tag=tags,
            category=category,
            q=q,
            sort=sort,
            **page_arguments(paging),
        )
        return self._pager(call, paging)
