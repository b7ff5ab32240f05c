"""Say what the mock itself cannot answer, which no API that it stands for ever says."""

import json
from typing import Any, ClassVar, Final

from petstore.contract.errors import (
    PROBLEM_MEDIA_TYPE,
    PROBLEM_TYPE,
    RemoteError,
    ServerFault,
)
from petstore.contract.replies import Response

# RFC 9110 §15.6.2; an API hardly ever says so of its own.
_MOCK_STATUS: Final = 501


class Refusal(ServerFault):
    """
    Be a fault of the mock's setting.

    Attributes:
        kind: The code in its problem document; beyond the contract's codes.
    """

    kind: ClassVar[str]

    def to_problem(self) -> dict[str, Any]:
        """Return the members of an RFC 9457 problem, with a code of the mock's own."""
        problem = super().to_problem()
        return {**problem, "type": PROBLEM_TYPE + self.kind, "code": self.kind}


class Unmatched(Refusal):
    """No recording answers a request; `misses.py` says why."""

    kind = "unmatched"
    status = _MOCK_STATUS
    title = "No recording answers this request"


class VerificationFailed(Refusal):
    """A session was not asked what was expected."""

    kind = "unverified"
    status = 422
    title = "Not asked as expected"


class NoSuchSession(Refusal):
    """A request names a session that is none; a 404 is always the API's own."""

    kind = "no_such_session"
    status = _MOCK_STATUS
    title = "No such session"


class Overtaken(Refusal):
    """The session was reset before a request of before it was answered."""

    kind = "overtaken"
    status = 503
    title = "The session was reset"


class UpstreamFailed(Refusal):
    """The mock asked somebody else, as it was told to, and got no answer."""

    kind = "upstream_failed"
    status = 502
    title = "Nobody else answered"


class NotEnded(Refusal):
    """A session is not for its client to end."""

    kind = "not_ended"
    status = 409
    title = "This session goes on"


def problem_of(error: RemoteError) -> Response:
    """
    Return an error as a problem document, in no words of an API.

    Source: RFC 9457.
    """
    body = json.dumps(error.to_problem(), ensure_ascii=False)
    headers = {"content-type": PROBLEM_MEDIA_TYPE}
    return Response(error.status, headers, body.encode("utf-8", "replace"))


def overtaken(session_id: str) -> Overtaken:
    """Return the refusal of a request that a reset of its session overtook."""
    return Overtaken(
        f"Session {session_id} was reset before this was answered; ask again."
    )
