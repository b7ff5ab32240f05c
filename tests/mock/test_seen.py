"""Requests that came before are known by their bytes, and there is an end of them."""

from petstore.mock.clock import REAL, Clock
from petstore.mock.seen import ALL_BYTES_MAX, ENTRY_BYTES, Seen
from petstore.mock.stubs import Stubs
from petstore.mock.tape import Tape
from tests.mock.builders import a_cassette, a_request, an_exchange

COUNT_MAX = ALL_BYTES_MAX // ENTRY_BYTES


def test_requests_are_known_by_a_bounded_number_of_them():
    seen = Seen(Tape([a_cassette(an_exchange())]), Stubs(), Clock(REAL))

    for number in range(COUNT_MAX + 1_000):
        request = a_request("GET /pet/7", cookie=f"{number}", accept=f"a/{number}")
        seen.of(request)

    assert 0 < len(seen) <= COUNT_MAX


def test_request_that_nothing_answers_is_not_known():
    seen = Seen(Tape([a_cassette(an_exchange())]), Stubs(), Clock(REAL))

    missed = [seen.of(a_request("GET /pet/8")) for _ in range(2)]
    found = [seen.of(a_request("GET /pet/7")) for _ in range(2)]

    assert missed[0] is not missed[1]
    assert found[0] is found[1]
