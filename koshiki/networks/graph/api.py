"""Calls to the Graph API of Meta, which Facebook and Instagram share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from koshiki.networks.answers import Object, as_object, moment, objects, part, text
from koshiki.networks.budgets import Budget, Span
from koshiki.networks.credentials import Secret
from koshiki.networks.graph.errors import told, told_of_one_thing
from koshiki.networks.http import Answer, NeverSent, NoAnswer, call
from koshiki.networks.judging import harmless, judged, outcome_of
from koshiki.networks.network import Verb
from koshiki.networks.outcomes import NotSent, Outcome

VERSION = "v26.0"
_UPLOAD_SECONDS = 120.0
_PAGES = 20
_ENTRIES = "50"
_LIST_BYTES = 8_000_000  # fifty long posts, or the comments of a lively one

# Meta lets a page ask 4,800 times a day for each person who had to do with it: this is what one alone would give an hour.
CALLS = Budget("calls", "1時間の呼出し", "回", Span.HOUR, {
    Verb.PUBLISH: 6, Verb.LOOK_UP: 3, Verb.READ: 5, Verb.DELETE: 1, Verb.TIMELINE: 5, Verb.COMMENTS: 20,
    Verb.HIDE: 1, Verb.REMOVE: 1, Verb.REPLY: 1, Verb.PROFILE: 1}, 200, each_account=True)

Form = Mapping[str, str | Secret]
Told = Callable[[Answer], Outcome | None]


class Graph:
    """One connection. The token goes in a header; its proof, which alone opens nothing, with every call.

    A call is named by its steps: the id of a node, and an edge of it.
    """

    def __init__(self, api: str, secrets: Mapping[str, Secret]) -> None:
        self._api = api
        self._token = secrets.get("access_token")
        self._proof = {"appsecret_proof": secrets["proof"]} if "proof" in secrets else {}
        self.skew: float | None = None

    def get(self, *steps: str, **asked: str) -> Object:
        """The JSON of a GET. Raises NotSent, Gone, Rejected, TokenDead."""
        return as_object(self._harmlessly("GET", steps, query=asked))

    def node(self, node: str, *, fields: str) -> Object:
        """What is there under this id, which the answer must name. Raises as `get`."""
        found = self.get(node, fields=fields)
        if not text(found, "id"):
            raise NotSent("サービスの答えを読み取れません。")
        return found

    def ready(self, *steps: str, form: Form, **sent: Any) -> Object:
        """A step before publishing, which nobody can see. Raises NotSent, Gone, Rejected, TokenDead."""
        return as_object(self._harmlessly("POST", steps, form=form, seconds=_UPLOAD_SECONDS, **sent))

    def publish(self, *steps: str, form: Form, last_check: Callable[[], None]) -> Object:
        """A call whose effect people see; empty for an answer that is no object.

        Raises NotSent, Gone, Rejected, TokenDead, OutcomeUnknown.
        """
        try:
            data = judged(self._call("POST", steps, form=form, last_check=last_check), told=told)
        except (NeverSent, NoAnswer) as failure:
            raise outcome_of(failure) from None
        return data if isinstance(data, dict) else {}

    def act(self, method: str, *steps: str, form: Form | None = None, **sent: Any) -> None:
        """A call about one thing that may be repeated. Raises NotSent, Gone, Rejected, TokenDead."""
        data = self._harmlessly(method, steps, form=form, meaning=told_of_one_thing, **sent)
        if as_object(data).get("success") is not True:
            raise NotSent("サービスの答えを読み取れません。")

    def all(self, *steps: str, **asked: str) -> list[Object]:
        """All entries of a list. Raises NotSent also where it is longer than what is read."""
        return [entry for page in self._pages(steps, asked) for entry in page]

    def since(self, since: datetime, time: str, *steps: str, **asked: str) -> Iterator[Object]:
        """The entries of a list that is newest first, until one is older, by the field `time`. Raises as `all`."""
        for page in self._pages(steps, asked):
            times = [moment(entry, time) for entry in page]
            if not all(times) or not all(text(entry, "id") for entry in page):
                raise NotSent("一覧を読み取れません。")
            recent = [entry for entry, at in zip(page, times, strict=True) if at and at >= since]
            yield from recent
            if len(recent) < len(page):
                return

    def _pages(self, steps: tuple[str, ...], asked: Mapping[str, str]) -> Iterator[list[Object]]:
        """Page after page. Raises NotSent for what is no list: rubbish must not pass for an empty one."""
        query = {"limit": _ENTRIES, **asked}
        for _ in range(_PAGES):
            answer = as_object(self._harmlessly("GET", steps, query=query, max_bytes=_LIST_BYTES))
            entries, paging = answer.get("data"), part(answer, "paging")
            if not isinstance(entries, list) or len(objects(entries)) != len(entries):
                raise NotSent("一覧を読み取れません。")
            yield entries
            after = text(part(paging, "cursors"), "after")
            if "next" not in paging or not after:
                return
            query["after"] = after
        raise NotSent("一覧をさかのぼりきれません。")

    def _harmlessly(self, method: str, steps: tuple[str, ...], *, meaning: Told = told, **sent: Any) -> Any:
        try:
            return judged(self._call(method, steps, **sent), told=meaning)
        except (NeverSent, NoAnswer) as failure:
            raise harmless(outcome_of(failure)) from None
        except Outcome as outcome:
            raise harmless(outcome) from None

    def _call(
        self, method: str, steps: tuple[str, ...], *, form: Form | None = None,
        query: Mapping[str, str] | None = None, **sent: Any,
    ) -> Answer:
        url = "/".join([self._api, *(quote(step, safe="") for step in steps)])
        if form is None:
            proof = {name: value.reveal() for name, value in self._proof.items()}
            asked = urlencode({**(query or {}), **proof})
            url += f"?{asked}" if asked else ""
        else:
            sent["form"] = {**form, **self._proof}
        answer = call(method, url, token=self._token, private=True, **sent)
        self.skew = answer.skew
        return answer
