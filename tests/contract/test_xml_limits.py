"""The limits of XML refuse nothing that the contract allows."""

from petstore.contract.model import ITEMS_MAX
from petstore.contract.pet import Category, Pet, PetDraft, Tag
from petstore.contract.xml import (
    DEPTH_MAX,
    ELEMENT_COUNT_MAX,
    from_xml,
    to_xml,
    xml_root,
)
from tests.kit.builders import a_pet


def test_largest_pet_has_less_than_half_of_the_elements():
    largest = a_pet(
        category=Category(id=1, name="Dogs"),
        photo_urls=["u"] * ITEMS_MAX,
        tags=[Tag(id=1, name="t")] * ITEMS_MAX,
    )
    data = largest.model_dump(by_alias=True)

    body = to_xml(data, flavour_root=xml_root(Pet, "v2"))

    assert from_xml(body, PetDraft)["tags"] == data["tags"]
    assert body.count(b"</") < ELEMENT_COUNT_MAX / 2


def test_limits_can_be_reached():
    deep = b"<P>" * DEPTH_MAX + b"</P>" * DEPTH_MAX
    many = b"<P>" + b"<x/>" * (ELEMENT_COUNT_MAX - 1) + b"</P>"

    assert from_xml(many, PetDraft) == {"x": ""}
    assert "P" in from_xml(deep, PetDraft)
