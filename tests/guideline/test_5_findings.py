"""§4, §5, §8(4): what is found in a draft is changed or answered by its author, and confirmed by the approver."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from koshiki import clock
from koshiki.audit.models import Entry
from koshiki.guideline import Refused
from koshiki.organization.models import Person
from koshiki.posts import actions
from koshiki.posts.content import Attached, Draft
from koshiki.posts.findings import answers_of, asked_in
from koshiki.posts.media import register_image
from koshiki.posts.models import Approval, Finding, Post
from koshiki.register.models import Account
from tests.cast import Cast, official
from tests.posts.typing import one_image, typed, uploaded
from tests.posts.writing import approved, draft, picture, submitted

Door = Callable[[Person], Client]
OUTSIDER, MOBILE = "外人の方も参加できます。", "申込みは090-1234-5678へ。"


def answered(account: Account, text: str, said: str = "本人の同意を得た連絡先のため") -> Draft:
    """A draft with a reason for everything that is found in it."""
    written = draft(account, text=text)
    return replace(written, answers={one.key: said for one in asked_in(written)})


@pytest.mark.parametrize(("clause", "text"), [pytest.param(clause, text, marks=pytest.mark.clause(clause)) for clause, text in [
    ("§4(2)", MOBILE), ("§4(4)", "令和8年(2025年)の記録です。"), ("§5(1)", "山田候補を応援します。"), ("§5(2)",
    "クレーマーが多い。"),
    ("§5(3)", OUTSIDER), ("§5(4)", "絶対に安全です。"), ("§5(5)", "部外秘の資料です。"), ("§5(6)", "ネットで拾った写真です。"),
    ("§5(7)", "駅前の再開発は検討中です。"), ("§5(8)", "知らんけど。"), ("§5(9)", "エロい話です。"), ("§8(4)",
    "RT @someone よい話"),
]])
def test_a_finding_without_an_answer_is_not_submitted(cast: Cast, account: Account, clause: str, text: str) -> None:
    post = actions.write(draft(account, text=text), by=cast.aoki)
    with pytest.raises(Refused, match="そのままでよい理由") as refused:
        actions.submit(post, by=cast.aoki)
    assert refused.value.clause.id == clause
    assert Post.objects.get().state == "draft"


@pytest.mark.clause("§4(2)")
def test_answered_with_a_reason_it_is_submitted_and_approved(cast: Cast, account: Account) -> None:
    post = actions.submit(actions.write(answered(account, MOBILE), by=cast.aoki), by=cast.aoki)
    approved(post, by=cast.baba)
    row = Finding.objects.get()
    assert (row.answer, row.said, row.quote) == ("justified", "本人の同意を得た連絡先のため", "090-1234-5678")


@pytest.mark.clause("§5(3)")
def test_a_word_in_another_sentence_is_another_finding_with_an_answer_of_its_own(cast: Cast, account: Account) -> None:
    song, shut = "曲名「外人」を歌います。", "なお外人は立入禁止です。"
    post = actions.write(answered(account, song, "曲名のため"), by=cast.aoki)
    both = draft(account, text=f"{song}\n{shut}")
    assert [one.after for one in asked_in(both)] == ["」を歌います。", "は立入禁止です。"]
    actions.revise(post, replace(both, answers=answers_of(post.latest)), by=cast.aoki, based_on=1)
    with pytest.raises(Refused, match="外人") as refused:
        actions.submit(post, by=cast.aoki)
    assert refused.value.clause.id == "§5(3)"


@pytest.mark.clause("§5(7)")
def test_what_was_changed_long_ago_is_not_told_again(cast: Cast, account: Account) -> None:
    post = actions.write(draft(account, text="日程は調整中です。"), by=cast.aoki)
    actions.revise(post, draft(account, text="日程は5日です。"), by=cast.aoki, based_on=1)
    actions.revise(post, draft(account, text="日程は6日です。"), by=cast.aoki, based_on=2)
    assert not post.latest.findings.exists()


@pytest.mark.clause("§5(3)")
def test_an_alt_text_as_a_mac_writes_it_is_answered_too(cast: Cast, account: Account, signed_in: Door) -> None:
    browser = signed_in(cast.aoki)
    note = uploaded(browser, account, picture())
    alt = unicodedata.normalize("NFD", "ガイジの方と花")
    page = browser.post("/posts/write/", typed(account, do="submit", **one_image(note, alt=alt)))
    assert page.status_code == 422
    assert re.findall(r'name="finding-0-key" value="([0-9a-f]+)"', page.content.decode())


@pytest.mark.clause("§5(3)")
def test_the_approver_confirms_each_finding_with_its_answer(cast: Cast, account: Account) -> None:
    post = actions.submit(actions.write(answered(account, OUTSIDER), by=cast.aoki), by=cast.aoki)
    everything = actions.Confirmed.everything(post)
    with pytest.raises(Refused, match="指摘と担当者の答えを確かめていません") as refused:
        approved(post, by=cast.baba, confirmed=replace(everything, findings=frozenset()))
    assert refused.value.clause.id == "§5(3)"
    assert not Approval.objects.exists()


@pytest.mark.clause("§4(4)")
def test_what_became_wrong_since_it_was_submitted_is_not_approved(cast: Cast, account: Account) -> None:
    """A day that was still to come when the author wrote it is over by now."""
    eve = clock.today() + timedelta(days=1)
    post = submitted(cast.aoki, account, text=f"{eve.year}年{eve.month}月{eve.day}日に説明会を開催します。")
    with clock.at(clock.now() + timedelta(days=3)), pytest.raises(Refused, match="担当者の答えがありません") as refused:
        approved(post, by=cast.baba)
    assert refused.value.clause.id == "§4(4)"


@pytest.mark.clause("§5(7)")
def test_what_was_changed_is_told_to_the_approver(cast: Cast, account: Account, signed_in: Door) -> None:
    post = actions.write(draft(account, text="日程は調整中です。会場は市役所です。"), by=cast.aoki)
    actions.revise(post, draft(account, text="会場は市役所です。"), by=cast.aoki, based_on=1)
    actions.submit(post, by=cast.aoki)
    assert [row.answer for row in post.latest.findings.all()] == ["changed"]
    page = signed_in(cast.baba).get(f"/posts/{post.pk}/approve/").content.decode()
    for words in ("<mark>調整中</mark>", "直した", "前の版にあり、今の版にはありません"):
        assert words in page
    approved(post, by=cast.baba)


@pytest.mark.clause("§4(2)")
def test_the_log_holds_clause_check_and_reason_but_never_the_personal_data(cast: Cast, account: Account) -> None:
    post = actions.submit(actions.write(answered(account, MOBILE, "講師本人の同意を得たため"), by=cast.aoki), by=cast.aoki)
    approved(post, by=cast.baba)
    told = {e.verb: e.canonical for e in Entry.objects.filter(verb__in=["post.submit", "post.approve"])}
    assert json.loads(told["post.submit"])["data"]["findings"] == [
        "§4(2) 携帯電話の番号：そのままでよい（講師本人の同意を得たため）"]
    assert "講師本人の同意を得たため" in told["post.approve"]
    assert not [verb for verb, text in told.items() if "1234" in text and "5678" in text]


@pytest.mark.clause("§5(3)")
def test_the_form_points_it_out_asks_for_the_reason_and_takes_it(cast: Cast, account: Account, signed_in: Door) -> None:
    browser = signed_in(cast.aoki)
    answer = browser.post("/posts/write/", typed(account, text=OUTSIDER))
    page = answer.content.decode()
    assert answer.status_code == 422
    for words in ("<mark>外人</mark>", "確かめる所（1）", "そのままでよい理由を書いてください", "（§5(3)）", OUTSIDER):
        assert words in page
    key, = (one.key for one in asked_in(draft(account, text=OUTSIDER)))
    reason = {"finding-0-key": key, "finding-0-reason": "曲の題名のため"}
    assert browser.post("/posts/write/", typed(account, text=OUTSIDER, **reason)).status_code == 302
    assert Finding.objects.get().said == "曲の題名のため"
    assert Post.objects.get().state == "submitted"


@pytest.mark.clause("§4(4)")
def test_it_is_pointed_out_while_typing_and_what_was_answered_stays(cast: Cast, account: Account, signed_in: Door) -> None:
    text = "令和8年(2025年)の記録。外人の方へ。"
    first, second = asked_in(draft(account, text=text))
    sent = typed(account, text=text, **{"finding-0-key": second.key, "finding-0-reason": "曲の題名のため"})
    page = signed_in(cast.aoki).post("/posts/preview/", sent).content.decode()
    assert 'id="findings" hx-swap-oob="true"' in page
    assert f"<mark>{first.quote}</mark>" in page
    assert page.index(second.key) < page.index("曲の題名のため"), "the reason stays with its finding"
    assert "理由を書いてください。" not in page, "nothing is judged while somebody types"


@pytest.mark.clause("§4(2)")
def test_a_draft_is_kept_with_its_finding_open_and_goes_no_further(cast: Cast, account: Account, signed_in: Door) -> None:
    browser = signed_in(cast.aoki)
    assert browser.post("/posts/write/", typed(account, text=MOBILE, do="save")).status_code == 302
    post = Post.objects.get()
    assert "未回答" in browser.get(f"/posts/{post.pk}/").content.decode()
    assert browser.post(f"/posts/{post.pk}/submit/").status_code == 409
    assert "<mark>090-1234-5678</mark>" in browser.get(f"/posts/{post.pk}/edit/").content.decode()


@pytest.mark.clause("§4(2)")
def test_alt_texts_and_names_of_files_are_looked_at_too(cast: Cast, account: Account) -> None:
    medium = register_image(picture(), "090-1234-5678.jpg", division=account.division, by=cast.aoki)
    written = draft(account, media=[Attached(medium, "連絡先 080-8765-4321 の張り紙")])
    assert {(one.quote, one.places) for one in asked_in(written)} == {
        ("080-8765-4321", ("1番目の画像・動画の代替テキスト",)), ("090-1234-5678", ("1番目の画像・動画のファイル名",))}


@pytest.mark.clause("§4(4)")
def test_the_telephones_and_names_of_the_divisions_are_the_citys_own(cast: Cast, account: Account) -> None:
    assert asked_in(draft(account, text="防災課 0538-00-0110、水道課 0538-00-0220")) == []
    assert [one.name for one in asked_in(draft(account, text="防災課 0538-00-0111"))] == ["市の一覧にない電話番号"]
    assert [one.name for one in asked_in(draft(account, text="広報広聴シティープロモーション課"))] == ["課や施設の名前"]


@pytest.mark.clause("§4(4)")
def test_one_thing_on_several_accounts_is_answered_once(cast: Cast, account: Account) -> None:
    second = official(cast, name="磐田市防災その二")
    found, = asked_in(draft(account, second, text="令和8年(2025年)の記録"))
    assert [place.split("：")[0] for place in found.places] == [account.name, second.name]


@pytest.mark.clause("§4(4)")
def test_the_day_of_the_publication_is_what_counts(cast: Cast, account: Account) -> None:
    day = clock.today() + timedelta(days=5)
    text = f"{day.year}年{day.month}月{day.day}日に説明会を開催します。"
    assert asked_in(draft(account, text=text)) == []
    late = draft(account, text=text, due_at=clock.now() + timedelta(days=9))
    assert [one.name for one in asked_in(late)] == ["過ぎた日"]


@pytest.mark.clause("§5(3)")
def test_advice_for_readers_needs_no_answer(cast: Cast, account: Account, signed_in: Door) -> None:
    browser = signed_in(cast.aoki)
    page = browser.post("/posts/write/", typed(account, text="喫緊の課題です。", do="check")).content.decode()
    assert "読みやすさの助言（1）" in page
    assert browser.post("/posts/write/", typed(account, text="喫緊の課題です。")).status_code == 302
    assert not Finding.objects.exists()


@pytest.mark.clause("§5(3)")
def test_a_suggested_wording_with_a_finding_is_not_taken_over_unanswered(cast: Cast, account: Account) -> None:
    post = submitted(cast.aoki, account)
    remark = actions.suggest(post, "一文を", {account.pk: {"text": OUTSIDER}}, by=cast.baba, digest=post.latest.digest)
    with pytest.raises(Refused) as refused:
        actions.take_over(remark, by=cast.aoki)
    assert refused.value.clause.id == "§5(3)"


@pytest.mark.parametrize("attempt", [
    "UPDATE koshiki_finding SET answer = 'changed'", "DELETE FROM koshiki_finding",
    "INSERT INTO koshiki_approval (revision_id, approver_id, at, digest, confirmed, withdrawn_for)"
    " SELECT r.id, p.id, now(), r.digest, '', '' FROM koshiki_revision r, koshiki_person p WHERE p.staff_number = '1003'",
])
@pytest.mark.clause("§5(5)")
def test_the_database_refuses_to_alter_a_finding_or_approve_with_one_open(cast: Cast, account: Account, attempt: str) -> None:
    actions.write(draft(account, text="部外秘の資料です。"), by=cast.aoki)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(attempt)


@pytest.mark.clause("§4(2)")
def test_more_findings_than_the_form_has_rows_for_are_said_at_the_text(cast: Cast, account: Account, signed_in: Door) -> None:
    text = "\n".join(f"090-1234-{number}" for number in range(5000, 5101))
    page = signed_in(cast.aoki).post("/posts/write/", typed(account, text=text)).content.decode()
    assert "確かめる所（100）" in page
    assert 'href="#id_text"' in page


@pytest.mark.clause("§5(3)")
def test_on_the_page_the_approver_ticks_each_finding(cast: Cast, account: Account, signed_in: Door) -> None:
    post = actions.submit(actions.write(answered(account, OUTSIDER, "曲の題名のため"), by=cast.aoki), by=cast.aoki)
    everything, browser = actions.Confirmed.everything(post), signed_in(cast.baba)
    ticked = {"do": "approve", "digest": post.latest.digest, "permanence": "on", "prohibited": sorted(everything.prohibited)}
    refused = browser.post(f"/posts/{post.pk}/approve/", ticked)
    assert refused.status_code == 409
    assert "<strong>§5(3)</strong>" in refused.content.decode()
    assert "曲の題名のため" in refused.content.decode()
    assert browser.post(f"/posts/{post.pk}/approve/", {**ticked, "findings": sorted(everything.findings)}).status_code == 302
    assert Approval.objects.get().confirmed.count("曲の題名のため") == 1
