"""What people do about accounts: each act is refused or done, and logged once."""

from koshiki.register.actions.acquire import (
    complete_policy,
    explain_policy_not_shown,
    read_policy,
    record_acquisition,
    share_policy,
    show_policy,
)
from koshiki.register.actions.apply import begin, save_policy, save_review, save_start, submit, withdraw
from koshiki.register.actions.change import save_change, submit_change, withdraw_change
from koshiki.register.actions.closing import (
    check_page_gone,
    close_account,
    confirm_page_gone,
    delist,
    notify_closing,
    return_closing,
    save_closing_draft,
    withdraw_closing,
)
from koshiki.register.actions.connect import (
    begin_connection,
    connect_with_key,
    end_connection,
    finish_connection,
)
from koshiki.register.actions.decide import (
    approve_application,
    read_decision,
    record_paper_decision,
    reject_application,
    return_application,
)
from koshiki.register.actions.decide_change import (
    approve_change,
    put_in_force,
    return_change,
)
from koshiki.register.actions.holds import lift, stop
from koshiki.register.actions.notify import list_account, notify, receive, return_notification
from koshiki.register.actions.page import confirm_page, look_at_page, record_page
from koshiki.register.actions.people import end_assignment, name_approver, name_author, revoke_assignment
from koshiki.register.actions.profile import (
    check_profile,
    explain_profile,
    make_official,
    read_profile,
    record_profile,
    record_verification,
)
from koshiki.register.actions.terms import mark_changed, review_terms, take_back_change
from koshiki.register.actions.watch import explain_finding, reopen_finding

__all__ = [
    "approve_application",
    "approve_change",
    "begin",
    "begin_connection",
    "check_page_gone",
    "check_profile",
    "close_account",
    "complete_policy",
    "confirm_page",
    "confirm_page_gone",
    "connect_with_key",
    "delist",
    "end_assignment",
    "end_connection",
    "explain_finding",
    "explain_policy_not_shown",
    "explain_profile",
    "finish_connection",
    "lift",
    "list_account",
    "look_at_page",
    "make_official",
    "mark_changed",
    "name_approver",
    "name_author",
    "notify",
    "notify_closing",
    "put_in_force",
    "read_decision",
    "read_policy",
    "read_profile",
    "receive",
    "record_acquisition",
    "record_page",
    "record_paper_decision",
    "record_profile",
    "record_verification",
    "reject_application",
    "reopen_finding",
    "return_application",
    "return_change",
    "return_closing",
    "return_notification",
    "review_terms",
    "revoke_assignment",
    "save_change",
    "save_closing_draft",
    "save_policy",
    "save_review",
    "save_start",
    "share_policy",
    "show_policy",
    "stop",
    "submit",
    "submit_change",
    "take_back_change",
    "withdraw",
    "withdraw_change",
    "withdraw_closing",
]
