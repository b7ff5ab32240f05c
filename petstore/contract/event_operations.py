"""Declare the operation that follows what is written."""

from typing import Annotated, Final

from pydantic import Field

from petstore.contract.arguments import header, query
from petstore.contract.call import ByteStream, Operation, Safety
from petstore.contract.errors import Forbidden, Unauthorized

# The log's name, the unit's number, and the place within the unit; see `event.py`.
_PATTERN: Final = r"^([0-9]{1,16}|[0-9a-f]{1,16}\.[0-9]{1,16}(\.[0-9]{1,16})?)$"
Place = Annotated[
    str,
    Field(
        pattern=_PATTERN,
        description="An event's `cursor` to go on after, or the `seq` of a change of a"
        " history; 0 is the start. Absent: from now on.",
    ),
]
LastPlace = Annotated[
    str,
    Field(
        pattern=_PATTERN,
        description="The id of the last event that was received; wins over `after`.",
    ),
]

GET_EVENTS: Final[Operation[ByteStream]] = Operation(
    id="getEvents",
    method="GET",
    path="/events",
    summary="Follow the writes of the kinds that the caller may read",
    tag="event",
    args=(
        query("after", "after", Place),
        header("last_event_id", "Last-Event-ID", LastPlace),
    ),
    result=ByteStream,
    safety=Safety.SAFE,
    errors=(Unauthorized, Forbidden),
    endless=True,
)
