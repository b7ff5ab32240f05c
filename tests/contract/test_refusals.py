"""A refusal says what its face says, and our client gets the whole of it."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from petstore.contract import calls, errors
from petstore.contract.call import ByteStream, Call
from petstore.contract.errors import REMOTE_ERRORS, FieldProblem, RemoteError
from petstore.contract.flavours import FACES, Face, face
from petstore.contract.media import JSON
from petstore.contract.operations import OPERATIONS
from petstore.contract.replies import Response, decode_reply
from tests.kit.refusals import an_error, answer
from tests.kit.strategies import TEXTS

NATIVE = face("native", "strict")
V2, V3 = face("v2", "strict"), face("v3", "strict")
PUBLIC_V2, PUBLIC_V3 = face("v2", "public"), face("v3", "public")
COMPATIBLE = (PUBLIC_V2, V2, PUBLIC_V3, V3)


def raised(face: Face, name: str, response: Response) -> RemoteError:
    """Return what our client raises."""
    with pytest.raises(RemoteError) as caught:
        decode_reply(face, Call(OPERATIONS[name], {}), response)
    return caught.value


def drawn_errors() -> st.SearchStrategy[RemoteError]:
    problems = st.builds(
        FieldProblem,
        field=st.sampled_from(["body.name", "path.petId", "query.status", "form.file"]),
        message=TEXTS,
        kind=st.sampled_from(["missing", "enum", "string_type"]),
    )
    extra = st.fixed_dictionaries(
        {},
        optional={
            "input": TEXTS | st.lists(TEXTS | st.just("sold"), max_size=2),
            "reason": st.sampled_from(
                ["path_id", "missing", "no_file", "body", "empty_body", "not_json"]
            ),
            "current_version": st.integers(1, 9),
            "allow": st.just(["GET", "PUT"]),
            "retry_after": st.integers(1, 60),
        },
    )
    return st.builds(
        lambda kind, message, fields, extra: kind(message, fields=fields, **extra),
        st.sampled_from(REMOTE_ERRORS),
        TEXTS.filter(bool),
        st.lists(problems, max_size=2).map(tuple),
        extra,
    ).filter(lambda error: len(json.dumps(error.to_problem())) < 2_000)


@pytest.mark.parametrize("key", FACES, ids="-".join)
@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (errors.Unavailable("Busy.", retry_after=1), "true"),
        (errors.Conflicted("Still running.", retry_after=1), "true"),
        (errors.Unavailable("Lost at the last moment."), None),
        (errors.ServerFault("A bug."), None),
        (errors.StorageFull("Full."), "false"),
        (errors.Conflicted("Taken."), "false"),
        (errors.Stale("Overtaken."), "false"),
        (errors.Malformed("Unreadable."), "false"),
    ],
    ids=str,
)
def test_refusal_says_whether_to_try_again_where_that_is_known(key, error, hint):
    response = answer(FACES[key], "updatePet", error)

    assert hint == response.headers.get("x-should-retry")


@pytest.mark.parametrize("key", FACES, ids="-".join)
@pytest.mark.parametrize("kind", [errors.Unavailable, errors.StorageFull])
@pytest.mark.parametrize("words", ["is busy", "is busy" * 500])
def test_no_face_says_where_the_store_lies(key, kind, words):
    error = kind(f"The store ann@db/shop {words}.")
    error.place = "ann@db/shop"

    response = answer(FACES[key], "addPet", error)

    told = f"{response.headers} {response.body!r}"
    assert "ann@db" not in told
    assert "The store is busy" in told


@pytest.mark.parametrize("key", FACES, ids="-".join)
@settings(max_examples=settings().max_examples * 2)
@given(error=drawn_errors(), data=st.data())
def test_refusal_reaches_our_client_whole(key, error, data):
    face = FACES[key]
    name = data.draw(st.sampled_from(sorted(face.routes)))

    rebuilt = raised(face, name, answer(face, name, error))

    assert type(rebuilt) is type(error)
    assert rebuilt.to_problem() == error.to_problem()


@pytest.mark.parametrize("face", COMPATIBLE)
@pytest.mark.parametrize("kind", REMOTE_ERRORS)
def test_refusal_too_long_for_a_header_keeps_its_code(face, kind):
    error = kind("x" * 3_000, fields=(FieldProblem("body", "y" * 2_000, "k"),))

    response = answer(face, "getPetById", error)
    rebuilt = raised(face, "getPetById", response)

    assert len(response.headers["x-petstore-problem"]) <= 2_000
    assert (type(rebuilt), rebuilt.message) == (kind, "x" * 200)


def test_native_refusal_is_whole_however_long():
    error = errors.Invalid("x" * 3_000, fields=(FieldProblem("body", "y", "k"),))

    rebuilt = raised(NATIVE, "getPetById", answer(NATIVE, "getPetById", error))

    assert rebuilt.to_problem() == error.to_problem()


def test_header_is_ascii_whatever_the_message():
    response = answer(V2, "getPetById", errors.NotFound("Kein Tier „ä\n“ \U0001f436"))

    header = response.headers["x-petstore-problem"]
    assert header.isascii()
    assert header.isprintable()


@pytest.mark.parametrize(
    ("face", "name", "error", "kind"),
    [
        (PUBLIC_V2, "getPetById", errors.NotFound("x"), errors.NotFound),
        (PUBLIC_V2, "deletePet", errors.NotFound("x"), errors.NotFound),
        (PUBLIC_V2, "addPet", an_error(errors.Invalid, "body.id"), errors.ServerFault),
        (
            PUBLIC_V2,
            "addPet",
            errors.Malformed("x", reason="not_json"),
            errors.Malformed,
        ),
        (PUBLIC_V3, "getPetById", errors.NotFound("x"), errors.NotFound),
        (PUBLIC_V3, "addPet", an_error(errors.Invalid, "body.id"), errors.Malformed),
        (V2, "addPet", an_error(errors.Invalid, "body.id"), errors.MethodNotAllowed),
        (V3, "addPet", an_error(errors.Invalid, "body.id"), errors.Invalid),
        (V2, "addPet", errors.Conflicted("x"), errors.Conflicted),
        (V3, "addPet", errors.RuleBroken("x"), errors.Conflicted),
        (V2, "getPetById", errors.StorageFull("x"), errors.StorageFull),
        (PUBLIC_V3, "getPetById", errors.Unavailable("x"), errors.Unavailable),
    ],
)
def test_refusal_of_another_server_is_known_by_its_status(face, name, error, kind):
    """Only our servers send the header."""
    response = answer(face, name, error)
    del response.headers["x-petstore-problem"]

    assert type(raised(face, name, response)) is kind


def test_words_of_another_server_are_the_message():
    response = Response(404, {}, b'{"code":1,"type":"error","message":"Pet not found"}')

    assert raised(V2, "getPetById", response).message == "Pet not found"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "Not found"),
        (b"Pet not found", "Pet not found"),
        (b"\xffPet", "\ufffdPet"),
        (b"x" * 1_000, "x" * 500),
        (b"[]", "Not found"),
        (b"404", "Not found"),
    ],
)
def test_refusal_in_bare_words_is_understood(body, message):
    assert raised(V3, "getPetById", Response(404, {}, body)).message == message


def told(status, body, kind="text/html", call="getPetById"):
    response = Response(status, {"content-type": kind}, body)
    return raised(NATIVE, call, response).message


def test_page_of_a_proxy_is_told_as_one():
    page = b"<head><title>502 Bad\nGateway</title></head><h1>No&nbsp;way</h1>"

    assert (
        "A proxy or another web server answered getPetById in place of the Petstore, by"
        " a web page with status 502 (text/html; charset=utf-8): '502 Bad Gateway No"
        " way'."
    ) == told(502, page, "text/html; charset=utf-8")


def test_page_is_shown_without_its_code_and_no_further_than_a_line():
    page = (
        b"<style>p {}</style><script>if (a < b) {}</script><!-- <p> -->" + b"ab " * 99
    )

    assert told(503, page).endswith(f"(text/html): '{'ab ' * 26}ab…'.")


@pytest.mark.parametrize("body", [b"", b"<html></html>", ByteStream(iter([b"x"]))])
def test_page_without_words_is_told_as_well(body):
    assert told(403, body).endswith("a web page with status 403 (text/html).")


def test_secrets_that_a_page_repeats_are_not_shown():
    page = b"No /login?word=hush for abcdefghijklmnopqrstuvwxyz"
    call, blank = calls.login_user("ann", "hush"), calls.login_user("ann", "")
    shown = told(502, page + b" or hush")
    answer = Response(502, {"content-type": "text/html"}, b"hush and hushed")

    with pytest.raises(errors.ServerFault) as caught:
        decode_reply(NATIVE, call, answer)

    assert "'No /login?… for … or hush'." in shown
    assert caught.value.message.endswith("'… and …ed'.")
    with pytest.raises(errors.ServerFault, match="'hush and hushed'"):
        decode_reply(NATIVE, blank, answer)


@pytest.mark.parametrize(
    ("body", "end"),
    [
        (b"", "Petstore sends."),
        (b"I am a teapot", "Petstore sends: 'I am a teapot'."),
        (b'{"message": "No tea"}', "Petstore sends: 'No tea'."),
    ],
)
@pytest.mark.parametrize("status", [418, 530])
def test_status_that_no_petstore_sends_is_told(status, body, end):
    expected = f"The server answered getPetById with status {status}, which no {end}"

    assert expected == told(status, body, "text/plain")


def test_status_of_a_later_petstore_has_its_own_words():
    assert "Gone" == told(410, b'{"code": "not_found", "detail": "Gone"}', JSON)


@pytest.mark.parametrize("status", [404, 405])
@pytest.mark.parametrize("body", [b"<h1>404</h1>", ByteStream(iter([b"x"]))])
def test_page_of_a_web_server_says_nothing_of_a_pet(status, body):
    page = Response(status, {"content-type": "text/html"}, body)

    with pytest.raises(errors.DecodeError, match="check the URL"):
        raised(V3, "deletePet", page)


def test_refused_download_is_known_by_its_status():
    response = Response(404, {}, ByteStream(iter([b"x"])))

    assert type(raised(NATIVE, "getPhoto", response)) is errors.NotFound
