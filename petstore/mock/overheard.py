"""
Know the secrets that one session was told, so that it shows none of them.

A secret is known by where it stands: in a header, a field, the answer to a login. When
it comes again where nobody would know it, as in a path, it is hidden in all that is
told of the request: the journal, the report of a miss, a drift.
"""

from dataclasses import replace
from typing import Any, Final
from urllib.parse import unquote

from petstore.contract.errors import Malformed
from petstore.contract.http import Request
from petstore.contract.replies import Response
from petstore.mock.facts import Facts, match_of, shown_path
from petstore.mock.journal import LEFT_OUT, Row
from petstore.mock.recording import decoded_response
from petstore.mock.redaction import Redactor, environment_secrets

VALUE_COUNT_MAX: Final = 10_000
# A larger body tells of much, and the journal leaves it out.
_BODY_BYTES_MAX: Final = 64 * 1024
# They may change while the request is the same to the letter.
_TELLING: Final = ("authorization", "api_key", "x-api-key", "cookie")


class Overheard:
    """
    Hold what one session was told.

    Args:
        value_count_max: What was told before so many others is forgotten by and by.
    """

    def __init__(self, *, value_count_max: int = VALUE_COUNT_MAX) -> None:
        self._value_count_max = value_count_max
        self._environment = environment_secrets()
        # The last of them listens; the one before it is not forgotten yet.
        self._redactors = [Redactor(self._environment)]
        self._heard: set[str] = set()
        self._count_before = 0

    @property
    def count(self) -> int:
        """Return a number that grows with what is told, and stays without."""
        return self._count_before + self._redactors[-1].value_count

    def hear(self, request: Request, *, is_new: bool) -> None:
        """
        Note the secrets of a request.

        Args:
            is_new: Whether no other one with the same bytes was heard before.
        """
        get = request.headers.get
        for name in _TELLING:
            value = get(name)
            if value is not None and value not in self._heard:
                self._heard.add(value)
                self._learn(Request("GET", "/", "", {name: value}))
        if is_new:
            body = request.body
            is_small = isinstance(body, bytes) and len(body) <= _BODY_BYTES_MAX
            self._learn(request if is_small else replace(request, body=b""))

    def hear_answer(self, request: Request, response: Response) -> None:
        """Note the secrets of an answer that no recording gave."""
        body = response.body
        if not isinstance(body, bytes) or len(body) > _BODY_BYTES_MAX:
            return
        try:
            plain, _ = decoded_response(response)
        except Malformed:
            return
        self._redactors[-1].learn_answer(plain, match_of(request))
        self._settle()

    def facts(self, facts: Facts) -> Facts:
        """Return what a request asks for without what was told."""
        if not self.count:
            return facts
        path, target = facts.path, self._hidden_path(facts.target)
        return facts._replace(
            path=target if path == facts.target else self._hidden(path),
            query=self._hidden(facts.query),
            headers=self._hidden(facts.headers),
            # Which is told from others by what it is.
            body=facts.body if facts.body is LEFT_OUT else self._hidden(facts.body),
            target=target,
        )

    def row(self, row: Row) -> Row:
        """Return a row of a journal without what was told, also after it."""
        report = row.report and self._hidden(row.report)
        return row._replace(facts=self.facts(row.facts), report=report)

    def path(self, path: str) -> str:
        """Return the path of a request as it may be shown."""
        return self._hidden_path(shown_path(path))

    def text(self, text: str) -> str:
        """Return a text without what was told, also after it was written."""
        shown: str = self._hidden(text)
        return shown

    def _learn(self, request: Request) -> None:
        self._redactors[-1].learn(request)
        self._settle()

    def _settle(self) -> None:
        """Forget the oldest, so that what is known stays within bounds."""
        count = self._redactors[-1].value_count
        if max(count, len(self._heard)) <= self._value_count_max:
            return
        self._count_before += count
        self._redactors = [self._redactors[-1], Redactor(self._environment)]
        self._heard.clear()

    def _hidden_path(self, path: str) -> str:
        plain = unquote(path)
        shown: str = self._hidden(plain)
        return path if shown == plain else shown

    def _hidden(self, value: Any) -> Any:
        if isinstance(value, str):
            for redactor in self._redactors:
                value = redactor.hidden(value)
            return value
        if isinstance(value, dict):
            return {name: self._hidden(one) for name, one in value.items()}
        return (
            [self._hidden(one) for one in value] if isinstance(value, list) else value
        )
