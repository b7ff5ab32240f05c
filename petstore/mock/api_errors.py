"""Refuse a request in the words of the API that was asked."""

from http import HTTPStatus

from petstore.contract.errors import Conflicted, RemoteError, remote_error
from petstore.contract.flavours import face_of
from petstore.contract.http import Request
from petstore.contract.refusals import Refused, encode_error
from petstore.contract.replies import PROBLEM_HEADER, Response
from petstore.mock.facts import match_of
from petstore.mock.faults import Effect


def api_error(request: Request, effect: Effect) -> Response:
    """Return the error of a fault in the words of the API that was asked."""
    status = effect.status or 500
    error = remote_error(status, {"detail": "A fault of the mock's rules."})
    if effect.retry_after is not None:
        error.extra["retry_after"] = effect.retry_after
    return _encoded(request, error, status)


def preferred_error(request: Request, status: int) -> Response:
    """Return the error that a client prefers, in the words of the API."""
    words = f"The request prefers an answer of {status}; none is recorded."
    return _encoded(request, remote_error(status, {"detail": words}), status)


def _encoded(request: Request, error: RemoteError, status: int) -> Response:
    match = match_of(request)
    face = face_of(request.path, "public")
    route = None if match is None else match.route
    refused = Refused(face, route, request, request.path, "")
    response = encode_error(refused, error)
    if response.status != status and status in set(HTTPStatus):
        # The public servers have no words for it: those that they have for any status.
        plain = Conflicted(error.message)
        plain.status = status
        told = response.headers[PROBLEM_HEADER]
        response = encode_error(refused, plain)
        response.headers[PROBLEM_HEADER] = told
    response.status = status
    return response
