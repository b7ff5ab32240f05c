"""Answer with the OpenAPI documents, for a server and the engine of a mock alike."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from petstore.contract.flavours import Contract
from petstore.contract.media import JSON, YAML
from petstore.contract.replies import Response
from petstore.contract.version import __version__

if TYPE_CHECKING:
    from petstore.contract.openapi import Kind

_KINDS: Final[Mapping[str, "Kind"]] = {
    "/openapi": "native",
    "/v2/swagger": "v2",
    "/v2/openapi": "seed",
    "/api/v3/openapi": "v3",
}
DOCUMENTS: Final = frozenset(
    f"{stem}.{suffix}" for stem in _KINDS for suffix in ("json", "yaml")
)


def document_response(path: str, *, contract: Contract, origin: str | None) -> Response:
    """
    Return a document.

    Args:
        path: One of DOCUMENTS.
        origin: Where the server was asked; None makes all URLs relative.
    """
    # Imported late: few ask for it, and all wait for a start.
    from petstore.contract.openapi import document

    stem, _, suffix = path.rpartition(".")
    described = document(
        _KINDS[stem], contract=contract, origin=origin, version=__version__
    )
    if suffix == "json":
        return Response(200, {"content-type": JSON}, json.dumps(described).encode())
    import yaml

    text = yaml.safe_dump(described, sort_keys=False, allow_unicode=True)
    return Response(200, {"content-type": YAML}, text.encode())
