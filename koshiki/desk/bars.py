"""帯 — what everybody has to know before anything else: what is stopped, and that citizens see what is old."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.urls import reverse

from koshiki import disk
from koshiki.look import Bar
from koshiki.organization.models import Person
from koshiki.organization.roles import IP, in_service, is_it
from koshiki.posts.delivery import restore
from koshiki.public.standing import Standing, standing
from koshiki.register.link import ring_trouble
from koshiki.register.models import Hold
from koshiki.register.stopped import open_holds

_SHOWN = 3


def bars(person: Person) -> list[Bar]:
    """All of them: what stops everything first, then the public pages, then what stops one account."""
    found = [*_scarce(person), *_ring(person), *_copy(person), *_stops(person)]
    return sorted(found, key=lambda bar: bar.tone != "emergency")


def copy_for(person: Person) -> Standing | None:
    """Where the public pages' static copy stands, for those who see to it; kept for one request."""
    if "public_copy" not in person.__dict__:
        person.__dict__["public_copy"] = standing() if is_it(person) or in_service(person, IP) else None
    found: Standing | None = person.__dict__["public_copy"]
    return found


def _copy(person: Person) -> list[Bar]:
    copy = copy_for(person)
    return [Bar("warning", f"公開ページの写しが新しくありません。{copy.text}")] if copy and copy.alarm else []


def _stops(person: Person) -> list[Bar]:
    found = [hold for hold in open_holds(person) if hold.kind != Hold.Kind.CLOSING]  # nobody has to act on these
    shown = [_bar(hold, person) for hold in found[:_SHOWN]]
    rest = len(found) - _SHOWN
    return [*shown, Bar("warning", f"ほかに{rest}件の停止があります。", reverse("holds"), "停止の一覧")] if rest > 0 else shown


def _bar(hold: Hold, person: Person) -> Bar:
    if hold.kind in Hold.SAFETY and restore.may_confirm(person):
        return Bar("emergency", _words(hold), reverse("safety_stops"), "確かめる")
    address = reverse("account", args=[hold.account_id]) if hold.account_id else reverse("holds")
    return Bar("emergency" if not hold.account_id else "warning", _words(hold), address, "詳しく見る")


def _words(hold: Hold) -> str:
    if hold.kind == Hold.Kind.RESTORE:
        return f"復元された設置か、写しです。{restore.WHO}が確かめるまで、何も発信しません（{hold.reason}）"
    return f"{hold.get_what_display()}を停止しています: {hold}（{hold.reason}）"


def _ring(person: Person) -> list[Bar]:
    """The workers refuse to work with it; here people learn why nothing goes out."""
    trouble = ring_trouble()
    return [Bar("emergency", "鍵束が合わないため、何も発信していません。システム管理の担当は、控えと別に保管した鍵束を"
                             f"置いてください（{trouble}）。")] if trouble else []


def _scarce(person: Person) -> list[Bar]:
    """Before the disk is full, whoever can do something about it knows; once it is, everybody."""
    left = disk.free(Path(settings.KOSHIKI_HOME))
    if left > disk.SCARCE or not (left < disk.SCARCE // 10 or is_it(person) or in_service(person)):
        return []
    return [Bar("emergency", f"ディスクの空きが、あと{left // 1_000_000}MBです。なくなると、保存も発信もできなくなります。"
                             "システム管理の担当は、空きを作ってください。")]
