"""Tell "leave it as it is" from None, which clears."""

from enum import Enum
from typing import Final, TypeVar

from petstore.contract.checks import invalid
from petstore.contract.errors import FieldProblem
from petstore.contract.model import Model

M = TypeVar("M", bound=Model)


class Omit(Enum):
    """Be the type of OMIT."""

    OMIT = "omit"


OMIT: Final = Omit.OMIT


def patch_of(model: type[M], **fields: object) -> M:
    """
    Return the patch that sets the fields that are not OMIT; it is not validated.

    Raises:
        Invalid: There is none.
    """
    given = {name: value for name, value in fields.items() if value is not OMIT}
    require_change("body", is_given=bool(given))
    # The builder of the call validates, and refuses with an error of ours.
    return model.model_construct(None, **given)


def require_change(location: str, *, is_given: bool) -> None:
    """
    Refuse a change without any field, which is a forgotten or a misplaced one.

    Raises:
        Invalid: No field is given.
    """
    if not is_given:
        right = "Give at least one field to change"
        raise invalid([FieldProblem(location, right, "missing")])
