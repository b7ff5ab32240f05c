"""The XML of the compatible faces is well-formed, and what it says comes back."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from xml.parsers import expat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petstore.contract.errors import Malformed
from petstore.contract.model import Model
from petstore.contract.order import Order, OrderDraft
from petstore.contract.pet import ApiResponse, Pet, PetDraft, Photo
from petstore.contract.user import Credentials, User, UserDraft
from petstore.contract.xml import (
    DEPTH_MAX,
    ELEMENT_COUNT_MAX,
    V3_FRAMEWORK_ERROR,
    from_xml,
    to_xml,
    xml_root,
)
from tests.kit.builders import a_pet, an_order
from tests.kit.strategies import orders, pets, users

DECLARATION = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
V2_PET = xml_root(Pet, "v2")

# Everything but surrogates (no UTF-8) and what XML 1.0 cannot carry.
CARRIED = st.text(
    st.characters(
        codec="utf-8",
        exclude_characters=[
            *(chr(code) for code in range(32) if chr(code) not in "\t\n\r"),
            "\ufffe",
            "\uffff",
        ],
    ),
    max_size=30,
)
ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)


def as_data(model: Model) -> Any:
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


def body_of(xml: bytes) -> str:
    assert xml.startswith(DECLARATION)
    return xml.removeprefix(DECLARATION).decode()


# --- out


def test_v2_pet_is_written_as_jersey_writes_it():
    pet = a_pet(
        id=1,
        name="Cat 1",
        category={"id": 2, "name": "Cats"},
        photo_urls=["url1", "url2"],
        tags=[{"id": 1, "name": "tag1"}, {"id": 2}],
        status="available",
    )

    written = body_of(to_xml(as_data(pet), flavour_root=V2_PET))

    assert written == (
        "<Pet><category><id>2</id><name>Cats</name></category><id>1</id>"
        "<name>Cat 1</name>"
        "<photoUrls><photoUrl>url1</photoUrl><photoUrl>url2</photoUrl></photoUrls>"
        "<status>available</status>"
        "<tags><tag><id>1</id><name>tag1</name></tag><tag><id>2</id></tag></tags></Pet>"
    )


def test_v3_pet_differs_in_the_root_only():
    pet = as_data(a_pet())

    v2 = body_of(to_xml(pet, flavour_root=V2_PET))
    v3 = body_of(to_xml(pet, flavour_root=xml_root(Pet, "v3")))

    assert v3 == "<pet>" + v2.removeprefix("<Pet>").removesuffix("</Pet>") + "</pet>"


@pytest.mark.parametrize(
    ("kind", "flavour", "expected"),
    [
        pytest.param(Pet, "v2", "<pets><Pet><id>1</id></Pet></pets>", id="v2-pets"),
        pytest.param(Pet, "v3", "<pets><pet><id>1</id></pet></pets>", id="v3-pets"),
        pytest.param(
            Order, "v2", "<orders><Order><id>1</id></Order></orders>", id="v2-orders"
        ),
        pytest.param(
            Order, "v3", "<orders><order><id>1</id></order></orders>", id="v3-orders"
        ),
        pytest.param(
            User, "v2", "<users><User><id>1</id></User></users>", id="v2-users"
        ),
        pytest.param(
            User, "v3", "<users><user><id>1</id></user></users>", id="v3-users"
        ),
    ],
)
def test_list_wraps_its_entities(kind, flavour, expected):
    root = xml_root(kind, flavour)

    assert body_of(to_xml([{"id": 1}], flavour_root=root)) == expected


def test_empty_lists_are_empty_elements():
    assert body_of(to_xml([], flavour_root=V2_PET)) == "<pets></pets>"
    assert body_of(to_xml({"tags": []}, flavour_root=V2_PET)) == (
        "<Pet><tags></tags></Pet>"
    )


def test_api_response_of_v2_has_no_code():
    answer: dict[str, Any] = {"code": 1, "type": "error", "message": "Pet not found"}

    v2 = to_xml(answer, flavour_root=xml_root(Photo, "v2"))
    v3 = to_xml(answer, flavour_root=xml_root(ApiResponse, "v3"))

    rest = "<message>Pet not found</message><type>error</type></apiResponse>"
    assert body_of(v2) == f"<apiResponse>{rest}"
    assert body_of(v3) == f"<apiResponse><code>1</code>{rest}"


def test_framework_error_of_v3_has_its_own_root():
    written = to_xml({"code": 404}, flavour_root=V3_FRAMEWORK_ERROR)

    assert body_of(written) == "<ApiError><code>404</code></ApiError>"


def test_bare_text_is_one_element():
    written = to_xml("User logged out", flavour_root=xml_root(str, "v3"))

    assert body_of(written) == "<String>User logged out</String>"


def test_model_without_xml_form_is_a_mistake_of_the_caller():
    with pytest.raises(LookupError, match="Credentials"):
        xml_root(Credentials, "v2")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param(True, "true", id="true"),
        pytest.param(False, "false", id="false"),
        pytest.param(2**63 - 1, "9223372036854775807", id="int64"),
        pytest.param(1.5, "1.5", id="float"),
        pytest.param(
            datetime(2024, 1, 31, 10, 0, 0, 5_000, tzinfo=UTC),
            "2024-01-31T10:00:00.005Z",
            id="instant",
        ),
        pytest.param("a<b>&c]]>", "a&lt;b&gt;&amp;c]]&gt;", id="markup"),
        pytest.param("\t\n\r", "\t\n&#13;", id="white-space"),
        pytest.param("\x00\x1b\ud800\ufffe", "\ufffd" * 4, id="not-in-xml"),
        pytest.param("\x85\u2028🐕", "\x85\u2028🐕", id="in-xml"),
    ],
)
def test_leaf_is_written_as(value, text):
    assert body_of(to_xml({"x": value}, flavour_root=V2_PET)) == (
        f"<Pet><x>{text}</x></Pet>"
    )


def test_none_is_left_out_of_an_entity_and_empty_in_a_list():
    written = to_xml({"name": None, "photoUrls": [None]}, flavour_root=V2_PET)

    assert body_of(written) == (
        "<Pet><photoUrls><photoUrl></photoUrl></photoUrls></Pet>"
    )


@pytest.mark.parametrize(
    ("name", "written"),
    [
        pytest.param("a b", "a_b", id="space"),
        pytest.param("", "_", id="empty"),
        pytest.param("1st", "_1st", id="digit"),
        pytest.param("x:y><", "x_y__", id="markup"),
        pytest.param("größe", "gr__e", id="non-ascii"),
    ],
)
def test_key_that_cannot_name_an_element_is_altered(name, written):
    assert body_of(to_xml({name: 1}, flavour_root=V2_PET)) == (
        f"<Pet><{written}>1</{written}></Pet>"
    )


def test_unknown_list_has_items():
    assert body_of(to_xml({"x": [1, 2]}, flavour_root=V2_PET)) == (
        "<Pet><x><item>1</item><item>2</item></x></Pet>"
    )


@given(st.dictionaries(st.text(max_size=8), ANY_JSON, max_size=4))
def test_output_is_well_formed_whatever_the_data(value):
    written = to_xml(value, flavour_root=V2_PET)

    expat.ParserCreate().Parse(written, True)


# --- there and back


@given(pets(text=CARRIED))
def test_pet_survives_the_round_trip(pet):
    data = as_data(pet)

    assert from_xml(to_xml(data, flavour_root=V2_PET), PetDraft) == data
    assert Pet.model_validate(from_xml(to_xml(data, flavour_root=V2_PET), Pet)) == pet


@given(orders(text=CARRIED))
def test_order_survives_the_round_trip(order):
    root = xml_root(Order, "v3")
    as_objects = order.model_dump(by_alias=True, exclude_none=True)

    assert from_xml(to_xml(as_data(order), flavour_root=root), Order) == as_data(order)
    assert Order.model_validate(from_xml(to_xml(as_objects, flavour_root=root), Order))


@given(users(text=CARRIED))
def test_user_survives_the_round_trip(user):
    root = xml_root(User, "v3")

    assert from_xml(to_xml(as_data(user), flavour_root=root), UserDraft) == (
        as_data(user)
    )


# --- in


def test_root_prefixes_and_attributes_are_ignored():
    body = b"<n:PetDto xmlns:n='urn:x' lang='en'><n:id>7</n:id></n:PetDto>"

    assert from_xml(body, PetDraft) == {"id": 7}


@pytest.mark.parametrize(
    ("xml", "expected"),
    [
        pytest.param("<id> 7\n</id>", {"id": 7}, id="integer-in-space"),
        pytest.param("<id>-7</id>", {"id": -7}, id="negative"),
        pytest.param("<id>1.5</id>", {"id": "1.5"}, id="no-integer"),
        pytest.param("<id>\u0661</id>", {"id": "\u0661"}, id="arabic-digit"),
        pytest.param("<id>" + "9" * 5_000 + "</id>", {"id": "9" * 5_000}, id="huge"),
        pytest.param("<name> 7 </name>", {"name": " 7 "}, id="text-stays"),
        pytest.param("<status>sold</status>", {"status": "sold"}, id="enum"),
        pytest.param("<id/>", {"id": None}, id="empty-integer"),
        pytest.param("<name/>", {"name": ""}, id="empty-text"),
        pytest.param("<status/>", {"status": ""}, id="empty-enum"),
        pytest.param("<category/>", {"category": {}}, id="empty-model"),
        pytest.param("<tags>\n</tags>", {"tags": []}, id="empty-list"),
        pytest.param("<x/>", {"x": ""}, id="empty-unknown"),
        pytest.param("<tags>7</tags>", {"tags": "7"}, id="text-for-list"),
        pytest.param("<name><b>x</b></name>", {"name": {"b": "x"}}, id="child-of-text"),
        pytest.param(
            "<name xmlns:i='x' i:nil='true'>x</name>", {"name": None}, id="nil"
        ),
        pytest.param(
            "<name xmlns:i='x' i:nil='no'>x</name>", {"name": "x"}, id="not-nil"
        ),
        pytest.param("<x>1</x><x>2</x>", {"x": "2"}, id="unknown-twice"),
        pytest.param("<x><y><z>1</z></y></x>", {"x": {"y": {"z": "1"}}}, id="unknown"),
        pytest.param(
            "<photoUrls><photoUrls>a</photoUrls></photoUrls>",
            {"photoUrls": ["a"]},
            id="items-by-another-name",
        ),
        pytest.param(
            "<tags><tag><id>1</id></tag></tags><tags><tag/></tags>",
            {"tags": [{"id": 1}, {}]},
            id="list-in-two-parts",
        ),
        pytest.param("<name><![CDATA[<&>]]></name>", {"name": "<&>"}, id="cdata"),
        pytest.param("<name>a<!-- b -->c</name>", {"name": "ac"}, id="comment"),
        pytest.param("<name>&#x41;&lt;</name>", {"name": "A<"}, id="references"),
    ],
)
def test_element_is_read_as(xml, expected):
    assert from_xml(f"<Pet>{xml}</Pet>".encode(), PetDraft) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("true", True, id="true"),
        pytest.param(" 1 ", True, id="one"),
        pytest.param("false", False, id="false"),
        pytest.param("0", False, id="zero"),
        pytest.param("yes", "yes", id="no-boolean"),
        pytest.param("", None, id="empty"),
    ],
)
def test_boolean_is_read_as_xml_schema_says(text, expected):
    body = f"<Order><complete>{text}</complete></Order>".encode()

    assert from_xml(body, OrderDraft) == {"complete": expected}


def test_instant_stays_text_for_the_validation():
    data = from_xml(to_xml(as_data(an_order()), flavour_root=V2_PET), OrderDraft)

    assert isinstance(data["shipDate"], str)
    assert from_xml(b"<Order><shipDate/></Order>", OrderDraft) == {"shipDate": None}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "cp1252"])
def test_encoding_of_the_declaration_is_honoured(encoding):
    body = f"<?xml version='1.0' encoding='{encoding}'?><Pet><name>ü</name></Pet>"

    assert from_xml(body.encode(encoding), PetDraft) == {"name": "ü"}


BILLION_LAUGHS = b"""<!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;">]>
<Pet><name>&b;</name></Pet>"""
EXTERNAL = b"""<!DOCTYPE Pet [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<Pet><name>&x;</name></Pet>"""


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param(b"", "no element found", id="empty"),
        pytest.param(b'{"id": 1}', "well-formed", id="json"),
        pytest.param(b"<Pet><id>1</Pet>", "mismatched tag", id="mismatched"),
        pytest.param(b"<Pet/><Pet/>", "junk after", id="two-roots"),
        pytest.param(b"<Pet>\xff\xfe</Pet>", "well-formed", id="bad-utf-8"),
        pytest.param(b"<Pet><name>&#0;</name></Pet>", "character", id="nul"),
        pytest.param(b"<Pet><name>&x;</name></Pet>", "entity", id="undefined"),
        pytest.param(
            b"<?xml version='1.0' encoding='hex'?><P/>", "hex", id="no-charset"
        ),
        pytest.param(
            b"<?xml version='1.0' encoding='gbk'?><P/>", "multi", id="multi-byte"
        ),
        pytest.param(BILLION_LAUGHS, "DTD", id="billion-laughs"),
        pytest.param(EXTERNAL, "DTD", id="external-entity"),
        pytest.param(b"<Pet>Rex</Pet>", "<Pet> holds text", id="text-for-pet"),
        pytest.param(b"<Pet>x<id>1</id></Pet>", "between", id="mixed"),
        pytest.param(
            b"<Pet><id>1</id><id>2</id></Pet>", "<id> is in <Pet> twice", id="id-twice"
        ),
        pytest.param(
            b"<P>" * (DEPTH_MAX + 1) + b"</P>" * (DEPTH_MAX + 1),
            "32 deep at most",
            id="too-deep",
        ),
        pytest.param(
            b"<P>" + b"<x/>" * ELEMENT_COUNT_MAX + b"</P>",
            "10,000 elements at most",
            id="too-many",
        ),
    ],
)
def test_bad_xml_is_malformed(body, message):
    with pytest.raises(Malformed, match=message):
        from_xml(body, PetDraft)


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_reading_gives_data_or_malformed_and_nothing_else(body):
    with suppress(Malformed):
        assert isinstance(from_xml(b"<Pet>" + body, PetDraft), dict)
