"""The shape of what people type about a post."""

from koshiki.posts.forms.approving import ApproveForm, ReturnForm
from koshiki.posts.forms.uploads import held_by, kept_from
from koshiki.posts.forms.writing import Writing

__all__ = ["ApproveForm", "ReturnForm", "Writing", "held_by", "kept_from"]
