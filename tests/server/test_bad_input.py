"""
Bad input gets the documented status of its face, stores nothing, and leaves no trace.

Under contract=public the answer is the public server's own, the mapped 500 included;
elsewhere no input earns a 5xx.
"""

import asyncio
import gzip
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
import pytest_asyncio

from tests.kit.server import Shop, open_shop, problem_of

pytestmark = [
    pytest.mark.usefixtures("quiet_log"),
    pytest.mark.asyncio(loop_scope="module"),
]

FORM = {"content-type": "application/x-www-form-urlencoded"}
XML = {"content-type": "application/xml"}
BYTES_MAX = 1024 * 1024
DEPTH = 10_000


@dataclass(frozen=True, slots=True)
class Face:
    """
    Ask one face of a server, by paths without its base.

    Args:
        unreadable: Its status for what cannot be read.
        wrong_pet: Its status for a pet that breaks the schema.
        wrong_other: Its status for anything else that does.
    """

    shop: Shop
    base: str
    is_public: bool
    unreadable: int
    wrong_pet: int
    wrong_other: int

    async def ask(self, line, /, **options):
        return await self.shop.ask(line.replace(" ", f" {self.base}"), **options)

    async def refused(self, line, /, **options):
        return await self.shop.refused(line.replace(" ", f" {self.base}"), **options)


# Base path, contract, and the three statuses.
FACES = [
    pytest.param(("", "strict", 400, 422, 422), id="native"),
    pytest.param(("/v2", "public", 400, 500, 500), id="v2-public"),
    pytest.param(("/v2", "strict", 400, 405, 400), id="v2-strict"),
    pytest.param(("/api/v3", "public", 400, 400, 400), id="v3-public"),
    pytest.param(("/api/v3", "strict", 400, 422, 422), id="v3-strict"),
]


@asynccontextmanager
async def opened(param):
    base, contract, *statuses = param
    async with open_shop(contract=contract) as shop:
        yield Face(shop, base, contract == "public", *statuses)


@pytest_asyncio.fixture(params=FACES, scope="module", loop_scope="module")
async def face(request):
    """Give a face of a server that all tests share: refusals leave it as it was."""
    async with opened(request.param) as one:
        yield one


@pytest_asyncio.fixture(params=FACES, loop_scope="module")
async def fresh_face(request):
    """Give a face of a server of the test's own."""
    async with opened(request.param) as one:
        yield one


def pet_of(name: bytes) -> bytes:
    return b'{"name":' + name + b',"photoUrls":[]}'


def deep(opening: bytes, closing: bytes = b"") -> bytes:
    return opening * DEPTH + closing * DEPTH


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"{", id="cut"),
        pytest.param(b"hello", id="text"),
        pytest.param(b"{'name': 'Rex'}", id="quotes"),
        pytest.param(b'{"name": "Rex"} {}', id="more"),
        pytest.param(b"\x00", id="nul"),
        pytest.param(pet_of(b'"a\x00b"'), id="raw-nul"),
        pytest.param(pet_of(b'"a\nb"'), id="raw-line"),
        pytest.param(pet_of(b'"\xff"'), id="latin-1"),
        pytest.param(pet_of(b'"\xed\xa0\x80"'), id="raw-surrogate"),
        pytest.param('{"name": "Rex"}'.encode("utf-16"), id="utf-16"),
        pytest.param(deep(b"["), id="deep-cut"),
        pytest.param(deep(b"[", b"]"), id="deep-list"),
        pytest.param(deep(b'{"a":', b"}"), id="deep-object"),
        pytest.param(pet_of(deep(b"[", b"]")), id="deep-name"),
        pytest.param(b'{"colour":' + deep(b"[", b"]") + b"}", id="deep-unknown"),
    ],
)
async def test_what_is_no_json_is_malformed(face, body):
    response = await face.refused("POST /pet", content=body)

    assert face.unreadable == response.status_code
    assert "malformed" == problem_of(response)["code"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(pet_of(b'"a\\u0000b"'), id="nul"),
        pytest.param(pet_of(b'"' + b"x" * 501 + b'"'), id="long"),
        pytest.param(pet_of(b'"x","id":9223372036854775808'), id="int64"),
        pytest.param(pet_of(b'"x","id":-9223372036854775809'), id="int64-low"),
        pytest.param(pet_of(b'"x","id":1' + b"0" * 4_000), id="4000-digits"),
        pytest.param(pet_of(b'"x","id":1e400'), id="infinite"),
        pytest.param(pet_of(b'"x","id":[]'), id="type"),
        pytest.param(pet_of(b'"x","category":{"id":[[[[]]]]}'), id="nested-type"),
        pytest.param(
            b'{"name":"x","photoUrls":[' + b'"",' * 1_000 + b'""]}', id="many"
        ),
    ],
)
async def test_pet_that_breaks_the_schema_is_invalid(face, body):
    response = await face.refused("POST /pet", content=body)

    assert face.wrong_pet == response.status_code
    problem = problem_of(response)
    assert "invalid" == problem["code"]
    assert all(field["field"].startswith("body.") for field in problem["fields"])


@pytest.mark.parametrize("text", ["\\ud800", "\\udfff", "a\\ud83db"])
async def test_lone_surrogate_is_refused(face, text):
    body = pet_of(f'"{text}"'.encode())
    response = await face.refused("POST /pet", content=body)

    assert response.status_code in (face.unreadable, face.wrong_pet)


@pytest.mark.parametrize("number", ["1" * 5_000, "-" + "9" * 5_000])
async def test_number_of_5000_digits_is_refused(face, number):
    body = pet_of(b'5,"id":' + number.encode())
    response = await face.refused("POST /pet", content=body)

    assert response.status_code in (face.unreadable, face.wrong_pet)


@pytest.mark.parametrize(
    ("line", "body"),
    [
        ("POST /store/order", b'{"quantity":2147483648}'),
        ("POST /store/order", b'{"petId":9223372036854775808}'),
        ("POST /store/order", b'{"shipDate":"0000-00-00"}'),
        ("POST /store/order", b'{"shipDate":"10000-01-01T00:00:00Z"}'),
        ("POST /store/order", b'{"shipDate":"0001-01-01T00:00:00+23:59"}'),
        ("POST /store/order", b'{"status":"\\u0000"}'),
        ("POST /store/order", b"[]"),
        ("POST /user", b'{"username":"\\u0000"}'),
        ("POST /user", b'{"username":{}}'),
        ("PUT /user/user1", b'{"userStatus":2147483648}'),
        ("POST /user/createWithList", b"{}"),
        ("POST /user/createWithList", b'[{"username":"a"},5]'),
        ("POST /user/createWithList", b"[" + b"{}," * 1_000 + b"{}]"),
    ],
)
async def test_others_that_break_the_schema_are_invalid(face, line, body):
    response = await face.refused(line, content=body)

    assert face.wrong_other == response.status_code
    assert "invalid" == problem_of(response)["code"]


async def test_body_of_10_mb_is_too_large(fresh_face):
    just = pet_of(b'"x","id":77')
    just += b" " * (BYTES_MAX - len(just))
    taken = await fresh_face.ask("POST /pet", content=just)
    refused = [
        await fresh_face.refused("POST /pet", content=body)
        for body in (just + b" ", b"x" * 10 * BYTES_MAX)
    ]

    assert 200 == taken.status_code
    assert [413, 413] == [response.status_code for response in refused]
    assert {"too_large"} == {problem_of(response)["code"] for response in refused}


@pytest.mark.parametrize(
    "line",
    [
        "GET /user/%FF",
        "GET /user/%ED%A0%80",
        "GET /pet/%FF",
        "GET /pet/findByStatus?status=%FF",
        "GET /pet/findByTags?tags=%C3",
        "GET /pet/findByTags?%FF=x",
        "GET /user/login?username=%FF&password=x",
        "GET /pet/findByTags?" + "tags=x&" * 2_001,
    ],
)
async def test_path_or_query_that_is_no_utf_8_is_malformed(face, line):
    response = await face.refused(line)

    assert 400 == response.status_code
    assert "malformed" == problem_of(response)["code"]


@pytest.mark.parametrize("base", ["", "/v2"])
@pytest.mark.parametrize("form", [b"name=\xff", b"name=%FF", b"name=a&\xff=b"])
async def test_form_that_is_no_utf_8_is_malformed(base, form):
    async with open_shop() as shop:
        line = f"POST {base}/pet/1"
        response = await shop.refused(line, content=form, headers=FORM)

    assert 400 == response.status_code
    assert "malformed" == problem_of(response)["code"]


@pytest.mark.parametrize("contract", ["public", "strict"])
@pytest.mark.parametrize(
    "form", [b"name=\xff&photoUrls=a", b"name=%FF&photoUrls=a", b"a=b&" * 2_001]
)
async def test_form_body_that_cannot_be_read_is_malformed(contract, form):
    async with open_shop(contract=contract) as shop:
        response = await shop.refused("POST /api/v3/pet", content=form, headers=FORM)

    assert 400 == response.status_code
    assert "malformed" == problem_of(response)["code"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"<Pet>", id="cut"),
        pytest.param(b"<Pet><name>Rex</id></Pet>", id="crossed"),
        pytest.param(b"hello", id="text"),
        pytest.param(b"{}", id="json"),
        pytest.param(b"<Pet>Rex</Pet>", id="bare"),
        pytest.param(b"<Pet><name>&rex;</name></Pet>", id="entity"),
        pytest.param(b"<Pet><name>&#0;</name></Pet>", id="nul"),
        pytest.param(b"<Pet><name>\xff</name></Pet>", id="latin-1"),
        pytest.param(
            b'<?xml version="1.0" encoding="x"?><Pet><name>a</name></Pet>', id="charset"
        ),
        pytest.param(
            b'<!DOCTYPE Pet SYSTEM "http://x/y.dtd"><Pet/>', id="external-dtd"
        ),
        pytest.param(
            b'<!DOCTYPE Pet [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
            b"<Pet><name>&a;</name></Pet>",
            id="external-entity",
        ),
        pytest.param(
            b'<!DOCTYPE Pet [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
            b"<Pet><name>&b;&b;&b;</name></Pet>",
            id="laughs",
        ),
        pytest.param(deep(b"<a>", b"</a>"), id="deep"),
        pytest.param(b"<Pet><name>a</name><name>b</name></Pet>", id="twice"),
    ],
)
async def test_xml_that_is_none_or_hostile_is_malformed(face, body):
    """The native face takes no XML at all."""
    response = await face.refused("POST /pet", content=body, headers=XML)

    expected = (
        (face.unreadable, "malformed") if face.base else (415, "unsupported_media")
    )
    assert expected == (response.status_code, problem_of(response)["code"])


async def test_xml_of_too_many_elements_is_malformed():
    body = b"<Pet>" + b"<a/>" * 150_000 + b"</Pet>"
    async with open_shop() as shop:
        response = await shop.refused("POST /v2/pet", content=body, headers=XML)

    assert 400 == response.status_code


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("POST /pet", "text/plain"),
        ("POST /pet", "application/octet-stream"),
        ("POST /pet", "multipart/form-data; boundary=b"),
        ("POST /pet", "x"),
        ("POST /pet", "\xff"),
        ("POST /store/order", "text/xml"),
        ("POST /user/createWithList", "application/x-www-form-urlencoded"),
        ("POST /pet/1/uploadImage", "text/plain"),
        ("POST /pet/1/uploadImage", None),
    ],
)
async def test_unknown_media_type_is_refused(face, line, kind):
    headers = {} if kind is None else {"content-type": kind.encode("latin-1")}
    response = await face.refused(line, content=b"x", headers=headers)

    assert 415 == response.status_code
    assert "unsupported_media" == problem_of(response)["code"]


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": b"Bearer \xff"},
        {"authorization": b"Basic dXNlcjpwYXNz"},
        {"authorization": b"Bearer"},
        {"api_key": b"\xff\xfe"},
        {"accept": b"\xff, */*"},
        {"accept": b"application/json;q=\xff"},
        {"accept": b"," * 4_000 + b"*/*"},
    ],
)
async def test_odd_headers_do_no_harm(face, headers):
    response = await face.ask("GET /pet/1", headers=headers)

    assert response.status_code in (200, 406)


@pytest.mark.parametrize("host", [b"\xff", b"a\tb", b"[", b"x" * 300, b""])
async def test_odd_host_is_no_fault_even_where_it_is_echoed(face, host):
    response = await face.refused("GET /nothing", headers={"host": host})

    assert 404 == response.status_code


async def test_answer_of_a_refusal_holds_no_line_break_in_a_header(face):
    response = await face.refused("GET /user/a%0D%0AX-Evil:%20yes%C3%A9")

    assert 404 == response.status_code
    assert "x-evil" not in response.headers
    assert "a\r\nX-Evil: yesé" in problem_of(response)["detail"]


async def test_long_refusal_fits_into_a_header(face):
    response = await face.refused("POST /pet", json={"name": ["x"] * 100})
    listed = await face.refused(
        "POST /pet", json={"photoUrls": [{}] * 100, "tags": [5] * 100}
    )

    assert all(
        len(it.headers["x-petstore-problem"]) <= 2_000 for it in (response, listed)
    )
    assert "invalid" == problem_of(listed)["code"]


async def test_posts_of_one_id_at_once_are_taken_one_by_one(fresh_face):
    sent = [{"id": 77, "name": f"{n}", "photoUrls": []} for n in range(8)]
    answers = await asyncio.gather(
        *(fresh_face.ask("POST /pet", json=pet) for pet in sent)
    )
    history = (await fresh_face.shop.ask("GET /pet/77/history")).json()["items"]

    taken = [response for response in answers if response.status_code == 200]
    refused = [response for response in answers if response.status_code != 200]
    assert (8 if fresh_face.is_public else 1) == len(taken) == len(history)
    assert {409} >= {response.status_code for response in refused}


async def test_users_of_one_name_at_once_leave_one(fresh_face):
    answers = await asyncio.gather(
        *(fresh_face.ask("POST /user", json={"username": "ann"}) for _ in range(8))
    )
    users = [
        row for row in (await fresh_face.shop.rows())["shop_user"] if row[1] == "ann"
    ]

    assert {200, 409} >= {response.status_code for response in answers}
    assert 1 == len(users)


async def test_of_deletes_at_once_one_finds_the_pet(fresh_face):
    answers = await asyncio.gather(*(fresh_face.ask("DELETE /pet/1") for _ in range(8)))

    # The public v3 server says 200 to all; the header tells which were right.
    assert 7 == sum("x-petstore-problem" in response.headers for response in answers)
    assert {200, 404} >= {response.status_code for response in answers}


async def test_body_in_a_coding_is_refused(face):
    body = gzip.compress(pet_of(b'"Rex"'))
    headers = {"content-encoding": "gzip", "content-type": "application/json"}
    response = await face.refused("POST /pet", content=body, headers=headers)

    assert 415 == response.status_code
    assert "in the coding gzip" in response.headers["x-petstore-problem"]
