"""§別紙1-3: citizens read the policy in force, from which day, what it changed, and every version before it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from koshiki import clock
from koshiki.audit.models import Head
from koshiki.guideline import guideline
from koshiki.public import site
from koshiki.public.facts import facts
from koshiki.register.jobs import put_policies_in_force
from koshiki.register.models import Account
from tests.cast import Cast
from tests.guideline import policy


@pytest.fixture
def account(cast: Cast) -> Account:
    return policy.live(cast)


def page(account: Account, name: str = "policy") -> str:
    answer = Client().get(f"/official/accounts/{account.pk}/{name}.html")
    return answer.text if answer.status_code == 200 else str(answer.status_code)


@pytest.mark.clause("§別紙1-3")
def test_they_read_what_changed_and_may_read_what_was_before(cast: Cast, account: Account) -> None:
    policy.approved(cast, account)
    now, before = page(account), page(account, "policy-1")
    assert "毎日。" in now
    assert policy.WHAT in now
    assert policy.WHY not in now
    assert 'href="policy-1.html"' in now
    assert guideline().clauses["§別紙1-3"].text.strip() in now
    assert "週に2回程度。" in before
    assert "これは以前の版です" in before
    assert "Earlier versions" in Client().get(f"/official/en/accounts/{account.pk}/policy.html").text


def test_there_is_one_page_of_each_version(cast: Cast, account: Account) -> None:
    policy.approved(cast, account)
    policy.approved(cast, account, frequency="週に5回。")
    mine = [path for path in site.paths() if path.startswith(f"accounts/{account.pk}/policy")]
    assert [path.rpartition("/")[2] for path in mine] == ["policy.html", "policy-1.html", "policy-2.html"]
    assert [page(account, f"policy-{version}") for version in (0, 3, 4, 99999)] == ["404"] * 4
    assert 'href="policy-1.html"' in page(account, "policy-2")


def test_nothing_of_a_change_is_seen_before_its_day(cast: Cast, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    before, digest = page(account), facts().digest
    policy.approved(cast, account, days=3)
    assert page(account) == before
    assert facts().digest == digest
    head, later = Head.objects.get().number, clock.now() + timedelta(days=3)
    monkeypatch.setattr(clock, "now", lambda: later)
    put_policies_in_force(0)
    assert facts().digest != digest
    assert Head.objects.get().number > head  # which is what the static copy is drawn anew for
