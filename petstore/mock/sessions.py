"""
Know the sessions of one server, each by its id.

    /__s/<id>/pet/7             the prefix names the session; the request is /pet/7
    X-Petstore-Session: <id>    names it without a change of the URL
    neither                     the session `default`
"""

import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from petstore.contract.errors import Conflicted, Invalid, Unavailable
from petstore.mock.refusals import NoSuchSession, NotEnded
from petstore.mock.session import Session
from petstore.mock.steps import DEFAULT_ID

_PREFIX: Final = "/__s/"
ADMIN_PATH: Final = "/__mock"
HEADER: Final = "x-petstore-session"
COUNT_MAX: Final = 1_000
ID_PATTERN: Final = r"^[A-Za-z0-9._-]{1,80}$"
_ID: Final = re.compile(ID_PATTERN)
_SHOWN_LENGTH_MAX: Final = 80
# RFC 3986 §3.3: dots alone are steps in a path, which clients take before they ask.
_STEPS: Final = (".", "..")


class Addressed(NamedTuple):
    """
    Hold whom a request is for, and the path that is left of it.

    Args:
        base: What was taken off the path; "" where it was whole.
    """

    session: Session
    path: str
    base: str


class Sessions:
    """
    Hold the sessions of one server.

    Args:
        default: Serves whoever names none.
    """

    def __init__(self, default: Session, *, count_max: int = COUNT_MAX) -> None:
        self.default = default
        self._count_max = count_max
        self._by_id: dict[str, Session] = {DEFAULT_ID: default, default.id: default}

    def add(self, session: Session) -> str:
        """
        Let the server serve a session.

        Returns:
            The path that its requests begin with; see `base_path`.

        Raises:
            Invalid: Its id is no name.
            Conflicted: There is one of that id, or that records the same file.
            Unavailable: There are too many.
        """
        _check_id(session.id)
        if session.id in self._by_id:
            raise Conflicted(
                f"There is a session {session.id}; end it first, or choose another id."
            )
        path = _recorded(session)
        rivals = [one.id for one in self if path is not None and _recorded(one) == path]
        if rivals:
            raise Conflicted(
                f"Session {rivals[0]} records {path} already, and each would find it"
                " changed by the other; end it first, or name another file."
            )
        if len(self._by_id) >= self._count_max:
            raise Unavailable(
                f"This server holds {self._count_max:,} sessions, and no more; end"
                " some that are over."
            )
        self._by_id[session.id] = session
        return base_path(session.id)

    def get(self, session_id: str) -> Session:
        """
        Return a session.

        Raises:
            NoSuchSession: There is none.
        """
        session = self._by_id.get(session_id)
        if session is None:
            raise NoSuchSession(
                f"There is no session {session_id[:_SHOWN_LENGTH_MAX]!a}; begin it with"
                " POST /__mock/sessions, or name none for the session default."
            )
        return session

    def remove(self, session_id: str) -> Session:
        """
        Let the server serve a session no longer.

        Raises:
            NoSuchSession: There is none.
            NotEnded: It is the default one.
        """
        session = self.get(session_id)
        self.check_end(session)
        return self._by_id.pop(session.id)

    def check_end(self, session: Session) -> None:
        """
        Refuse to end what goes on as long as the server does.

        Raises:
            NotEnded: It is the default session.
        """
        if session is self.default:
            raise NotEnded("The session default ends when its server does.")

    def addressed(self, path: str, named: str | None) -> Addressed:
        """
        Return whom a request is for.

        Args:
            named: What the header says.

        Raises:
            NoSuchSession: There is no such session.
        """
        if path.startswith(_PREFIX):
            session_id, _, rest = path[len(_PREFIX) :].partition("/")
            session = self.get(session_id)
            return Addressed(session, f"/{rest}", base_path(session_id))
        session = self.default if named is None else self.get(named)
        return Addressed(session, path, "")

    def __iter__(self) -> Iterator[Session]:
        # Of a copy, because a thread of tests may add one meanwhile.
        return iter({id(one): one for one in list(self._by_id.values())}.values())

    def __len__(self) -> int:
        return len(list(iter(self)))


def _recorded(session: Session) -> Path | None:
    """Return the file that a session writes when it ends; None for none."""
    path = None if session.target is None else session.target.path
    return None if path is None else path.resolve()


def is_admin(path: str) -> bool:
    """Tell whether a path is of the admin API, and of no API that is replayed."""
    return path == ADMIN_PATH or path.startswith(f"{ADMIN_PATH}/")


def base_path(session_id: str) -> str:
    """Return what the URLs of a session begin with, behind the server's own."""
    return f"{_PREFIX}{session_id}"


def _check_id(session_id: str) -> None:
    """
    Refuse what cannot be the id of a session.

    Raises:
        Invalid: It has other characters than a URL keeps as they are, or too many.
    """
    if _ID.fullmatch(session_id) is None or session_id in _STEPS:
        raise Invalid(
            f"Wrong id: {session_id[:_SHOWN_LENGTH_MAX]!a} should have 1 to 80 of the"
            " characters A-Z, a-z, 0-9, dot, underscore and hyphen."
        )


def new_id() -> str:
    """Return an id that nobody has."""
    return f"s-{secrets.token_hex(8)}"
