"""A path that comes over HTTP stays in the folder that the server was given."""

import pytest

from petstore.contract.errors import Forbidden, Invalid
from petstore.mock.folders import cassettes_below, inside


@pytest.mark.parametrize("given", ["buy.yaml", "a/b/buy.yml", "./buy.yaml"])
def test_path_below_the_folder_is_taken(tmp_path, given):
    assert tmp_path / given == inside(tmp_path, given, "cassette")


@pytest.mark.parametrize(
    "given", ["../buy.yaml", "a/../../buy.yaml", "a/../buy.yaml", "/etc/buy.yaml"]
)
def test_path_that_leads_out_is_refused(tmp_path, given):
    with pytest.raises(Forbidden, match=r"cassette: .* leads out"):
        inside(tmp_path, given, "cassette")


@pytest.mark.parametrize("name", ["link.yaml", "links/buy.yaml"])
def test_link_that_leads_out_is_refused(tmp_path, name):
    folder, outside = tmp_path / "folder", tmp_path / "outside"
    for one in (folder, outside):
        one.mkdir()
    (folder / "link.yaml").symlink_to(outside / "secret.yaml")
    (folder / "links").symlink_to(outside)

    with pytest.raises(Forbidden):
        inside(folder, name, "cassette")


def test_link_of_the_large_bodies_that_leads_out_is_refused(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "buy.yaml.files").symlink_to(tmp_path)

    with pytest.raises(Forbidden):
        inside(folder, "buy.yaml", "base[0]")


def test_link_within_the_folder_is_followed(tmp_path):
    (tmp_path / "link.yaml").symlink_to(tmp_path / "buy.yaml")

    assert tmp_path / "link.yaml" == inside(tmp_path, "link.yaml", "cassette")


@pytest.mark.parametrize("given", ["conftest.py", "", "buy", ".yaml/x", "a\0.yaml"])
def test_only_cassettes_are_named(tmp_path, given):
    with pytest.raises(Invalid, match=r"should end with \.yaml"):
        inside(tmp_path, given, "cassette")


def test_what_lies_beside_a_cassette_is_none(tmp_path):
    cassettes = [tmp_path / "buy.yaml", tmp_path / "my.files" / "sell.yml"]
    aside = tmp_path / "buy.yaml.files" / "5d1c0b2a9f3e.yaml"
    for path in (*cassettes, aside):
        path.parent.mkdir(exist_ok=True)
        path.touch()

    assert cassettes == cassettes_below(tmp_path)
