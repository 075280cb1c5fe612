"""What I began, and where it is; what goes out today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from koshiki import clock
from koshiki.look import Tone
from koshiki.organization.models import Person
from koshiki.posts.models import Delivery, Post
from koshiki.posts.models.delivery import LIVE
from koshiki.posts.stages import Stage, stages_of
from koshiki.register.models import Account
from koshiki.register.rail import TONES
from koshiki.register.roles import own_accounts

_SHOWN, _OF_TODAY = 8, 50
_DELIVERED = {
    Delivery.State.WAITING: Tone.PLANNED, Delivery.State.CLAIMED: Tone.PLANNED,
    Delivery.State.SENDING: Tone.PLANNED, Delivery.State.RETRY: Tone.WAITING, Delivery.State.SENT: Tone.DONE,
    Delivery.State.FAILED: Tone.FAILED, Delivery.State.UNKNOWN: Tone.UNKNOWN,
    Delivery.State.PERSON: Tone.UNKNOWN, Delivery.State.HELD: Tone.STOPPED,
    Delivery.State.CANCELLED: Tone.ENDED, Delivery.State.OFFERED: Tone.WAITING, Delivery.State.TAKEN: Tone.WAITING,
}


@dataclass(frozen=True)
class Sent:
    """始めたもの — one thing of mine: what it is, where it stands, since when."""

    kind: str
    title: str
    url: str
    state: str
    tone: Tone
    since: datetime


@dataclass(frozen=True)
class Today:
    """きょうの発信 — one post on its way to one account today."""

    at: datetime
    title: str
    account: str
    url: str
    state: str
    tone: Tone


def sent_by(person: Person) -> list[Sent]:
    """The newest posts and applications this person began and that have not ended, the last moved first."""
    posts = Post.objects.filter(created_by=person).exclude(state=Post.State.WITHDRAWN)
    accounts = Account.objects.filter(created_by=person).exclude(state__in=[Account.State.OFFICIAL, *Account.ENDED])
    newest = list(posts.order_by("-moved_at")[:_SHOWN])
    stages = stages_of(newest)
    found = [_post(post, stages[post.pk]) for post in newest]
    found += [_account(a) for a in accounts.order_by("-moved_at")[:_SHOWN]]
    return sorted(found, key=lambda sent: sent.since, reverse=True)[:_SHOWN]


def _post(post: Post, stage: Stage) -> Sent:
    return Sent("投稿", post.title, reverse("post", args=[post.pk]), stage.label, stage.tone, post.moved_at)


def _account(account: Account) -> Sent:
    return Sent("アカウント", str(account), reverse("account", args=[account.pk]), account.get_state_display(),
                TONES[Account.State(account.state)], account.moved_at)


def today_for(person: Person) -> list[Today]:
    """What goes out, or went out, today for the accounts whose drafts this person may see."""
    start = timezone.make_aware(datetime.combine(clock.today(), time.min))
    live = Delivery.objects.filter(LIVE).annotate(at=Coalesce("sent_at", "due_at"))
    todays = live.filter(at__gte=start, at__lt=start + timedelta(days=1)).select_related("post", "account")
    if not person.standing.sees_everything:
        todays = todays.filter(account__in=own_accounts(person))
    return [_today(delivery, delivery.at) for delivery in todays.order_by("at", "pk")[:_OF_TODAY]]


def _today(delivery: Delivery, at: datetime) -> Today:
    return Today(timezone.localtime(at), delivery.post.title, str(delivery.account),
                 reverse("post", args=[delivery.post_id]), delivery.get_state_display(),
                 _DELIVERED[Delivery.State(delivery.state)])
