"""
Answer the routes of respx from a session; nothing is patched that respx does not patch.

    with mock_router(session, base_url="http://petstore.test"):
        httpx.get("http://petstore.test/pet/7")

    respx.get("http://petstore.test/pet/7").mock(side_effect=side_effect(session))

A plain function answers synchronous and asynchronous clients alike: respx has read the
request before. For what goes wrong see `transport.py`.

respx sees what the session asks its upstream, too. `mock_router` lets that pass; in a
router of one's own, a route of the upstream's host does: `.pass_through()`.
"""

from typing import TYPE_CHECKING, Any, Final

import httpx

from petstore.contract.errors import ConfigError
from petstore.mock.asking import Others
from petstore.mock.misses import UnmatchedRequest
from petstore.mock.session import Session
from petstore.mock.transport import answer_request, asked_now
from petstore.mock.upstream import OWN

if TYPE_CHECKING:
    import respx

BASE_URL: Final = "http://petstore.test"


def mock_router(
    session: Session,
    base_url: str = BASE_URL,
    *,
    pass_through: bool = False,
    ask: Any = None,
) -> "respx.MockRouter":
    """
    Return a router of respx whose one route is the session.

    Routes that are added to it before or after answer as respx has it: the first one
    that matches.

    Args:
        base_url: Requests elsewhere are none of the session's.
        pass_through, ask: As for `side_effect`.

    Raises:
        ConfigError: respx is not installed.
    """
    try:
        import respx
    except ImportError as error:
        raise ConfigError(
            "The router needs pip install 'petstore[testing]'."
        ) from error
    effect = side_effect(session, pass_through=pass_through, ask=ask)

    class Router(respx.MockRouter):
        def stop(self, *given: Any, **named: Any) -> None:
            try:
                super().stop(*given, **named)
            finally:
                effect.close()

    router = Router(assert_all_called=False, base_url=base_url)
    # A pattern with a host is not put below the base.
    router.route(host__regex="", name="upstream").mock(side_effect=_past)
    router.route(name="petstore").mock(side_effect=effect)
    return router


class SideEffect:
    """Answer a route of respx; see `side_effect`."""

    def __init__(self, session: Session, ask: Any, *, pass_through: bool) -> None:
        self._session = session
        self._others = Others(session) if ask is None else None
        self._asked = asked_now(ask or self._others)
        self._passes_through = pass_through

    def __call__(self, request: httpx.Request) -> httpx.Response | None:
        """Answer a request; None lets the routes behind answer it."""
        try:
            return answer_request(self._session, request, self._asked)
        except UnmatchedRequest as error:
            if not self._passes_through:
                raise
            with self._session.lock:
                self._session.journal.let_pass(error.report)
            return None

    def close(self) -> None:
        """Let go of who answered in place of the recording."""
        if self._others is not None:
            self._others.close()


def side_effect(
    session: Session, *, pass_through: bool = False, ask: Any = None
) -> SideEffect:
    """
    Return what answers a route of respx.

    Args:
        pass_through: Let the routes behind answer what the recording does not; else
            UnmatchedRequest is raised.
        ask: As for `MockTransport`; it is asked as by a synchronous client. Unless
            given, the session's own upstream and engine answer until `close`, which a
            router of `mock_router` calls where it stops.
    """
    return SideEffect(session, ask, pass_through=pass_through)


def _past(request: httpx.Request) -> httpx.Request | None:
    return request if OWN in request.extensions else None
