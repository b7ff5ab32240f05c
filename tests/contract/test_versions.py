"""Versions travel as entity tags, and what is none of ours matches nothing."""

import pytest

from petstore.contract import calls
from petstore.contract.call import Call
from petstore.contract.errors import DecodeError, NotSupported
from petstore.contract.flavours import FACES, face
from petstore.contract.http import Request, decode_request, encode_request, resolve
from petstore.contract.pet_operations import GET_PET_BY_ID
from petstore.contract.replies import Response, decode_reply
from petstore.contract.versions import (
    ANY_VERSION,
    FROM_PET,
    carried,
    matches,
    read_if_match,
    read_if_none_match,
    write_versions,
)
from tests.kit.builders import a_draft, a_pet

NATIVE = face("native", "strict")


@pytest.mark.parametrize(
    ("text", "strong", "weak"),
    [
        ('"7"', [7], [7]),
        (' "7" , "8"', [7, 8], [7, 8]),
        ('W/"7"', [], [7]),
        ('"1",W/"2", ,"3"', [1, 3], [1, 2, 3]),
        ("*", [ANY_VERSION], [ANY_VERSION]),
        ('*, "7"', [7], [7]),
        ("7", [], []),
        ('""', [], []),
        ('"0"', [], []),
        ('"07"', [], []),
        ('"a,7"', [], []),
        ('w/"7"', [], []),
        ('"9223372036854775807"', [2**63 - 1], [2**63 - 1]),
        ('"9223372036854775808"', [], []),
        ('"\u0667"', [], []),
        ("", [], []),
    ],
)
def test_tag_is_a_version_or_nothing(text, strong, weak):
    """A weak tag never matches If-Match (RFC 9110 §8.8.3.2)."""
    assert strong == read_if_match(text)
    assert weak == read_if_none_match(text)


@pytest.mark.parametrize(
    ("versions", "text"),
    [([7], '"7"'), ([7, 8], '"7", "8"'), ([ANY_VERSION], "*"), ([], '""')],
)
def test_versions_can_be_read_back(versions, text):
    assert text == write_versions(versions)
    assert versions == read_if_match(text)


def test_no_version_is_in_an_empty_list():
    assert not matches(7, [])
    assert matches(7, [8, 7])
    assert matches(7, [ANY_VERSION])


def test_write_is_for_the_version_that_its_model_came_with():
    assert 7 == carried(a_pet(version=7), FROM_PET)
    assert carried(a_pet(), FROM_PET) is None
    assert carried(a_draft(), FROM_PET) is None
    assert 3 == carried(a_pet(version=7), 3)
    assert carried(a_pet(version=7), None) is None


def test_condition_is_a_header():
    request = encode_request(NATIVE, calls.delete_pet(1, if_version=7))

    assert {"if-match": '"7"'} == request.headers


COMPATIBLE = [key for key in FACES if key[0] != "native"]


@pytest.mark.parametrize("key", COMPATIBLE, ids="-".join)
def test_compatible_faces_know_no_conditions(key):
    """Their servers do not look at the header, so a client must not rely on it."""
    path = encode_request(FACES[key], calls.get_pet_by_id(1)).path
    asked = Request("GET", path, "", {"if-none-match": '"7"'})

    read = decode_request(resolve(FACES[key], "GET", path), asked)

    assert {"pet_id": 1} == read.arguments
    with pytest.raises(NotSupported, match="takes no unless_version"):
        encode_request(FACES[key], calls.get_pet_by_id(1, unless_version=7))


def test_answer_without_the_entity_says_its_version():
    call = calls.get_pet_by_id(1, unless_version=7)

    reply = decode_reply(NATIVE, call, Response(304, {"etag": '"7"'}))

    assert (304, None, 7) == (reply.status, reply.value, reply.version)
    assert decode_reply(NATIVE, call, Response(304)).version is None


def test_answer_304_is_no_answer_to_an_unconditional_read():
    call = Call(GET_PET_BY_ID, {"pet_id": 1})

    with pytest.raises(DecodeError, match="status 304"):
        decode_reply(NATIVE, call, Response(304, {"etag": '"7"'}))
