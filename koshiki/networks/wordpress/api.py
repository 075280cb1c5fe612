"""Calls to the REST interface of a WordPress site: what is asked, and what each answer means."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.views.decorators.debug import sensitive_variables

from koshiki.networks.answers import Object, text
from koshiki.networks.credentials import Secret
from koshiki.networks.http import Answer, NeverSent, NoAnswer, call
from koshiki.networks.judging import harmless, judged, outcome_of
from koshiki.networks.outcomes import NotSent, Outcome

PAGE = 50
_PAGES = 20
_MAX_BYTES = 20_000_000  # fifty posts, each as long as they may be, twice


class Api:
    """One site, by its REST root. `skew` is the last answer's clock against ours."""

    def __init__(self, root: str, user: str = "", password: Secret | None = None) -> None:
        self.root = root
        self.skew: float | None = None
        self._password = password
        self._headers = {"Authorization": _basic(user, password)} if password else {}

    def ask(self, method: str, path: str, asked: Object | None = None, **sent: Any) -> Any:
        """The JSON of an answer. Raises NotSent, Rejected, TokenDead, OutcomeUnknown."""
        try:
            return judged(self._call(method, path, asked or {}, **sent), _words)
        except (NeverSent, NoAnswer) as failure:
            raise outcome_of(failure) from None

    def harmlessly(self, method: str, path: str, asked: Object | None = None, **sent: Any) -> Any:
        """The same for what may simply be done again. Raises NotSent, Rejected, TokenDead."""
        try:
            return self.ask(method, path, asked, **sent)
        except Outcome as outcome:
            raise harmless(outcome) from None

    def get(self, path: str, **asked: str | int) -> Any:
        return self.harmlessly("GET", path, asked)

    def all(self, path: str, **asked: str | int) -> list[Object]:
        """All entries of a list. Raises NotSent also where it is too long, or holds what has no id."""
        found: list[Object] = []
        for page in range(1, _PAGES + 1):
            entries = listed(self.get(path, per_page=PAGE, page=page, **asked))
            found += entries
            if len(entries) < PAGE:
                return found
        raise NotSent("一覧をさかのぼりきれません。")

    @sensitive_variables("answer")
    def _call(self, method: str, path: str, asked: Object, **sent: Any) -> Answer:
        address = self.root + path
        if asked:
            address += ("&" if "?" in self.root else "?") + urlencode(asked)
        answer = call(method, address, headers=self._headers, private=True, max_bytes=_MAX_BYTES, **sent)
        self.skew = answer.skew
        return self._without_password(answer)

    @sensitive_variables("answer", "plain")
    def _without_password(self, answer: Answer) -> Answer:
        """It goes out encoded; a site that says it back would say it plainly."""
        plain = self._password.reveal().encode() if self._password else b""
        return replace(answer, body=answer.body.replace(plain, b"***")) if plain else answer


def _words(said: Mapping[str, Any]) -> object:
    return said.get("message")


def listed(data: Any) -> list[Object]:
    """Raises NotSent for what is no list: a look-up must not take rubbish for an empty one."""
    if isinstance(data, list) and all(isinstance(entry, dict) and number(entry, "id") for entry in data):
        return data
    raise NotSent("一覧を読み取れません。")


def number(data: Object, key: str) -> int:
    """An id; 0 where there is none."""
    value = data.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def moment(data: Object, key: str) -> datetime | None:
    """A time, which WordPress tells in UTC without saying so; None where none can be read."""
    try:
        return datetime.fromisoformat(text(data, key)).replace(tzinfo=UTC)
    except ValueError:
        return None


@sensitive_variables("pair")
def _basic(user: str, password: Secret) -> Secret:
    pair = f"{user}:{password.reveal()}"
    return Secret(f"Basic {base64.b64encode(pair.encode()).decode()}")
