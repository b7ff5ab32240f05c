"""Declare the purchase order."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from petstore.contract.model import Instant, Int32, Int64, Model, Text, Version


class OrderStatus(StrEnum):
    """Name the statuses that the contract documents; a store may hold others."""

    PLACED = "placed"
    APPROVED = "approved"
    DELIVERED = "delivered"


OrderId = Annotated[Int64, Field(description="Identifies the order.", examples=[10])]
OrderPetId = Annotated[Int64, Field(description="Which pet.", examples=[198772])]
Quantity = Annotated[Int32, Field(description="How many animals.", examples=[7])]
ShipDate = Annotated[Instant, Field(description="When it ships (RFC 3339).")]
OrderStatusText = Annotated[
    OrderStatus | Text,
    Field(
        union_mode="left_to_right", description="Order Status", examples=["approved"]
    ),
]
Complete = Annotated[bool, Field(description="Whether nothing is left to do.")]


class OrderDraft(Model):
    """Describe an order to place; id absent, 0 or negative asks for one."""

    id: OrderId | None = None
    pet_id: OrderPetId | None = None
    quantity: Quantity | None = None
    ship_date: ShipDate | None = None
    status: OrderStatusText | None = None
    complete: Complete = False


class Order(OrderDraft):
    """Describe an order of the store."""

    id: OrderId
    version: Version = None


# A misspelt field would silently change nothing.
class OrderPatch(Model, extra="forbid"):
    """
    Change some fields of an order, as a JSON merge patch.

    A field that is absent stays; null clears it.

    Source: RFC 7396.
    """

    pet_id: OrderPetId | None = None
    quantity: Quantity | None = None
    ship_date: ShipDate | None = None
    status: OrderStatusText | None = None
    complete: Complete | None = None
