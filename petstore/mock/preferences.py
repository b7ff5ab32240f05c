"""
Read which answer a client prefers: `Prefer: code=404`, `Prefer: example`.

A preference that nobody knows is left alone (RFC 7240 §2). A code that is no status is
told: its client would take an answer as usual for the one that it prefers. It is told
with 501, as all that the mock itself cannot answer; a 400 is always the API's.

Source: RFC 7240; `code` and `example` are those of Prism.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from petstore.contract.http import Request
from petstore.contract.lines import WITHOUT_BODY
from petstore.contract.replies import PROBLEM_HEADER, Response
from petstore.mock.api_errors import preferred_error
from petstore.mock.facts import Facts, key_of
from petstore.mock.misses import Miss
from petstore.mock.steps import Answer
from petstore.mock.take_answers import TakeAnswers
from petstore.mock.tape import Take, Tape

_APPLIED_HEADER: Final = "preference-applied"
_PREFERENCE: Final = re.compile(
    r'\s*([!#$%&\'*+.^_`|~0-9A-Za-z-]+)\s*(?:=\s*("(?:[^"\\]|\\.)*"|[^\s,;"]*))?'
    r"\s*(?:;[^,]*)?(?:,|$)"
)
_STATUS: Final = re.compile(r"[2-5][0-9]{2}")
# Of an operation that a load test recorded ten thousand times.
_CANDIDATE_COUNT_MAX: Final = 1_000
_ERROR_MIN: Final = 400


class _Preference(NamedTuple):
    """
    Hold what is preferred.

    Args:
        status: None for an example.
        text: As the answer confirms it.
        fault: What is wrong with it; "" for nothing.
    """

    status: int | None
    text: str
    fault: str = ""


def preferred_answer(
    request: Request,
    facts: Facts,
    *,
    tape: Tape,
    answers: TakeAnswers,
    example: Callable[[Request], Answer | None],
) -> Answer | None:
    """
    Return the answer that a client asks for, of those that there are.

    Args:
        example: Makes one of the contract; None beyond it.
    """
    prefer = request.headers.get("prefer")
    preference = None if prefer is None else _preference_of(prefer)
    if preference is None:
        return None
    if preference.fault:
        return _misread(preference.fault)
    status, takes = preference.status, tape.of_operation(facts)
    take = _preferred_take(takes, facts, status)
    answer: Answer | None
    if take is not None:
        answer = answers.of(take, request)
    elif status is not None and status >= _ERROR_MIN:
        answer = Answer(preferred_error(request, status), "example")
    else:
        answer = example(request)
    if answer is not None:
        is_error = answer.response.status >= _ERROR_MIN
        is_other = take is not None and take.facts.path != facts.path
        answer.response = _confirmed(
            answer.response, preference, is_of_another=is_other and is_error
        )
    return answer


def _preference_of(header: str) -> _Preference | None:
    """
    Return the first preference that a mock knows; None where there is none.

    Its fault says what is wrong with a code that is no final status.
    """
    for found in _PREFERENCE.finditer(header):
        name, value = found[1].lower(), (found[2] or "").strip('"')
        if name == "example":
            return _Preference(None, "example")
        if name == "code" and _STATUS.fullmatch(value):
            return _Preference(int(value), f"code={value}")
        if name == "code":
            fault = (
                f"Wrong Prefer: code={value[:20]} should be a status from 200 to 599,"
                " as code=404."
            )
            return _Preference(None, "", fault)
    return None


def _misread(fault: str) -> Answer:
    """Return the answer that says what is wrong with a preference."""
    miss = Miss(fault, "prefer", None, ())
    return Answer(miss.response(), "miss", miss=miss)


def _preferred_take(
    takes: Sequence[Take], facts: Facts, status: int | None
) -> Take | None:
    """
    Return the recorded answer of an operation with that status; None without one.

    One to the same request is better than one to the same path, and that than any.
    """
    fitting = [
        take
        for take in takes[:_CANDIDATE_COUNT_MAX]
        if take.exchange.response.status == status
    ]
    key = key_of(facts)
    return min(
        fitting,
        key=lambda take: (key_of(take.facts) != key, take.facts.path != facts.path),
        default=None,
    )


def _confirmed(
    response: Response, preference: _Preference, *, is_of_another: bool = False
) -> Response:
    """
    Return an answer that says which preference it honours (RFC 7240 §3).

    Args:
        is_of_another: Whether another request was answered so; what was wrong with that
            one is wrong of this one.
    """
    headers = {**response.headers, _APPLIED_HEADER: preference.text}
    if is_of_another:
        headers.pop(PROBLEM_HEADER, None)
    status = preference.status or response.status
    return Response(status, headers, b"" if status in WITHOUT_BODY else response.body)
