"""What of deliveries waits for a person."""

from __future__ import annotations

from django.db.models import Q
from django.urls import reverse

from koshiki import clock
from koshiki.organization.duties import Duty
from koshiki.organization.models import Person
from koshiki.posts.delivery import restore
from koshiki.posts.models import Delivery
from koshiki.register.models import Hold
from koshiki.register.roles import APPROVER, accounts_of, assigned
from koshiki.register.stopped import open_holds

S = Delivery.State


def waiting(person: Person) -> list[Duty]:
    """What to post by hand; outcomes to be judged; what may go on after a stop; what is too late; what koshiki has stopped."""
    mine = {account for account, _ in assigned(person)}
    theirs = Q(state__in=[S.PERSON, S.HELD, S.OFFERED]) | Q(state=S.TAKEN, taken_by=person)
    rows = Delivery.objects.filter(theirs, account__in=mine).select_related("account", "post")
    approves = set(accounts_of(person, APPROVER))
    return [*_stops(person), *(duty for row in rows if (duty := _duty(row, approves)))]


def _duty(row: Delivery, approves: set[int]) -> Duty | None:
    address = reverse("post_deliveries", args=[row.post_id])
    if row.state == S.PERSON:
        return Duty(f"届いたか確かめてください：{row.post.title}", address, "K-unknown", "確かめる", str(row.account),
                    since=row.unknown_at, urgent=True)
    if row.state in (S.OFFERED, S.TAKEN):
        return _by_hand(row)
    if clock.now() > row.expires_at:
        return Duty(f"配信期限を過ぎました：{row.post.title}", reverse("post", args=[row.post_id]), "K-late",
                    "新しい日時を付ける", str(row.account), since=row.expires_at)
    if row.account_id in approves:
        return Duty(f"停止中の発信：{row.post.title}", address, "K-hold", "見て決める", f"{row.account} {row.reason}",
                    since=row.due_at, due=row.expires_at, urgent=True)
    return None


def _by_hand(row: Delivery) -> Duty:
    address = reverse("delivery_hand_over", args=[row.pk])
    if row.state == S.TAKEN:
        return Duty(f"投稿した後の記録：{row.post.title}", address, "K-handover", "アドレスを記録する", str(row.account),
                    since=row.intent_at, urgent=True)
    return Duty(f"手渡し：{row.post.title}", address, "K-handover", "投稿する", str(row.account), since=row.due_at,
                due=row.expires_at, urgent=True)


def _stops(person: Person) -> list[Duty]:
    if not restore.may_confirm(person):
        return []
    stops = [hold for hold in open_holds(person) if hold.kind in Hold.SAFETY]
    return [Duty("すべての発信が止まっています" if not stop.service else f"{stop}があります", reverse("safety_stops"),
                 stop.clause, "確かめる", stop.reason, since=stop.since, urgent=True) for stop in stops]
