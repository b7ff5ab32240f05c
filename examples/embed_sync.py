"""Keep a pet shop in a file of your own, without a server and without an event loop."""

import tempfile
from pathlib import Path

import petstore
from petstore.contract.errors import RuleBroken
from petstore.contract.order import OrderDraft
from petstore.contract.pet import Category, PetDraft

with tempfile.TemporaryDirectory() as folder:
    store = str(Path(folder) / "shop.db")

    with petstore.open(store, profile="shop") as shop:
        dogs = Category(id=1, name="Dogs")
        rex = shop.pets.create(
            PetDraft(name="Rex", category=dogs, photo_urls=[], status="available")
        )
        order = shop.store.orders.place(OrderDraft(pet_id=rex.id, quantity=1))
        print(f"{rex.name} is {shop.pets.get(rex.id).status} in order {order.id}")

        try:
            shop.store.orders.place(OrderDraft(pet_id=rex.id, quantity=1))
        except RuleBroken as error:
            print(f"a second time: {error}")

    # Everything that was answered is on the disk.
    with petstore.open(store) as shop:
        print(shop.store.inventory())
        for change in shop.pets.history(rex.id):
            print(f"version {change.version}: {change.action}")
