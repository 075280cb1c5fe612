"""§8(1): what goes out was written by an author and approved, as it stands, by an approver who is somebody else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from koshiki import clock, store
from koshiki.audit.models import Entry
from koshiki.guideline import Refused
from koshiki.organization.models import Person
from koshiki.posts import actions
from koshiki.posts.actions import Confirmed
from koshiki.posts.content import Altered, Attached, going_out
from koshiki.posts.media import register_image
from koshiki.posts.models import Approval, ApprovalTarget, Delivery, Post, Revision
from koshiki.register.models import Account, Assignment
from tests.cast import SINCE, Cast, make_cast, official
from tests.posts.writing import approved, draft, picture, submitted
from tests.racing import raced

pytestmark = pytest.mark.clause("§8(1)")
Door = Callable[[Person], Client]


def named(account: Account, person: Person, role: str, by: Person) -> None:
    Assignment.objects.create(account=account, person=person, role=role, start=SINCE, named_by=by)


def ticked(post: Post) -> dict[str, Any]:
    """What an approver sends who has read and ticked everything."""
    everything = Confirmed.everything(post)
    return {"do": "approve", "digest": post.latest.digest, "prohibited": sorted(everything.prohibited),
            "links": sorted(everything.links), "permanence": "on"}


# -- who


def test_an_approver_approves_and_it_is_in_the_log(cast: Cast, account: Account, signed_in: Door) -> None:
    post = submitted(cast.aoki, account)
    answer = signed_in(cast.baba).post(f"/posts/{post.pk}/approve/", ticked(post))
    assert answer.status_code == 302
    assert Post.objects.get(pk=post.pk).state == "approved"
    entry = Entry.objects.get(verb="post.approve")
    assert (entry.actor, entry.clause) == (cast.baba, "§8(1)")
    assert post.latest.digest in entry.canonical


def test_nobody_approves_what_they_wrote(cast: Cast, account: Account, signed_in: Door) -> None:
    named(account, cast.baba, "author", cast.chiba)
    post = submitted(cast.baba, account)
    answer = signed_in(cast.baba).post(f"/posts/{post.pk}/approve/", ticked(post))
    assert answer.status_code == 409
    assert "§8(1)" in answer.content.decode()
    assert not Approval.objects.exists()


def test_nor_what_they_touched_since_it_was_last_returned(cast: Cast, account: Account) -> None:
    named(account, cast.baba, "author", cast.chiba)
    post = actions.write(draft(account), by=cast.aoki)
    actions.revise(post, draft(account, text="直しました。"), by=cast.baba)
    actions.revise(post, draft(account, text="直したものを直しました。"), by=cast.aoki)
    with pytest.raises(Refused, match="手を入れた"):
        approved(actions.submit(post, by=cast.aoki), by=cast.baba)


def test_who_touched_it_only_before_the_last_return_may_approve(cast: Cast, account: Account) -> None:
    named(account, cast.baba, "author", cast.chiba)
    post = actions.write(draft(account), by=cast.aoki)
    post = actions.submit(actions.revise(post, draft(account, text="直しました。"), by=cast.baba), by=cast.aoki)
    actions.send_back(post, "会場がありません。", by=cast.bando, digest=post.latest.digest)
    post = actions.revise(post, draft(account, text="会場は市役所です。"), by=cast.aoki)
    assert approved(actions.submit(post, by=cast.aoki), by=cast.baba).approver == cast.baba


def test_a_returned_post_that_comes_again_unchanged_is_still_of_all_who_wrote_it(cast: Cast, account: Account) -> None:
    named(account, cast.baba, "author", cast.chiba)
    post = actions.revise(actions.write(draft(account), by=cast.aoki), draft(account, text="直しました。"), by=cast.baba)
    post = actions.submit(post, by=cast.aoki)
    actions.send_back(post, "会場がありません。", by=cast.bando, digest=post.latest.digest)
    with pytest.raises(Refused, match="手を入れた"):
        approved(actions.submit(post, by=cast.aoki), by=cast.baba)


@pytest.mark.parametrize("who", ["aoki", "abe", "chiba", "doi"])
def test_who_is_not_approver_of_the_account_is_refused(
    cast: Cast, account: Account, signed_in: Door, who: str
) -> None:
    post = submitted(cast.aoki, account)
    answer = signed_in(getattr(cast, who)).post(f"/posts/{post.pk}/approve/", ticked(post))
    assert answer.status_code == 409
    assert not Approval.objects.exists()


@pytest.mark.parametrize("who", ["endo", "fujita", "goto", "noda"])
def test_for_people_of_other_divisions_there_is_no_such_post(
    cast: Cast, account: Account, signed_in: Door, who: str
) -> None:
    post = submitted(cast.aoki, account)
    browser = signed_in(getattr(cast, who))
    pages = ["", "edit/", "approve/", "end/", f"images/{'0' * 64}/"]
    assert {browser.get(f"/posts/{post.pk}/{page}").status_code for page in pages} == {404}
    assert browser.post(f"/posts/{post.pk}/approve/", ticked(post)).status_code == 404
    assert browser.post(f"/posts/{post.pk}/submit/").status_code == 404


def test_a_rank_below_group_leader_does_not_approve_whatever_was_named(cast: Cast, account: Account) -> None:
    named(account, cast.abe, "approver", cast.chiba)
    with pytest.raises(Refused, match="情報発信責任者"):
        approved(submitted(cast.aoki, account), by=cast.abe)


def test_an_ended_assignment_approves_nothing(cast: Cast, account: Account) -> None:
    post = submitted(cast.aoki, account)
    Assignment.objects.filter(person=cast.baba).update(end=SINCE)
    with pytest.raises(Refused):
        approved(post, by=cast.baba)


def test_only_authors_of_every_target_write(cast: Cast, account: Account) -> None:
    water = official(cast, name="磐田市水道課", division=cast.suido)
    with pytest.raises(Refused, match="情報発信担当者ではありません"):
        actions.write(draft(account, water), by=cast.aoki)


# -- several accounts


def test_who_is_approver_of_every_target_approves_for_all(cast: Cast, account: Account) -> None:
    second = official(cast, name="磐田市防災（別）")
    Assignment.objects.filter(account=second, person=cast.baba).delete()
    post = submitted(cast.aoki, account, second)
    with pytest.raises(Refused, match="まとめて承認") as refused:
        approved(post, by=cast.baba)
    assert refused.value.who == "坂東 望"
    approved(post, by=cast.bando)
    assert Delivery.objects.filter(state="waiting").count() == 2


def test_where_nobody_covers_all_each_group_has_its_own_approval(cast: Cast, account: Account) -> None:
    water = official(cast, name="磐田市水道課", division=cast.suido)
    named(water, cast.aoki, "author", cast.goto)
    post = submitted(cast.aoki, account, water)
    approved(post, by=cast.baba)
    assert Post.objects.get(pk=post.pk).state == "submitted"
    assert not Delivery.objects.exists()
    approved(post, by=cast.fujita)
    assert Post.objects.get(pk=post.pk).state == "approved"
    bound = {row.account: row.approval.approver for row in ApprovalTarget.objects.all()}
    assert bound == {account: cast.baba, water: cast.fujita}
    assert Delivery.objects.filter(state="waiting").count() == 2


def test_a_change_lets_every_group_decide_again(cast: Cast, account: Account) -> None:
    water = official(cast, name="磐田市水道課", division=cast.suido)
    named(water, cast.aoki, "author", cast.goto)
    post = submitted(cast.aoki, account, water)
    approved(post, by=cast.baba)
    actions.revise(post, draft(account, water, text="変えました。"), by=cast.aoki)
    assert not ApprovalTarget.objects.filter(standing=True).exists()


# -- what


def test_what_was_read_must_be_the_latest_and_the_page_shows_what_changed(
    cast: Cast, account: Account, signed_in: Door
) -> None:
    post = submitted(cast.aoki, account)
    read = ticked(post)
    actions.submit(actions.revise(post, draft(account, text="訓練は14日に延期します。"), by=cast.aoki), by=cast.aoki)
    answer = signed_in(cast.baba).post(f"/posts/{post.pk}/approve/", read)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "もう一度読んで" in page
    assert "<ins>" in page
    assert "14日に延期" in page
    assert post.latest.digest in page
    assert " checked" not in page
    assert not Approval.objects.exists()


def test_a_version_that_came_back_to_the_same_words_is_read_again(cast: Cast, account: Account) -> None:
    post = submitted(cast.aoki, account)
    read = post.latest.digest
    actions.revise(post, draft(account, text="別の文"), by=cast.aoki)
    actions.submit(actions.revise(post, draft(account), by=cast.aoki), by=cast.aoki)
    with pytest.raises(Refused, match="もう一度読んで"):
        actions.approve(post, read, by=cast.baba, confirmed=Confirmed.everything(post))


def test_the_digest_binds_all_that_goes_out(cast: Cast, account: Account) -> None:
    second = official(cast, name="磐田市防災（別）")
    medium, other = (register_image(picture(colour=c), f"{c}.jpg", division=cast.bosai, by=cast.aoki)
                     for c in ("navy", "red"))
    variants = [
        draft(account), draft(account, text="別の文"), draft(account, second),
        draft(account, due_at=clock.now() + timedelta(days=1)), draft(account, expires_after=60),
        draft(account, media=[Attached(medium, "海")]), draft(account, media=[Attached(medium, "空")]),
        draft(account, media=[Attached(other, "海")]),
    ]
    texts = [actions.write(variant, by=cast.aoki).latest.canonical for variant in variants]
    plain = {text.replace(f'"post":{post.pk}', "") for text, post in zip(texts, Post.objects.order_by("pk"), strict=True)}
    assert len(plain) == len(variants)


def test_a_file_that_was_replaced_is_not_approved_and_does_not_go_out(cast: Cast, account: Account) -> None:
    medium = register_image(picture(), "umi.jpg", division=cast.bosai, by=cast.aoki)
    post = submitted(cast.aoki, account, media=[Attached(medium, "海")])
    store.path(medium.sha256).write_bytes(picture(colour="red"))
    with pytest.raises(Refused, match="画像や動画のファイル"):
        approved(post, by=cast.baba)
    with pytest.raises(Altered):
        going_out(post.latest, account)
    store.path(medium.sha256).write_bytes(b"")
    store.path(medium.sha256).unlink()


def test_a_double_click_is_one_approval(cast: Cast, account: Account, signed_in: Door) -> None:
    post = submitted(cast.aoki, account)
    browser, sent = signed_in(cast.baba), ticked(post)
    assert [browser.post(f"/posts/{post.pk}/approve/", sent).status_code for _ in range(2)] == [302, 302]
    assert Approval.objects.count() == Delivery.objects.count() == 1


def test_an_approved_post_is_not_approved_by_another(cast: Cast, account: Account) -> None:
    post = submitted(cast.aoki, account)
    approved(post, by=cast.baba)
    with pytest.raises(Refused, match="承認済み"):
        approved(post, by=cast.bando)


def test_once_it_is_on_its_way_the_content_cannot_change(cast: Cast, account: Account) -> None:
    post = submitted(cast.aoki, account)
    approved(post, by=cast.baba)
    Delivery.objects.update(state="claimed", lease_until=clock.now())
    for act in (lambda: actions.revise(post, draft(account, text="変更"), by=cast.aoki),
                lambda: actions.withdraw_approval(Approval.objects.get(), "誤り", by=cast.chiba),
                lambda: actions.cancel(post, "中止", by=cast.aoki)):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.clause.id == "K-once"
    assert post.revisions.count() == 1


def test_a_stranger_to_the_account_does_not_take_an_approval_back(cast: Cast, account: Account) -> None:
    approval = approved(submitted(cast.aoki, account), by=cast.baba)
    for person in (cast.aoki, cast.abe, cast.fujita):
        with pytest.raises(Refused):
            actions.withdraw_approval(approval, "理由", by=person)


# -- the database itself, asked as the application's role

LIES = {
    "an approval by who began the post": ("aoki", "digest", "revision"),
    "an approval of another digest": ("baba", "'x'", "revision"),
    "an approval of an earlier version": ("baba", "digest", "earlier"),
}


@pytest.mark.parametrize("lie", LIES)
def test_the_database_refuses(cast: Cast, account: Account, lie: str) -> None:
    post = submitted(cast.aoki, account)
    if "earlier" in lie:
        actions.revise(post, draft(account, text="変更"), by=cast.aoki)
    who, digest, _ = LIES[lie]
    statement = (f"INSERT INTO koshiki_approval (revision_id, approver_id, at, digest, confirmed, withdrawn_for)"
                 f" SELECT id, %s, now(), {digest}, '', '' FROM koshiki_revision WHERE post_id = %s AND number = 1")
    with pytest.raises(IntegrityError, match=r"§8\(1\)"), transaction.atomic():
        connection.cursor().execute(statement, [getattr(cast, who).pk, post.pk])


def test_the_database_refuses_who_touched_it_and_takes_who_did_not(cast: Cast, account: Account) -> None:
    named(account, cast.baba, "author", cast.chiba)
    post = actions.write(draft(account), by=cast.aoki)
    actions.revise(post, draft(account, text="直しました。"), by=cast.baba)
    post = actions.submit(actions.revise(post, draft(account, text="戻しました。"), by=cast.aoki), by=cast.aoki)
    by = {"revision": post.latest, "digest": post.latest.digest, "confirmed": "{}"}
    with pytest.raises(IntegrityError, match="nobody approves what they wrote"), transaction.atomic():
        Approval.objects.create(approver=cast.baba, **by)
    assert Approval.objects.create(approver=cast.bando, **by).pk


@pytest.mark.parametrize("statement", [
    "UPDATE koshiki_revision SET canonical = 'x'",
    "UPDATE koshiki_revision SET digest = 'x'",
    "UPDATE koshiki_revision SET author_id = %(other)s",
    "UPDATE koshiki_revisiontarget SET content = '{}'",
    "UPDATE koshiki_revisionmedium SET alt = 'x'",
    "UPDATE koshiki_medium SET rights = 'own', sha256 = 'x'",
    "UPDATE koshiki_rendition SET sha256 = 'x'",
    "UPDATE koshiki_outsidelink SET reason = 'x'",
    "UPDATE koshiki_approval SET digest = 'x'",
    "UPDATE koshiki_approval SET approver_id = %(other)s",
    "UPDATE koshiki_approvaltarget SET account_id = account_id + 1",
    "DELETE FROM koshiki_approvaltarget",
    "DELETE FROM koshiki_approval",
    "DELETE FROM koshiki_outsidelink",
    "DELETE FROM koshiki_remark",
    "UPDATE koshiki_remark SET text = 'x'",
    "UPDATE koshiki_remark SET kind = 'return'",
    "INSERT INTO koshiki_revision (post_id, number, author_id, at, basis, expires_after, canonical, digest)"
    " SELECT post_id, number + 1, %(other)s, now(), '', 30, 'x', 'x' FROM koshiki_revision",
])
def test_nothing_that_was_written_or_approved_changes(cast: Cast, account: Account, statement: str) -> None:
    medium = register_image(picture(), "umi.jpg", division=cast.bosai, by=cast.aoki)
    text = "詳しくは https://www.jma.go.jp/ へ"
    post = submitted(cast.aoki, account, text=text, media=[Attached(medium, "海")],
                     reasons={"https://www.jma.go.jp/": "気象庁"})
    actions.suggest(post, "意見", {account.pk: {"text": "文"}}, by=cast.bando, digest=post.latest.digest)
    approved(post, by=cast.baba)
    with pytest.raises(IntegrityError), transaction.atomic():
        connection.cursor().execute(statement, {"other": cast.chiba.pk})


def test_a_withdrawn_approval_never_stands_again(cast: Cast, account: Account) -> None:
    approval = approved(submitted(cast.aoki, account), by=cast.baba)
    actions.withdraw_approval(approval, "誤り", by=cast.bando)
    for statement in ("UPDATE koshiki_approval SET withdrawn_at = NULL",
                      "UPDATE koshiki_approvaltarget SET standing = true"):
        with pytest.raises(IntegrityError), transaction.atomic():
            connection.cursor().execute(statement)


def test_no_approval_stands_beside_a_newer_version(cast: Cast, account: Account) -> None:
    post = submitted(cast.aoki, account)
    approved(post, by=cast.baba)
    cursor = connection.cursor()
    cursor.execute("INSERT INTO koshiki_revision (post_id, number, author_id, at, basis, expires_after, canonical,"
                   " digest) VALUES (%s, 2, %s, now(), '', 30, 'x', encode(sha256('x'), 'hex'))",
                   [post.pk, cast.aoki.pk])
    with pytest.raises(IntegrityError, match="still stands"):
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    transaction.set_rollback(True)


# -- at the same moment


@pytest.mark.longest
def test_approving_and_editing_at_once_never_sends_a_text_that_was_not_read(committed_db: None) -> None:
    cast = make_cast()
    account = official(cast)
    won = {"approval": 0, "edit": 0}
    for number in range(40):
        post = submitted(cast.aoki, account, text=f"第{number}の文")
        read = post.latest
        everything = Confirmed.everything(post)
        raised = raced(
            lambda post=post, read=read, all_=everything: actions.approve(
                post, read.digest, by=cast.baba, confirmed=all_),
            lambda post=post, n=number: actions.revise(post, draft(account, text=f"第{n}の別の文"), by=cast.aoki))
        assert all(isinstance(error, Refused) for error in raised), raised
        won["edit" if raised else "approval"] += 1
        _only_what_was_read(post, read)
    assert sum(won.values()) == 40


def _only_what_was_read(post: Post, read: Revision) -> None:
    """Whatever waits to be sent is the latest version, and that is the one that was read."""
    for delivery in Delivery.objects.filter(post=post).exclude(state="cancelled"):
        assert delivery.approval.revision == read == post.latest
    for target in ApprovalTarget.objects.filter(revision__post=post, standing=True):
        assert target.revision == post.latest


def test_two_approvers_at_once_send_it_once(committed_db: None) -> None:
    cast = make_cast()
    account = official(cast)
    post = submitted(cast.aoki, account)
    everything = Confirmed.everything(post)
    raised = raced(*(
        lambda by=by: actions.approve(post, post.latest.digest, by=by, confirmed=everything)
        for by in (cast.baba, cast.bando)))
    assert [type(error) for error in raised] == [Refused]
    assert Delivery.objects.count() == 1


def test_what_an_administrator_of_the_database_changed_is_said_on_the_page(
    committed_db: None, database_urls: dict[str, str], signed_in: Door
) -> None:
    cast = make_cast()
    post = submitted(cast.aoki, official(cast))
    with psycopg.connect(database_urls["KOSHIKI_MIGRATE_URL"]) as owner:
        owner.execute("ALTER TABLE koshiki_revision DISABLE TRIGGER USER")
        owner.execute("UPDATE koshiki_revision SET canonical = replace(canonical, '訓練', '本番')")
    for person, page in ((cast.aoki, ""), (cast.baba, "approve/")):
        answer = signed_in(person).get(f"/posts/{post.pk}/{page}")
        assert answer.status_code == 409
        assert "書き換えられています" in answer.content.decode()
    with pytest.raises(Refused, match="書き換えられて"):
        approved(post, by=cast.baba)
