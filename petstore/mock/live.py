"""
Show in a browser what a mock is asked, and where each answer came from.

The page holds no data: its script asks the admin API, and shows what comes as text.
"""

from functools import cache
from importlib.resources import files
from typing import Final

from petstore.contract.errors import MethodNotAllowed
from petstore.contract.http import Request
from petstore.contract.replies import Response
from petstore.mock.sessions import ADMIN_PATH

_FILES: Final = {
    f"{ADMIN_PATH}/": ("page.html", "text/html; charset=utf-8"),
    f"{ADMIN_PATH}/page.js": ("page.js", "text/javascript; charset=utf-8"),
    f"{ADMIN_PATH}/page.css": ("page.css", "text/css; charset=utf-8"),
}
_HEADERS: Final = {
    "cache-control": "no-cache",
    # A request may bring any text; nothing of it can become a script or leave.
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
        " img-src data:;"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def page_response(request: Request) -> Response | None:
    """
    Answer a request for a file of the page; None for any other.

    Raises:
        MethodNotAllowed: It is not read.
    """
    if request.path != ADMIN_PATH and request.path not in _FILES:
        return None
    if request.method not in ("GET", "HEAD"):
        raise MethodNotAllowed(
            f"{request.path} takes GET and HEAD.", allow=["GET", "HEAD"]
        )
    if request.path == ADMIN_PATH:
        return Response(302, {"location": f"{ADMIN_PATH}/"})
    name, kind = _FILES[request.path]
    return Response(200, {**_HEADERS, "content-type": kind}, _content(name))


@cache
def _content(name: str) -> bytes:
    return files("petstore.mock").joinpath("page", name).read_bytes()
