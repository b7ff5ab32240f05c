"""The same answers as XML or YAML, to HEAD, behind a slash, and for any host."""

import http.client

import pytest

from tests.kit.server import answer, compact, on_socket, open_shop

pytestmark = pytest.mark.usefixtures("quiet_log")

XML = "application/xml"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
CAT = (
    "<category><id>2</id><name>Cats</name></category><id>1</id><name>Cat 1</name>"
    "<photoUrls><photoUrl>url1</photoUrl><photoUrl>url2</photoUrl></photoUrls>"
    "<status>available</status><tags><tag><id>1</id><name>tag1</name></tag>"
    "<tag><id>2</id><name>tag2</name></tag></tags>"
)
DOG = (
    "<category><id>1</id><name>Dogs</name></category><id>5</id><name>Dog 2</name>"
    "<photoUrls><photoUrl>url1</photoUrl><photoUrl>url2</photoUrl></photoUrls>"
    "<status>sold</status><tags><tag><id>1</id><name>tag2</name></tag>"
    "<tag><id>2</id><name>tag3</name></tag></tags>"
)
ORDER = (
    "<complete>false</complete><id>1</id><petId>1</petId><quantity>2</quantity>"
    "<shipDate>2030-01-01T00:00:00.000Z</shipDate><status>placed</status>"
)
USER = (
    "<email>email1@test.com</email><firstName>first name 1</firstName><id>1</id>"
    "<lastName>last name 1</lastName><password>XXXXXXXXXXX</password>"
    "<phone>123-456-7890</phone><userStatus>1</userStatus><username>user1</username>"
)
SAID_1 = "<message>1</message><type>unknown</type>"
REX = b"""<?xml version="1.0" encoding="UTF-8"?>
<Pet xmlns="urn:somebody's">
  <name>R\xc3\xa9x &amp; &#x1F408;</name>
  <tags><tag><name>friendly</name></tag></tags>
  <photoUrls><photoUrl>url</photoUrl></photoUrls>
  <id>4711</id>
</Pet>"""
REX_READ = {
    "id": 4711,
    "name": "Réx & 🐈",
    "photoUrls": ["url"],
    "tags": [{"id": 0, "name": "friendly"}],
}
JSON_ANSWERS = (
    "GET /pet/1",
    "GET /v2/pet/1",
    "GET /api/v3/pet/1",
    "GET /v2/pet/4711",
    "GET /pet/4711",
    "GET /api/v3/pet/4711",
    "GET /api/v3/nothing",
    "GET /healthz",
)


@pytest.mark.parametrize(
    ("line", "element"),
    [
        ("GET /v2/pet/1", f"<Pet>{CAT}</Pet>"),
        ("GET /v2/pet/findByStatus?status=sold", f"<pets><Pet>{DOG}</Pet></pets>"),
        ("GET /v2/pet/findByTags?tags=unheard", "<pets></pets>"),
        ("GET /v2/store/order/1", f"<Order>{ORDER}</Order>"),
        ("GET /v2/user/user1", f"<User>{USER}</User>"),
        ("DELETE /v2/pet/1", f"<apiResponse>{SAID_1}</apiResponse>"),
        ("POST /v2/pet/1", f"<apiResponse>{SAID_1}</apiResponse>"),
        ("GET /api/v3/pet/1", f"<pet>{CAT}</pet>"),
        ("GET /api/v3/pet/findByStatus?status=sold", f"<pets><pet>{DOG}</pet></pets>"),
        ("GET /api/v3/store/order/1", f"<order>{ORDER}</order>"),
        ("GET /api/v3/user/user1", f"<user>{USER}</user>"),
    ],
)
@pytest.mark.parametrize("contract", ["public", "strict"])
async def test_xml_for_those_who_ask(contract, line, element):
    async with open_shop(contract=contract) as shop:
        response = await shop.ask(line, headers={"accept": XML})

    assert (200, DECLARATION + element) == answer(response)
    assert XML == response.headers["content-type"]


@pytest.mark.parametrize(
    ("line", "status", "element"),
    [
        (
            "GET /v2/pet/4711",
            404,
            "<apiResponse><message>Pet not found</message><type>error</type>"
            "</apiResponse>",
        ),
        (
            "POST /v2/pet",
            405,
            "<apiResponse><message>no data</message><type>unknown</type></apiResponse>",
        ),
        (
            "GET /api/v3/nothing",
            404,
            "<ApiError><code>404</code><message>HTTP 404 Not Found</message>"
            "</ApiError>",
        ),
    ],
)
async def test_refusal_in_xml(public, line, status, element):
    response = await public.refused(line, headers={"accept": XML})

    assert (status, DECLARATION + element) == answer(response)
    assert XML == response.headers["content-type"]


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, "application/json"),
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("APPLICATION/XML", XML),
        ("text/xml", XML),
        ("application/json, application/xml", "application/json"),
        ("application/xml, application/json", XML),
        ("application/json;q=0.5, application/xml", XML),
        ("application/xml;q=0, */*", "application/json"),
        ("application/xml;q=x", XML),
        (BROWSER, XML),
        ("text/html, application/json;charset=utf-8", "application/json"),
    ],
)
async def test_v2_weighs_what_a_client_accepts(public, accept, kind):
    headers = {} if accept is None else {"accept": accept}

    response = await public.ask("GET /v2/pet/1", headers=headers)

    assert (200, kind) == (response.status_code, response.headers["content-type"])


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/json", "application/json"),
        (XML, XML),
        ("application/xml, application/json", XML),
        ("application/json, application/xml", "application/json"),
        ("text/xml", "application/json"),
        ("text/html", "application/json"),
        (BROWSER, "application/json"),
        ("application/yaml", "application/yaml"),
        ("application/x-yaml", "application/yaml"),
        ("application/yaml, application/json", "application/json"),
    ],
)
async def test_v3_looks_at_the_first_thing_that_a_client_accepts(public, accept, kind):
    response = await public.ask("GET /api/v3/pet/1", headers={"accept": accept})

    assert (200, kind) == (response.status_code, response.headers["content-type"])


@pytest.mark.parametrize("path", ["/v2/store/inventory", "/api/v3/store/inventory"])
@pytest.mark.parametrize("accept", [BROWSER, f"{XML}, */*"])
async def test_inventory_has_no_xml(public, path, accept):
    response = await public.ask(f"GET {path}", headers={"accept": accept})

    assert "application/json" == response.headers["content-type"]


@pytest.mark.parametrize("accept", [XML, "text/html", "application/yaml"])
async def test_native_face_answers_json_whatever_is_accepted(public, accept):
    response = await public.ask("GET /pet/1", headers={"accept": accept})

    assert (200, 1) == (response.status_code, response.json()["id"])


@pytest.mark.parametrize("line", ["POST /v2/pet", "PUT /v2/pet", "POST /api/v3/pet"])
async def test_pet_may_be_xml(public, line):
    response = await public.ask(line, content=REX, headers={"content-type": XML})

    assert (200, compact(REX_READ)) == answer(response)


@pytest.mark.parametrize(
    ("line", "element", "read"),
    [
        (
            "POST /store/order",
            "<order><id>77</id><petId>5</petId><complete>true</complete></order>",
            {"id": 77, "petId": 5, "quantity": 0, "complete": True},
        ),
        (
            "POST /store/order",
            "<Order><id>77</id><shipDate>2024-01-31T10:00:00Z</shipDate></Order>",
            {
                "id": 77,
                "petId": 0,
                "quantity": 0,
                "shipDate": "2024-01-31T10:00:00.000+00:00",
                "complete": False,
            },
        ),
        (
            "POST /user",
            "<user><id>77</id><username>007</username></user>",
            {"id": 77, "username": "007", "userStatus": 0},
        ),
    ],
)
async def test_v3_takes_orders_and_users_in_xml(public, line, element, read):
    sent = line.replace(" /", " /api/v3/")

    response = await public.ask(sent, content=element, headers={"content-type": XML})

    assert (200, compact(read)) == answer(response)


async def test_v2_takes_orders_in_json_alone(public):
    response = await public.refused(
        "POST /v2/store/order", content="<Order/>", headers={"content-type": XML}
    )

    assert 415 == response.status_code


@pytest.mark.parametrize("line", JSON_ANSWERS)
async def test_json_is_labelled_without_charset(public, line):
    response = await public.ask(line)

    kind = response.headers["content-type"]
    assert kind in ("application/json", "application/problem+json")


@pytest.mark.parametrize(
    "kind", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/json;"]
)
async def test_body_may_be_labelled_with_more(public, kind):
    for base in ("", "/v2", "/api/v3"):
        response = await public.ask(
            f"POST {base}/pet",
            content='{"name":"Réx","photoUrls":[]}',
            headers={"content-type": kind},
        )

        assert (200, "Réx") == (response.status_code, response.json()["name"])


@pytest.mark.parametrize(
    "path",
    [
        "/pet/1",
        "/v2/pet/1",
        "/api/v3/pet/1",
        "/v2/store/inventory",
        "/api/v3/user/user1",
    ],
)
async def test_one_trailing_slash_is_dropped(public, path):
    plain, slashed = [await public.ask(f"GET {path}{end}") for end in ("", "/")]

    assert answer(plain) == answer(slashed)
    assert 404 == (await public.ask(f"GET {path}//")).status_code


@pytest.mark.parametrize(
    "host", ["petstore.swagger.io", "127.0.0.1:1", "é", "[::1]", "a b"]
)
async def test_any_host_is_answered_in_a_sandbox(public, host):
    response = await public.ask("GET /v2/pet/1", headers={"host": host.encode()})

    assert 200 == response.status_code


def test_head_has_the_headers_of_get_and_no_body():
    with on_socket() as server:
        client = http.client.HTTPConnection(server.url.removeprefix("http://"))
        for path in (
            "/pet/1",
            "/v2/pet/1",
            "/api/v3/pet/4711",
            "/v2/nothing",
            "/healthz",
        ):
            seen = []
            for method in ("GET", "HEAD"):
                client.request(method, path, headers={"x-request-id": "mine"})
                response = client.getresponse()
                seen.append((response.status, dict(response.headers), response.read()))

            (status, headers, body), (head_status, head_headers, nothing) = seen
            assert (status, headers, b"") == (head_status, head_headers, nothing)
            assert str(len(body)) == headers["content-length"]
        client.close()
