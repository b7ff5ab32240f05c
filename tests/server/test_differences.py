"""
Where the public servers only lose data or lie, both faces differ on purpose.

Each test says what the public server does instead.
"""

import pytest

from tests.kit.server import answer, compact, open_shop

pytestmark = pytest.mark.usefixtures("quiet_log")

FACES = ("/v2", "/api/v3")
NO_IDS: tuple[dict[str, int | None], ...] = (
    {},
    {"id": None},
    {"id": 0},
    {"id": -1},
    {"id": -(2**63)},
)
USER_1 = {"id": 1, "username": "user1", "firstName": "Ann"}

each_face = pytest.mark.parametrize("base", FACES)


@each_face
@pytest.mark.parametrize("path", ["/pet", "/store/order"])
@pytest.mark.parametrize("given", NO_IDS)
async def test_id_that_is_not_given_comes_from_a_sequence(public, base, path, given):
    """v2 takes the highest id plus 1; v3 fails, or stores what was sent."""
    answers = [await public.ask(f"POST {base}{path}", json=given) for _ in range(2)]

    assert [200, 200] == [response.status_code for response in answers]
    assert [11, 12] == [response.json()["id"] for response in answers]


@each_face
@pytest.mark.parametrize("path", ["/pet", "/store/order"])
async def test_highest_id_is_kept_and_does_not_trap_the_sequence(public, base, path):
    """On v2 every later entity without an id replaces that one."""
    highest = (await public.ask(f"POST {base}{path}", json={"id": 2**63 - 1})).json()

    later = [(await public.ask(f"POST {base}{path}", json={})).json() for _ in "ab"]

    assert [11, 12] == [one["id"] for one in later]
    assert highest == (await public.ask(f"GET {base}{path}/{2**63 - 1}")).json()


@each_face
@pytest.mark.parametrize(
    "body", [USER_1, {"username": "user1", "firstName": "Ann"}, {"firstName": "Ann"}]
)
async def test_put_of_a_user_replaces_it_and_makes_no_twin(public, base, body):
    """v2 ignores the path, and keeps two users of one name."""
    response = await public.ask(f"PUT {base}/user/user1", json=body)

    assert 200 == response.status_code
    users = (await public.rows())["shop_user"]
    assert [(1, "Ann")] == [(row[0], row[2]) for row in users if row[1] == "user1"]
    assert 11 == len(users)


@each_face
async def test_user_without_a_name_poisons_nothing(public, base):
    """After one of them v3 answers every call on users with 500."""
    await public.ask(f"POST {base}/user", json={"username": None, "id": None})

    response = await public.ask(f"GET {base}/user/user1")

    assert (200, "user1") == (response.status_code, response.json()["username"])
    assert 11 == len((await public.rows())["shop_user"])


@each_face
async def test_order_without_a_status_poisons_nothing(public, base):
    """After one of them v3 answers its inventory with 500."""
    await public.ask(f"POST {base}/store/order", json={"petId": 1, "status": None})

    response = await public.ask(f"GET {base}/store/inventory")

    assert (200, '{"available":7,"pending":2,"sold":1}') == answer(response)


@each_face
async def test_pet_without_a_status_poisons_nothing(public, base):
    await public.ask(f"POST {base}/pet", json={"name": "Rex", "photoUrls": []})

    found = [
        await public.ask(f"GET {base}/{it}")
        for it in ("store/inventory", "pet/findByStatus?status=sold", "pet/11")
    ]

    rex = {"id": 11, "name": "Rex", "photoUrls": [], "tags": []}
    assert [200, 200, 200] == [response.status_code for response in found]
    assert compact(rex) == found[2].text


@each_face
@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("findByStatus?status=sold", [5]),
        ("findByStatus?status=sold,pending", [3, 5, 6]),
        ("findByStatus?status=sold&status=pending", [3, 5, 6]),
        ("findByStatus?status=sold%2Cpending", [3, 5, 6]),
        ("findByStatus?status=sold,sold&status=sold", [5]),
        ("findByStatus?status=sold,,", [5]),
        ("findByStatus?status=", []),
        ("findByStatus?status", []),
        ("findByTags?tags=tag4", [3, 6, 9, 10]),
        ("findByTags?tags=tag3,tag4", [2, 3, 5, 6, 8, 9, 10]),
        ("findByTags?tags=tag3&tags=tag4", [2, 3, 5, 6, 8, 9, 10]),
        ("findByTags?tags=tag3%2Ctag4", [2, 3, 5, 6, 8, 9, 10]),
        ("findByTags?tags=", []),
    ],
)
async def test_lists_repeat_or_have_commas_and_find_each_pet_once(
    public, base, query, ids
):
    """v2 reads the first parameter and repeats pets; v3 splits no comma."""
    response = await public.ask(f"GET {base}/pet/{query}")

    assert ids == [pet["id"] for pet in response.json()]


async def test_status_has_its_documented_default_on_v3(public):
    """v3 asks for one."""
    response = await public.ask("GET /api/v3/pet/findByStatus")

    assert [1, 2, 4, 7, 8, 9, 10] == [pet["id"] for pet in response.json()]


async def test_form_without_a_status_keeps_it_on_v3(public):
    """v3 erases it."""
    response = await public.ask("POST /api/v3/pet/5?name=Rex")

    assert ("Rex", "sold") == (response.json()["name"], response.json()["status"])


@each_face
async def test_inventory_counts_pets_of_any_status(public, base):
    """v3 adds up the quantities of orders."""
    await public.ask("POST /v2/pet", json={"name": "Rex", "status": "on holiday"})
    await public.ask("POST /v2/pet", json={"name": "Rex"})

    inventory = (await public.ask(f"GET {base}/store/inventory")).json()

    assert {"available": 7, "on holiday": 1, "pending": 2, "sold": 1} == inventory


@each_face
async def test_nothing_is_dropped_after_a_thousand(base):
    """v2 drops the oldest of 1,001."""
    async with open_shop(seed=1_001) as shop:
        users = [{"username": f"user-{number}"} for number in range(1_000)]
        await shop.ask(f"POST {base}/user/createWithList", json=users)
        await shop.ask(f"POST {base}/user", json={"username": "one more"})
        await shop.ask(f"POST {base}/pet", json={"name": "one more"})

        first = [await shop.ask(f"GET {base}/{it}") for it in ("pet/1", "user/user-0")]

        assert [200, 200] == [response.status_code for response in first]
