"""
Answer the routes of respx from a session; nothing is patched that respx does not patch.

    with mock_router(session, base_url="http://petstore.test"):
        httpx.get("http://petstore.test/pet/7")

    respx.get("http://petstore.test/pet/7").mock(side_effect=side_effect(session))

A plain function answers synchronous and asynchronous clients alike: respx has read the
request before. For what goes wrong see `transport.py`.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import httpx

from petstore.contract.errors import ConfigError
from petstore.mock.misses import UnmatchedRequest
from petstore.mock.session import Session
from petstore.mock.transport import answer_request, asked_now

if TYPE_CHECKING:
    import respx

BASE_URL: Final = "http://petstore.test"
SideEffect = Callable[[httpx.Request], httpx.Response | None]


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
    router = respx.MockRouter(assert_all_called=False, base_url=base_url)
    effect = side_effect(session, pass_through=pass_through, ask=ask)
    router.route(name="petstore").mock(side_effect=effect)
    return router


def side_effect(
    session: Session, *, pass_through: bool = False, ask: Any = None
) -> SideEffect:
    """
    Return what answers a route of respx.

    Args:
        pass_through: Let the routes behind answer what the recording does not; else
            UnmatchedRequest is raised.
        ask: As for `MockTransport`; it is asked as by a synchronous client.
    """
    asked = asked_now(ask)

    def answer(request: httpx.Request) -> httpx.Response | None:
        try:
            return answer_request(session, request, asked)
        except UnmatchedRequest as error:
            if not pass_through:
                raise
            with session.lock:
                session.journal.let_pass(error.report)
            return None

    return answer
