"""
Keep the shop in Postgres; nothing but the URL is another.

    pip install '.[postgres]'
    python use_postgres.py postgresql://user:password@localhost/pets
"""

import os
import sys
import tempfile
from pathlib import Path

import petstore
from petstore.contract.order import OrderDraft

url = sys.argv[1] if len(sys.argv) > 1 else os.environ["PETSTORE_STORE"]

with tempfile.TemporaryDirectory() as folder:
    # Rows live in the database, pictures beside the program.
    with petstore.open(url, seed="100", data_dir=Path(folder)) as shop:
        print("pets:", sum(shop.store.inventory().values()))

        pet = shop.pets.list(status="available", sort="name").first()
        assert pet is not None
        order = shop.store.orders.place(
            OrderDraft(pet_id=pet.id, quantity=1, status="placed")
        )
        print("order:", order.id, order.status)

    # A second process could do this at the same time.
    with petstore.open(url, data_dir=Path(folder)) as shop:
        print("orders:", len(list(shop.store.orders.list(pet_id=pet.id))))
