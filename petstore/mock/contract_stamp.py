"""Tell one contract from the next: `0.1.0 sha256:5d1c0b2a9f3e`."""

import hashlib
from collections.abc import Iterator
from functools import cache
from typing import Final

from petstore.contract.flavours import FACES, Face
from petstore.contract.version import __version__

_DIGEST_LENGTH: Final = 12


@cache
def contract_stamp() -> str:
    """
    Return the version of the contract, and a digest of its operations.

    The digest is of what is asked how: operations, methods, paths and arguments on
    each face. What models hold is not in it.
    """
    lines = [line for face in FACES.values() for line in _lines(face)]
    digest = hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()
    return f"{__version__} sha256:{digest[:_DIGEST_LENGTH]}"


def _lines(face: Face) -> Iterator[str]:
    for route in face.routes.values():
        args = [f"{arg.place}:{arg.wire}:{arg.required}" for arg in route.args]
        yield " ".join(
            [
                face.flavour,
                face.contract,
                route.operation.id,
                route.method,
                face.base + route.path,
                *sorted(args),
                *route.takes,
            ]
        )
