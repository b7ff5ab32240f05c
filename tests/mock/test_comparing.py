"""What a comparison tells of an upstream, it tells without secrets."""

import pytest

from petstore.contract.replies import Response
from tests.mock.builders import JSON, a_request, a_session, an_exchange, respond


@pytest.mark.parametrize(
    "body",
    [b'{"password": "hunter22"}', b'{"password": 5522}', b'{"password": ["hunter22"]}'],
)
def test_secret_of_an_answer_is_in_no_drift(body):
    recorded = {"headers": JSON, "json": {"password": "<password-1>"}}
    session = a_session(an_exchange(response=recorded), mode="check")

    respond(session, a_request(), Response(201, dict(JSON), body))

    drifts = session.report().drifts
    assert drifts
    assert not [one for one in drifts if "hunter22" in one or "5522" in one]


def test_secret_of_a_path_is_in_no_drift():
    session = a_session(mode="check")

    respond(session, a_request("GET /reset/password=hunter22"), Response(200))

    assert ["GET /reset/password=*: was not recorded [new]"] == session.report().drifts


def test_answer_from_before_a_reset_is_no_drift_of_what_comes_after():
    session = a_session(an_exchange(), mode="check")
    before = session.respond(a_request())
    next(before)
    session.reset()

    with pytest.raises(StopIteration):
        before.send(Response(404))
    respond(session, a_request(), Response(200))

    assert ([], 1) == (session.report().drifts, session.journal.count)
