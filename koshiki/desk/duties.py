"""用務 — what waits for a person, gathered from every chapter."""

from __future__ import annotations

from datetime import UTC, datetime

from koshiki.look import passed
from koshiki.organization.duties import Duty
from koshiki.organization.models import Person
from koshiki.organization.waiting import waiting as organization
from koshiki.posts.delivery.duties import waiting as deliveries
from koshiki.posts.waiting import waiting as posts
from koshiki.register.waiting import waiting as register

CHAPTERS = (organization, register, posts, deliveries)
_NEVER = datetime.max.replace(tzinfo=UTC)


def gather(person: Person) -> list[Duty]:
    """Everything that waits for this person: what a clock runs for, the urgent, then the late, then by due time."""
    return sorted((duty for waiting in CHAPTERS for duty in waiting(person)), key=_order)


def _order(duty: Duty) -> tuple[datetime, bool, bool, datetime, datetime]:
    return (duty.clock or _NEVER, not duty.urgent, not passed(duty.due), duty.due or _NEVER, duty.since or _NEVER)
