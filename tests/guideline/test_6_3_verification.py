"""§6(3)エ: whether the service verifies accounts, and how far this one is, is kept with dates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from koshiki import clock
from koshiki.audit.log import about
from koshiki.guideline import Refused
from koshiki.organization.models import Person
from koshiki.register import actions
from koshiki.register.verification import verified
from tests.cast import Cast
from tests.guideline import opening
from tests.guideline.watching import morning
from tests.networks.x_server import XServer
from tests.posts.delivering import installed  # noqa: F401
from tests.posts.on_x import connected_to_x, x  # noqa: F401

pytestmark = pytest.mark.clause("§6(3)エ")
Door = Callable[[Person], Client]


def test_it_is_kept_with_its_dates_and_the_newest_finding_holds(cast: Cast, signed_in: Door) -> None:
    account = opening.acquired(cast)
    today = clock.today()
    door, address = signed_in(cast.aoki), f"/accounts/{account.pk}/verification/"
    assert door.post(address, {"available": "yes", "looked_on": today, "applied_on": today}).status_code == 302
    assert verified([account]) == set()
    assert door.post(address, {"available": "yes", "looked_on": today, "applied_on": today,
                               "granted_on": today}).status_code == 302
    assert verified([account]) == {account.pk}
    assert about(account).filter(clause="§6(3)エ").count() == 2
    assert "認証済み" in door.get(f"/accounts/{account.pk}/").text


TODAY = clock.today()
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)


@pytest.mark.parametrize(("typed", "words"), [
    ({"available": "no", "applied_on": TODAY}, "「ある」を選んでください"),
    ({"available": "yes", "applied_on": TODAY, "granted_on": YESTERDAY}, "申請した日より前"),
    ({"available": "yes", "applied_on": TOMORROW}, "先の日付"),
])
def test_dates_that_cannot_be_are_refused_at_their_field(cast: Cast, signed_in: Door, typed: dict[str, object],
                                                         words: str) -> None:
    account = opening.acquired(cast)
    answer = signed_in(cast.aoki).post(f"/accounts/{account.pk}/verification/", {"looked_on": TODAY, **typed})
    assert answer.status_code == 422
    assert words in answer.text


def test_only_its_division_and_information_policy_record_it(cast: Cast) -> None:
    with pytest.raises(Refused):
        actions.record_verification(opening.acquired(cast), available=False, looked_on=clock.today(), by=cast.kubo)


def test_the_services_own_mark_and_the_register_say_the_same(cast: Cast, x: XServer) -> None:  # noqa: F811
    """X marks the account, and nobody has recorded it; then it is taken away again."""
    account = connected_to_x(cast, x)
    x.city.verified_type = "government"
    assert "verification" in morning(account)
    finding = account.profile_findings.get(kind="verification")
    assert (finding.clause, finding.seen) == ("§6(3)エ", "認証されていますが、台帳に記録がありません")
    actions.record_verification(account, available=True, looked_on=TODAY, applied_on=TODAY, granted_on=TODAY, by=cast.aoki)
    assert "verification" not in morning(account)
    x.city.verified_type = "none"
    assert "verification" in morning(account)
    assert about(*account.profile_findings.filter(kind="verification")).filter(clause="§6(3)エ").count() == 3
