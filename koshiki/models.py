"""Every table, in reading order. The classes live in their chapters."""

from koshiki.audit.models import Entry, Head
from koshiki.database.models import Installation
from koshiki.organization.models import (
    Absence,
    Alert,
    Confirmation,
    Deputy,
    Division,
    Person,
    Posting,
    RoleGrant,
)

__all__ = [
    "Absence",
    "Alert",
    "Confirmation",
    "Deputy",
    "Division",
    "Entry",
    "Head",
    "Installation",
    "Person",
    "Posting",
    "RoleGrant",
]
