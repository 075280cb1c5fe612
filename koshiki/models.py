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

from koshiki.posts.models import (
    Approval,
    ApprovalTarget,
    Delivery,
    Medium,
    OutsideLink,
    Post,
    Remark,
    Rendition,
    Revision,
    RevisionMedium,
    RevisionTarget,
)
from koshiki.register.models import Account, Assignment, Connection, Hold

__all__ = [
    "Absence",
    "Account",
    "Alert",
    "Approval",
    "ApprovalTarget",
    "Assignment",
    "Confirmation",
    "Connection",
    "Delivery",
    "Deputy",
    "Division",
    "Entry",
    "Head",
    "Hold",
    "Installation",
    "Medium",
    "OutsideLink",
    "Person",
    "Post",
    "Posting",
    "Remark",
    "Rendition",
    "Revision",
    "RevisionMedium",
    "RevisionTarget",
    "RoleGrant",
]
