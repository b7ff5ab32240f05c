"""Refuse operations, for tests of what a face says then."""

from typing import Any

from petstore.contract.errors import FieldProblem, RemoteError
from petstore.contract.flavours import Face
from petstore.contract.http import Request
from petstore.contract.refusals import Refused, encode_error
from petstore.contract.replies import Response

FAULT_ID = "0123456789abcdef"


def answer(
    face: Face, name: str | None, error: RemoteError, **headers: str
) -> Response:
    """Refuse an operation, or None: a path that leads nowhere."""
    request = Request("GET", f"{face.base}/asked", "", headers)
    route = None if name is None else face.routes[name]
    url = f"http://h{face.base}/asked"
    return encode_error(Refused(face, route, request, url, FAULT_ID), error)


def an_error(kind: type[RemoteError], *fields: str, **extra: Any) -> RemoteError:
    """Return an error at these fields, such as `body.name`."""
    problems = tuple(FieldProblem(field, "is wrong", "kind") for field in fields)
    return kind("It is wrong.", fields=problems, **extra)
