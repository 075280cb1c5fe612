"""What a worker does across the chapters: every working morning, to each person one mail with what waits."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from procrastinate.contrib.django import app

from koshiki import clock
from koshiki.calendar import is_business_day
from koshiki.desk.digest import Digest, digests
from koshiki.guideline import guideline
from koshiki.organization.alerts import mail_is_set_up
from koshiki.organization.jobs import LATER


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


def _subject(digest: Digest) -> str:
    if not digest.waiting:
        return "【公式アカウント管理】所属で期限を過ぎているもの"
    return f"【公式アカウント管理】きょうの用務 {digest.waiting}件" + (f"（期限超過 {digest.late}件）" if digest.late else "")


def drawn(form: str, digest: Digest) -> str:
    """The mail's text; `form` is "txt" or "html"."""
    return render_to_string(f"desk/digest.{form}", {
        "digest": digest, "today": clock.today(), "address": settings.KOSHIKI_URL, "city": guideline().city["name"]})
