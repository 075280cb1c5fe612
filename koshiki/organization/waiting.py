"""What of the organisation waits for a person."""

from __future__ import annotations

from datetime import timedelta

from django.urls import reverse

from koshiki import clock
from koshiki.guideline import guideline
from koshiki.organization.duties import Duty
from koshiki.organization.models import Person
from koshiki.organization.roles import confirmed_until


def waiting(person: Person) -> list[Duty]:
    """§4(1): to confirm the guideline, when that has lapsed or will within the days of the file."""
    until = confirmed_until(person)
    remind = timedelta(days=guideline().deadlines["confirmation_remind_days"])
    if until is not None and until > clock.now() + remind:
        return []
    lapsed = until is None
    return [Duty(
        title="ガイドラインを確認してください", url=reverse("confirm_guideline"), clause="§4(1)", action="確認する",
        detail="確認していない間は、起案・承認ができません。" if lapsed else "期限が近づいています。毎年の確認をお願いします。",
        due=until, urgent=lapsed,
    )]
