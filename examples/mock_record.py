"""
Record a story from the store in this process, and replay it without one.

    python mock_record.py
"""

from pathlib import Path

import httpx

from petstore.mock.opening import finish, open_session
from petstore.mock.transport import MockTransport

CASSETTE = Path("adoption.yaml")
BASE = "http://petstore.test/v2"


def adopt(client: httpx.Client) -> str:
    """Be the app: find a pet, order it, and say what came of it."""
    pets = client.get("/pet/findByStatus", params={"status": "available"}).json()
    order = client.post("/store/order", json={"petId": pets[0]["id"], "quantity": 1})
    return f"{pets[0]['name']} is in order {order.json()['id']}"


def main() -> None:
    """Record, show, replay."""
    session = open_session(cassette=CASSETTE, mode="record", upstream="engine")
    with httpx.Client(transport=MockTransport(session), base_url=BASE) as client:
        print("recorded:", adopt(client))
    finish(session)
    print(CASSETTE.read_text().splitlines()[0])

    session = open_session(cassette=CASSETTE)
    with httpx.Client(transport=MockTransport(session), base_url=BASE) as client:
        print("replayed:", adopt(client))
    print("unplayed:", session.report().unplayed)


if __name__ == "__main__":
    main()
