"""Take the name of an operation, where a misspelt one would never be found."""

from typing import Annotated

from pydantic import AfterValidator

from petstore.contract.operations import OPERATIONS
from petstore.mock.wording import hint


def _known(name: str) -> str:
    if name in OPERATIONS:
        return name
    raise ValueError(f"there is no operation {name[:100]}; {hint(name, OPERATIONS)}")


OperationId = Annotated[str, AfterValidator(_known)]
