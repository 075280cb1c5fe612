"""The guideline, clause by clause. A rule in code always names its clause.

The words, forms, deadlines and routes of one municipality are a file (`guidelines/iwata.toml`);
this module reads it once, checks that it is whole, and gives the rest of koshiki its clauses.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings


class Handling(StrEnum):
    """取扱い — what the software does about a clause."""

    ENFORCED = "強制"  # the software refuses
    RECORDED = "記録"  # the software keeps the evidence
    REMINDED = "注意喚起"  # the software shows it to the right person at the right moment
    OUTSIDE = "運用"  # people do it
    HOUSE = "内規"  # koshiki's own rule


class Way(StrEnum):
    """掲載のしかた — how the register reaches the city's home page (§6(3)イ)."""

    STATIC = "static"  # the static copy, on a path of the city's site
    FRAGMENT = "fragment"  # a person takes each entry over into the city's CMS and records where it stands
    PAGES = "pages"  # koshiki's own pages


@dataclass(frozen=True)
class Clause:
    """条項 — one clause: koshiki's id, how this city numbers it, and its words."""

    id: str
    cite: str
    text: str
    handling: Handling
    note: str = ""
    lead: str = ""  # for headings: the sentence that opens the chapter
    planned: bool = False
    absent: bool = False


@dataclass(frozen=True)
class Position:
    """職 — a rank; approvers and heads are told by it (§8(1), §6(1))."""

    name: str
    rank: int
    approver: bool = False
    head: bool = False


@dataclass(frozen=True)
class RouteStep:
    """決裁・合議の順 — one decision that an opening needs (§6(1))."""

    key: str
    label: str
    kind: str  # "decision" or "concurrence"
    of: str  # "head", or the duty of the concurring division


@dataclass(frozen=True)
class Choice:
    """選択肢 — one answer to a policy item of kind "choice", with the words that citizens read."""

    value: str
    label: str
    text: str


@dataclass(frozen=True)
class PolicyItem:
    """記載事項 — something every operating policy holds (§6(2), 別紙1)."""

    key: str
    clause: str
    label: str
    kind: str  # "text", "choice", "account" (known from the account), "fixed" (the guideline's own words)
    help: str = ""
    max: int = 0  # graphemes
    optional: bool = False
    after_acquisition: bool = False
    items: str = ""  # for "fixed": the clauses whose id begins so stand below the words
    choice: tuple[Choice, ...] = ()


@dataclass(frozen=True)
class ReviewItem:
    """確認事項 — what is read of a service before an account is applied for (§4(3))."""

    key: str
    label: str
    help: str


@dataclass(frozen=True)
class FormField:
    """届出書の欄 — one row of a form (別紙2, 別紙3); `max` in graphemes."""

    key: str
    label: str
    max: int = 0


@dataclass(frozen=True)
class Form:
    """届出書 — a form as the guideline prints it."""

    clause: str
    title: str
    addressee: str
    sender_label: str
    sentences: tuple[str, ...]
    field: tuple[FormField, ...]
    footer: tuple[FormField, ...]
    attachments: tuple[str, ...] = ()
    attachments_note: str = ""


@dataclass(frozen=True)
class ServiceDivision:
    """合議・届出を受ける所属 — its name as the guideline writes it."""

    duty: str
    name: str
    short: str
    head_title: str


@dataclass(frozen=True)
class Guideline:
    """ガイドライン — one municipality's guideline file, ready to be asked."""

    title: str
    edition: str
    city: dict[str, Any]
    clauses: dict[str, Clause]
    headings: dict[str, Clause]
    positions: dict[str, Position]
    routes: dict[str, tuple[RouteStep, ...]]
    deadlines: dict[str, int]
    closed_days: tuple[str, ...]  # "12-29": the city hall is closed on these days of every year
    policy_items: tuple[PolicyItem, ...]
    decided_again: tuple[str, ...]  # the items of a policy whose change goes to every decider of the opening again
    review_items: tuple[ReviewItem, ...]
    forms: dict[str, Form]
    service_divisions: dict[str, ServiceDivision]
    fixed: dict[str, str]
    register: dict[str, Any]
    way: Way
    approval: dict[str, Any]
    profile: dict[str, Any]

    def under(self, prefix: str) -> list[Clause]:
        """The numbered clauses directly below `prefix`, in order: `under("§5")` gives the nine of §5."""
        numbered = re.compile(re.escape(prefix) + r"\(\d+\)")
        return [c for c in self.clauses.values() if numbered.fullmatch(c.id)]

    def rank(self, position: str) -> int:
        """The rank of a position's name; an unknown name ranks below all."""
        return self.positions[position].rank if position in self.positions else 0

    def approver_rank(self) -> int:
        """The lowest rank that may be named approver (§8(1))."""
        return min(p.rank for p in self.positions.values() if p.approver)


class Refused(Exception):
    """An act that the guideline does not allow; shown to the person with its clause.

    `now` says what can be done, `who` by whom; both are shown on the page of the refusal.
    """

    watchers: list[Callable[[Refused], None]] = []  # the suite notes here which clauses refused

    def __init__(self, clause: str, message: str, *, now: str = "", who: str = "") -> None:
        super().__init__(message)
        self.clause = guideline().clauses[clause]
        self.message = message
        self.now = now
        self.who = who
        for watch in self.watchers:
            watch(self)


@cache
def guideline() -> Guideline:
    """The guideline in force: the file named by KOSHIKI_GUIDELINE, read once."""
    return load(settings.KOSHIKI_GUIDELINE)


def load(path: Path) -> Guideline:
    """Read a guideline file. Raises ValueError, naming the key, when the file is not whole."""
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    try:
        return _built(_with_city(raw, raw["city"]["name"]))
    except KeyError as missing:
        raise ValueError(f"{path.name}: {missing} がありません。") from missing


def _with_city(value: Any, name: str) -> Any:
    """The same structure with `{city}` replaced by the city's name in every text."""
    if isinstance(value, str):
        return value.replace("{city}", name)
    if isinstance(value, list):
        return [_with_city(v, name) for v in value]
    if isinstance(value, dict):
        return {k: _with_city(v, name) for k, v in value.items()}
    return value


def _built(raw: dict[str, Any]) -> Guideline:
    return Guideline(
        title=raw["guideline"]["title"],
        edition=raw["guideline"]["edition"],
        city=raw["city"],
        clauses={c.id: c for c in (*map(_clause, raw["clause"]), *map(_house_rule, raw["house"]))},
        headings={h["id"]: _clause({**h, "handling": Handling.OUTSIDE}) for h in raw["heading"]},
        positions={p["name"]: Position(**p) for p in raw["position"]},
        routes={name: tuple(RouteStep(**s) for s in raw["route"][name]) for name in ("opening", "policy_change")},
        deadlines=raw["deadline"],
        closed_days=tuple(raw["calendar"]["closed"]),
        policy_items=tuple(map(_policy_item, raw["policy_item"])),
        decided_again=_of_a_policy(raw["policy"]["decided_again"], raw["policy_item"]),
        review_items=tuple(ReviewItem(**i) for i in raw["review_item"]),
        forms={name: _form(form) for name, form in raw["form"].items()},
        service_divisions={d["duty"]: ServiceDivision(**d) for d in raw["service_division"]},
        fixed=raw["fixed"],
        register=raw["register"],
        way=_way(raw["register"]["way"]),
        approval=raw["approval"],
        profile=raw["profile"],
    )


def _way(named: str) -> Way:
    try:
        return Way(named)
    except ValueError:
        raise ValueError(f"[register] way は {'、'.join(Way)} のいずれかです: {named}") from None


def _clause(raw: dict[str, Any]) -> Clause:
    return Clause(**{**raw, "handling": Handling(raw["handling"])})


def _house_rule(raw: dict[str, Any]) -> Clause:
    return Clause(id=raw["id"], cite="koshiki", text=raw["text"], handling=Handling.HOUSE, note=raw["reason"])


def _policy_item(raw: dict[str, Any]) -> PolicyItem:
    return PolicyItem(**{**raw, "choice": tuple(Choice(**c) for c in raw.get("choice", ()))})


def _of_a_policy(keys: list[str], items: list[dict[str, Any]]) -> tuple[str, ...]:
    if unknown := set(keys) - {item["key"] for item in items}:
        raise ValueError(f"[policy] decided_again に、policy_item にない key があります: {'、'.join(sorted(unknown))}")
    return tuple(keys)


def _form(raw: dict[str, Any]) -> Form:
    rows = {part: tuple(FormField(**f) for f in raw[part]) for part in ("field", "footer")}
    return Form(**{**raw, **rows, "sentences": tuple(raw["sentences"]), "attachments": tuple(raw["attachments"])})
