"""Declare the operation that follows what is written."""

from typing import Annotated, Final

from pydantic import Field

from petstore.contract.arguments import header, query
from petstore.contract.call import ByteStream, Operation, Safety
from petstore.contract.errors import Forbidden, Unauthorized
from petstore.contract.model import INT64_MAX

Place = Annotated[
    int,
    Field(
        ge=0,
        le=INT64_MAX,
        description="The `seq` to go on after; 0 is the start. Absent: from now on.",
        json_schema_extra={"format": "int64"},
    ),
]
LastPlace = Annotated[
    int,
    Field(
        ge=0,
        le=INT64_MAX,
        description="The id of the last event that was received; wins over `after`.",
        json_schema_extra={"format": "int64"},
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
