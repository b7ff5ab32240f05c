"""Find the route of a path in one walk, whatever the number of routes."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar
from urllib.parse import quote, unquote

from petstore.contract.errors import Malformed, MethodNotAllowed, NoSuchPath


class Routed(Protocol):
    """Be something that a method and a path template lead to."""

    @property
    def method(self) -> str:
        """Return the HTTP method, in capitals."""

    @property
    def path(self) -> str:
        """Return the template, such as `/pet/{petId}`."""


R = TypeVar("R", bound=Routed)


@dataclass(slots=True)
class _Node(Generic[R]):
    """Hold what follows one path segment; `parameter` takes what no name does."""

    children: dict[str, "_Node[R]"] = field(default_factory=dict)
    parameter: "_Node[R] | None" = None
    name: str = ""
    routes: dict[str, R] = field(default_factory=dict)


class Router(Generic[R]):
    """
    Map methods and percent-encoded paths to routes.

    Args:
        base: What stands before each path; only refusals name it.
    """

    def __init__(self, routes: Iterable[R], *, base: str = "") -> None:
        self._root: _Node[R] = _Node()
        self._base = base
        for route in routes:
            self._add(route)

    def find(self, method: str, path: str) -> tuple[R, dict[str, str]]:
        """
        Return the route and the decoded path arguments by wire name.

        A named segment wins over a parameter, so `/pet/findByStatus` is no id; one
        trailing slash is dropped, as the public servers do.

        Raises:
            NoSuchPath: No route has this path.
            MethodNotAllowed: A route has, with other methods (`extra["allow"]`).
            Malformed: A segment is not percent-encoded UTF-8.
        """
        node = self._root
        arguments: dict[str, str] = {}
        for segment in path[1:].removesuffix("/").split("/"):
            child = node.children.get(segment)
            if child is None:
                child = node.parameter
                if child is None or segment == "":
                    raise NoSuchPath(f"There is nothing at {self._base}{path}.")
                arguments[child.name] = _decoded(segment)
            node = child
        route = node.routes.get(method)
        if route is None:
            raise self._refused(node, method, path)
        return route, arguments

    def methods(self, path: str) -> list[str]:
        """Return the methods that the path has, sorted; [] for an unknown path."""
        try:
            self.find("", path)
        except MethodNotAllowed as error:
            return list(error.extra["allow"])
        except (NoSuchPath, Malformed):
            pass
        return []

    def _refused(
        self, node: _Node[R], method: str, path: str
    ) -> NoSuchPath | MethodNotAllowed:
        if not node.routes:
            return NoSuchPath(f"There is nothing at {self._base}{path}.")
        head = {"HEAD"} if "GET" in node.routes else set()
        allowed = sorted(head.union(node.routes))
        return MethodNotAllowed(
            f"{self._base}{path} takes {', '.join(allowed)}, not {method}.",
            allow=allowed,
        )

    def _add(self, route: R) -> None:
        node = self._root
        for segment in route.path[1:].split("/"):
            if not segment.startswith("{"):
                node = node.children.setdefault(segment, _Node())
                continue
            if node.parameter is None:
                node.parameter = _Node(name=segment[1:-1])
            node = node.parameter
        node.routes[route.method] = route


def segment(text: str) -> str:
    """Return a text as one segment of a path, percent-encoded."""
    # Unless encoded, dots are resolved on the way (RFC 3986 §5.2.4).
    encoded = quote(text, safe="")
    return encoded.replace(".", "%2E") if text in (".", "..") else encoded


def _decoded(segment: str) -> str:
    if "%" not in segment:
        return segment
    try:
        return unquote(segment, errors="strict")
    except UnicodeDecodeError as error:
        raise Malformed(
            f"The path segment {segment} is not percent-encoded UTF-8."
        ) from error
