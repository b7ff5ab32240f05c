"""A path leads to the same route as a walk over all templates would find."""

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petstore.contract.errors import Malformed, MethodNotAllowed, NoSuchPath
from petstore.contract.flavours import FACES
from petstore.contract.operations import OPERATIONS
from petstore.contract.router import Router

PART = r"/([^/]+)"
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
# Names of the contract, and what is almost one.
SEGMENTS = sorted(
    {
        segment
        for operation in OPERATIONS.values()
        for segment in operation.path.split("/")
        if segment and not segment.startswith("{")
    }
)
PATHS = st.lists(
    st.sampled_from([*SEGMENTS, "1", "", "findByStatus ", "login%2F"])
    | st.text(max_size=4).map(lambda text: quote(text, safe="", errors="replace")),
    max_size=5,
).map(lambda segments: "/" + "/".join(segments))


@dataclass(frozen=True, slots=True)
class Template:
    """Be what a router needs of a route."""

    method: str
    path: str


def model(templates: list[Template], method: str, path: str) -> tuple[str, dict] | str:
    """
    Find a route the slow way: by the pattern of each template.

    Returns:
        The template and its arguments, or the name of the error.
    """
    known = {one.path for one in templates}
    for template in known:
        match = re.fullmatch(f"{pattern_of(template, known)}/?", path)
        if match is None:
            continue
        if Template(method, template) not in templates:
            return "MethodNotAllowed"
        arguments = match.groupdict().items()
        return template, {name: unquote(text) for name, text in arguments}
    return "NoSuchPath"


def pattern_of(template: str, known: set[str]) -> str:
    """Return a pattern in which a parameter is none of the names in its place."""
    pattern = ""
    for start, name in [(one.start(), one[1]) for one in re.finditer(PART, template)]:
        if not name.startswith("{"):
            pattern += f"/{name}"
            continue
        before = template[: start + 1]
        beside = {
            one.removeprefix(before).partition("/")[0]
            for one in known
            if one.startswith(before)
        }
        names = "|".join(sorted(one for one in beside if not one.startswith("{")))
        pattern += f"/(?!(?:{names or '/'})(?:/|$))(?P<{name[1:-1]}>[^/]+)"
    return pattern


def found(router: Router, method: str, path: str) -> tuple[str, dict] | str:
    try:
        route, arguments = router.find(method, path)
    except (NoSuchPath, MethodNotAllowed) as error:
        return type(error).__name__
    return route.path, arguments


@pytest.mark.parametrize("key", FACES, ids="-".join)
@given(method=st.sampled_from(METHODS), path=PATHS)
def test_router_finds_what_the_model_finds(key, method, path):
    face = FACES[key]
    templates = [Template(one.method, one.path) for one in face.routes.values()]

    assert found(face.router, method, path) == model(templates, method, path)


@pytest.mark.parametrize("key", FACES, ids="-".join)
def test_every_route_is_found_by_its_own_path(key):
    face = FACES[key]
    for route in face.routes.values():
        names = re.findall(r"\{(\w+)\}", route.path)
        path = route.path.replace("{", "").replace("}", "")

        assert face.router.find(route.method, path) == (
            route,
            {name: name for name in names},
        )


NATIVE = FACES["native", "strict"].router


@pytest.mark.parametrize(
    ("path", "arguments"),
    [
        ("/user/a%2Fb", {"username": "a/b"}),
        ("/user/%C3%BC", {"username": "ü"}),
        ("/user/a+b", {"username": "a+b"}),
        ("/user/%6Cogin", {"username": "login"}),
        ("/user/..", {"username": ".."}),
    ],
)
def test_argument_is_decoded_once(path, arguments):
    assert NATIVE.find("GET", path)[1] == arguments


def test_name_wins_over_a_parameter():
    assert NATIVE.find("GET", "/user/login")[0].operation.id == "loginUser"
    with pytest.raises(MethodNotAllowed):
        NATIVE.find("DELETE", "/user/login")


def test_segment_that_is_no_utf8_cannot_be_read():
    with pytest.raises(Malformed, match=r"segment %ff is not percent-encoded UTF-8"):
        NATIVE.find("GET", "/user/%ff")


def test_refused_method_says_which_there_are():
    with pytest.raises(
        MethodNotAllowed, match="/pet takes GET, HEAD, POST, PUT"
    ) as caught:
        NATIVE.find("PATCH", "/pet")

    assert caught.value.extra["allow"] == ["GET", "HEAD", "POST", "PUT"]


@pytest.mark.parametrize("path", ["", "/", "//", "/pet//1", "/nothing", "/pet/1/2/3"])
def test_unknown_path_leads_nowhere(path):
    with pytest.raises(NoSuchPath):
        NATIVE.find("GET", path)


@pytest.mark.parametrize("path", ["/store", "/photos"])
def test_path_that_only_leads_on_leads_nowhere(path):
    with pytest.raises(NoSuchPath, match=f"There is nothing at {path}"):
        NATIVE.find("GET", path)


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/pet/1/", ["DELETE", "GET", "HEAD", "PATCH", "POST"]),
        ("/nothing", []),
        ("/user/%ff", []),
    ],
)
def test_methods_of_a_path_are_listed(path, methods):
    assert NATIVE.methods(path) == methods


def test_router_without_routes_finds_nothing():
    router: Router[Template] = Router([])

    with pytest.raises(NoSuchPath):
        router.find("GET", "/pet")
