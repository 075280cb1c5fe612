"""What a worker does across the chapters: every working morning, to each person one mail with what waits; at once, a line
into the city's chat for what is urgent; every day each account's profile is read (K-profile), but where the service is left
alone after failing (posts/delivery/breaker.py)."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urljoin

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from procrastinate.contrib.django import app

from koshiki import clock
from koshiki.calendar import is_business_day
from koshiki.desk.digest import Digest, digests
from koshiki.guideline import guideline
from koshiki.networks.http import call
from koshiki.organization.alerts import mail_is_set_up
from koshiki.organization.jobs import LATER
from koshiki.posts.delivery.breaker import resting_until
from koshiki.register.actions import read_profile
from koshiki.register.actions.profile import reads_profiles
from koshiki.register.models import Account

MOST_WAITS = 10  # for a service that rests again and again: then the next morning
AFTER_REST = timedelta(minutes=5)  # what is to be published goes first


@app.periodic(cron=clock.daily(8, 0))
@app.task(name="desk.send_digests", queue="mail", queueing_lock="desk.send_digests", pass_context=False)
def send_digests(timestamp: int) -> None:
    """On a working day: a job for each mail, so that one that is not taken keeps no other waiting."""
    if mail_is_set_up() and is_business_day(clock.today()):
        for digest in digests():
            send_digest.defer(address=digest.person.email, subject=_subject(digest), text=drawn("txt", digest),
                              page=drawn("html", digest))


@app.task(name="desk.send_digest", queue="mail", retry=LATER)
def send_digest(address: str, subject: str, text: str, page: str) -> None:
    """Raises what the mail server answers."""
    mail = EmailMultiAlternatives(subject, text, settings.DEFAULT_FROM_EMAIL, [address])
    mail.attach_alternative(page, "text/html")
    mail.send()


@app.task(name="desk.tell_chat", queue="mail", retry=LATER)
def tell_chat(subject: str, path: str) -> None:
    """One message, as Slack takes it and others after it: the kind of work and the page's address.

    Twice after an answer that was lost is better than not at all. Raises what keeps the chat from taking it.
    """
    if not settings.KOSHIKI_WEBHOOK:
        return
    text = f"【公式アカウント管理】{subject}\n{urljoin(settings.KOSHIKI_URL, path)}"
    answer = call("POST", settings.KOSHIKI_WEBHOOK, json={"text": text}, private=True)
    if answer.status >= 300:
        raise OSError(f"チャットが通知を受け付けませんでした（HTTP {answer.status}）。")


def _subject(digest: Digest) -> str:
    if not digest.waiting:
        return "【公式アカウント管理】所属で期限を過ぎているもの"
    return f"【公式アカウント管理】きょうの用務 {digest.waiting}件" + (f"（期限超過 {digest.late}件）" if digest.late else "")


def drawn(form: str, digest: Digest) -> str:
    """The mail's text; `form` is "txt" or "html"."""
    return render_to_string(f"desk/digest.{form}", {
        "digest": digest, "today": clock.today(), "address": settings.KOSHIKI_URL, "city": guideline().city["name"]})


@app.periodic(cron=clock.daily(5, 40))
@app.task(name="desk.watch_profiles", queue="read_back", queueing_lock="desk.watch_profiles", pass_context=False)
def watch_profiles(timestamp: int) -> None:
    """One job for each account on the register whose profile koshiki can read (§6(3)ウ, §8(2)ア)."""
    for account in Account.objects.public().order_by("pk"):
        if reads_profiles(account):
            watch_profile.defer(account=account.pk)


@app.task(name="desk.watch_profile", queue="read_back", pass_context=False, priority=-10)
def watch_profile(account: int, waited: int = 0) -> None:
    """Read one account's profile; once its service is asked again, where that rests just now."""
    found = Account.objects.public().filter(pk=account).select_related("division").first()
    if found is None:
        return
    if until := resting_until(found.service):
        if waited < MOST_WAITS:
            watch_profile.configure(schedule_at=until + AFTER_REST).defer(account=account, waited=waited + 1)
        return
    read_profile(found)
