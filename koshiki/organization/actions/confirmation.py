"""§4(1): each person confirms the guideline, per edition and yearly."""

from __future__ import annotations

from django.db import transaction

from koshiki import clock
from koshiki.audit.log import record
from koshiki.guideline import guideline
from koshiki.organization.models import Confirmation, Person


@transaction.atomic
def confirm_guideline(*, by: Person) -> Confirmation:
    """The person has read the edition in force and will keep it (§4(1)); holds for a year."""
    confirmation = Confirmation.objects.create(person=by, edition=guideline().edition, at=clock.now())
    record("person.confirm_guideline", by, by=by, clause="§4(1)", edition=guideline().edition)
    by.afresh()
    return confirmation
