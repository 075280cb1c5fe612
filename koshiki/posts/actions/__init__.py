"""What people do with a post: write it, submit it, send it back, approve it."""

from koshiki.posts.actions.approving import Confirmed, approve, withdraw_approval
from koshiki.posts.actions.remarking import send_back, suggest, take_over
from koshiki.posts.actions.writing import cancel, draft_of, revise, submit, withdraw, write

__all__ = ["Confirmed", "approve", "cancel", "draft_of", "revise", "send_back", "submit", "suggest", "take_over",
           "withdraw", "withdraw_approval", "write"]
