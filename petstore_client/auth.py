"""
Say who calls, and log in anew when that is no longer believed.

    Petstore("https://pets.example.com", auth=ApiKey("…"))
    Petstore("https://pets.example.com", auth=Password("ann", "…"))

What goes with a request is asked for each attempt; what renews it is a decision like
any other (`decisions.py`), so a flow with other steps fits behind the same methods.
"""

import json
import os
import re
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path
from typing import Final, Protocol

from petstore.contract import calls
from petstore.contract.errors import ConfigError
from petstore.contract.user import Token
from petstore_client.decisions import Auth, Decision, Headers, Rules, decide

# A token is renewed before it ends, at this part of its life.
_RENEWED_AT: Final = 0.8
# When that fails, the old one serves on, and not every call tries it again.
_RETRY_S: Final = 30.0
_NEVER: Final = float("inf")
KEY_VARIABLE: Final = "PETSTORE_API_KEY"
_METHODS: Final = ("headers", "is_due", "renewal")
_HEADER_VALUE: Final = re.compile(r"[\x21-\x7e]+")


class TokenStore(Protocol):
    """Keep a token between two runs of a program."""

    def load(self) -> Token | None:
        """Return the token that was kept; None when there is none."""

    def save(self, token: Token) -> None:
        """Keep a token in place of the one before."""


@dataclass(slots=True)
class MemoryTokens:
    """Keep the token as long as the program runs."""

    token: Token | None = field(default=None, repr=False)

    def load(self) -> Token | None:
        """Return the token."""
        return self.token

    def save(self, token: Token) -> None:
        """Keep the token."""
        self.token = token


@dataclass(frozen=True, slots=True, init=False)
class FileTokens:
    """
    Keep the token in a file that only its owner may read.

    A file that cannot be read as a token counts as none.

    Raises:
        ConfigError: It is given no path.
    """

    path: Path

    def __init__(self, path: str | PathLike[str]) -> None:
        try:
            object.__setattr__(self, "path", Path(path))
        except TypeError as error:
            raise ConfigError(
                f"FileTokens takes the path of a file, not {path!r:.100}."
            ) from error

    def load(self) -> Token | None:
        """Return the token of the file."""
        try:
            return Token.model_validate_json(self.path.read_bytes())
        except (OSError, ValueError):
            return None

    def save(self, token: Token) -> None:
        """
        Replace the file at once, so that nobody reads half of it.

        Raises:
            ConfigError: The file cannot be written.
        """
        try:
            self._write(token)
        except OSError as error:
            raise ConfigError(
                f"The token cannot be kept in {str(self.path)!r}: {error.strerror}."
            ) from error

    def _write(self, token: Token) -> None:
        # mkstemp makes it 0600.
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=".token-")
        try:
            with os.fdopen(handle, "w") as file:
                file.write(json.dumps(token.model_dump(mode="json", by_alias=True)))
            Path(name).replace(self.path)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise


class Anonymous:
    """Send nothing."""

    can_renew = False

    def headers(self) -> Headers:
        """Return no headers."""
        return {}

    def is_due(self, now_s: float) -> bool:
        """Return False."""
        return False

    def renewal(self, rules: Rules) -> Decision[None]:
        """Never asked for, because nothing here can renew."""
        raise AssertionError("only what can renew is asked to")


class _Fixed(Anonymous):
    """Send the same header with each request."""

    def __init__(self, name: str, value: str, *, scheme: str = "", what: str) -> None:
        kind = type(self).__name__
        _require_text(kind, what, value)
        if not _HEADER_VALUE.fullmatch(value):
            raise ConfigError(
                f"{kind} takes {what}, which must be printable ASCII without spaces,"
                " and not empty."
            )
        self._headers = {name: scheme + value}

    def headers(self) -> Headers:
        """Return the header."""
        return self._headers

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


class ApiKey(_Fixed):
    """
    Send an api key.

    Raises:
        ConfigError: It cannot be sent; its value is not shown.
    """

    def __init__(self, key: str) -> None:
        super().__init__("api_key", key, what="a key")

    @classmethod
    def from_env(cls, name: str = KEY_VARIABLE) -> "ApiKey":
        """
        Return the key of an environment variable.

        Raises:
            ConfigError: It is not set, or cannot be sent.
        """
        key = os.environ.get(name, "")
        if not key:
            raise ConfigError(f"The environment has no {name}; set it to an api key.")
        return cls(key)


class Bearer(_Fixed):
    """
    Send a token that somebody else looks after.

    Raises:
        ConfigError: It cannot be sent; its value is not shown.
    """

    def __init__(self, token: str) -> None:
        super().__init__("authorization", token, scheme="Bearer ", what="a token")


class Password:
    """
    Log in with a name and a password, at the first call and whenever it is needed.

    One object is for one server: it keeps the token of that one.

    Args:
        tokens: Where the token is kept between two runs.
        wall_clock: Gives the time of day; the system's clock unless given.

    Raises:
        ConfigError: A name, a password or a token store is none.
    """

    can_renew = True

    def __init__(
        self,
        username: str,
        password: str,
        *,
        tokens: TokenStore | None = None,
        wall_clock: Callable[[], datetime] | None = None,
    ) -> None:
        _require_text("Password", "a name", username)
        _require_text("Password", "a password", password)
        if isinstance(tokens, str | PathLike):
            raise ConfigError("As tokens, give FileTokens(path), not the path alone.")
        self.username = username
        self._password = password
        self._tokens = MemoryTokens() if tokens is None else tokens
        self._wall_clock = _system_clock if wall_clock is None else wall_clock
        self._token = self._tokens.load()
        is_usable = self._token is not None and self._left_s(self._token) > 0
        # A token that was kept says when it ends, not how long it lived.
        self._due_s = _NEVER if is_usable else 0.0

    def __repr__(self) -> str:
        return f"Password({self.username!r}, …)"

    def headers(self) -> Headers:
        """Return the token, once there is one."""
        token = self._token
        if token is None:
            return {}
        return {"authorization": f"Bearer {token.access_token}"}

    def is_due(self, now_s: float) -> bool:
        """Tell whether there is no token, or most of its life is over."""
        return now_s >= self._due_s

    def renewal(self, rules: Rules) -> Decision[None]:
        """Log in, and keep the token."""
        call = (
            calls.create_token(self.username, self._password)
            if rules.face.flavour == "native"
            else calls.login_user(self.username, self._password)
        )
        self._due_s = rules.clock() + _RETRY_S if self._token else 0.0
        reply = yield from decide(call, rules)
        self._token = reply.value
        left_s = self._left_s(reply.value)
        # A clock that is wrong makes no storm of logins: a refusal renews all the same.
        is_credible = left_s > 0
        self._due_s = rules.clock() + left_s * _RENEWED_AT if is_credible else _NEVER
        self._tokens.save(reply.value)

    def _left_s(self, token: Token) -> float:
        return (token.expires_at - self._wall_clock()).total_seconds()


def auth_of(given: Auth) -> Auth:
    """
    Return what a caller means by auth.

    Raises:
        ConfigError: It proves nothing; it is not shown, because it may be a key.
    """
    # A class has the methods as well, and no credentials.
    is_class = isinstance(given, type)
    if is_class or not all(callable(getattr(given, name, None)) for name in _METHODS):
        kind = "class" if is_class else type(given).__name__
        raise ConfigError(
            f"As auth, give ApiKey(…), Bearer(…) or Password(…), not a {kind}."
        )
    return given


def _require_text(kind: str, what: str, value: object) -> None:
    # It is not shown, because it may be a secret of another type, such as bytes.
    if not isinstance(value, str):
        given = "None" if value is None else f"a {type(value).__name__}"
        raise ConfigError(f"{kind} takes {what} as a string, not {given}.")


def _system_clock() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  the clock to inject
