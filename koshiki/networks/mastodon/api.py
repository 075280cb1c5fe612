"""Calls to a server of the Mastodon API: what is asked, and what each answer means."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from koshiki.networks.answers import Object, as_object, text
from koshiki.networks.content import Media
from koshiki.networks.credentials import Secret
from koshiki.networks.http import Answer, NeverSent, NoAnswer, call
from koshiki.networks.judging import harmless, judged, outcome_of
from koshiki.networks.outcomes import Outcome

_UPLOAD_SECONDS = 120.0
_SLOWEST = 500_000  # bytes in a second, of a large film


class Api:
    """One server, with or without a token. `skew` is the last answer's clock against ours."""

    def __init__(self, server: str, token: Secret | None = None) -> None:
        self.server = server
        self.token = token
        self.skew: float | None = None

    def get(self, path: str, **parameters: str) -> Any:
        """The JSON of a GET. Raises NotSent, Rejected, TokenDead."""
        query = f"?{urlencode(parameters)}" if parameters else ""
        return self.harmlessly("GET", path + query)[1]

    def harmlessly(self, method: str, path: str, **sent: Any) -> tuple[int, Any]:
        """Status and JSON of a call that publishes nothing. Raises NotSent, Rejected, TokenDead."""
        try:
            answer = self._call(method, path, **sent)
            return answer.status, judged(answer)
        except (NeverSent, NoAnswer) as failure:
            raise harmless(outcome_of(failure)) from None
        except Outcome as outcome:
            raise harmless(outcome) from None

    def publish(self, status: Object, key: str, last_check: Callable[[], None]) -> Any:
        """The one call that publishes. Raises NotSent, Rejected, TokenDead, OutcomeUnknown."""
        headers = {"Idempotency-Key": key}
        return self._seen_by_all("POST", "/api/v1/statuses", json=status, headers=headers, last_check=last_check)

    def edit(self, path: str, status: Object, last_check: Callable[[], None]) -> Any:
        """Raises as `publish`."""
        return self._seen_by_all("PUT", path, json=status, last_check=last_check)

    def upload(self, item: Media, last_check: Callable[[], None]) -> Object:
        """Uploads one picture or film, read while it is sent. Raises NotSent, Rejected, TokenDead."""
        kind, _, ending = item.mime.partition("/")
        _, media = self.harmlessly(
            "POST",
            "/api/v2/media",
            files={"file": (f"{kind}.{ending}", item.path, item.mime)},
            form={"description": item.alt},
            last_check=last_check,
            seconds=_UPLOAD_SECONDS + item.size / _SLOWEST,
        )
        return as_object(media)

    def _seen_by_all(self, method: str, path: str, **sent: Any) -> Any:
        try:
            answer = self._call(method, path, **sent)
        except (NeverSent, NoAnswer) as failure:
            raise outcome_of(failure) from None
        return judged(answer)

    def _call(self, method: str, path: str, **sent: Any) -> Answer:
        answer = call(method, self.server + path, token=self.token, private=True, **sent)
        self.skew = answer.skew
        return answer


def own_address(server: str, data: Mapping[str, Any], *keys: str) -> str:
    """The first of these that is an address on this very server; empty if none is.

    A server may write anything there: a script, or another server's account that it would like to be.
    """
    host = urlsplit(server).netloc
    for key in keys:
        value = text(data, key)
        if re.match(rf"https?://{re.escape(host)}(?:[/?#]|$)", value, re.IGNORECASE):
            return value
    return ""
