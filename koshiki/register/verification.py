"""認証アカウント: is there one, was it applied for, was it granted (§6(3)エ)."""

from __future__ import annotations

from collections.abc import Iterable

from koshiki.register.models import Account, Verification


def newest_verification(account: Account) -> Verification | None:
    """What was last found out about the account's verification."""
    return account.verifications.order_by("-at", "-pk").first()


def verified(accounts: Iterable[Account]) -> set[int]:
    """The ids of those accounts that are verified, by the newest finding of each."""
    newest = (Verification.objects.filter(account__in=accounts).order_by("account_id", "-at", "-pk").distinct("account_id")
              .values_list("account_id", "granted_on"))
    return {account for account, granted_on in newest if granted_on}
