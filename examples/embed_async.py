"""Call a store of this process from many coroutines at once."""

import asyncio

import petstore
from petstore.contract.pet import PetDraft


async def main() -> None:
    async with petstore.open_async(seed="empty") as shop:
        async with asyncio.TaskGroup() as adding:
            for number in range(100):
                name = f"Pet {number}"
                draft = PetDraft(name=name, photo_urls=[], status="available")
                adding.create_task(shop.pets.create(draft))

        await shop.pets.update(100, status="sold")
        print(await shop.store.inventory())

        # Pages are fetched as they are needed.
        pager = shop.pets.list(q="pet 9", sort="-name", page_size=5)
        print([pet.name async for pet in pager])


asyncio.run(main())
