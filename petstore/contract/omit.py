"""Tell "leave it as it is" from None, which clears."""

from enum import Enum
from typing import Final, TypeVar

from petstore.contract.model import Model

M = TypeVar("M", bound=Model)


class Omit(Enum):
    """Be the type of OMIT."""

    OMIT = "omit"


OMIT: Final = Omit.OMIT


def patch_of(model: type[M], **fields: object) -> M:
    """Return the patch that sets the fields that are not OMIT; it is not validated."""
    # The builder of the call validates, and refuses with an error of ours.
    given = {name: value for name, value in fields.items() if value is not OMIT}
    return model.model_construct(None, **given)
