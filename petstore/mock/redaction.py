"""
Replace credentials before anything of an exchange is kept.

Each value that stands where a secret does gets a placeholder, `<password-1>`, the same
wherever that value comes again, so what belonged together still does. Placeholders are
numbered in the order of their appearance, so recording the same twice gives the same
file. A value that may as well be a word is replaced only where a secret stands: the
name of a pet may be what somebody took for a password. Headers that are secrets are
dropped; of Set-Cookie the values are replaced, and of a challenge what is said once.
"""

import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from petstore.contract.call import ByteStream
from petstore.contract.http import Match, Request
from petstore.contract.lines import SET_COOKIE
from petstore.contract.media import FORM, MULTIPART, is_json, media_type
from petstore.contract.replies import Response
from petstore.contract.user import Token
from petstore.mock.credentials import credentials, shown_challenge, shown_cookies
from petstore.mock.learnt import HEAD_LENGTH, Learnt
from petstore.mock.payload import compact_json, exact_json
from petstore.mock.secret_markup import escaped, is_markup
from petstore.mock.secret_texts import NUMBER_SHOWN, swapped, swapped_parts
from petstore.mock.secrets import (
    CHALLENGES,
    PLACEHOLDER,
    WILDCARD,
    WRITTEN_PLACEHOLDER,
    is_secret,
    is_secret_header,
    is_secret_name,
    kind_of,
)

# What is shorter may be a word; so may be letters only, unless there are many of them.
DISTINCT_LENGTH_MIN: Final = 8
LETTERS_LENGTH_MIN: Final = 16
# The answer of a login is redacted more than once: a placeholder is left as it is.
_SESSION: Final = re.compile(r"(session:\s*)(<[a-z]+-[0-9]+>|[^\s\"<,}]+)")
# They stand in a segment of a path as they are; RFC 3986 §3.3.
_SEGMENT: Final = "!$&'()*+,;=:@"
_ENVIRONMENT: Final = re.compile(r"PETSTORE_.*(?:KEY|TOKEN|PASSWORD|SECRET)")


class Redactor:
    """
    Know the secrets of one recording.

    Args:
        known: Values that are secrets wherever they stand.
    """

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._kinds: dict[str, str] = {}
        self._placeholders: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self._learnt = Learnt()
        for value in known:
            if len(value) >= HEAD_LENGTH:
                self._kinds[value] = "secret"
                self._learnt.add(value)

    def count_on(self, text: str) -> None:
        """Number new placeholders behind those that a text has."""
        for found in WRITTEN_PLACEHOLDER.findall(text):
            kind, _, number = unquote(found).strip("<>").rpartition("-")
            self._counts[kind] = max(self._counts.get(kind, 0), int(number))

    def redacted(
        self, request: Request, response: Response, match: Match | None
    ) -> tuple[Request, Response]:
        """
        Return a request and its answer without any secret, their bodies decoded.

        Args:
            match: Where the request leads; None beyond the contract.
        """
        # First to learn them, for one that the answer names may stand in the request.
        self._request(request)
        answer = self._response(response, match)
        return self._request(request), self._response(answer, match)

    def learn(self, request: Request) -> None:
        """Know the secrets of a request whose headers have lower-case names."""
        body = request.body
        self._learn_headers(request.headers)
        if ":" in request.path or "=" in request.path or "%" in request.path:
            self._path(request.path)
        if request.query:
            self._fields(request.query)
        if body and isinstance(body, bytes):
            self._body(body, media_type(request.headers))

    def learn_answer(self, response: Response, match: Match | None) -> None:
        """Know the secrets of an answer; see `redacted`."""
        self._response(response, match)

    @property
    def value_count(self) -> int:
        """How many values are known."""
        return len(self._kinds)

    def hidden(self, text: str) -> str:
        """Return a text without the values that can hardly be words."""
        return self._learnt.swapped(text, lambda _: WILDCARD)

    def chunk(self, chunk: bytes) -> bytes:
        """Return a piece of a stream of events without secrets."""
        try:
            return self._in_text(chunk.decode()).encode()
        except UnicodeDecodeError:
            return chunk

    def words(self, text: str) -> str:
        """Return what somebody wrote without secrets."""
        return self._in_text(text)

    def _request(self, request: Request) -> Request:
        body, kind = request.body, media_type(request.headers)
        assert isinstance(body, bytes)
        headers = self._headers(request.headers)
        # One that the cassette names tells that there was a secret, and not which.
        told = {name: WILDCARD for name in request.headers if name not in headers}
        return replace(
            request,
            path=self._path(request.path),
            query=self._fields(request.query),
            headers={**headers, **told},
            body=self._body(body, kind),
        )

    def _response(self, response: Response, match: Match | None) -> Response:
        body, kind = response.body, media_type(response.headers)
        headers = self._headers(response.headers)
        if isinstance(body, ByteStream):
            return Response(response.status, headers, body)
        if match is not None and match.route.operation.result is Token:
            body = self._login(body)
        return Response(response.status, headers, self._body(body, kind))

    def _headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Return headers without the secret ones, whose values may be told again."""
        self._learn_headers(headers)
        shown = {}
        for name, value in headers.items():
            if name in CHALLENGES:
                shown[name] = self._in_text(shown_challenge(value, self._placeholder))
            elif name == SET_COOKIE:
                shown[name] = shown_cookies(value, self._cookie, self._in_text)
            elif not is_secret_header(name):
                shown[name] = self._in_text(value)
        return shown

    def _learn_headers(self, headers: Mapping[str, str]) -> None:
        """Know what headers tell in confidence."""
        for name, value in headers.items():
            if name == SET_COOKIE or is_secret_header(name):
                for kind, credential in credentials(name, value):
                    self._learn(kind or kind_of(name), credential)

    def _cookie(self, _name: str, value: str) -> str:
        # Also of a word; it is looked for elsewhere only if it was learnt.
        if PLACEHOLDER.fullmatch(value):
            return value
        self._kinds.setdefault(value, "cookie")
        return self._numbered(value)

    def _path(self, path: str) -> str:
        shown = "/".join(map(self._segment, path.split("/")))
        # A credential in Base64 may have a slash.
        return self._learnt.swapped(shown, lambda value: quote(self._numbered(value)))

    def _segment(self, segment: str) -> str:
        plain = unquote(segment)
        shown = self._in_text(plain)
        return segment if shown == plain else quote(shown, safe=_SEGMENT)

    def _body(self, body: bytes, kind: str) -> bytes:
        if kind == FORM:
            return self._fields(body.decode(errors="surrogateescape")).encode(
                errors="surrogateescape"
            )
        if kind == MULTIPART:
            return swapped_parts(body, self._placeholder, self._in_text)
        if is_json(kind) or not kind:
            found = exact_json(body)
            if found is not None:
                shown = self._value(found[0])
                # What holds no secret stays as it was sent, to the byte.
                return body if shown == found[0] else compact_json(shown)
        try:
            text = self._in_text(body.decode())
        except UnicodeDecodeError:
            return body
        if is_json(kind) or not kind:
            text = self._rest_of_json(text)
        return text.encode()

    def _rest_of_json(self, text: str) -> str:
        """Write JSON anew if it has secrets that nobody sees in its text."""
        try:
            value = json.loads(text)
            shown = self._value(value)
            return text if shown == value else compact_json(shown).decode()
        except (ValueError, RecursionError):
            return text

    def _value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {
                name: self._secret(name, one)
                if is_secret(name, one)
                else self._value(one)
                for name, one in value.items()
            }
        if isinstance(value, list):
            return [self._value(one) for one in value]
        return self._in_text(value) if isinstance(value, str) else value

    def _secret(self, name: str, value: Any) -> Any:
        if isinstance(value, int | float):
            self._learn(kind_of(name), str(value))
            return NUMBER_SHOWN
        if isinstance(value, dict | list):
            # `tokens: {…}` names a group of secrets, each by its own name.
            return self._placeholder(name, json.dumps(value, sort_keys=True))
        return self._placeholder(name, value)

    def _fields(self, text: str) -> str:
        """Redact a query or a form, and leave it as it was written elsewhere."""
        pairs = []
        for pair in text.split("&") if text else ():
            name, sign, value = pair.partition("=")
            plain = unquote_plus(value, errors="surrogateescape")
            if is_secret_name(unquote_plus(name)):
                shown = self._placeholder(unquote_plus(name), plain)
            else:
                shown = self._in_text(plain)
            if shown != plain:
                value = quote_plus(shown, errors="surrogateescape")
            pairs.append(f"{name}{sign}{value}")
        return "&".join(pairs)

    def _login(self, body: bytes) -> bytes:
        """Redact the answer to a login, which is a sentence with the token in it."""
        text = body.decode(errors="replace")
        if _SESSION.search(text):
            return _SESSION.sub(
                lambda found: found[1] + self._placeholder("session", found[2]), text
            ).encode()
        found = exact_json(body)
        if found is not None and isinstance(found[0], str):
            return compact_json(self._placeholder("session", found[0]))
        return body

    def _in_text(self, text: str) -> str:
        shown = swapped(text, self._placeholder)
        is_xml = is_markup(text)

        def told(value: str) -> str:
            placeholder = self._numbered(value)
            return escaped(placeholder) if is_xml else placeholder

        return self._learnt.swapped(shown, told)

    def _placeholder(self, name: str, value: str) -> str:
        if PLACEHOLDER.fullmatch(value) or value in ("", WILDCARD):
            return value
        self._learn(kind_of(name), value)
        return self._numbered(value)

    def _learn(self, kind: str, value: str) -> None:
        """Know a value, and look for it elsewhere if it can hardly be a word."""
        if PLACEHOLDER.search(value):
            return
        self._kinds.setdefault(value, kind)
        if _is_distinct(kind, value):
            self._learnt.add(value)

    def _numbered(self, value: str) -> str:
        placeholder = self._placeholders.get(value)
        if placeholder is None:
            kind = self._kinds.get(value, "secret")
            self._counts[kind] = self._counts.get(kind, 0) + 1
            placeholder = self._placeholders[value] = f"<{kind}-{self._counts[kind]}>"
        return placeholder


def environment_secrets(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Return the credentials that this process was started with, sorted by name."""
    return [
        value
        for name, value in sorted(environment.items())
        if _ENVIRONMENT.fullmatch(name)
    ]


def _is_distinct(kind: str, value: str) -> bool:
    if value.isalpha():
        return len(value) >= LETTERS_LENGTH_MIN
    if kind in ("password", "secret"):
        return len(value) >= DISTINCT_LENGTH_MIN and not value.isdigit()
    # Nobody chooses a token for how it reads.
    return len(value) >= HEAD_LENGTH
