"""What I sent, and where it is; what goes out today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from koshiki import clock
from koshiki.look import Tone
from koshiki.organization.models import Person
from koshiki.posts.models import Delivery, Post
from koshiki.register.models import Account

_TONES = {
    "draft": Tone.DRAFT, "submitted": Tone.WAITING, "returned": Tone.RETURNED, "approved": Tone.DONE,
    "withdrawn": Tone.ENDED,
    "preparing": Tone.DRAFT, "deciding": Tone.WAITING, "rejected": Tone.ENDED, "acquired": Tone.WAITING,
    "notified": Tone.WAITING, "notification_returned": Tone.RETURNED, "received": Tone.WAITING,
    "listed": Tone.WAITING, "official": Tone.DONE,
}
_DELIVERED = {
    "waiting": Tone.PLANNED, "claimed": Tone.PLANNED, "sending": Tone.PLANNED, "retry": Tone.WAITING,
    "sent": Tone.DONE, "failed": Tone.FAILED, "unknown": Tone.UNKNOWN, "person": Tone.UNKNOWN,
    "held": Tone.STOPPED, "cancelled": Tone.ENDED,
}
_SHOWN = 8


@dataclass(frozen=True)
class Sent:
    """送ったもの — one thing of mine: what it is, where it stands, since when."""

    kind: str
    title: str
    url: str
    state: str
    tone: Tone
    since: datetime


def sent_by(person: Person) -> list[Sent]:
    """The newest posts and applications this person began and that have not ended, the last moved first."""
    posts = Post.objects.filter(created_by=person).exclude(state__in=["withdrawn"])
    accounts = Account.objects.filter(created_by=person).exclude(state__in=["official", *Account.ENDED])
    found = [_post(p) for p in posts.order_by("-moved_at")[:_SHOWN]]
    found += [_account(a) for a in accounts.order_by("-moved_at")[:_SHOWN]]
    return sorted(found, key=lambda sent: sent.since, reverse=True)[:_SHOWN]


def _post(post: Post) -> Sent:
    return Sent("投稿", post.title, "", post.get_state_display(), _TONES[post.state], post.moved_at)


def _account(account: Account) -> Sent:
    return Sent("アカウント", str(account), "", account.get_state_display(), _TONES[account.state],
                account.moved_at)


def today_for(person: Person) -> QuerySet[Delivery]:
    """What goes out, or went out, today for the accounts whose drafts this person may see."""
    start = timezone.make_aware(datetime.combine(clock.today(), time.min))
    todays = Q(due_at__gte=start, due_at__lt=start + timedelta(days=1))
    live = Delivery.objects.filter(todays).exclude(state="cancelled")
    mine = live if person.standing.sees_everything else live.filter(account__division__in=person.standing.divisions)
    return mine.select_related("post", "account").order_by("due_at", "pk")
