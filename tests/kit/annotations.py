"""Look into annotations."""

from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin


def leaf_types(annotation: Any) -> Iterator[type]:
    """Return the classes in an annotation, in the order written, without metadata."""
    if isinstance(annotation, type):
        yield annotation
    inner = get_args(annotation)
    for one in inner[:1] if get_origin(annotation) is Annotated else inner:
        yield from leaf_types(one)
