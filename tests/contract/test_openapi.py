"""The documents are valid, stable, and name the server that was asked."""

import json
import os
import subprocess
import sys

import pytest
from openapi_spec_validator import validate

from tests.contract.openapi_reader import (
    COMPAT,
    CONTRACTS,
    KINDS,
    built,
    operations,
    schemas,
)

ORIGINS = (None, "http://localhost:8080", "https://shop.example/pets/")
BUILD_ALL = """
import json
from petstore.contract.openapi import document
for kind in ("native", "v2", "seed", "v3"):
    for contract in ("public", "strict"):
        built = document(kind, contract=contract, origin=None, version="1")
        print(json.dumps(built))
"""


@pytest.mark.parametrize("origin", ORIGINS[::2])
@pytest.mark.parametrize("contract", CONTRACTS)
@pytest.mark.parametrize("kind", KINDS)
def test_document_is_valid(kind, contract, origin):
    validate(built(kind, contract, origin))


def test_output_is_the_same_in_every_process():
    outputs = {
        subprocess.run(
            [sys.executable, "-c", BUILD_ALL],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert len(outputs) == 1


def test_document_is_the_callers_own():
    first = built("native")
    expected = json.dumps(first)

    first["components"]["schemas"]["Pet"]["properties"].clear()
    first["paths"]["/pet"]["post"]["responses"].clear()

    assert expected == json.dumps(built("native"))


@pytest.mark.parametrize(
    ("origin", "base"),
    [
        pytest.param(None, "", id="relative"),
        pytest.param("http://localhost:8080", "http://localhost:8080", id="host"),
        pytest.param("https://a.example/pets/", "https://a.example/pets", id="proxy"),
    ],
)
def test_servers_are_the_host_that_was_asked(origin, base):
    urls = {
        kind: built(kind, origin=origin)["servers"][0]["url"]
        for kind in ("native", "seed", "v3")
    }

    assert urls == {
        "native": base or "/",
        "seed": f"{base}/v2",
        "v3": f"{base}/api/v3",
    }


def test_swagger_names_host_scheme_and_base_path():
    address = ("host", "basePath", "schemes")
    found = [
        {key: built("v2", origin=one).get(key) for key in address} for one in ORIGINS
    ]

    assert found == [
        {"host": None, "basePath": "/v2", "schemes": None},
        {"host": "localhost:8080", "basePath": "/v2", "schemes": ["http"]},
        {"host": "shop.example", "basePath": "/pets/v2", "schemes": ["https"]},
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_info_names_the_version_of_the_server(kind):
    assert built(kind)["info"]["version"] == "1.2.3"


@pytest.mark.parametrize("kind", KINDS)
def test_searches_show_their_link(kind):
    described = operations(built(kind))

    for name in ("findPetsByStatus", "findPetsByTags"):
        headers = described[name]["responses"]["200"]["headers"]
        assert headers.keys() == {"Link", "X-Petstore-Cursor"}
    created = described["createUsersWithListInput"]["responses"]["200"]
    assert "Link" not in created.get("headers", {})


def test_secrets_are_shown_as_such_in_the_native_document_only():
    native = json.dumps(built("native"))

    assert '"format": "password"' in native
    assert not any('"format": "password"' in json.dumps(built(kind)) for kind in COMPAT)


@pytest.mark.parametrize("kind", KINDS)
def test_documents_show_the_enums(kind):
    models = schemas(built(kind))

    statuses = ["available", "pending", "sold"]
    assert models["Pet"]["properties"]["status"]["enum"] == statuses
    assert "PetStatus" not in models


@pytest.mark.parametrize("kind", KINDS)
def test_schemas_are_those_that_the_document_refers_to(kind):
    text = json.dumps(built(kind))
    one = json.loads(text)

    assert all(f'/{name}"}}' in text or f'/{name}",' in text for name in schemas(one))


def test_upload_is_offered_in_each_form_that_its_face_takes():
    uploads = {kind: operations(built(kind))["uploadFile"] for kind in KINDS}
    file = next(one for one in uploads["v2"]["parameters"] if one["name"] == "file")

    assert file["type"] == "file"
    assert uploads["v2"]["consumes"] == ["multipart/form-data"]
    assert [*uploads["seed"]["requestBody"]["content"]] == [
        "application/octet-stream",
        "multipart/form-data",
    ]
    assert [*uploads["native"]["requestBody"]["content"]] == [
        "application/octet-stream"
    ]


def test_no_part_of_a_document_is_shown_twice_by_reference():
    paths = built("v3")["paths"]
    parts = [
        operation["responses"]["default"]["content"]["application/json"]["schema"]
        for methods in paths.values()
        for operation in methods.values()
    ]

    assert len({id(part) for part in parts}) == len(parts)
