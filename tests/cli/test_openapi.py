import pytest
import yaml

from petstore.contract.openapi import document

CONTRACTS = ["public", "strict"]


@pytest.mark.parametrize(
    ("flavour", "form"),
    [("native", "openapi"), ("v2", "swagger"), ("seed", "openapi"), ("v3", "openapi")],
)
def test_each_document_can_be_printed(terminal, flavour, form):
    printed = terminal(f"openapi --flavour {flavour}")

    assert printed.code == 0
    assert form in printed.data
    assert printed.data == document(
        flavour,
        contract="public",
        origin=None,
        version=printed.data["info"]["version"],
    )


def test_yaml_says_the_same(terminal):
    as_yaml = yaml.safe_load(terminal("openapi --yaml").stdout)

    assert as_yaml == terminal("openapi").data


def test_a_server_can_be_named(terminal):
    printed = terminal("openapi --flavour v3 --server https://shop.example.com").data

    assert printed["servers"] == [{"url": "https://shop.example.com/api/v3"}]


@pytest.mark.parametrize("contract", CONTRACTS)
def test_the_contract_is_that_of_the_server(terminal, contract):
    printed = terminal(f"openapi --flavour v2 --contract {contract}").data

    assert printed == document(
        "v2", contract=contract, origin=None, version=printed["info"]["version"]
    )


def test_there_is_no_other_flavour(terminal):
    assert terminal("openapi --flavour v1").code == 2
