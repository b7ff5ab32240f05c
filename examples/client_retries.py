"""
Say how often a client tries, how long it takes, and what it makes of a failure.

    petstore serve
    python client_retries.py http://127.0.0.1:8080

Without a URL it starts a server of its own.
"""

import sys
from contextlib import nullcontext

import petstore
from petstore_client import (
    DeadlineExceeded,
    PetDraft,
    Petstore,
    Retry,
    Timeout,
    TransportError,
    Unavailable,
)

given = sys.argv[1] if len(sys.argv) > 1 else None

# By default: 4 attempts, 30 seconds for all of them together.
patient = Retry(attempts=6, base_s=0.5, cap_s=20)
times = Timeout(total=60, connect=2)

with nullcontext(given) if given else petstore.serve() as server:
    url = server if isinstance(server, str) else server.url
    with Petstore(url, retry=patient, timeout=times) as client:
        # A create is repeated safely: the client gives it an idempotency key.
        rex = client.pets.create(PetDraft(name="Rex", photo_urls=[]))
        print("created:", rex.name)

        # Other options, the same connections: a page that must not wait.
        hasty = client.with_options(retry=1, timeout=0.5)
        print("found:", hasty.pets.get(rex.id).name)

# Nobody listens there any more.
nowhere = "http://127.0.0.1:9"
with Petstore(nowhere, retry=Retry(attempts=3, base_s=0.01)) as client:
    try:
        client.pets.get(rex.id)
    except TransportError as error:
        # "no" is certain: the request never left. "maybe" is not.
        print(f"{error.operation}, {error.attempts} attempts, sent: {error.sent}")
    except (DeadlineExceeded, Unavailable) as error:
        print("later:", error)
