"""
Do a day's work on a Petstore server: find, create, change, page, and understand a no.

    petstore serve
    python client_sync.py http://127.0.0.1:8080

Without a URL it starts a server of its own.
"""

import sys
from contextlib import nullcontext

import petstore
from petstore_client import NotFound, OrderDraft, PetDraft, Petstore, Stale, Tag

given = sys.argv[1] if len(sys.argv) > 1 else None

with nullcontext(given) if given else petstore.serve() as server:
    url = server if isinstance(server, str) else server.url
    with Petstore(url) as client:
        rex = client.pets.create(
            PetDraft(name="Rex", photo_urls=[], tags=[Tag(name="friendly")])
        )
        order = client.store.orders.place(OrderDraft(pet_id=rex.id, quantity=1))
        print(f"{rex.name} is in order {order.id}")

        # A pet knows its version, so nobody's change is lost.
        client.pets.update(rex.id, status="pending")
        rex.status = "sold"
        try:
            client.pets.replace(rex)
        except Stale as error:
            print("somebody was quicker:", error.status)

        # Pages are fetched as they are needed.
        names = [pet.name for pet in client.pets.list(tags="friendly", page_size=50)]
        print("friendly:", names)

        client.pets.delete(rex.id)
        try:
            client.pets.get(rex.id)
        except NotFound as error:
            print("gone:", error)
