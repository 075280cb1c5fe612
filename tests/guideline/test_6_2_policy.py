"""§6(2): every account has an operating policy, whole before it is applied for, shared in the division, shown."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError
from django.test import Client

from koshiki import clock
from koshiki.guideline import Refused
from koshiki.organization.models import Person
from koshiki.register import actions
from koshiki.register.models import Account, Policy
from koshiki.register.policy import public_policy, shown_items
from koshiki.register.waiting import waiting
from tests.cast import Cast
from tests.guideline import opening

Door = Callable[[Person], Client]

ITEMS = [
    ("purpose", "§6(2)ウ", "情報発信を行う目的"), ("content", "§6(2)エ", "情報発信の内容"),
    ("hours", "§6(2)オ", "情報発信の時間"), ("frequency", "§6(2)オ", "情報発信の頻度"),
    ("answers", "§6(2)オ", "意見や質問への対応方法"), ("contact", "§6(2)オ", "問合せ先"),
]


@pytest.mark.clause("§6(2)", "§6(2)ウ", "§6(2)エ", "§6(2)オ")
@pytest.mark.parametrize(("key", "clause", "label"), ITEMS, ids=[item[0] for item in ITEMS])
def test_a_policy_without_it_is_not_submitted(cast: Cast, signed_in: Door, key: str, clause: str, label: str) -> None:
    account = opening.drafted(cast, **{key: ""})
    answer = signed_in(cast.aoki).post(f"/accounts/{account.pk}/apply/submit/")
    assert answer.status_code == 409
    assert clause in answer.text
    assert label in answer.text


@pytest.mark.clause("§6(2)ア")
def test_nor_without_the_service(cast: Cast) -> None:
    account = opening.drafted(cast)
    actions.save_start(account, "", account.name, by=cast.aoki)
    with pytest.raises(Refused, match="種類") as refused:
        actions.submit(account, by=cast.aoki)
    assert refused.value.clause.id == "§6(2)ア"


@pytest.mark.clause("§6(2)イ")
@pytest.mark.parametrize(("name", "url"), [(" ", opening.URL), ("磐田市防災", "")])
def test_it_is_not_completed_without_name_and_url(cast: Cast, name: str, url: str) -> None:
    account = opening.approved(cast)
    with pytest.raises(Refused, match="アカウント名とURL") as refused:
        actions.record_acquisition(account, name=name, url=url, acquired_on=clock.today(), by=cast.aoki)
    assert refused.value.clause.id == "§6(2)イ"


@pytest.mark.clause("§6(2)")
def test_every_missing_item_is_named_at_once(cast: Cast, signed_in: Door) -> None:
    account = opening.drafted(cast, purpose="", frequency="", answers="")
    page = signed_in(cast.aoki).get(f"/accounts/{account.pk}/apply/submit/").text
    refused = signed_in(cast.aoki).post(f"/accounts/{account.pk}/apply/submit/").text
    for label in ("情報発信を行う目的", "情報発信の頻度", "意見や質問への対応方法"):
        assert f"運用ポリシー：{label}" in page
        assert label in refused


@pytest.mark.clause("§6(2)", "§6(2)イ")
def test_it_is_completed_with_name_and_url_and_then_never_changes(cast: Cast) -> None:
    account = opening.acquired(cast)
    policy = account.policies.get()
    shown = {item.label: item.text for item in shown_items(policy)}
    assert (shown["アカウント名"], shown["URL"], shown["担当所属名"]) == ("磐田市防災", opening.URL, "防災課")
    with pytest.raises(IntegrityError, match="does not change"):
        Policy.objects.filter(pk=policy.pk).update(items="{}")


@pytest.mark.clause("§6(2)")
def test_it_is_completed_once_and_only_after_the_acquisition(cast: Cast) -> None:
    with pytest.raises(Refused, match="取得待ち"):
        actions.complete_policy(opening.approved(cast), by=cast.aoki)
    with pytest.raises(Refused, match="すでに完成"):
        actions.complete_policy(opening.acquired(cast), by=cast.aoki)


@pytest.mark.clause("§6(2)")
def test_what_was_decided_is_what_is_completed(cast: Cast) -> None:
    account = opening.approved(cast)
    draft = account.policies.get()
    draft.items = draft.items.replace("週に2回程度。", "毎日。")
    draft.save()
    actions.record_acquisition(account, name="磐田市防災", url=opening.URL, acquired_on=clock.today(), by=cast.aoki)
    with pytest.raises(Refused, match="決裁・合議を受けたものと違います") as refused:
        actions.complete_policy(account, by=cast.aoki)
    assert refused.value.clause.id == "§6(2)"


@pytest.mark.clause("§6(2)")
def test_the_division_is_asked_to_read_it_and_the_page_says_who_has(cast: Cast, signed_in: Door) -> None:
    account = opening.acquired(cast)
    assert [d.action for d in waiting(cast.abe)] == ["読む"]
    assert not waiting(cast.endo)
    assert signed_in(cast.abe).post(f"/accounts/{account.pk}/policy/read/").status_code == 302
    assert not waiting(cast.abe)
    page = signed_in(cast.chiba).get(f"/accounts/{account.pk}/policy/").text
    assert "7人のうち<strong>2人</strong>が読みました" in page


@pytest.mark.clause("§6(2)")
def test_another_divisions_person_does_not_read_for_it(cast: Cast) -> None:
    policy = opening.acquired(cast).policies.get()
    with pytest.raises(Refused) as refused:
        actions.read_policy(policy, by=cast.hata)
    assert refused.value.clause.id == "§6(2)"


@pytest.mark.clause("§6(2)")
def test_it_is_shared_once_and_only_when_complete(cast: Cast) -> None:
    draft = opening.approved(cast).policies.get()
    with pytest.raises(Refused):
        actions.share_policy(draft, by=cast.aoki)
    with pytest.raises(Refused, match="すでに共有"):
        actions.share_policy(opening.acquired(cast).policies.get(), by=cast.aoki)


@pytest.mark.clause("§6(2)")
def test_where_the_account_shows_it_is_kept_with_evidence_or_why_it_does_not(cast: Cast, signed_in: Door) -> None:
    account = opening.acquired(cast)
    door, address = signed_in(cast.aoki), f"/accounts/{account.pk}/policy/shown/"
    assert door.post(address, {"place": "", "reason": ""}).status_code == 422
    assert door.post(address, {"place": "固定した投稿"}).status_code == 422
    assert door.post(address, {"reason": "プロフィール欄が短く、固定した投稿もできないため。"}).status_code == 302
    capture = SimpleUploadedFile("固定.png", opening.PICTURE)
    assert door.post(address, {"place": "固定した投稿", "evidence": capture}).status_code == 302
    policy = account.policies.get()
    assert (policy.place_shown, policy.not_shown_reason) == ("固定した投稿", "")
    assert policy.shown_evidence is not None


@pytest.mark.clause("§6(2)")
@pytest.mark.parametrize("shared", [True, False])
def test_no_account_becomes_official_before_its_policy_is_shared_and_shown(cast: Cast, signed_in: Door, shared: bool) -> None:
    account = opening.listed(cast)
    if not shared:
        account.policies.update(shared_at=None, shared_by=None)
    answer = signed_in(cast.hata).post(f"/accounts/{account.pk}/official/")
    assert answer.status_code == 409
    assert ("明示" if shared else "共有されていません") in answer.text


def test_citizens_read_the_version_in_force(cast: Cast) -> None:
    assert public_policy(opening.approved(cast)) is None
    account = opening.acquired(cast)
    assert public_policy(Account.objects.get(pk=account.pk)) == account.policies.get()
