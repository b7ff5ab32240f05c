"""Take the name of an operation, where a misspelt one would never be found."""

import difflib
from typing import Annotated

from pydantic import AfterValidator

from petstore.contract.operations import OPERATIONS


def _known(name: str) -> str:
    if name in OPERATIONS:
        return name
    close = difflib.get_close_matches(name, OPERATIONS, 1)
    hint = f"; did you mean {close[0]}?" if close else ""
    raise ValueError(f"there is no operation {name[:100]}{hint}")


OperationId = Annotated[str, AfterValidator(_known)]
