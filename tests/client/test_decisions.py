"""What becomes of a call is decided by its outcome, its safety, and what is left."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petstore.contract import calls
from petstore.contract import pet_operations as pets
from petstore.contract.call import ByteStream, Call
from petstore.contract.errors import (
    DeadlineExceeded,
    DecodeError,
    Malformed,
    NotFound,
    NotSupported,
    RateLimited,
    TransportError,
    Unavailable,
)
from petstore_client.budget import Budget
from petstore_client.decisions import Pause, Send, retry_after_s
from petstore_client.options import Retry, Timeout
from tests.client.driving import Clock, Outcome, an_answer, keyed, run, some_rules
from tests.kit.builders import a_draft, a_pet, a_user_draft

RETRIED = (408, 425, 429, 500, 502, 503, 504)
NEVER_RETRIED = (400, 403, 404, 405, 409, 412, 413, 415, 422, 501, 505, 507)
UNSENT = TransportError("No.", sent="no")
MAYBE = TransportError("Perhaps.", sent="maybe")

SAFE = calls.get_pet_by_id(1)
IDEMPOTENT = calls.update_pet(a_pet())
KEYED = calls.add_pet(a_draft())
ONCE = calls.create_token("ann", "hush")


def rules_of(call: Call[Any], **options: Any) -> Any:
    """Return rules under which no call has a key."""
    return some_rules("v2" if call is KEYED else "native", **options)


def is_repeated(call: Call[Any], outcome: Any) -> bool:
    done = run(call, rules_of(call), [outcome, an_answer(404)])
    return len(done.sends) == 2


@pytest.mark.parametrize("call", [SAFE, IDEMPOTENT], ids=["safe", "idempotent"])
@pytest.mark.parametrize("status", RETRIED)
def test_failure_of_the_server_is_tried_again(call, status):
    assert is_repeated(call, an_answer(status, b""))


@pytest.mark.parametrize("call", [KEYED, ONCE], ids=["keyed", "once"])
@pytest.mark.parametrize("status", RETRIED)
def test_what_would_act_twice_is_not_tried_again(call, status):
    assert not is_repeated(call, an_answer(status, b""))


@pytest.mark.parametrize("status", NEVER_RETRIED)
def test_refusal_is_not_tried_again(status):
    assert not is_repeated(SAFE, an_answer(status, b""))


@pytest.mark.parametrize("call", [SAFE, IDEMPOTENT, KEYED, ONCE])
def test_what_was_never_sent_is_tried_again(call):
    assert is_repeated(call, UNSENT)


@pytest.mark.parametrize(
    ("call", "expected"),
    [(SAFE, True), (IDEMPOTENT, True), (KEYED, False), (ONCE, False)],
    ids=["safe", "idempotent", "keyed", "once"],
)
def test_what_may_have_been_sent_is_tried_again_where_it_does_no_harm(call, expected):
    assert expected == is_repeated(call, MAYBE)


@pytest.mark.parametrize("call", [SAFE, KEYED, ONCE])
@pytest.mark.parametrize("status", [*RETRIED, *NEVER_RETRIED])
def test_server_knows_best_what_to_try_again(call, status):
    assert is_repeated(call, an_answer(status, b"", x_should_retry="true"))
    assert not is_repeated(call, an_answer(status, b"", x_should_retry="false"))


@pytest.mark.parametrize("hint", ["", "yes", "1"])
def test_hint_that_says_nothing_changes_nothing(hint):
    assert is_repeated(SAFE, an_answer(503, b"", x_should_retry=hint))
    assert not is_repeated(SAFE, an_answer(409, b"", x_should_retry=hint))


@pytest.mark.parametrize(
    "outcome",
    [
        pytest.param(an_answer(200, b"{"), id="truncated"),
        pytest.param(
            an_answer(302, b"", location="https://evil.example"), id="redirect"
        ),
        pytest.param(DecodeError("Corrupt."), id="corrupt"),
        pytest.param(DeadlineExceeded("Late."), id="late"),
        pytest.param(NotSupported("No."), id="not supported"),
    ],
)
def test_what_another_attempt_cannot_mend_is_not_tried_again(outcome):
    assert not is_repeated(SAFE, outcome)


def test_pauses_grow_up_to_their_cap():
    retry = Retry(attempts=8)

    done = run(SAFE, some_rules(retry=retry), [an_answer(503, b"")] * 8)

    assert [0.125, 0.25, 0.5, 1, 2, 4, 4] == done.pauses_s


@pytest.mark.parametrize("chance", [0.0, 0.1, 0.999])
def test_pauses_are_spread_from_nothing_to_the_longest(chance):
    rules = some_rules(chance=lambda: chance)

    done = run(SAFE, rules, [an_answer(503, b"")] * 4)

    assert [chance * longest for longest in (0.25, 0.5, 1)] == done.pauses_s


def test_call_is_given_up_after_its_attempts():
    done = run(SAFE, some_rules(), [an_answer(503, b"", x_request_id="r4")] * 4)

    assert isinstance(done.error, Unavailable)
    assert ("getPetById", 4, "r4") == (
        done.error.operation,
        done.error.attempts,
        done.error.request_id,
    )


def test_reply_says_how_often_it_was_sent():
    done = run(SAFE, some_rules(), [MAYBE, an_answer(500, b""), an_answer()])

    assert done.reply is not None
    assert (3, 1) == (done.reply.attempts, done.reply.value.id)


def test_one_attempt_is_one():
    done = run(SAFE, some_rules(retry=Retry(attempts=1)), [UNSENT])

    assert UNSENT is done.error
    assert done.pauses_s == []


@pytest.mark.parametrize("seconds", [0, 1, 7, 60])
def test_server_that_says_when_to_come_back_is_obeyed(seconds):
    rules = some_rules(timeout=Timeout(total=300))

    done = run(
        SAFE, rules, [an_answer(429, b"", retry_after=str(seconds)), an_answer()]
    )

    # Those that were told the same time do not come back together.
    assert [seconds + 0.125] == done.pauses_s


def test_server_that_asks_for_too_long_a_pause_is_given_up():
    rules = some_rules(timeout=Timeout(total=300))

    done = run(SAFE, rules, [an_answer(429, b"", retry_after="61")])

    assert isinstance(done.error, RateLimited)
    assert done.error.retry_after_s == 61
    assert done.pauses_s == []


def test_pause_that_would_outlast_the_call_is_not_begun():
    rules = some_rules(timeout=Timeout(total=5))

    done = run(SAFE, rules, [an_answer(503, b"", retry_after="5")])

    assert isinstance(done.error, Unavailable)
    assert done.pauses_s == []


def test_date_is_compared_with_the_clock_of_the_server():
    """Neither clock has to be right."""
    sent = datetime(1999, 12, 31, 23, 59, 58, tzinfo=UTC)
    dates = {
        "date": format_datetime(sent, usegmt=True),
        "retry_after": format_datetime(sent + timedelta(seconds=4), usegmt=True),
    }

    done = run(SAFE, some_rules(), [an_answer(503, b"", **dates), an_answer()])

    assert [4.125] == done.pauses_s


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"retry_after": "3"}, 3),
        ({"retry_after": " 3 "}, 3),
        ({"retry_after": "-3"}, None),
        ({"retry_after": "3.5"}, None),
        ({"retry_after": "٣"}, None),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "Fri, 31 Dec 1999 23:59:59 GMT"}, None),
        (
            {
                "retry_after": "Fri, 31 Dec 1999 23:59:59 GMT",
                "date": "Fri, 31 Dec 1999 23:59:58 -0000",
            },
            1,
        ),
        (
            {
                "retry_after": "Fri, 31 Dec 1999 23:59:59 GMT",
                "date": "Sat, 01 Jan 2000 00:00:00 GMT",
            },
            0,
        ),
    ],
)
def test_retry_after_is_read(headers, expected):
    assert expected == retry_after_s(an_answer(503, **headers))


@given(after=st.text(), date=st.text())
def test_retry_after_that_makes_no_sense_is_none(after, date):
    seconds = retry_after_s(an_answer(503, retry_after=after, date=date))

    assert seconds is None or seconds >= 0


def test_empty_budget_allows_no_retry():
    budget = Budget(capacity=13)

    assert run(SAFE, some_rules(budget=budget), [an_answer(503, b"")]).pauses_s == []
    # A server that says when is alive, so coming back to it costs less.
    told = [an_answer(503, b"", retry_after="1")] * 3
    assert run(SAFE, some_rules(budget=budget), told).pauses_s == [1.125, 1.25]


def test_success_pays_its_retries_back():
    budget = Budget(capacity=28)
    failed_twice: list[Outcome] = [UNSENT, UNSENT, an_answer()]

    for _ in range(3):
        assert run(SAFE, some_rules(budget=budget), failed_twice).error is None


def test_failure_pays_nothing_back():
    budget = Budget(capacity=28)
    rules = some_rules(budget=budget)

    assert len(run(SAFE, rules, [MAYBE] * 4).sends) == 3
    assert len(run(SAFE, rules, [MAYBE] * 4).sends) == 1


def test_refusal_is_no_success():
    budget = Budget(capacity=28)
    rules = some_rules(budget=budget)

    run(SAFE, rules, [MAYBE, MAYBE, an_answer(404, b"")])

    assert len(run(SAFE, rules, [MAYBE] * 4).sends) == 1


def test_key_is_minted_once_per_call_and_makes_it_repeatable():
    operation, rules = keyed(pets.ADD_PET, some_rules())
    call = Call(operation, KEYED.arguments)

    first = run(call, rules, [MAYBE, an_answer(500, b""), an_answer()])
    second = run(call, rules, [an_answer()])

    assert ["key=key+0"] * 3 == [send.request.query for send in first.sends]
    assert ["key=key+1"] == [send.request.query for send in second.sends]


def test_key_of_the_caller_is_kept():
    operation, rules = keyed(pets.ADD_PET, some_rules())
    call = Call(operation, {**KEYED.arguments, "idempotency_key": "mine"})

    done = run(call, rules, [MAYBE, an_answer()])

    assert ["key=mine"] * 2 == [send.request.query for send in done.sends]


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        pytest.param(b"bytes", True, id="bytes"),
        pytest.param([b"a", b"b"], True, id="list"),
        pytest.param(iter([b"a"]), False, id="iterator"),
        pytest.param((piece for piece in [b"a"]), False, id="generator"),
    ],
)
def test_upload_that_is_read_once_is_sent_once(chunks, expected):
    call = calls.upload_file(1, ByteStream(chunks))

    assert expected == is_repeated(call, UNSENT)
    assert expected == is_repeated(call, an_answer(503, b"", x_should_retry="true"))


async def test_upload_from_an_async_iterator_is_sent_once():
    async def pieces():
        yield b"a"

    assert not is_repeated(calls.upload_file(1, ByteStream(pieces())), UNSENT)


def test_reads_that_complete_a_value_share_the_time_of_their_call():
    clock = Clock()
    rules = some_rules("v2", clock=clock, timeout=Timeout(total=9))
    call = calls.create_user(a_user_draft(username="ann"))
    user = an_answer(200, b'{"id":1,"username":"ann"}')

    done = run(call, rules, [UNSENT, an_answer(200, b""), UNSENT, UNSENT, user])

    assert done.reply is not None
    assert "ann" == done.reply.value.username
    assert {1_009.0} == {send.deadline for send in done.sends}
    assert 2 == done.reply.attempts


def test_operation_that_the_face_lacks_is_told_before_anything_is_sent():
    done = run(calls.list_pets(), some_rules("v2"), [])

    assert isinstance(done.error, NotSupported)
    assert done.steps == []


def test_only_the_body_of_a_picture_is_left_to_be_read():
    photo = run(calls.get_photo("0" * 64), some_rules(), [an_answer()])
    assert [True] == [send.is_download for send in photo.sends]
    pet = run(SAFE, some_rules(), [an_answer()])

    assert [False] == [send.is_download for send in pet.sends]


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [(an_answer(404, b""), NotFound), (an_answer(418, b""), Malformed), (MAYBE, None)],
)
def test_error_says_which_call_it_ended(outcome, kind):
    error = run(SAFE, some_rules(retry=Retry(attempts=1)), [outcome]).error

    assert error is not None
    assert kind is None or isinstance(error, kind)
    assert ("getPetById", 1) == (error.operation, error.attempts)


def test_each_pause_stands_between_two_attempts():
    done = run(SAFE, some_rules(), [MAYBE, an_answer()])

    assert [Send, Pause, Send] == [type(step) for step in done.steps]
