"""The environment says what is not given, and nothing else."""

from typing import Any

import pytest

from petstore.contract.errors import ConfigError
from petstore_client import AsyncPetstore, Bearer, Petstore


@pytest.fixture
def environment(monkeypatch):
    """Set variables; the others of ours are not set."""
    for name in ("URL", "TIMEOUT", "API_KEY"):
        monkeypatch.delenv(f"PETSTORE_{name}", raising=False)
    return lambda **variables: [
        monkeypatch.setenv(f"PETSTORE_{name}", value)
        for name, value in variables.items()
    ]


def rules_of(client: Any) -> Any:
    return client._backend.inner._rules


@pytest.mark.parametrize("kind", [Petstore, AsyncPetstore])
def test_environment_fills_in_what_is_not_given(environment, kind):
    environment(URL="http://pets.example", TIMEOUT=" 7.5 ", API_KEY="k")

    rules = rules_of(kind())
    given = rules_of(kind(timeout=3, auth=Bearer("t")))

    assert (7.5, {"api_key": "k"}) == (rules.timeout.total, rules.auth.headers())
    assert 3 == given.timeout.total
    assert {"authorization": "Bearer t"} == given.auth.headers()


def test_key_of_the_environment_goes_to_the_server_of_the_environment_only(environment):
    environment(URL="http://pets.example", API_KEY="k")

    assert {} == rules_of(Petstore("http://other.example")).auth.headers()


def test_blank_variable_is_none(environment):
    environment(URL="http://pets.example", TIMEOUT=" ", API_KEY=" ")

    rules = rules_of(Petstore())

    assert (30, {}) == (rules.timeout.total, rules.auth.headers())


@pytest.mark.parametrize("text", ["soon", "-1", "nan"])
def test_time_of_the_environment_is_a_number_of_seconds(environment, text):
    environment(TIMEOUT=text)

    with pytest.raises(ConfigError, match="number of seconds"):
        Petstore("http://pets.example")


@pytest.mark.parametrize("host", ["..", "a..b", "a" * 70 + ".com"])
def test_name_that_no_host_has_is_told_at_once(host):
    with pytest.raises(ConfigError, match="names no server"):
        Petstore(f"http://{host}")
