"""A body of many faults costs little, and no refusal tells a secret."""

from time import process_time

import pytest

from petstore.contract import calls
from petstore.contract import pet_operations as pets
from petstore.contract.bodies import Body, Repair, read_body
from petstore.contract.errors import DecodeError, Invalid, Malformed
from petstore.contract.flavours import face
from petstore.contract.http import Request, decode_request, resolve
from petstore.contract.media import JSON, XML
from petstore.contract.model import ITEMS_MAX
from petstore.contract.pet import PetDraft
from petstore.contract.replies import Response, decode_reply
from petstore.contract.uploads import UploadReader
from petstore.contract.user import UserDraft

NATIVE, STRICT_V2 = face("native", "strict"), face("v2", "strict")
# Far above what it takes, far below what a quadratic reading takes.
PATIENCE_S = 2.0


def decode(chosen, body, kind):
    path = f"{chosen.base}/pet"
    request = Request("POST", path, "", {"content-type": kind}, body)
    return decode_request(resolve(chosen, "POST", path), request)


def test_a_hundred_thousand_elements_cost_little():
    body = b"<Pet><name>a</name>" + b"<tags><t/></tags>" * 49_000 + b"</Pet>"
    start = process_time()

    with pytest.raises(Malformed, match="10,000 elements at most"):
        decode(STRICT_V2, body, XML)

    assert process_time() - start < PATIENCE_S


def test_many_unknown_keys_are_counted_not_spelled_out():
    keys = ",".join(f'"k{number}":1' for number in range(60_000))
    body = f'{{"name":"a","photoUrls":[],{keys}}}'.encode()

    with pytest.raises(Invalid, match="60,000 faults") as caught:
        decode(NATIVE, body, JSON)

    assert [one.kind for one in caught.value.fields] == ["too_many"]


def test_answer_that_cannot_be_read_keeps_its_secret_out_of_the_message():
    response = Response(200, {}, b'{"accessToken":"SECRET-TOKEN"}')

    with pytest.raises(DecodeError) as caught:
        decode_reply(NATIVE, calls.create_token("ann", "right"), response)

    assert "SECRET" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        pytest.param(b"x" * 501, Invalid, id="too-long"),
        pytest.param(b"a\0b", Invalid, id="nul"),
        pytest.param(b"\xff", Malformed, id="no-utf8"),
    ],
)
def test_field_beside_a_file_is_checked_under_the_strict_contract(content, kind):
    part = b'--b\r\nContent-Disposition: form-data; name="%b"%b\r\n\r\n%b\r\n'
    body = (
        part % (b"additionalMetadata", b"", content)
        + part % (b"file", b'; filename="x"', b"bytes")
        + b"--b--\r\n"
    )
    headers = {"content-type": "multipart/form-data; boundary=b"}
    route = STRICT_V2.route(pets.UPLOAD_FILE)

    strict = UploadReader(route, headers)
    list(strict.feed(body))
    with pytest.raises(kind):
        strict.finish()

    public = UploadReader(route, headers, is_open=True)
    assert b"".join(public.feed(body)) == b"bytes"
    public.finish()
    assert public.arguments["additional_metadata"]


def test_body_with_more_faults_than_anybody_makes_is_not_repaired():
    faulty = b"[" + b",".join([b'{"id":"1"}'] * (5 * ITEMS_MAX + 1)) + b"]"
    few = b"[" + b",".join([b'{"id":"1"}'] * 5) + b"]"

    assert [1] * 5 == [
        user.id
        for user in read_body(
            Body(few, JSON, list[UserDraft]),
            extra="ignore",
            repair=Repair.NEAR_TYPES,
        )
    ]
    with pytest.raises(Invalid):
        read_body(
            Body(faulty, JSON, list[UserDraft]),
            extra="ignore",
            repair=Repair.NEAR_TYPES,
        )


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (rb'{"name":"a\ud800b"}', "body.name"),
        (rb'{"name":"\uDFFF"}', "body.name"),
        (rb'{"tags":[{"name":"x"},{"name":"\ud83db"}]}', "body.tags.1.name"),
        (rb'{"\ud800":1}', r"body.\ud800"),
    ],
)
@pytest.mark.parametrize("repair", Repair)
def test_lone_surrogate_is_found(content, place, repair):
    with pytest.raises(Malformed, match="lone surrogate; send whole") as caught:
        read_body(Body(content, JSON, PetDraft), extra="ignore", repair=repair)

    assert [place] == [problem.field for problem in caught.value.fields]
    assert "not_json" == caught.value.extra["reason"]


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 300 + rb'"\ud83d\udc36"' + b"]" * 300,
        b"[" * 100_000 + rb'"\ud83d\udc36"',
        rb'{"name":"\ud83d\udc36"',
    ],
)
def test_whole_surrogates_are_not_to_blame_for_what_is_no_json(content):
    with pytest.raises(Malformed, match="The body is no JSON: "):
        read_body(Body(content, JSON, PetDraft), extra="ignore", repair=Repair.NOTHING)
