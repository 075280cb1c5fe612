"""What a policy must hold: the items of the guideline file, each with its clause (§6(2), 別紙1)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from koshiki.guideline import Clause, PolicyItem, guideline
from koshiki.networks import service_label
from koshiki.register.address import account_address
from koshiki.register.models import Account, Policy

ON_THE_LIST = "市の公式アカウント一覧のページ"  # where the city's own account shows its policy
Items = Mapping[str, Any]
"""The items of a policy by their keys; `clauses` holds the guideline's own words by clause id."""


@dataclass(frozen=True)
class Missing:
    """不足 — one item that the policy does not hold, and the clause that asks for it."""

    clause: str
    label: str


@dataclass(frozen=True)
class ShownItem:
    """記載事項 — one item as citizens read it; `points` stand numbered below the text."""

    clause: str
    label: str
    text: str
    points: tuple[str, ...] = ()
    key: str = ""


@dataclass(frozen=True)
class FixedWords:
    """定めの文 — words of 別紙1 that are taken over as they stand, with the clauses listed below them."""

    clause: str
    label: str
    text: str
    points: tuple[Clause, ...] = ()

    @property
    def clauses(self) -> tuple[str, ...]:
        return (self.clause, *(point.id for point in self.points))


def written(account: Account, typed: Mapping[str, str], taken: Collection[str]) -> dict[str, Any]:
    """The items of a draft: what was typed, what the account says, and the words of 別紙1 that were taken over.

    `taken` holds the clauses of `fixed_words()` that the writer has read and takes over.
    """
    items: dict[str, Any] = {i.key: typed.get(i.key, "") for i in guideline().policy_items if i.kind in ("text", "choice")}
    rows = [row for row in fixed_words() if row.clause in taken]
    return {**items, **of_account(account), "clauses": {id_: guideline().clauses[id_].text for r in rows for id_ in r.clauses}}


def of_account(account: Account) -> dict[str, str]:
    """The items that the account itself says: service (ア), name, URL and division (イ)."""
    return {
        "service": service_label(account.service) if account.service else "",
        "account_name": account.name,
        "url": account_address(account),
        "division": account.division.name,
    }


def missing(items: Items, *, acquired: bool = False) -> list[Missing]:
    """What the policy lacks; before acquisition the name and URL may still be open (あらかじめ, §6(2))."""
    return [lack for item in guideline().policy_items for lack in _lacks(item, items, acquired)]


def _lacks(item: PolicyItem, items: Items, acquired: bool) -> Iterator[Missing]:
    if item.kind == "fixed":
        yield from _left_out(item, items.get("clauses", {}))
    elif item.optional or (item.after_acquisition and not acquired):
        return
    elif not _given(item, str(items.get(item.key, ""))):
        yield Missing(item.clause, item.label)


def _given(item: PolicyItem, value: str) -> bool:
    return value in {choice.value for choice in item.choice} if item.kind == "choice" else bool(value.strip())


def _left_out(item: PolicyItem, clauses: Mapping[str, str]) -> Iterator[Missing]:
    for clause in _clauses_of(item):
        if clauses.get(clause.id) != clause.text:
            yield Missing(clause.id, f"{item.label}（{clause.cite}）")


def fixed_words() -> list[FixedWords]:
    """The words of 別紙1 as a writer takes them over: the prohibitions as one, each disclaimer by itself."""
    return [words for item in guideline().policy_items if item.kind == "fixed" for words in _fixed(item)]


def _fixed(item: PolicyItem) -> Iterator[FixedWords]:
    first, *others = _clauses_of(item)
    if item.items and not first.id.startswith(item.items):
        yield FixedWords(first.id, item.label, first.text.strip(), tuple(others))
        return
    for clause in (first, *others):
        yield FixedWords(clause.id, item.label, clause.text.strip())


def _clauses_of(item: PolicyItem) -> list[Clause]:
    """The clause of a fixed item and those listed below it, in order, each once."""
    known = guideline().clauses
    listed = [clause for id_, clause in known.items() if item.items and id_.startswith(item.items)]
    return list(dict.fromkeys([known[item.clause], *listed]))


def shown_items(policy: Policy) -> list[ShownItem]:
    """The policy as citizens read it, in the guideline's order."""
    return shown(policy.content)


def shown(items: Items) -> list[ShownItem]:
    """The same for items that are not yet a policy (a draft, an application)."""
    return [row for item in guideline().policy_items if (row := _shown(item, items)) is not None]


def _shown(item: PolicyItem, items: Items) -> ShownItem | None:
    if item.kind == "fixed":
        return _shown_fixed(item, items.get("clauses", {}))
    value = str(items.get(item.key, ""))
    if item.optional and not value:
        return None
    words = next((choice.text for choice in item.choice if choice.value == value), value)
    return ShownItem(item.clause, item.label, words, key=item.key)


def _shown_fixed(item: PolicyItem, clauses: Mapping[str, str]) -> ShownItem | None:
    first, *others = _clauses_of(item)
    below = (first, *others) if item.items and first.id.startswith(item.items) else tuple(others)
    lead = "" if first in below else clauses.get(first.id, "").strip()
    points = tuple(clauses[clause.id].strip() for clause in below if clause.id in clauses)
    return ShownItem(item.clause, item.label, lead, points, item.key) if lead or points else None


@dataclass(frozen=True)
class Change:
    """変更 — one item that differs: its words before and after, to be shown marked."""

    label: str
    before: str
    after: str


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[Change]:
    """What differs between two texts by their labels, in their order."""
    labels = {**before, **after}
    return [Change(label, old, new) for label in labels if (old := before.get(label, "")) != (new := after.get(label, ""))]


def as_text(items: Items) -> dict[str, str]:
    """Each item as one text by its label, to be compared."""
    return {item.label: "\n".join([item.text, *item.points]) for item in shown(items)}


def public_policy(account: Account) -> Policy | None:
    """The version in force: the newest completed one."""
    return account.policies.filter(completed_at__isnull=False).order_by("-version").first()


def newest_policy(account: Account) -> Policy | None:
    """The newest version, a draft or not."""
    return account.policies.order_by("-version").first()
