"""通知 — one plain mail at once to whose turn it is, and what is urgent into the city's chat too: the page's address, and
none of its content.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from procrastinate.contrib.django import app

from koshiki import clock
from koshiki.organization.jobs import send_mail
from koshiki.organization.models import Alert, Person


def mail_is_set_up() -> bool:
    """Does this installation send mail at all? Where not, pages say so."""
    return bool(settings.EMAIL_HOST)


def unsent() -> QuerySet[Alert]:
    """The mails of the last week that the mail server did not take."""
    recent = Alert.objects.filter(sent_at__isnull=True, made_at__gt=clock.now() - timedelta(days=7))
    return recent.exclude(error="").select_related("person")


def tell(people: Iterable[Person], *, subject: str, path: str, urgent: bool = False) -> list[Alert]:
    """Alert these people, once each, that `path` waits for them; in the transaction of the act. `urgent`: the chat too.

    `subject` names the kind of work (「投稿の承認」), never what it is about. The mails are sent by a worker after
    the transaction has committed; without mail, or without an address, the row alone remains.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("tell() belongs in the transaction of the act")
    told = {person.pk: person for person in people if person.is_active}
    alerts = Alert.objects.bulk_create(Alert(person=p, subject=subject, path=path) for p in told.values())
    if mail_is_set_up():
        for alert in alerts:
            if alert.person.email:
                send_mail.defer(alert_id=alert.pk)
    if urgent and settings.KOSHIKI_WEBHOOK:
        app.configure_task("desk.tell_chat", queue="mail").defer(subject=subject, path=path)
    return alerts
