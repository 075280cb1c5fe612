"""The tables of a post's way (§8(1)): what was written, what was approved, and its way to each account."""

from koshiki.posts.models.approval import Approval, ApprovalTarget, Remark
from koshiki.posts.models.correction import Correction
from koshiki.posts.models.delivery import Breaker, Delivery
from koshiki.posts.models.finding import Finding, findings_of, has_findings
from koshiki.posts.models.media import Medium, Rendition
from koshiki.posts.models.post import (
    OutsideLink,
    Post,
    Revision,
    RevisionMedium,
    RevisionTarget,
    Way,
)
from koshiki.posts.models.slot import Slot

__all__ = [
    "Approval",
    "ApprovalTarget",
    "Breaker",
    "Correction",
    "Delivery",
    "Finding",
    "Medium",
    "OutsideLink",
    "Post",
    "Remark",
    "Rendition",
    "Revision",
    "RevisionMedium",
    "RevisionTarget",
    "Slot",
    "Way",
    "findings_of",
    "has_findings",
]
