"""Answer what is no operation: documents, pages, health, reset."""

import json
from collections.abc import Awaitable, Callable
from typing import Final

from sanic.request import Request as SanicRequest

from petstore.contract.arguments import OAUTH_PATH, OAUTH_TEXT
from petstore.contract.errors import MethodNotAllowed, NoSuchPath, PetstoreError
from petstore.contract.http import Request
from petstore.contract.media import JSON
from petstore.contract.replies import Response
from petstore.engine.engine import AsyncEngine
from petstore.server import docs
from petstore.server.documents import DOCUMENTS, document_response
from petstore.server.settings import Settings, is_authority

Service = Callable[[SanicRequest], Awaitable[Response]]

RESET_PATH: Final = "/__petstore/reset"
_OWN_PATHS: Final = ("/__petstore/", OAUTH_PATH)
# A HEAD has no effect (RFC 9110 §9.2.1), so only what is read has one.
_ALLOWED: Final = {"GET": ["GET", "HEAD"], "POST": ["POST"]}
_NO_STORE: Final = {"content-type": JSON, "cache-control": "no-store"}


class Services:
    """
    Find the service of a path.

    Args:
        reset: Brings the store back to its first state.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        settings: Settings,
        reset: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._reset = reset
        self._found: dict[str, tuple[str, Service]] = {
            "/": ("GET", self._index),
            "/healthz": ("GET", self._healthz),
            "/readyz": ("GET", self._readyz),
            "/docs": ("GET", self._page),
            "/redoc": ("GET", self._page),
        }
        for path in DOCUMENTS:
            self._found[path] = ("GET", self._document)
        self._is_sandbox = engine.setup.profile.name == "sandbox"
        # In a shop it would erase the owner, and everything else that is real.
        if settings.allow_reset and self._is_sandbox and reset is not None:
            self._found[RESET_PATH] = ("POST", self._do_reset)

    def find(self, request: Request) -> Service | None:
        """
        Return the service at the path, or None when it is no service's.

        Raises:
            MethodNotAllowed: The path is one of a service, with another method.
            NoSuchPath: The reset is not allowed here, or it is a page of OAuth.
        """
        path = request.path
        found = self._found.get(path)
        if found is None:
            if not path.startswith(_OWN_PATHS):
                return None
            if path.startswith(OAUTH_PATH):
                raise NoSuchPath(OAUTH_TEXT)
            found = self._at(path)
        if found is None:
            raise self._not_found(path)
        method, service = found
        if request.method not in _ALLOWED[method]:
            raise MethodNotAllowed(
                f"{request.path} takes {method}.", allow=_ALLOWED[method]
            )
        return service

    def methods(self, path: str) -> list[str]:
        """Return the methods that the path has; [] when it is no service's."""
        found = self._at(path)
        return [] if found is None else _ALLOWED[found[0]]

    def _at(self, path: str) -> tuple[str, Service] | None:
        if path.startswith(docs.ASSETS_PATH):
            return "GET", self._asset
        return self._found.get(path)

    def _not_found(self, path: str) -> NoSuchPath:
        hint = ""
        if path == RESET_PATH and self._is_sandbox:
            hint = " Start the server with --allow-reset to have it."
        return NoSuchPath(f"There is nothing at {path}.{hint}")

    async def _index(self, _: SanicRequest) -> Response:
        return Response(302, {"location": "/docs"})

    async def _healthz(self, _: SanicRequest) -> Response:
        return Response(200, dict(_NO_STORE), b'{"status":"ok"}')

    async def _readyz(self, _: SanicRequest) -> Response:
        try:
            await self._engine.store.read(lambda tx: tx.now)
        except PetstoreError as error:
            detail = error.public_message
            body = json.dumps({"status": "unavailable", "detail": detail})
            return Response(503, dict(_NO_STORE), body.encode())
        return Response(200, dict(_NO_STORE), b'{"status":"ready"}')

    async def _do_reset(self, _: SanicRequest) -> Response:
        assert self._reset is not None
        await self._reset()
        return Response(200, dict(_NO_STORE), b'{"status":"reset"}')

    async def _document(self, request: SanicRequest) -> Response:
        contract = self._engine.setup.profile.contract
        return document_response(
            request.path, contract=contract, origin=_origin(request)
        )

    async def _page(self, request: SanicRequest) -> Response:
        return docs.page_response(
            request.path.removeprefix("/"), if_none_match=_if_none_match(request)
        )

    async def _asset(self, request: SanicRequest) -> Response:
        return docs.asset_response(
            request.path.removeprefix(docs.ASSETS_PATH),
            if_none_match=_if_none_match(request),
        )


def _origin(request: SanicRequest) -> str | None:
    """Return where the client says that this server is, if that can be a place."""
    if not is_authority(request.host):
        return None
    return f"{request.scheme}://{request.host}"


def _if_none_match(request: SanicRequest) -> str:
    return str(request.headers.get("if-none-match", ""))
