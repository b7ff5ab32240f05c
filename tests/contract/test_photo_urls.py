"""A picture is asked for by what a pet says of it: its path, its URL, or its name."""

import pytest

from petstore.contract import calls
from petstore.contract.errors import Invalid

NAME = "a" * 64 + ".png"
ORIGIN = "https://pets.example.com"


@pytest.mark.parametrize(
    "given",
    [
        NAME,
        f"/photos/{NAME}",
        f"/shop/photos/{NAME}",
        f"photos/{NAME}",
        f"{ORIGIN}/photos/{NAME}",
        f"https://PETS.example.com:443/shop/photos/{NAME}",
    ],
)
def test_picture_is_named_by_its_path_and_by_its_url(given):
    call = calls.get_photo(given, origin=ORIGIN)

    assert {"name": NAME} == call.arguments


@pytest.mark.parametrize(
    "given",
    [
        f"https://example.com/photos/{NAME}",
        f"http://pets.example.com/photos/{NAME}",
        f"https://pets.example.com:8443/photos/{NAME}",
        f"https://pets.example.com:none/photos/{NAME}",
        f"https://pets.example.com@example.com/photos/{NAME}",
        f"https://[/photos/{NAME}",
        "https://example.com/rex.png",
    ],
)
def test_picture_of_another_server_is_refused_with_advice(given):
    with pytest.raises(Invalid, match=f"elsewhere than on {ORIGIN}.*own server") as at:
        calls.get_photo(given, origin=ORIGIN)

    assert ["path.name"] == [field.field for field in at.value.fields]


def test_store_without_a_url_has_no_urls_of_pictures():
    with pytest.raises(Invalid, match=r"a store without a URL.*/photos/NAME\."):
        calls.get_photo(f"{ORIGIN}/photos/{NAME}")


@pytest.mark.parametrize("given", ["url1", f"/pictures/{NAME}", "/photos/", 5])
def test_what_is_no_picture_is_refused(given):
    with pytest.raises(Invalid, match=r"^path\.name: "):
        calls.get_photo(given)
