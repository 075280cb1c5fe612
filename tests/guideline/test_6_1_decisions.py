"""§6(1): the head decides, 情報政策課 and 広報課 concur, each another person; then the account is acquired."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.test import Client

from koshiki import clock
from koshiki.audit.log import about
from koshiki.guideline import Refused
from koshiki.organization.models import Absence, Deputy, Person, Posting
from koshiki.register import actions
from koshiki.register.models import Account, Decision
from tests.cast import SINCE, Cast, make_cast
from tests.guideline import opening
from tests.racing import raced

pytestmark = pytest.mark.clause("§6(1)")
Door = Callable[[Person], Client]


def decide(door: Client, account: Account, outcome: str = "approve", comment: str = "") -> int:
    digest = account.applications.get(outcome="").digest
    return door.post(f"/accounts/{account.pk}/decide/",
                     {"digest": digest, "outcome": outcome, "comment": comment}).status_code


# ── applying ───────────────────────────────────────────────────────

def test_only_the_divisions_own_staff_apply(cast: Cast) -> None:
    with pytest.raises(Refused, match="防災課の職員") as refused:
        actions.begin(cast.bosai, "mastodon", "磐田市防災", by=cast.endo)
    assert refused.value.clause.id == "§6(1)"
    with pytest.raises(Refused):
        actions.submit(opening.drafted(cast), by=cast.hata)


@pytest.mark.clause("§4(1)")
def test_who_has_not_confirmed_the_guideline_does_not_apply(cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        actions.begin(cast.bosai, "mastodon", "磐田市防災", by=cast.nishi)
    assert refused.value.clause.id == "§4(1)"


def test_the_guided_form_leads_from_service_to_submission(cast: Cast, signed_in: Door) -> None:
    door = signed_in(cast.aoki)
    door.post("/accounts/new/", {"division": cast.bosai.pk, "service": "mastodon", "name": "磐田市防災"})
    account = Account.objects.get()
    door.post(f"/accounts/{account.pk}/apply/review/", {**opening.ANSWERS, "reviewed_on": clock.today().isoformat()})
    door.post(f"/accounts/{account.pk}/apply/policy/", {**opening.POLICY, "taken": opening.TAKEN})
    assert "足りないものはありません" in door.get(f"/accounts/{account.pk}/apply/submit/").text
    said = door.post(f"/accounts/{account.pk}/apply/submit/", follow=True)
    account.refresh_from_db()
    assert account.state == "deciding"
    assert "次は「所属長の決裁」" in said.text


def test_what_was_submitted_does_not_change_with_the_draft(cast: Cast) -> None:
    application = opening.submitted(cast)
    with pytest.raises(Refused, match="状態では"):
        actions.save_policy(application.account, {"purpose": "別の目的"}, [], by=cast.aoki)
    application.snapshot = "{}"
    with pytest.raises(IntegrityError, match="does not change"):
        application.save()


# ── deciding ───────────────────────────────────────────────────────

def test_three_people_decide_in_the_order_of_the_file(cast: Cast, signed_in: Door) -> None:
    account = opening.submitted(cast).account
    assert decide(signed_in(cast.hara), account) == 409
    for person in (cast.chiba, cast.hara, cast.kato):
        assert decide(signed_in(person), account) == 302
    account.refresh_from_db()
    assert account.state == "approved"


@pytest.mark.parametrize("name", ["abe", "aoki", "baba", "doi", "goto", "hata", "kubo", "mori", "noda"])
def test_nobody_but_the_head_decides(cast: Cast, signed_in: Door, name: str) -> None:
    account = opening.submitted(cast).account
    assert decide(signed_in(getattr(cast, name)), account) in {404, 409}
    assert not Decision.objects.exists()


def test_nobody_gives_two_of_the_decisions(cast: Cast, signed_in: Door) -> None:
    Posting.objects.create(person=cast.chiba, division=cast.joho, position="課長", start=SINCE)
    account = opening.submitted(cast).account
    assert decide(signed_in(cast.chiba), account) == 302
    answer = signed_in(cast.chiba).get(f"/accounts/{account.pk}/decide/")
    assert answer.status_code == 409
    assert "一人の職員が二つを行うことはできません" in answer.text


def test_not_as_a_deputy_either(cast: Cast) -> None:
    Deputy.objects.create(division=cast.joho, person=cast.chiba, start=SINCE, named_by=cast.hara)
    Absence.objects.create(person=cast.hara, start=clock.today(), reason="出張")
    application = opening.submitted(cast)
    actions.approve_application(application, digest=application.digest, by=cast.chiba)
    with pytest.raises(Refused, match="すでに行っています"):
        actions.approve_application(application, digest=application.digest, by=cast.chiba)


def test_the_database_refuses_a_second_decision_of_one_person(cast: Cast) -> None:
    application = opening.submitted(cast)
    opening.approve(application, cast.chiba)
    with pytest.raises(IntegrityError, match="nobody_gives_two_decisions"):
        Decision.objects.create(application=application, digest=application.digest, step="information_policy",
                                division=cast.joho, outcome="approve", by=cast.chiba, entered_by=cast.chiba)


def test_the_database_refuses_an_approval_with_a_decision_lacking(cast: Cast) -> None:
    application = opening.submitted(cast)
    opening.approve(application, cast.chiba, cast.hara)
    application.outcome, application.closed_at = "approved", clock.now()
    with pytest.raises(IntegrityError, match="every decision"):
        application.save()


def test_a_decision_binds_what_was_read(cast: Cast) -> None:
    application = opening.submitted(cast)
    with pytest.raises(Refused) as refused:
        actions.approve_application(application, digest="0" * 64, by=cast.chiba)
    assert refused.value.clause.id == "K-stale"


def test_a_round_that_was_taken_back_is_not_decided(cast: Cast) -> None:
    application = opening.submitted(cast)
    actions.withdraw(application.account, by=cast.aoki)
    with pytest.raises(Refused, match="取下げ"):
        actions.approve_application(application, digest=application.digest, by=cast.chiba)


# ── return, resubmit, reject, withdraw ─────────────────────────────

def test_a_return_says_what_to_change_and_the_next_round_shows_the_change(cast: Cast, signed_in: Door) -> None:
    account = opening.submitted(cast).account
    assert decide(signed_in(cast.chiba), account, "return") == 422
    assert decide(signed_in(cast.chiba), account, "return", "目的を具体的に書いてください。") == 302
    assert "目的を具体的に書いてください。" in signed_in(cast.aoki).get(f"/accounts/{account.pk}/apply/policy/").text
    actions.save_policy(account, {**opening.POLICY, "purpose": "災害のときに避難情報を届けるため。"}, opening.TAKEN, by=cast.aoki)
    again = actions.submit(account, by=cast.aoki)
    assert again.round == 2
    page = signed_in(cast.chiba).get(f"/accounts/{account.pk}/decide/").text
    assert "前回からの変更" in page
    assert "災害" in page


def test_all_three_are_needed_again_after_a_return(cast: Cast) -> None:
    application = opening.submitted(cast)
    opening.approve(application, cast.chiba)
    actions.return_application(application, digest=application.digest, comment="頻度を見直してください。", by=cast.hara)
    account = Account.objects.get()
    again = actions.submit(account, by=cast.aoki)
    assert opening.approve(again, cast.chiba, cast.hara).state == "deciding"
    assert opening.approve(again, cast.kato).state == "approved"


def test_what_was_rejected_can_be_changed_and_submitted_again(cast: Cast, signed_in: Door) -> None:
    application = opening.submitted(cast)
    assert decide(signed_in(cast.chiba), application.account, "reject", "必要性がありません。") == 302
    assert Account.objects.get().state == "rejected"
    assert actions.submit(application.account, by=cast.aoki).round == 2


def test_the_applicant_takes_it_back_and_others_do_not(cast: Cast, signed_in: Door) -> None:
    account = opening.submitted(cast).account
    assert signed_in(cast.abe).post(f"/accounts/{account.pk}/withdraw/", {"reason": ""}).status_code == 409
    assert signed_in(cast.aoki).post(f"/accounts/{account.pk}/withdraw/", {"reason": "時期を見直す"}).status_code == 302
    assert Account.objects.get().state == "withdrawn"


# ── the own-division rule ──────────────────────────────────────────

@pytest.mark.parametrize(("applicant", "head", "other"), [("kubo", "kato", "hara"), ("hata", "hara", "kato")])
def test_where_a_concurring_division_applies_its_heads_decision_stands_for_its_own(
        cast: Cast, signed_in: Door, applicant: str, head: str, other: str) -> None:
    application = opening.submitted(cast, by=getattr(cast, applicant))
    account = opening.approve(application, getattr(cast, head))
    assert account.state == "deciding"
    with pytest.raises(Refused, match="すでに行っています"):
        opening.approve(application, getattr(cast, head))
    account = opening.approve(application, getattr(cast, other))
    assert account.state == "approved"
    entry = next(e for e in about(account) if e.data.get("own_concurrence"))
    assert entry.data["own_concurrence"] == "自課の合議は決裁をもって代える。"
    assert "自課の合議は決裁をもって代える" in signed_in(cast.mori).get(f"/accounts/{account.pk}/application/").text


# ── deputies ───────────────────────────────────────────────────────

def test_a_deputy_decides_while_the_head_is_absent_and_the_head_reads_it_afterwards(cast: Cast, signed_in: Door) -> None:
    Absence.objects.create(person=cast.chiba, start=clock.today(), reason="出張")
    account = opening.submitted(cast).account
    assert "代決として行います" in signed_in(cast.doi).get(f"/accounts/{account.pk}/decide/").text
    assert decide(signed_in(cast.doi), account) == 302
    decision = Decision.objects.get()
    assert (decision.as_deputy, decision.holder) == (True, cast.chiba)
    assert "代決" in signed_in(cast.chiba).get(f"/accounts/{account.pk}/").text
    assert signed_in(cast.abe).post(f"/accounts/decisions/{decision.pk}/read/").status_code == 409
    assert signed_in(cast.chiba).post(f"/accounts/decisions/{decision.pk}/read/").status_code == 302
    decision.refresh_from_db()
    assert decision.read_by == cast.chiba


def test_a_deputy_decides_when_the_due_time_and_a_day_have_passed(cast: Cast) -> None:
    application = opening.submitted(cast)
    with pytest.raises(Refused):
        opening.approve(application, cast.doi)
    late = application.account.due_at or clock.now()
    with clock.at(late + timedelta(hours=25)):
        assert opening.approve(application, cast.doi).state == "deciding"


def test_no_deputy_decides_what_the_deputy_applied_for(cast: Cast) -> None:
    Absence.objects.create(person=cast.chiba, start=clock.today(), reason="出張")
    application = opening.submitted(cast, by=cast.doi)
    with pytest.raises(Refused):
        opening.approve(application, cast.doi)


# ── acquisition ────────────────────────────────────────────────────

ACQUIRED = {"name": "磐田市防災", "handle": "@iwata_bosai", "url": opening.URL}


def test_the_acquisition_is_recorded_only_after_all_three(cast: Cast, signed_in: Door) -> None:
    application = opening.submitted(cast)
    opening.approve(application, cast.chiba, cast.hara)
    typed = {**ACQUIRED, "acquired_on": clock.today().isoformat()}
    address = f"/accounts/{application.account_id}/acquire/"
    answer = signed_in(cast.aoki).post(address, typed)
    assert answer.status_code == 409
    assert "決裁・合議中" in answer.text
    opening.approve(application, cast.kato)
    assert signed_in(cast.endo).post(address, typed).status_code == 404
    assert signed_in(cast.aoki).post(address, typed).status_code == 302
    assert Account.objects.get().url == opening.URL


def test_the_acquisition_is_not_dated_before_the_decisions(cast: Cast) -> None:
    account = opening.approved(cast)
    with pytest.raises(Refused, match="前になっています"):
        actions.record_acquisition(account, **ACQUIRED, acquired_on=clock.today() - timedelta(days=1), by=cast.aoki)


@pytest.mark.clause("§6(2)イ")
@pytest.mark.parametrize("url", ["https://x.com/iwata_bosai", "https://social.example/@iwata/123456", "https://bit.ly/abc"])
def test_the_address_is_that_of_an_account_on_the_service(cast: Cast, url: str) -> None:
    account = opening.approved(cast)
    with pytest.raises(Refused) as refused:
        actions.record_acquisition(account, name="磐田市防災", url=url, acquired_on=clock.today(), by=cast.aoki)
    assert refused.value.clause.id == "§6(2)イ"


@pytest.mark.clause("§6(2)イ")
def test_one_address_is_not_registered_twice_however_it_is_spelled(cast: Cast) -> None:
    opening.acquired(cast)
    other = opening.approved(cast)
    with pytest.raises(Refused, match="登録されています"):
        actions.record_acquisition(other, name="磐田市防災", url="http://SOCIAL.example/@Iwata_Bosai/",
                                   acquired_on=clock.today(), by=cast.aoki)


@pytest.mark.clause("§6(2)イ")
def test_two_divisions_that_record_one_address_at_once_do_not_both_succeed(committed_db: None) -> None:
    cast = make_cast()
    accounts = [opening.approved(cast), opening.approved(cast)]
    raised = raced(*(lambda a=account: actions.record_acquisition(a, **ACQUIRED, acquired_on=clock.today(), by=cast.aoki)
                     for account in accounts))
    assert [type(error) for error in raised] == [Refused]
    assert Account.objects.filter(url=opening.URL).count() == 1
