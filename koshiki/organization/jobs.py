"""What a worker does for the organisation: the mails, and every night the sessions that have ended."""

from __future__ import annotations

from urllib.parse import urljoin

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.mail import EmailMessage
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from koshiki import clock
from koshiki.guideline import guideline
from koshiki.organization.models import Alert

# A mail server that is away for a night: after 1 minute, 3, 6, 14 … about nine hours in all.
LATER = RetryStrategy(max_attempts=9, linear_wait=60, exponential_wait=3)
_TEXT = """{name} 様

{subject}をお願いします。次のページを開いてください。

{address}

内容は、このメールには書かれていません。
{city} 公式アカウント管理（koshiki）
"""


@app.task(name="organization.send_mail", queue="mail", retry=LATER)
def send_mail(alert_id: int) -> None:
    """Send one alert, unless it was sent or its person has gone. Raises what the mail server answers."""
    alert = Alert.objects.select_related("person").get(pk=alert_id)
    if alert.sent_at or not (alert.person.is_active and alert.person.email and settings.EMAIL_HOST):
        return
    try:
        _mail(alert).send()
    except OSError as failed:  # smtplib's errors are OSErrors too
        Alert.objects.filter(pk=alert_id).update(error=f"{type(failed).__name__}: {failed}"[:200])
        raise
    Alert.objects.filter(pk=alert_id).update(sent_at=clock.now(), error="")


@app.periodic(cron=clock.daily(3, 17))
@app.task(name="organization.clear_sessions", queue="mail")
def clear_sessions(timestamp: int) -> None:
    """Forget the sessions that are over."""
    Session.objects.filter(expire_date__lt=clock.now()).delete()


def _mail(alert: Alert) -> EmailMessage:
    city = guideline().city["name"]
    text = _TEXT.format(name=alert.person.name, subject=alert.subject, city=city,
                        address=urljoin(settings.KOSHIKI_URL, alert.path))
    return EmailMessage(f"【公式アカウント管理】{alert.subject}", text, settings.DEFAULT_FROM_EMAIL,
                        [alert.person.email])
