"""Apply a JSON merge patch to a stored entity."""

from collections.abc import Mapping
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from petstore.contract.checks import invalid_from
from petstore.rules import merge_patch

M = TypeVar("M", bound=BaseModel)


def merged_with(entity: BaseModel, patch: Mapping[str, object], model: type[M]) -> M:
    """
    Return what the patch makes of the entity.

    Args:
        patch: JSON-shaped, by wire name; null clears a field.

    Raises:
        Invalid: The patch clears what is required.
    """
    members = entity.model_dump(mode="json", exclude_none=True)
    try:
        return model.model_validate(merge_patch(members, patch))
    except ValidationError as error:
        raise invalid_from(error, "body") from error
