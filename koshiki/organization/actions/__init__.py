"""What people do about the organisation. Each act is refused or done and logged."""

from koshiki.organization.actions.confirmation import confirm_guideline
from koshiki.organization.actions.divisions import (
    change_division,
    end_absence,
    end_deputyship,
    name_deputy,
    open_division,
    open_divisions,
    report_absence,
)
from koshiki.organization.actions.people import (
    add_people,
    add_person,
    change_password,
    change_person,
    deactivate,
    end_posting,
    end_role,
    give_first_passwords,
    grant_role,
    post,
    post_all,
    reactivate,
    reset_password,
)

__all__ = [
    "add_people",
    "add_person",
    "change_division",
    "change_password",
    "change_person",
    "confirm_guideline",
    "deactivate",
    "end_absence",
    "end_deputyship",
    "end_posting",
    "end_role",
    "give_first_passwords",
    "grant_role",
    "name_deputy",
    "open_division",
    "open_divisions",
    "post",
    "post_all",
    "reactivate",
    "report_absence",
    "reset_password",
]
