"""Build requests for tests of the mock, and whole stories of them."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Unpack

from petstore.contract.call import ByteStream
from petstore.contract.http import Request
from petstore.contract.media import FORM, JSON, OCTETS, XML
from petstore.contract.replies import Response
from petstore.mock.cassette import Cassette
from petstore.mock.driving import answered
from petstore.mock.engine_door import EngineDoor, EngineSetup
from petstore.mock.exchange import Header
from petstore.mock.session import Session
from petstore.mock.steps import Answer, Ask
from petstore.mock.tape import Tape
from tests.kit.pictures import PNG

NOW = datetime(2030, 1, 1, tzinfo=UTC)
BASES = {"native": "", "v2": "/v2", "v3": "/api/v3"}
_SECRET = "correct horse battery"
_PHOTO_URLS = "<photoUrls><photoUrl>u</photoUrl></photoUrls>"
_XML_PET = f"<pet><id>60</id><name>Ada</name>{_PHOTO_URLS}</pet>"
_FORM = (
    b'--b\r\ncontent-disposition: form-data; name="file"; filename="a.png"\r\n'
    b"content-type: image/png\r\n\r\n%b\r\n--b--\r\n"
)


def text_of(response: Response) -> str:
    """Return the body of an answer that is whole."""
    assert isinstance(response.body, bytes)
    return response.body.decode()


def pieces_of(response: Response) -> Any:
    """Return the pieces of an answer that is a stream."""
    return chunks_of(response.body)


def chunks_of(body: object) -> Any:
    """Return the pieces of a stream."""
    assert isinstance(body, ByteStream)
    return body.chunks


def ask(line: str, body: Any = None, /, **headers: str) -> Request:
    """
    Return the request of a line such as `GET /v2/pet/1?a=b`.

    Args:
        body: Bytes as they are, anything else as JSON.
        headers: With underscores for hyphens, but for api_key.
    """
    method, _, target = line.partition(" ")
    path, _, query = target.partition("?")
    names = {
        name if name == "api_key" else name.replace("_", "-"): value
        for name, value in headers.items()
    }
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
        names.setdefault("content-type", JSON)
    return Request(method, path, query, names, body or b"")


def a_pet(pet_id: int | None = None, **fields: Any) -> dict[str, Any]:
    """Return a pet as JSON."""
    pet = {"name": "Rex", "photoUrls": [], "status": "available", **fields}
    return pet if pet_id is None else {"id": pet_id, **pet}


def a_story(flavour: str) -> list[Request]:
    """Return a bit of everything that a face can do, and some that it cannot."""
    base = BASES[flavour]
    upload = {"content-type": OCTETS}
    data = PNG
    if flavour == "v2":
        upload = {"content-type": "multipart/form-data; boundary=b"}
        data = _FORM % PNG
    user = {"username": "ada", "email": "a@b.c", "password": _SECRET}
    story = [
        ask(f"GET {base}/pet/1"),
        ask(f"POST {base}/pet", a_pet(tags=[{"id": 1, "name": "new"}])),
        ask(f"POST {base}/pet", a_pet(50)),
        ask(f"PUT {base}/pet", a_pet(50, status="sold")),
        ask(f"GET {base}/pet/findByStatus?status=sold"),
        ask(f"GET {base}/pet/findByTags?tags=new"),
        ask(f"GET {base}/store/inventory"),
        Request("POST", f"{base}/pet/50/uploadImage", "", upload, data),
        ask(f"GET {base}/pet/50"),
        ask(f"POST {base}/store/order", {"petId": 50, "quantity": 1}),
        ask(f"GET {base}/store/order/1", accept=XML),
        ask(f"GET {base}/pet/1", accept=XML),
        ask(f"POST {base}/user", user),
        ask(f"POST {base}/user/createWithList", [{**user, "username": "eve"}]),
        ask(f"GET {base}/user/login?username=ada&password=correct+horse+battery"),
        ask(f"GET {base}/user/ada", authorization="Bearer 1000000000000001"),
        ask(f"GET {base}/user/logout"),
        ask(f"DELETE {base}/user/ada"),
        ask(f"DELETE {base}/pet/50", api_key="special-key"),
        ask(f"GET {base}/pet/50"),
        ask(f"GET {base}/pet/none"),
        ask(f"POST {base}/pet", b"{not json", content_type=JSON),
        ask(f"GET {base}/nothing/here"),
        ask(f"HEAD {base}/pet/1"),
        ask(f"OPTIONS {base}/pet/1"),
    ]
    if flavour == "native":
        return [*story, *_native_story()]
    pet = _XML_PET.encode()
    return [
        *story,
        ask(f"POST {base}/pet", pet, content_type=XML, accept=XML),
        ask(f"POST {base}/pet/60?name=Eve", b"status=sold", content_type=FORM),
    ]


def _native_story() -> list[Request]:
    merge = "application/merge-patch+json"
    credentials = {"username": "eve", "password": _SECRET}
    return [
        ask("PATCH /pet/1", b'{"status":"sold"}', content_type=merge, if_match='"1"'),
        ask("PATCH /pet/1", b'{"status":"sold"}', content_type=merge, if_match='"1"'),
        ask("GET /pet/1", if_none_match='"2"'),
        ask("GET /pet?limit=2&sort=-id"),
        ask("GET /pet/1/history"),
        ask("POST /pet/50/restore"),
        ask("GET /user?limit=3"),
        ask("POST /tokens", credentials),
        ask("GET /tokens/current"),
        ask("GET /photos/" + "0" * 64 + ".png"),
    ]


def clock() -> datetime:
    """Stand still."""
    return NOW


def recorded(requests: Iterable[Request], **setup: Unpack[EngineSetup]) -> Cassette:
    """Record what an engine answers; a stream of events is left after two pieces."""
    header = Header(recorded=NOW.isoformat(), upstream="engine")
    target = Cassette(header)
    session = Session(Tape([]), mode="record", target=target)
    setup.setdefault("clock", clock)
    with EngineDoor(**setup) as engine:
        for request in requests:
            response = played(session, request, engine).response
            if isinstance(response.body, ByteStream):
                pieces = pieces_of(response)
                next(pieces)
                next(pieces)
                pieces.close()
    return target


def played(
    session: Session, request: Request, engine: EngineDoor | None = None
) -> Answer:
    """Answer a request from a session; whatever is asked for, the engine answers."""

    def asked(step: Ask) -> Response:
        assert engine is not None, f"nobody answers for the {step.whom}"
        return engine.answer(step.request)

    def waited(seconds: float) -> None:
        raise AssertionError(f"nothing is slow here, and it waits for {seconds} s")

    return answered(session, request, asked, waited)
