"""The plugin of pytest in whole runs: recording, in CI, and by many processes."""

import pytest

import petstore
from petstore.mock.cassette import load
from tests.kit.suite import suite
from tests.mock.builders import JSON, an_exchange

pytest_plugins = "pytester"
pytestmark = pytest.mark.uncounted
__all__ = ["suite"]

RECORDED = """
import pytest

def test_get(petstore_mock):
    assert "Rex" == create(petstore_mock)

def create(mock):
    pet = {"id": 700, "name": "Rex", "photoUrls": []}
    httpx.post(mock.url + "/pet", json=pet)
    return get(mock, "/pet/700").json()["name"]
"""
RECORD = ("--petstore-mode=record", "--petstore-upstream=engine")


def test_what_was_recorded_is_replayed(suite):
    suite.tests(RECORDED)
    path = suite.folder / "cassettes/test_shop/test_get.yaml"

    first = suite.outcomes(*RECORD)
    written = path.read_bytes()

    assert {"passed": 1} == first == suite.outcomes() == suite.outcomes(*RECORD)
    assert ["addPet-1", "getPetById-1"] == [one.id for one in load(path).exchanges]
    assert written == path.read_bytes()


def test_a_coroutine_records_from_a_server(suite):
    suite.tests(
        """
async def test_get(petstore_transport):
    async with httpx.AsyncClient(transport=petstore_transport) as client:
        assert 200 == (await client.get("http://pets.test/pet/1")).status_code
"""
    )

    with petstore.serve(seed=3) as server:
        found = suite.outcomes(
            "--petstore-mode=record", f"--petstore-upstream={server.url}"
        )

    assert {"passed": 1} == found == suite.outcomes()


@pytest.mark.parametrize("end", ["assert False", "pytest.skip()", "pytest.xfail()"])
def test_a_test_that_does_not_pass_leaves_its_cassette(suite, end):
    suite.tests(
        RECORDED.replace(
            'assert "Rex" == create(petstore_mock)', f"create(petstore_mock); {end}"
        )
    )
    path = suite.cassette("test_shop/test_get")
    before = path.read_bytes()

    outcomes = suite.outcomes(*RECORD)

    assert "passed" not in outcomes
    assert before == path.read_bytes()


def test_no_network_is_used_in_ci_unless_it_is_asked_for(suite, monkeypatch):
    monkeypatch.setenv("CI", "1")
    suite.tests(
        """
import pytest

@pytest.mark.petstore(mode="record", upstream="engine")
def test_get(petstore_mock):
    get(petstore_mock, "/pet/7")
"""
    )

    unasked, asked = suite.outcomes(), suite.outcomes("--petstore-mode=record")

    assert ({"errors": 1}, {"passed": 1}) == (unasked, asked)


ORPHANS = """
def test_get(petstore_mock):
    get(petstore_mock, "/pet/7")

def test_late(request):
    get(request.getfixturevalue("petstore_mock"), "/pet/7")
"""


@pytest.mark.parametrize("args", [[], ["-n", "2"]], ids=["alone", "xdist"])
def test_orphans_are_listed(suite, args):
    suite.cassette("test_shop/test_get")
    suite.cassette("test_shop/test_late")
    suite.cassette("test_shop/test_gone")
    suite.tests(ORPHANS)

    run = suite.run("--petstore-orphans", *args)

    assert 0 == run.ret
    run.stdout.fnmatch_lines(["*cassettes that no test uses: 1*"])
    run.stdout.fnmatch_lines(["cassettes/test_shop/test_gone.yaml"])


def test_what_is_deselected_is_no_orphan(suite):
    suite.cassette("test_shop/test_get")
    suite.tests(ORPHANS)

    run = suite.run("--petstore-orphans", "-k", "late")

    run.stdout.fnmatch_lines(["*cassettes that no test uses: 0*"])


@pytest.mark.parametrize("args", [[], ["-n", "4"]], ids=["alone", "xdist"])
def test_ten_tests_do_not_see_each_other(suite, args):
    order = an_exchange(
        "POST /store/order",
        id="placeOrder-1",
        request={"headers": JSON, "json": {"petId": 7}},
        response={"headers": JSON, "json": {"id": 1}},
    )
    suite.cassette("order", order)
    suite.tests(
        """
import pytest

# An order that is placed twice has no answer.
@pytest.mark.petstore(cassette="cassettes/order.yaml", strict=True)
@pytest.mark.parametrize("number", range(10))
def test_order(petstore_mock, number):
    reply = httpx.post(petstore_mock.url + "/store/order", json={"petId": 7})
    assert 200 == reply.status_code
    assert 1 == petstore_mock.report().requests
"""
    )

    assert {"passed": 10} == suite.outcomes(*args)


SHARED = """
import pytest

@pytest.mark.parametrize("number", range(1, 5))
@pytest.mark.petstore(cassette="shared.yaml")
def test_get(petstore_mock, number):
    assert number == get(petstore_mock, f"/pet/{number}").json()["id"]
"""


def shared_paths(suite):
    kept = load(suite.folder / "shared.yaml").exchanges
    return sorted(one.request.path for one in kept)


@pytest.mark.parametrize("mode", ["record", "extend", "auto", "all"])
def test_tests_that_name_one_cassette_record_it_together(suite, mode):
    suite.tests(SHARED)

    first = suite.outcomes(f"--petstore-mode={mode}", "--petstore-upstream=engine")

    assert {"passed": 4} == first == suite.outcomes()
    assert [f"/pet/{number}" for number in range(1, 5)] == shared_paths(suite)


def test_first_test_that_records_a_shared_cassette_begins_it_anew(suite):
    old = an_exchange("GET /pet/99", response={"headers": JSON, "json": {"id": 99}})
    suite.cassette("../shared", old)
    suite.tests(SHARED)

    assert {"passed": 4} == suite.outcomes(*RECORD) == suite.outcomes(*RECORD)
    assert [f"/pet/{number}" for number in range(1, 5)] == shared_paths(suite)


def test_processes_that_extend_one_cassette_lose_nothing(suite):
    suite.tests(SHARED)

    first = suite.outcomes(
        "-n", "2", "--petstore-mode=extend", "--petstore-upstream=engine"
    )

    assert {"passed": 4} == first == suite.outcomes()
    assert [f"/pet/{number}" for number in range(1, 5)] == shared_paths(suite)


def test_processes_that_would_begin_one_cassette_are_told(suite):
    suite.tests(SHARED)

    run = suite.run("-n", "2", *RECORD)

    run.stdout.fnmatch_lines(["*records *shared.yaml as well*record without -n*"])
    assert {"errors": 4} == run.parseoutcomes()
    assert not (suite.folder / "shared.yaml").exists()
