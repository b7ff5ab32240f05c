"""
Ask for many pets at once, and follow what is written meanwhile.

    petstore serve
    python client_async.py http://127.0.0.1:8080

Without a URL it starts a server of its own.
"""

import asyncio
import sys
from contextlib import nullcontext

import petstore
from petstore_client import AsyncPetstore, PetDraft


async def main(url: str) -> None:
    async with AsyncPetstore(url) as client:
        pets = await asyncio.gather(*(client.pets.get(id) for id in range(1, 11)))
        print("found:", [pet.name for pet in pets])

        async def follow() -> None:
            # It goes on by itself when the connection breaks.
            async for event in client.events():
                print(f"{event.kind} {event.entity_id}: {event.action}")
                if event.action == "delete":
                    return

        following = asyncio.create_task(follow())
        # Whatever is written from now on is told, once it listens.
        while not following.done():
            rex = await client.pets.create(PetDraft(name="Rex", photo_urls=[]))
            await client.pets.delete(rex.id)
            await asyncio.wait((following,), timeout=0.1)


given = sys.argv[1] if len(sys.argv) > 1 else None

with nullcontext(given) if given else petstore.serve() as server:
    asyncio.run(main(server if isinstance(server, str) else server.url))
