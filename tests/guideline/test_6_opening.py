"""§6: only an account that went through the whole opening is official."""

from __future__ import annotations

import pytest

from koshiki.register import actions
from koshiki.register.actions.profile import Result
from tests.cast import Cast
from tests.guideline import opening


@pytest.mark.clause("§6", "§6(1)", "§6(2)", "§6(3)ア", "§6(3)イ", "§6(3)ウ")
def test_an_account_becomes_official_step_by_step(cast: Cast) -> None:
    account = opening.listed(cast)
    opening.shown(account, cast.aoki)
    actions.record_profile(account, Result.HOLDS, "https://…", opening.CAPTURE, by=cast.aoki)
    account = actions.make_official(account, by=cast.hata)
    assert account.state == "official"
    assert account.introduction == opening.FORM["introduction"]


@pytest.mark.clause("§6(3)ウ")
def test_the_citys_own_feed_needs_no_profile_elsewhere(cast: Cast) -> None:
    account = opening.listed(cast, service="city_feed")
    assert actions.check_profile(account, by=cast.aoki).result == Result.HOLDS
    assert actions.make_official(account, by=cast.hata).state == "official"
