"""
Use any HTTP client as with the public Petstore: only the host is another.

    petstore serve
    python httpx_v2.py http://127.0.0.1:8080

Without a URL it starts a server of its own.
"""

import sys
from contextlib import nullcontext

import httpx

import petstore

given = sys.argv[1] if len(sys.argv) > 1 else None

with nullcontext(given) if given else petstore.serve() as server:
    url = server if isinstance(server, str) else server.url
    with httpx.Client(base_url=f"{url}/v2") as client:
        pet = {"name": "doggie", "photoUrls": [], "status": "available"}
        created = client.post("/pet", json=pet).json()
        print("created:", created["name"])

        client.post(f"/pet/{created['id']}", data={"status": "sold"})
        sold = client.get("/pet/findByStatus", params={"status": "sold"}).json()
        print("sold:", sorted(one["name"] for one in sold))

        # The public servers speak XML as well.
        accept = {"accept": "application/xml"}
        print(client.get("/pet/1", headers=accept).text[:60])

        client.delete(f"/pet/{created['id']}")
        print("gone:", client.get(f"/pet/{created['id']}").json()["message"])
