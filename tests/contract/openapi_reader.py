"""Read documents as tests see them: by operationId, whatever the form."""

from typing import Any

from petstore.contract.openapi import document

PROBLEM = "application/problem+json"
KINDS = ("native", "v2", "seed", "v3")
COMPAT = ("v2", "seed", "v3")
CONTRACTS = ("public", "strict")


def built(kind: Any, contract: Any = "strict", origin: str | None = None) -> Any:
    """Build a document of server version 1.2.3."""
    return document(kind, contract=contract, origin=origin, version="1.2.3")


def operations(one: Any) -> dict[str, Any]:
    """Return the operation objects by operationId."""
    return {
        operation["operationId"]: operation
        for methods in one["paths"].values()
        for operation in methods.values()
    }


def schemas(one: Any) -> dict[str, Any]:
    """Return the models by name."""
    found: dict[str, Any] = one.get("definitions") or one["components"]["schemas"]
    return found
