"""Twenty people with their sessions, and the pages that each of them opens."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.urls import reverse

from koshiki.organization.models import Person, Posting
from koshiki.posts.models import Post
from koshiki.register.models import Account

PAGES = ("home", "calendar", "account", "post", "log")
# Of the city's own people: who they are there, and how many of them.
PLACES = (("係員", 8), ("係長", 4), ("グループ長", 2), ("課長", 2))
BESIDE = ("3001", "3002", "3102", "9001")  # 情報政策課 with its head, 広報課, the auditor


@dataclass(frozen=True)
class Reader:
    """読む職員 — signed in, with the address of each page."""

    person: Person
    cookie: str
    addresses: dict[str, str]


def make_readers() -> list[Reader]:
    """Each from a division of their own, but the last four, who see every division's work."""
    people = []
    for place, (position, number) in enumerate(PLACES):
        posted = Posting.objects.filter(position=position, division__code__gte="1000").order_by("division__code", "pk")
        seen = posted.order_by("division__code", "pk").distinct("division__code")
        people += [p.person for p in seen.select_related("person")[place * 20:place * 20 + number]]
    people += Person.objects.filter(staff_number__in=BESIDE).order_by("staff_number")
    return [Reader(person, _session(person), _addresses(person)) for person in people]


def _session(person: Person) -> str:
    session = SessionStore()
    session[SESSION_KEY], session[HASH_SESSION_KEY] = str(person.pk), person.get_session_auth_hash()
    session[BACKEND_SESSION_KEY] = "koshiki.organization.sign_in.Backend"
    session.create()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


def _addresses(person: Person) -> dict[str, str]:
    own = person.postings.first()
    posts = Post.objects.filter(division=own.division) if own else Post.objects.all()
    accounts = Account.objects.filter(division=own.division) if own else Account.objects.all()
    post = posts.filter(state="approved").first() or Post.objects.filter(state="approved")[person.pk % 1000]
    account = accounts.filter(state="official").first() or Account.objects.filter(state="official")[person.pk % 900]
    return {"home": reverse("home"), "calendar": reverse("post_month"), "account": reverse("account", args=[account.pk]),
            "post": reverse("post", args=[post.pk]), "log": reverse("log")}

