"""The plugin of pytest: what its fixtures give, and when it fails a test."""

import subprocess
import sys

from tests.kit.suite import PLUGIN, a_recorded_pet, suite
from tests.test_architecture import HEAVY, loaded_by

pytest_plugins = "pytester"
__all__ = ["suite"]


def test_the_plugin_loads_nothing_before_it_is_used():
    loaded = loaded_by("import petstore.testing")

    assert HEAVY.isdisjoint(loaded)
    assert not [name for name in loaded if name.startswith("petstore.mock")]


def test_a_suite_that_does_not_use_it_loads_nothing(suite):
    suite.pytester.makepyfile(
        """
import sys

def test_loaded():
    assert {"petstore.mock", "pydantic", "sanic", "yaml"}.isdisjoint(sys.modules)
"""
    )

    run = subprocess.run(
        [sys.executable, "-m", "pytest", *PLUGIN],
        cwd=suite.folder,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "1 passed" in run.stdout


def test_a_server_replays_the_cassette_of_the_test(suite):
    suite.cassette("test_shop/TestPets.test_get-7-")
    suite.tests(
        """
import pytest

class TestPets:
    @pytest.mark.parametrize("id", [7])
    def test_get(self, petstore_mock, id):
        reply = get(petstore_mock, f"/pet/{id}")
        assert "Mimi" == reply.json()["name"]
        assert 1 == petstore_mock.report().played
        assert petstore_mock.session.id == "TestPets.test_get-7-"
"""
    )

    assert {"passed": 1} == suite.outcomes()


def test_a_transport_replays_it_without_a_socket(suite):
    suite.cassette("test_shop/test_get")
    suite.cassette("test_shop/test_get_async")
    suite.tests(
        """
def test_get(petstore_transport):
    with httpx.Client(transport=petstore_transport) as client:
        assert "Mimi" == client.get("http://pets.test/pet/7").json()["name"]

async def test_get_async(petstore_transport):
    async with httpx.AsyncClient(transport=petstore_transport) as client:
        assert "Mimi" == (await client.get("http://pets.test/pet/7")).json()["name"]
"""
    )

    assert {"passed": 2} == suite.outcomes()


def test_both_doors_lead_to_one_session(suite):
    suite.cassette("test_shop/test_both")
    suite.tests(
        """
def test_both(petstore_mock, petstore_transport, petstore_session):
    get(petstore_mock, "/pet/7")
    with httpx.Client(transport=petstore_transport) as client:
        client.get("http://pets.test/pet/7")
    assert 2 == petstore_session.report().requests
"""
    )

    assert {"passed": 1} == suite.outcomes()


def test_a_store_and_a_server_are_empty_or_as_the_marker_says(suite):
    suite.tests(
        """
import pytest

def test_empty(petstore_store, petstore_server):
    assert [] == list(petstore_store.pets.list())
    assert [] == httpx.get(petstore_server.url + "/pet").json()["items"]

@pytest.mark.petstore(seed=3)
def test_seeded(petstore_store, petstore_server):
    assert 3 == len(list(petstore_store.pets.list()))
    assert 3 == len(httpx.get(petstore_server.url + "/pet").json()["items"])
"""
    )

    assert {"passed": 2} == suite.outcomes()


SWALLOWED = """
def test_miss(petstore_mock):
    get(petstore_mock, "/pet/8")
"""


def test_a_miss_that_the_test_swallowed_fails_it(suite):
    suite.cassette("test_shop/test_miss")
    suite.tests(SWALLOWED)

    run = suite.run()

    assert {"passed": 1, "errors": 1} == run.parseoutcomes()
    run.stdout.fnmatch_lines(["*1 request had no answer*"])
    run.stdout.fnmatch_lines(["*No recording for  GET /pet/8*session test_miss *"])


def test_a_failure_shows_what_had_no_answer(suite):
    suite.cassette("test_shop/test_miss")
    suite.tests(SWALLOWED + "    assert False\n")

    run = suite.run()

    assert {"failed": 1} == run.parseoutcomes()
    run.stdout.fnmatch_lines(["*Requests without an answer*", "*GET /pet/8*"])


NINE = a_recorded_pet("GET /pet/9", "nine")
STRICT = """
import pytest

@pytest.mark.petstore(strict=True)
def test_half(petstore_mock):
    get(petstore_mock, "/pet/7")
"""


def test_strict_fails_on_what_nobody_asked_for(suite):
    suite.cassette("test_shop/test_half", a_recorded_pet(), NINE)
    suite.tests(STRICT)

    run = suite.run()

    assert {"passed": 1, "errors": 1} == run.parseoutcomes()
    run.stdout.fnmatch_lines(["*nobody asked for nine*test_half.yaml*"])


def test_strict_passes_when_all_was_asked_for(suite):
    suite.cassette("test_shop/test_half")
    suite.tests(STRICT)

    assert {"passed": 1} == suite.outcomes()


def test_without_strict_a_rest_is_left(suite):
    suite.cassette("test_shop/test_half", a_recorded_pet(), NINE)
    suite.tests(STRICT.replace("strict=True", "strict=False"))

    assert {"passed": 1} == suite.outcomes()


def test_a_cassette_that_is_missing_is_told_with_the_cure(suite):
    suite.tests(SWALLOWED)

    run = suite.run()

    assert {"errors": 1} == run.parseoutcomes()
    run.stdout.fnmatch_lines(
        ["*There is no cassette *cassettes/test_shop/test_miss.yaml*"]
    )
    run.stdout.fnmatch_lines(["*--petstore-mode=record --petstore-upstream=*"])


def test_the_engine_may_answer_without_a_cassette(suite):
    suite.tests(
        """
import pytest

pytestmark = pytest.mark.petstore(on_miss="engine", seed=3)

def create(client):
    client.post("/pet", json={"id": 7, "name": "Rex", "photoUrls": []})
    return client.get("/pet/7").json()["name"]

def test_served(petstore_mock):
    with httpx.Client(base_url=petstore_mock.url) as client:
        assert "Rex" == create(client)
        assert 4 == len(client.get("/pet").json()["items"])

def test_carried(petstore_transport):
    with httpx.Client(transport=petstore_transport, base_url="http://x") as client:
        assert "Rex" == create(client)
        assert 4 == len(client.get("/pet").json()["items"])
"""
    )

    assert {"passed": 2} == suite.outcomes()


def test_tests_of_one_name_have_stores_of_their_own(suite):
    source = """
import pytest

@pytest.mark.petstore(on_miss="engine")
def test_create(petstore_mock):
    pet = {"id": 700, "name": "Rex", "photoUrls": []}
    assert 200 == httpx.post(petstore_mock.url + "/pet", json=pet).status_code
"""
    suite.tests(source, "test_one")
    suite.tests(source, "test_two")

    assert {"passed": 2} == suite.outcomes()


def test_tests_whose_names_come_to_the_same_have_stores_of_their_own(suite):
    suite.tests(
        """
import pytest

@pytest.mark.petstore(on_miss="engine", cassette=None)
@pytest.mark.parametrize("name", ["a b", "a-b"])
def test_create(petstore_mock, name):
    pet = {"id": 700, "name": "Rex", "photoUrls": []}
    assert 404 == get(petstore_mock, "/pet/700").status_code
    assert 200 == httpx.post(petstore_mock.url + "/pet", json=pet).status_code
"""
    )

    assert {"passed": 2} == suite.outcomes()


def test_session_may_be_reset_and_ended_by_its_test(suite):
    suite.tests(
        """
import pytest
from urllib.parse import urljoin

@pytest.mark.petstore(on_miss="engine", cassette=None, seed=1)
def test_reset(petstore_mock):
    admin = urljoin(petstore_mock.url, "/__mock/sessions/" + petstore_mock.session.id)
    assert 200 == httpx.delete(petstore_mock.url + "/pet/1").status_code
    assert 404 == get(petstore_mock, "/pet/1").status_code
    assert 200 == httpx.post(admin + "/reset").status_code
    assert 200 == get(petstore_mock, "/pet/1").status_code
    assert 200 == httpx.delete(admin).status_code
"""
    )

    assert {"passed": 1} == suite.outcomes()


def test_faults_of_the_marker_come_true(suite):
    suite.cassette("shared")
    suite.tests(
        """
import pytest

FAULTS = [{"do": {"status": 503}}]

@pytest.mark.petstore(cassette="cassettes/shared.yaml", faults=FAULTS)
def test_get(petstore_mock):
    assert 503 == get(petstore_mock, "/pet/7").status_code
"""
    )

    assert {"passed": 1} == suite.outcomes()


def test_what_was_asked_is_checked(suite):
    suite.cassette("shared")
    suite.tests(
        """
import pytest

@pytest.mark.petstore(cassette="cassettes/shared.yaml")
def test_get(petstore_mock):
    get(petstore_mock, "/pet/7")
    petstore_mock.verify(op="getPetById", times={"exactly": 1})
    with pytest.raises(AssertionError, match="deletePet"):
        petstore_mock.verify(op="deletePet")
"""
    )

    assert {"passed": 1} == suite.outcomes()


def test_two_tests_share_no_cassette_by_accident(suite):
    suite.cassette("test_shop/test_get-a-b-")
    suite.tests(
        """
import pytest

@pytest.mark.parametrize("name", ["a/b", "a-b"])
def test_get(petstore_mock, name):
    get(petstore_mock, "/pet/7")
"""
    )

    run = suite.run()

    assert {"passed": 1, "errors": 1} == run.parseoutcomes()
    run.stdout.fnmatch_lines(["*test_get[[]a/b[]] has the same cassette*"])


def test_one_server_serves_all_tests_of_a_process(suite):
    suite.cassette("shared")
    suite.tests(
        """
import pytest
from urllib.parse import urlsplit

ports = set()

@pytest.mark.petstore(cassette="cassettes/shared.yaml")
@pytest.mark.parametrize("number", range(3))
def test_get(petstore_mock, number):
    ports.add(urlsplit(petstore_mock.url).port)
    assert 1 == len(ports)
"""
    )

    assert {"passed": 3} == suite.outcomes()


def test_help_and_markers_tell_of_it(suite):
    suite.run("--help").stdout.fnmatch_lines(["*--petstore-mode=MODE*"])
    suite.run("--markers").stdout.fnmatch_lines(
        ["@pytest.mark.petstore(cassette, mode*"]
    )
