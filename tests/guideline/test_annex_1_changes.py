"""別紙1の3: a policy may change, in dated versions. The division drafts, its head decides, nobody their own (K-policy)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client

from koshiki import clock
from koshiki.audit.log import about
from koshiki.guideline import Refused, guideline
from koshiki.organization.models import Absence, Alert, Deputy, Person, Posting
from koshiki.register import actions
from koshiki.register.jobs import put_policies_in_force
from koshiki.register.models import Account, PolicyChange, PolicyDecision
from tests.cast import Cast, official
from tests.guideline import closing, opening, policy
from tests.public.saying import policy_of

Door = Callable[[Person], Client]
State = PolicyChange.State
FORM = {**opening.POLICY, "frequency": "毎日。", "taken": opening.TAKEN, "what": policy.WHAT, "reason": policy.WHY}


def test_a_division_changes_its_policy_from_the_page_to_the_new_version(cast: Cast, signed_in: Door) -> None:
    account = policy.live(cast)
    door = signed_in(cast.aoki)
    assert "変更を起案する" in door.get(f"/accounts/{account.pk}/policy/").text
    address = f"/accounts/{account.pk}/policy/change/"
    begun = {**FORM, "wanted_from": clock.today().isoformat(), "seen": seen_in(door.get(address).text)}
    written = door.post(address, begun)
    page = written["Location"]
    assert "<del>" in door.get(page).text
    assert "所属長の決裁" in door.post(f"{page}submit/", follow=True).text
    change = account.policy_changes.get()
    head = signed_in(cast.chiba)
    assert "千葉 千" in head.get(page).text
    head.post(page, {"outcome": "approve", "digest": change.digest})
    now = policy.in_force(account)
    assert (now.version, now.content["frequency"], now.in_force_from) == (2, "毎日。", clock.today())
    read = head.get(f"/accounts/{account.pk}/policy/").text
    assert "第2版" in read
    assert policy.WHAT in read


@pytest.mark.clause("§別紙1-3")
def test_the_log_tells_the_new_version_with_its_day(cast: Cast) -> None:
    change = policy.approved(cast)
    entry = about(change).get(verb="policychange.in_force")
    assert (entry.clause, entry.data["version"], entry.data["in_force_from"]) == ("§別紙1-3", 2, str(clock.today()))
    assert [e.verb for e in about(change).order_by("number")] == [
        "policychange.draft", "policychange.submit", "policychange.decide_last", "policychange.in_force"]


@pytest.mark.clause("§別紙1-3")
def test_the_version_before_is_in_force_until_the_day(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    account = policy.live(cast)
    change = policy.approved(cast, account, days=10)
    put_policies_in_force(0)
    assert (change.state, policy.in_force(account).version) == (State.APPROVED, 1)
    later = clock.now() + timedelta(days=10)
    monkeypatch.setattr(clock, "now", lambda: later)
    put_policies_in_force(0)
    put_policies_in_force(0)
    assert policy.in_force(account).version == 2
    assert policy.in_force(account).in_force_from == clock.today()


# ── nobody decides their own ───────────────────────────────────────

@pytest.mark.clause("K-policy")
def test_the_head_who_wrote_it_does_not_decide_it(cast: Cast, signed_in: Door) -> None:
    change = policy.submitted(cast, by=cast.chiba)
    answer = signed_in(cast.chiba).post(f"/accounts/policies/changes/{change.pk}/",
                                        {"outcome": "approve", "digest": change.digest})
    assert answer.status_code == 409
    assert "千葉 千さんが書いた変更" in answer.text
    assert "K-policy" in answer.text
    page = signed_in(cast.chiba).get(f"/accounts/policies/changes/{change.pk}/").text
    assert "あなたが書いた変更" in page
    assert "承認する" not in page


@pytest.mark.clause("K-policy")
def test_nor_does_one_person_who_heads_two_of_the_divisions_decide_twice(cast: Cast) -> None:
    Posting.objects.create(person=cast.chiba, division=cast.joho, position="課長", start=clock.today())
    change = policy.submitted(cast, purpose="観光の案内を届けるため。")
    actions.approve_change(change, digest=change.digest, by=cast.chiba)
    with pytest.raises(Refused) as refused:
        actions.approve_change(change, digest=change.digest, by=cast.chiba)
    assert refused.value.clause.id == "K-policy"
    actions.approve_change(change, digest=change.digest, by=cast.hara)


@pytest.mark.clause("K-policy")
def test_nor_one_who_only_touched_an_earlier_draft_of_it(cast: Cast) -> None:
    account = policy.live(cast)
    policy.drafted(cast, account, by=cast.chiba)
    change = policy.submitted(cast, account, by=cast.aoki)
    with pytest.raises(Refused, match="書いた変更"):
        actions.approve_change(change, digest=change.digest, by=cast.chiba)


@pytest.mark.clause("K-policy")
def test_what_the_head_wrote_the_deputy_decides_at_once_and_the_head_reads_it_afterwards(cast: Cast, signed_in: Door) -> None:
    change = policy.submitted(cast, by=cast.chiba)
    decision = actions.approve_change(change, digest=change.digest, by=cast.doi)
    assert decision.as_deputy
    assert "後閲" in signed_in(cast.chiba).get(f"/accounts/policies/changes/{change.pk}/").text
    assert signed_in(cast.chiba).post(f"/accounts/policies/decisions/{decision.pk}/read/").status_code == 302
    decision.refresh_from_db()
    assert decision.read_by == cast.chiba


@pytest.mark.clause("K-policy")
def test_a_deputy_waits_while_the_head_is_there(cast: Cast) -> None:
    change = policy.submitted(cast)
    with pytest.raises(Refused) as refused:
        actions.approve_change(change, digest=change.digest, by=cast.doi)
    assert refused.value.clause.id == "K-policy"
    Absence.objects.create(person=cast.chiba, start=clock.today(), end=clock.today(), reason="出張")
    decision = actions.approve_change(change, digest=change.digest, by=cast.doi)
    assert (decision.as_deputy, decision.holder) == (True, cast.chiba)


@pytest.mark.clause("K-deputy")
def test_nobody_else_reads_it_afterwards(cast: Cast) -> None:
    change = policy.submitted(cast, by=cast.chiba)
    decision = actions.approve_change(change, digest=change.digest, by=cast.doi)
    with pytest.raises(Refused, match="本来の決裁者"):
        actions.read_decision(decision, by=cast.doi)


@pytest.mark.clause("K-policy")
@pytest.mark.parametrize("who", ["aoki", "baba", "goto", "hara"])
def test_nobody_but_the_divisions_head_decides(cast: Cast, who: str) -> None:
    change = policy.submitted(cast, by=cast.abe)
    with pytest.raises(Refused) as refused:
        actions.approve_change(change, digest=change.digest, by=getattr(cast, who))
    assert refused.value.clause.id == "K-policy"


@pytest.mark.clause("§6(2)")
def test_another_division_does_not_write_it(cast: Cast, signed_in: Door) -> None:
    account = policy.live(cast)
    with pytest.raises(Refused) as refused:
        policy.drafted(cast, account, by=cast.hata)
    assert refused.value.clause.id == "§6(2)"
    assert signed_in(cast.hata).get(f"/accounts/{account.pk}/policy/change/").status_code == 409


def test_the_database_knows_it_too(cast: Cast) -> None:
    change = policy.submitted(cast, by=cast.chiba)
    with pytest.raises(IntegrityError, match="by nobody who wrote it"):
        PolicyDecision.objects.create(change=change, round=1, digest=change.digest, step="head", division=cast.bosai,
                                      outcome="approve", by=cast.chiba)


@pytest.mark.parametrize("wrong", [{"what": "別のこと"}, {"items": "{}"}, {"state": "in_force"}, {"state": "approved"}])
def test_what_was_submitted_stays_and_no_step_is_left_out(cast: Cast, wrong: dict[str, str]) -> None:
    change = policy.submitted(cast)
    with pytest.raises(IntegrityError):
        PolicyChange.objects.filter(pk=change.pk).update(**wrong)


# ── who decides what ───────────────────────────────────────────────

@pytest.mark.clause("K-policy")
def test_another_purpose_goes_to_every_decider_of_the_opening(cast: Cast) -> None:
    account = policy.live(cast)
    change = policy.submitted(cast, account, purpose="観光の案内を届けるため。")
    assert change.route == [step.key for step in guideline().routes["opening"]]
    for person in (cast.chiba, cast.hara, cast.kato):
        assert policy.in_force(account).version == 1
        actions.approve_change(change, digest=change.digest, by=person)
    assert policy.in_force(account).version == 2


@pytest.mark.clause("K-policy")
def test_what_goes_to_them_is_a_setting_of_the_guideline_file(cast: Cast, tmp_path: Path, settings: Any) -> None:
    words = settings.KOSHIKI_GUIDELINE.read_text(encoding="utf-8")
    settings.KOSHIKI_GUIDELINE = tmp_path / "city.toml"
    settings.KOSHIKI_GUIDELINE.write_text(
        words.replace('decided_again = ["purpose"]', 'decided_again = ["answers"]'), encoding="utf-8")
    guideline.cache_clear()
    try:
        assert policy.submitted(cast, policy.live(cast), purpose="観光の案内を届けるため。").route == ["head"]
        other = policy.live(cast, url="https://blog.example/other/")
        assert len(policy.submitted(cast, other, answers="each").route) == 3
    finally:
        guideline.cache_clear()


@pytest.mark.clause("K-policy")
def test_and_so_does_any_change_before_the_register_shows_the_account(cast: Cast) -> None:
    change = policy.submitted(cast, opening.acquired(cast))
    assert len(change.route) == 3


@pytest.mark.clause("K-policy")
def test_a_concurring_divisions_own_decision_stands_for_its_concurrence(cast: Cast) -> None:
    account = policy.live(cast, division=cast.joho)
    change = policy.submitted(cast, account, by=cast.hata, purpose="市政の案内を届けるため。")
    decision = actions.approve_change(change, digest=change.digest, by=cast.hara)
    assert decision.stands_for == "information_policy"
    actions.approve_change(change, digest=change.digest, by=cast.kato)
    assert policy.in_force(account).version == 2


# ── return, withdraw, what is lacking ──────────────────────────────

def test_it_comes_back_with_a_comment_and_goes_again(cast: Cast, signed_in: Door) -> None:
    account = policy.live(cast)
    change = policy.submitted(cast, account)
    page = f"/accounts/policies/changes/{change.pk}/"
    head = signed_in(cast.chiba)
    lacking = head.post(page, {"outcome": "return", "digest": change.digest, "comment": ""})
    assert lacking.status_code == 422
    head.post(page, {"outcome": "return", "digest": change.digest, "comment": "頻度は週5回に。"})
    assert "頻度は週5回に。" in signed_in(cast.aoki).get(f"/accounts/{account.pk}/policy/change/").text
    assert Alert.objects.filter(person=cast.aoki, subject="運用ポリシーの変更：差戻し").exists()
    again = policy.submitted(cast, account, frequency="週に5回。")
    assert (again.pk, again.round) == (change.pk, 2)
    actions.approve_change(again, digest=again.digest, by=cast.chiba)
    assert policy.in_force(account).content["frequency"] == "週に5回。"


@pytest.mark.clause("K-policy", "K-stale")
def test_a_return_without_comment_and_a_decision_on_something_else_are_refused(cast: Cast) -> None:
    change = policy.submitted(cast)
    with pytest.raises(Refused, match="直す点"):
        actions.return_change(change, digest=change.digest, comment=" ", by=cast.chiba)
    with pytest.raises(Refused) as refused:
        actions.approve_change(change, digest="0" * 64, by=cast.chiba)
    assert refused.value.clause.id == "K-stale"


@pytest.mark.clause("K-policy")
def test_it_is_withdrawn_even_while_it_waits_for_its_day(cast: Cast, signed_in: Door) -> None:
    account = policy.live(cast)
    change = policy.approved(cast, account, days=5)
    address = f"/accounts/policies/changes/{change.pk}/withdraw/"
    assert signed_in(cast.abe).get(address).status_code == 409
    door = signed_in(cast.aoki)
    assert door.post(address, {"reason": ""}).status_code == 422
    assert "取り下げました" in door.post(address, {"reason": "時期を改めるため。"}, follow=True).text
    assert account.policy_changes.get().state == State.WITHDRAWN
    assert policy.drafted(cast, account).pk != change.pk
    with pytest.raises(Refused, match="理由"):
        actions.withdraw_change(policy.submitted(cast, account), " ", by=cast.aoki)


@pytest.mark.clause("§別紙1-1", "§別紙1-2(1)", "§別紙1-2(2)", "§別紙1-2(3)", "§別紙1-3")
@pytest.mark.parametrize("clause", opening.TAKEN)
def test_no_new_version_leaves_out_what_annex_1_asks_for(cast: Cast, signed_in: Door, clause: str) -> None:
    change = policy.drafted(cast, taken=[taken for taken in opening.TAKEN if taken != clause])
    page = signed_in(cast.aoki).get(f"/accounts/policies/changes/{change.pk}/").text
    answer = signed_in(cast.aoki).post(f"/accounts/policies/changes/{change.pk}/submit/")
    assert answer.status_code == 409
    assert guideline().clauses[clause].cite in page
    assert clause in answer.text


@pytest.mark.clause("K-policy")
@pytest.mark.parametrize(("lacks", "words"), [
    ({"what": ""}, "変更の内容"), ({"reason": " "}, "変更の理由"), ({"days": -1}, "過ぎた日")])
def test_nor_is_it_submitted_without_what_why_and_when(cast: Cast, lacks: dict[str, str], words: str) -> None:
    change = actions.save_change(policy.live(cast), {**opening.POLICY, "frequency": "毎日。"}, opening.TAKEN,
                                 policy.told(**lacks), by=cast.aoki)  # type: ignore[arg-type]
    with pytest.raises(Refused, match=words):
        actions.submit_change(change, by=cast.aoki)


@pytest.mark.clause("K-policy")
def test_nor_is_that_offered(cast: Cast, signed_in: Door) -> None:
    change = policy.drafted(cast, days=-1)
    page = signed_in(cast.aoki).get(f"/accounts/policies/changes/{change.pk}/").text
    assert "適用開始日（過ぎた日です）" in page
    assert "提出する" not in page


@pytest.mark.clause("K-policy")
def test_nor_where_nobody_is_left_to_decide_it(cast: Cast) -> None:
    account = policy.live(cast, division=cast.joho)
    change = policy.drafted(cast, account, by=cast.hara)
    with pytest.raises(Refused, match="行える職員がいません"):
        actions.submit_change(change, by=cast.hara)
    Deputy.objects.create(division=cast.joho, person=cast.hata, order=1, start=clock.today(), named_by=cast.hara)
    assert actions.submit_change(change, by=cast.hara).state == State.DECIDING


@pytest.mark.clause("K-policy")
def test_the_deputy_takes_it_back_while_the_head_is_away(cast: Cast) -> None:
    change = policy.submitted(cast)
    with pytest.raises(Refused):
        actions.withdraw_change(change, "所属長の指示。", by=cast.doi)
    Absence.objects.create(person=cast.chiba, start=clock.today(), end=clock.today(), reason="出張")
    assert actions.withdraw_change(change, "所属長の指示。", by=cast.doi).state == State.WITHDRAWN


@pytest.mark.clause("§7(2)")
def test_with_its_account_it_comes_to_nothing(cast: Cast) -> None:
    account = closing.live(cast)
    policy_of(account, by=cast.aoki, **opening.POLICY)
    change = policy.approved(cast, account, days=30)
    closing.delisted(cast, account)
    change.refresh_from_db()
    assert (change.state, change.due_at) == (State.WITHDRAWN, None)
    assert about(change).latest("number").data["reason"] == "アカウントを廃止するため。"


@pytest.mark.clause("K-policy")
def test_nor_where_nothing_changes(cast: Cast) -> None:
    with pytest.raises(Refused, match="変わったところ"):
        policy.submitted(cast, frequency=opening.POLICY["frequency"])


@pytest.mark.clause("§4(1)")
def test_nor_by_one_who_has_not_confirmed_the_guideline(cast: Cast) -> None:
    change = policy.drafted(cast, by=cast.nishi)
    with pytest.raises(Refused) as refused:
        actions.submit_change(change, by=cast.nishi)
    assert refused.value.clause.id == "§4(1)"


@pytest.mark.clause("§6(2)")
def test_nothing_changes_before_it_is_complete_or_while_the_form_is_read(cast: Cast) -> None:
    with pytest.raises(Refused, match="完成していない"):
        policy.drafted(cast, official(cast))
    with pytest.raises(Refused, match="いまは変更できません"):
        policy.drafted(cast, opening.notified(cast).account)


@pytest.mark.clause("K-stale")
def test_two_who_write_at_once_do_not_lose_each_others_words(cast: Cast, signed_in: Door) -> None:
    account = policy.live(cast)
    policy.drafted(cast, account)
    address = f"/accounts/{account.pk}/policy/change/"
    door = signed_in(cast.abe)
    begun = {**FORM, "wanted_from": clock.today().isoformat(), "seen": seen_in(door.get(address).text), "what": "阿部の説明"}
    policy.drafted(cast, account, frequency="青木の頻度。")
    answer = door.post(address, begun)
    assert answer.status_code == 422
    assert "青木 葵さんが、先に" in answer.text
    assert "阿部の説明" in answer.text
    assert account.policy_changes.get().content["frequency"] == "青木の頻度。"
    assert door.post(address, {**begun, "seen": seen_in(answer.text)}).status_code == 302
    assert account.policy_changes.get().what == "阿部の説明"


@pytest.mark.clause("K-stale")
def test_nor_is_a_version_undone_by_a_form_that_was_opened_before_it(cast: Cast, signed_in: Door) -> None:
    account = policy.live(cast)
    address, door = f"/accounts/{account.pk}/policy/change/", signed_in(cast.abe)
    begun = {**FORM, "frequency": "阿部の頻度。", "wanted_from": clock.today().isoformat()}
    begun["seen"] = seen_in(door.get(address).text)
    policy.approved(cast, account, frequency="青木の頻度。")
    answer = door.post(address, begun)
    assert answer.status_code == 422
    assert "第2版が適用されました" in answer.text
    assert "阿部の頻度。" in answer.text
    assert door.post(address, {**begun, "seen": seen_in(answer.text)}).status_code == 302


@pytest.mark.clause("K-policy")
def test_a_version_names_the_guideline_that_its_words_come_from(
        cast: Cast, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    account, edition = policy.live(cast), guideline().edition
    policy.approved(cast, account, days=3)
    words, later = settings.KOSHIKI_GUIDELINE.read_text(encoding="utf-8"), clock.now() + timedelta(days=3)
    settings.KOSHIKI_GUIDELINE = tmp_path / "newer.toml"
    settings.KOSHIKI_GUIDELINE.write_text(words.replace(f'edition = "{edition}"', 'edition = "令和9年4月"', 1), encoding="utf-8")
    guideline.cache_clear()
    try:
        assert guideline().edition == "令和9年4月"
        monkeypatch.setattr(clock, "now", lambda: later)
        put_policies_in_force(0)
        assert policy.in_force(account).edition == edition
    finally:
        guideline.cache_clear()


def seen_in(page: str) -> str:
    found = re.search(r'name="seen" value="([^"]+)"', page)
    assert found
    return found[1]


def test_while_the_form_is_read_a_change_that_was_begun_rests(cast: Cast, signed_in: Door) -> None:
    account = opening.acquired(cast)
    change = policy.submitted(cast, account)
    actions.notify(account, opening.FORM, opening.CAPTURE, by=cast.chiba)
    page = f"/accounts/policies/changes/{change.pk}/"
    assert "いまは進められません" in signed_in(cast.chiba).get(page).text
    assert "承認する" not in signed_in(cast.chiba).get(page).text
    assert signed_in(cast.chiba).post(page, {"outcome": "approve", "digest": change.digest}).status_code == 409
    actions.withdraw_change(change, "届出の後にします。", by=cast.aoki)


def test_what_was_typed_stays_where_a_day_is_wrong(cast: Cast, signed_in: Door) -> None:
    account = policy.live(cast)
    answer = signed_in(cast.aoki).post(f"/accounts/{account.pk}/policy/change/", {
        **FORM, "wanted_from": "2020-01-01", "what": "書きかけの説明"})
    assert answer.status_code == 422
    assert "書きかけの説明" in answer.text
    assert not Account.objects.get(pk=account.pk).policy_changes.exists()


def test_other_divisions_do_not_see_a_draft_but_every_version(cast: Cast, signed_in: Door) -> None:
    account = policy.live(cast)
    change = policy.drafted(cast, account)
    door = signed_in(cast.endo)
    assert door.get(f"/accounts/policies/changes/{change.pk}/").status_code == 404
    assert door.get(f"/accounts/policies/{policy.in_force(account).pk}/").status_code == 200
    actions.submit_change(change, by=cast.aoki)
    change.refresh_from_db()
    actions.approve_change(change, digest=change.digest, by=cast.chiba)
    second = door.get(f"/accounts/policies/{policy.in_force(account).pk}/").text
    assert "<ins>" in second
    assert policy.WHY not in second
