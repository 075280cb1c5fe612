"""帯 — what everybody has to know before anything else: what is stopped."""

from __future__ import annotations

from django.urls import reverse

from koshiki.look import Bar
from koshiki.organization.models import Person
from koshiki.register.models import Account, Hold

_SHOWN = 3


def bars(person: Person) -> list[Bar]:
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
