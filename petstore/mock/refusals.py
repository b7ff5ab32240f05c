"""Say what the mock itself cannot answer, which no API that it stands for ever says."""

from typing import Any, ClassVar, Final

from petstore.contract.errors import PROBLEM_TYPE, ServerFault

# RFC 9110 §15.6.2; an API hardly ever says so of its own.
MOCK_STATUS: Final = 501


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
    status = MOCK_STATUS
    title = "No recording answers this request"


class Unverified(Refusal):
    """A session was not asked what was expected."""

    kind = "unverified"
    status = 422
    title = "Not asked as expected"


class NoSuchSession(Refusal):
    """A request names a session that is none; a 404 is always the API's own."""

    kind = "no_such_session"
    status = MOCK_STATUS
    title = "No such session"


class UpstreamFailed(Refusal):
    """The mock asked somebody else, as it was told to, and got no answer."""

    kind = "upstream_failed"
    status = 502
    title = "Nobody else answered"
