"""帯 — what everybody has to know before anything else: what is stopped, and that citizens see what is old."""

from __future__ import annotations

from django.urls import reverse

from koshiki.look import Bar
from koshiki.organization.models import Person
from koshiki.organization.roles import IP, in_service, is_it
from koshiki.public.standing import Standing, standing
from koshiki.register.models import Account, Hold

_SHOWN = 3


def bars(person: Person) -> list[Bar]:
    """All of them: what stops everything first, then the public pages, then what stops one account."""
    found = [*_copy(person), *_stops(person)]
    return sorted(found, key=lambda bar: bar.tone != "emergency")


def copy_for(person: Person) -> Standing | None:
    """Where the public pages' static copy stands, for those who see to it."""
    return standing() if is_it(person) or in_service(person, IP) else None


def _copy(person: Person) -> list[Bar]:
    copy = copy_for(person)
    return [Bar("warning", f"公開ページの写しが新しくありません。{copy.text}")] if copy and copy.alarm else []


def _stops(person: Person) -> list[Bar]:
    """Open holds on everything, on a service, and on the accounts this person may see; the widest first."""
    seen = Account.objects.visible_to(person)
    holds = Hold.objects.open().filter(account__isnull=True) | Hold.objects.open().filter(account__in=seen)
    found = sorted(holds.select_related("account")[:50], key=lambda hold: (bool(hold.account_id), bool(hold.service)))
    shown = [Bar("emergency" if not hold.account_id else "warning", _words(hold), _url(hold), "詳しく見る")
             for hold in found[:_SHOWN]]
    rest = len(found) - len(shown)
    return [*shown, Bar("warning", f"ほかに{rest}件の停止があります。", reverse("holds"), "停止の一覧")] if rest else shown


def _words(hold: Hold) -> str:
    return f"{hold.get_what_display()}を停止しています: {hold}（{hold.reason}）"


def _url(hold: Hold) -> str:
    return reverse("account", args=[hold.account_id]) if hold.account_id else reverse("holds")
