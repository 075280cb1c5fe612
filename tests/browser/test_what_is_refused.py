"""What must be refused, tried in the browser: each says its clause or what to mend, and nothing typed is lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from koshiki import clock
from koshiki.guideline import guideline
from koshiki.organization.models import Posting
from koshiki.posts import actions
from koshiki.posts.models import Post
from koshiki.register.models import Account, Assignment
from tests.browser.desks import Desk, Seat
from tests.cast import SINCE, Cast, official
from tests.guideline import opening
from tests.guideline.opening import PICTURE
from tests.posts.writing import approved, draft, picture, submitted

pytestmark = [pytest.mark.peers, pytest.mark.django_db(transaction=True)]

WORDS = "あすの午前9時から、総合防災訓練を行います。"


def refuses(desk: Desk, clause: str, words: str) -> None:
    """The page that says what, why by which clause, and that nothing was changed."""
    desk.reads("この操作はできません", "何も変更していません", words)
    expect(desk.main.locator(".refusal")).to_contain_text(clause)


def holds(desk: Desk, label: str, text: str) -> None:
    expect(desk.field(label)).to_have_value(text)


def complains(desk: Desk, label: str, words: str) -> None:
    """The message stands at the field, and the summary at the top leads there."""
    expect(desk.main.locator(".field.invalid").filter(has_text=label)).to_contain_text(words)
    expect(desk.main.locator(".error-summary")).to_contain_text(words)


# ── opening ────────────────────────────────────────────────────────

@pytest.mark.clause("§6(1)")
def test_one_person_gives_no_two_concurrences_though_heading_both_divisions(cast: Cast, seat: Seat) -> None:
    Posting.objects.create(person=cast.hara, division=cast.koho, position="課長", start=SINCE)
    account = opening.approve(opening.submitted(cast), cast.chiba)
    head = seat(cast.hara).follows("情報政策課の合議").press("承認する").reads("承認しました")
    refuses(head.open(f"/accounts/{account.pk}/decide/"), "§6(1)", "一人の職員が二つを行うことはできません")
    assert not head.open(f"/accounts/{account.pk}/").offers("申請を読んで決裁・合議する")


@pytest.mark.clause("§6(1)")
def test_no_acquisition_is_recorded_before_the_last_concurrence(cast: Cast, seat: Seat) -> None:
    account = opening.approve(opening.submitted(cast), cast.chiba, cast.hara)
    officer = seat(cast.aoki).open(f"/accounts/{account.pk}/")
    assert not officer.offers("取得を記録する")
    refuses(officer.open(f"/accounts/{account.pk}/acquire/"), "§6(1)", "合議")


@pytest.mark.clause("§6(2)イ")
def test_an_address_that_is_no_account_is_said_at_its_field(cast: Cast, seat: Seat) -> None:
    officer = seat(cast.aoki).open(f"/accounts/{opening.approved(cast).pk}/acquire/")
    for address in ("https://bit.ly/3xyz", "ht tp://example", "https://iwata.example/@bosai/115"):
        officer.write("ユーザー名", "@bosai").write("アカウントのURL", address).press("記録する")
        expect(officer.main.locator(".field.invalid")).to_contain_text("URL")
        holds(officer, "アカウントのURL", address)
        holds(officer, "ユーザー名", "@bosai")
    officer.write("アカウントのURL", "https://iwata.example/@bosai").press("記録する").reads("取得を記録しました")


@pytest.mark.clause("§6(2)", "§4(3)")
def test_an_application_that_lacks_something_names_each_missing_item(cast: Cast, seat: Seat) -> None:
    officer = seat(cast.aoki).open("/accounts/new/")
    officer.choose("ソーシャルメディアのサービス", "Mastodon").write("アカウント名（予定）", "磐田市防災").press("保存して次へ")
    officer.write("利用規約", "読みました。").press("保存して次へ").write("問合せ先", "電話 0538-00-0110").press("保存して次へ")
    officer.reads("まだ足りないものがあります", "事前確認：仕組み", "運用ポリシー：情報発信を行う目的")
    officer.reads("運用ポリシー：免責事項(1)")
    assert not officer.offers("申請する")
    officer.press("事前確認：仕組み")
    holds(officer, "利用規約", "読みました。")


@pytest.mark.clause("§6(3)ア", "§別紙2")
def test_a_notification_without_image_or_with_a_long_introduction_stays_on_the_desk(cast: Cast, seat: Seat) -> None:
    account = opening.acquired(cast)
    head = seat(cast.chiba).open(f"/accounts/{account.pk}/notify/")
    introduction = "市公式ホームページでの紹介文（100字以内）"
    head.write(introduction, "あ" * 101).write("担当者名", "青木 葵").press("届け出る")
    complains(head, introduction, "100字以内で書いてください（いま101字です）")
    complains(head, "アカウント画像", "ファイルを選んでください")
    holds(head, introduction, "あ" * 101)
    family = "👨‍👩‍👧‍👦"  # one character for whoever reads it
    head.write(introduction, family * 100).press("届け出る")
    expect(head.main.locator(".error-summary")).not_to_contain_text("100字以内で")
    head.attach("アカウント画像", b"<svg onload=alert(1)>", "account.png").press("届け出る")
    complains(head, "アカウント画像", "画像として")
    holds(head, introduction, family * 100)
    head.attach("アカウント画像", PICTURE).press("届け出る").reads("届け出ました")


@pytest.mark.clause("§6(3)ア")
def test_only_the_head_notifies(cast: Cast, seat: Seat) -> None:
    account = opening.acquired(cast)
    officer = seat(cast.aoki).open(f"/accounts/{account.pk}/notify/")
    refuses(officer, "§6(3)ア", "所属長")


# ── posts ──────────────────────────────────────────────────────────

@pytest.mark.clause("§8(1)")
def test_nobody_approves_what_they_wrote(cast: Cast, seat: Seat) -> None:
    account = official(cast)
    Assignment.objects.create(account=account, person=cast.baba, role="author", start=SINCE, named_by=cast.chiba)
    post = submitted(cast.baba, account)
    writer = seat(cast.baba).open(f"/posts/{post.pk}/").reads("承認待ち")
    assert not writer.offers("承認の画面を開く")
    refuses(writer.open(f"/posts/{post.pk}/approve/"), "§8(1)", "自分が書いた投稿")
    seat(cast.bando).open(f"/posts/{post.pk}/").press("承認の画面を開く").reads("この内容を承認する")


@pytest.mark.clause("§5(7)", "§4(7)")
def test_each_of_the_nine_must_be_confirmed_and_what_was_ticked_stays(cast: Cast, seat: Seat) -> None:
    post = submitted(cast.aoki, official(cast))
    approver = seat(cast.baba, phone=True).open(f"/posts/{post.pk}/approve/")
    approver.tick("どれにも当たらない")
    left_out = approver.group("どれにも当たらない").get_by_label(re.compile("意思形成過程"))
    left_out.uncheck()
    approver.press("この内容を承認する").reads("§5(7)", "当たらないことを確かめていません")
    assert approver.group("どれにも当たらない").get_by_role("checkbox", checked=True).count() == 8
    left_out.check()
    approver.press("この内容を承認する").reads("§4(7)", "完全には削除できない")
    approver.field(guideline().fixed["permanence"]).check()
    approver.press("この内容を承認する").reads("承認しました")


@pytest.mark.clause("§8(1)")
def test_what_was_edited_meanwhile_is_not_approved_unread(cast: Cast, seat: Seat) -> None:
    post = submitted(cast.aoki, official(cast))
    approver = seat(cast.baba).open(f"/posts/{post.pk}/approve/")
    author = seat(cast.aoki).open(f"/posts/{post.pk}/").press("書き直す")
    author.write("本文（すべての発信先に共通）", WORDS).press("提出する").reads("提出しました")
    approver.tick("どれにも当たらない").field(guideline().fixed["permanence"]).check()
    approver.press("この内容を承認する").reads("読んでいた第1版から変わった所", "§8(1)")
    assert approver.group("どれにも当たらない").get_by_role("checkbox", checked=True).count() == 0
    assert Post.objects.get().state == Post.State.SUBMITTED


@pytest.mark.clause("§8(1)")
def test_another_divisions_person_finds_no_page(cast: Cast, seat: Seat) -> None:
    post = submitted(cast.aoki, official(cast))
    stranger = seat(cast.endo)
    for page in ("", "approve/", "edit/", "deliveries/"):
        answer = stranger.page.goto(f"/posts/{post.pk}/{page}")
        assert answer
        assert answer.status == 404, page
        stranger.reads("見つかりません")


def test_a_stopped_account_publishes_nothing(cast: Cast, seat: Seat, worker: Path) -> None:
    account = official(cast)
    post = submitted(cast.aoki, account)
    head = seat(cast.chiba).open(f"/accounts/{account.pk}/").press("発信を停止する")
    head.write("理由", "乗っ取りの疑いがあるため").press("次へ").reads("停止してよいですか")
    head.press("停止する").reads("発信を停止しました")
    approved(post, by=cast.baba)
    author = seat(cast.aoki).open(f"/posts/{post.pk}/deliveries/").reads("停止中", "乗っ取りの疑い")
    author.open("/official/feed/").reads("発信は、まだありません")


def test_a_text_too_long_a_hidden_sign_and_a_broken_image_are_said_at_their_fields(cast: Cast, seat: Seat) -> None:
    official(cast)
    author = seat(cast.aoki).open("/posts/write/")
    author.write("件名", "あ" * 101).write("根拠", "防災第45号").write("本文（すべての発信先に共通）", f"{WORDS}\u202e。すで練訓")
    author.attach("画像・動画を加える", b"\x89PNG\r\n\x1a\n broken", "ポスター.png").reads("ポスター.png：")
    author.press("提出する")
    complains(author, "件名", "100字以内で書いてください（いま101字です）")
    complains(author, "本文（すべての発信先に共通）", "文字の向きを変える制御文字（U+202E）")
    holds(author, "根拠", "防災第45号")
    holds(author, "件名", "あ" * 101)
    assert WORDS in author.field("本文（すべての発信先に共通）").input_value()
    assert not Post.objects.exists()


def test_a_text_longer_than_the_service_takes_is_counted_and_refused(cast: Cast, seat: Seat) -> None:
    account = official(cast)
    author = seat(cast.aoki).open("/posts/write/")
    author.write("件名", "長い文").write("根拠", "要綱").write("本文（すべての発信先に共通）", "あ" * 2001)
    expect(author.main.locator(".counter").first).to_contain_text("2001")
    author.press("提出する")
    complains(author, "本文", "2000")
    holds(author, "本文（すべての発信先に共通）", "あ" * 2001)
    assert Account.objects.get() == account
    assert not Post.objects.exists()


@pytest.mark.clause("§4(2)")
def test_an_image_without_statement_is_not_submitted_and_stays_in_the_form(cast: Cast, seat: Seat) -> None:
    official(cast)
    author = seat(cast.aoki).open("/posts/write/").write("件名", "訓練").write("根拠", "要綱")
    author.write("本文（すべての発信先に共通）", WORDS).attach("画像・動画を加える", picture(), "写真.jpg", "image/jpeg")
    expect(author.main.locator("img.thumbnail")).to_be_visible()
    author.press("提出する").reads("代替テキストを書いてください（§4(2)）", "だれの画像かを選んでください（§4(2)）")
    expect(author.main.locator("img.thumbnail")).to_be_visible()
    holds(author, "本文（すべての発信先に共通）", WORDS)


def test_what_is_typed_while_the_page_answers_is_not_lost(cast: Cast, seat: Seat) -> None:
    first, second = official(cast), official(cast, name="防災課からのお知らせ")
    author = seat(cast.aoki).open("/posts/write/")
    author.page.route("**/posts/write/", lambda route: (author.page.wait_for_timeout(400), route.continue_()))
    for account in (first, second):
        author.tick("発信先", account.name)
        author.field("本文（すべての発信先に共通）").press_sequentially("訓練です。", delay=30)
        expect(author.main.get_by_role("heading", name=account.name)).to_be_visible()
    author.attach("画像・動画を加える", picture(), "写真.jpg", "image/jpeg").write("件名", "訓練のお知らせ")
    expect(author.main.locator(".image-row")).to_have_count(1)
    author.write("代替テキスト", "紺色の海").attach("画像・動画を加える", picture(colour="white"), "雪.jpg", "image/jpeg")
    expect(author.main.locator(".image-row")).to_have_count(2)
    holds(author, "本文（すべての発信先に共通）", "訓練です。訓練です。")
    holds(author, "件名", "訓練のお知らせ")
    expect(author.field("代替テキスト").first).to_have_value("紺色の海")
    expect(author.main.locator(".preview").first).to_contain_text("訓練です。訓練です。")
    assert author.heard == []


@pytest.mark.clause("§8(4)")
def test_a_link_outside_the_city_needs_the_authors_reason_and_the_approvers_tick(cast: Cast, seat: Seat) -> None:
    official(cast)
    author = seat(cast.aoki).open("/posts/write/").write("件名", "訓練").write("根拠", "要綱")
    author.write("本文（すべての発信先に共通）", f"{WORDS} https://bosai.example/kunren").press("提出する")
    complains(author, "リンクする理由", "§8(4)")
    author.write("リンクする理由", "県の公式の案内のため").press("提出する").reads("提出しました")
    approver = seat(cast.baba).follows("の承認").tick("どれにも当たらない")
    approver.field(guideline().fixed["permanence"]).check()
    approver.press("この内容を承認する").reads("§8(4)", "確かめていません")
    approver.tick("リンク先を開いて").press("この内容を承認する").reads("承認しました")


@pytest.mark.clause("§4(1)")
def test_whoever_has_not_confirmed_is_asked_and_loses_no_word(cast: Cast, seat: Seat) -> None:
    account = official(cast)
    Assignment.objects.create(account=account, person=cast.nishi, role="author", start=SINCE, named_by=cast.chiba)
    author = seat(cast.nishi).open("/posts/write/").write("件名", "訓練のお知らせ").write("根拠", "要綱")
    author.write("本文（すべての発信先に共通）", WORDS).press("提出する")
    author.main.get_by_role("button", name=re.compile("確認")).last.click()
    author.reads("提出しました", WORDS)


def test_a_broken_scan_of_a_paper_decision_keeps_what_was_typed(cast: Cast, seat: Seat) -> None:
    application = opening.submitted(cast)
    officer = seat(cast.aoki).open(f"/accounts/{application.account_id}/paper/")
    officer.choose("決裁した職員", cast.chiba.name).tick("結果", "承認").write("文書番号", "防災第123号")
    officer.write("文書の日付", clock.today().isoformat())
    officer.attach("文書の写し", b"no document", "写し.pdf", "application/pdf").press("入力する")
    complains(officer, "文書の写し", "読み取れません")
    holds(officer, "文書番号", "防災第123号")


def test_two_who_edit_the_same_draft_do_not_overwrite_each_other(cast: Cast, seat: Seat) -> None:
    account = official(cast)
    Assignment.objects.create(account=account, person=cast.abe, role="author", start=SINCE, named_by=cast.chiba)
    post = actions.write(draft(account), by=cast.aoki)
    first, second = (seat(p).open(f"/posts/{post.pk}/edit/") for p in (cast.aoki, cast.abe))
    first.write("本文（すべての発信先に共通）", WORDS).press("下書きとして保存する").reads("保存しました")
    second.write("本文（すべての発信先に共通）", f"{WORDS}（雨天決行）").press("下書きとして保存する")
    refuses(second, "K-stale", "")
    second.reads(f"{WORDS}（雨天決行）")
