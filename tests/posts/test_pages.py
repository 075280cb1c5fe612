"""The pages of posts: what they show to whom, how many queries they take, that nothing written in them does harm."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from koshiki import clock
from koshiki.organization.models import Alert, Person
from koshiki.posts import actions
from koshiki.posts.content import Attached
from koshiki.posts.media import register_image
from koshiki.posts.models import Delivery, Post
from koshiki.posts.waiting import waiting
from koshiki.register.models import Account
from tests.cast import Cast, official
from tests.posts.typing import typed
from tests.posts.writing import approved, draft, picture, submitted

Door = Callable[[Person], Client]
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 7|add:7 }}"


@pytest.fixture
def aoki(cast: Cast, signed_in: Door) -> Client:
    return signed_in(cast.aoki)


# -- the list


def one_of_each(cast: Cast, account: Account) -> dict[str, Post]:
    posts = {"draft": actions.write(draft(account), by=cast.aoki), "submitted": submitted(cast.aoki, account)}
    posts["returned"] = submitted(cast.aoki, account)
    actions.send_back(posts["returned"], "会場", by=cast.baba, digest=posts["returned"].latest.digest)
    for stage, state in (("planned", "waiting"), ("sent", "sent"), ("trouble", "held"),
                         ("in_hand", "offered")):
        posts[stage] = submitted(cast.aoki, account)
        approval = approved(posts[stage], by=cast.baba)
        if state == "sent":
            approval.deliveries.update(state=state, sent_at=clock.now(), remote_id="1", url="https://x.example/")
        approval.deliveries.exclude(state="sent").update(state=state)
    posts["withdrawn"] = actions.withdraw(actions.write(draft(account), by=cast.aoki), "中止", by=cast.aoki)
    return posts


def test_the_list_counts_every_state_and_shows_each(cast: Cast, account: Account, aoki: Client) -> None:
    posts = one_of_each(cast, account)
    for stage, post in posts.items():
        Post.objects.filter(pk=post.pk).update(title=f"件名は{stage}")
        page = aoki.get(f"/posts/?stage={stage}").content.decode()
        assert f"件名は{stage}" in page
        assert page.count("件名は") == 1
    numbers = [number for _label, _query, number, _here in aoki.get("/posts/").context["stages"]]
    # What is over is not counted: there is ever more of it.
    assert numbers == [None, 1, 1, 1, 1, 1, 1, None, None]


def test_the_list_is_narrowed_by_account_and_words(cast: Cast, account: Account, aoki: Client) -> None:
    second = official(cast, name="磐田市防災（別）")
    submitted(cast.aoki, account, title="一つめの件名")
    submitted(cast.aoki, second, title="二つめの件名")
    assert "一つめ" not in aoki.get(f"/posts/?account={second.pk}").content.decode()
    assert "二つめ" not in aoki.get("/posts/?words=一つめ").content.decode()


def test_drafts_are_the_divisions_own_and_what_was_published_is_everybodys(
    cast: Cast, account: Account, signed_in: Door
) -> None:
    posts = one_of_each(cast, account)
    seen = {name: set(signed_in(getattr(cast, name)).get("/posts/").context["page"].object_list)
            for name in ("abe", "endo", "noda", "hata", "kubo", "mori")}
    everything, published = {post.pk for post in posts.values()}, {posts["sent"].pk}
    assert seen == {"abe": everything, "endo": published, "noda": published, "hata": everything, "kubo": everything,
                    "mori": everything}


def test_who_approves_for_an_account_of_another_division_sees_its_posts(
    cast: Cast, account: Account, signed_in: Door
) -> None:
    post = submitted(cast.aoki, account)
    account.assignments.filter(person=cast.bando).update(person=cast.fujita)
    assert signed_in(cast.fujita).get(f"/posts/{post.pk}/approve/").status_code == 200
    assert signed_in(cast.endo).get(f"/posts/{post.pk}/").status_code == 404


# -- the page of a post


def test_the_page_says_where_it_stands_who_is_next_by_when_and_why(
    cast: Cast, account: Account, aoki: Client
) -> None:
    page = aoki.get(f"/posts/{submitted(cast.aoki, account).pk}/").content.decode()
    for words in ("承認待ち", "馬場 文、坂東 望", "期限", "§8(1)", "起案（第1版）", "提出（第1版）", "総合防災訓練を行います"):
        assert words in page
    assert "承認の画面を開く" not in page


def test_a_remark_with_its_wording_is_taken_over_with_one_touch(cast: Cast, account: Account, aoki: Client) -> None:
    post = submitted(cast.aoki, account)
    remark = actions.suggest(post, "日付を", {account.pk: {"text": "来年9月13日に訓練を行います。"}}, by=cast.baba,
                             digest=post.latest.digest)
    page = aoki.get(f"/posts/{post.pk}/").content.decode()
    assert "この文を取り入れて提出する" in page
    assert [aoki.post(f"/posts/remarks/{remark.pk}/take/").status_code for _ in range(2)] == [302, 409]
    assert post.latest.number == 2
    assert "第1版からの変更" in aoki.get(f"/posts/{post.pk}/").content.decode()


def test_an_approver_sends_back_and_suggests_from_the_page(cast: Cast, account: Account, signed_in: Door) -> None:
    post, baba = submitted(cast.aoki, account), signed_in(cast.baba)
    sent = {"do": "return", "digest": post.latest.digest, "comment": ""}
    assert baba.post(f"/posts/{post.pk}/approve/", sent).status_code == 409
    words = {f"words-{account.pk}-text": "直した文です。"}
    assert baba.post(f"/posts/{post.pk}/approve/", sent | {"do": "suggest"} | words).status_code == 302
    answer = baba.post(f"/posts/{post.pk}/approve/", sent | {"comment": "会場\u202eを"})
    assert "取り除いて" in answer.content.decode()
    assert baba.post(f"/posts/{post.pk}/approve/", sent | {"comment": "会場を書く"}).status_code == 302
    assert [(r.kind, r.text) for r in post.remarks.all()] == [("suggestion", ""), ("return", "会場を書く")]
    assert "直した文です。" in post.remarks.first().suggestion  # type: ignore[union-attr]


def test_ending_a_post_takes_a_reason(cast: Cast, account: Account, aoki: Client) -> None:
    post = submitted(cast.aoki, account)
    approved(post, by=cast.baba)
    assert "理由" in aoki.post(f"/posts/{post.pk}/end/", {"reason": ""}).content.decode()
    assert aoki.post(f"/posts/{post.pk}/end/", {"reason": "雨のため"}).status_code == 302
    assert Post.objects.get().state == "withdrawn"
    assert Delivery.objects.get().state == "cancelled"
    assert "雨のため" in aoki.get(f"/posts/{post.pk}/").content.decode()


def test_an_approval_is_taken_back_from_the_page(cast: Cast, account: Account, signed_in: Door) -> None:
    approval = approved(submitted(cast.aoki, account), by=cast.baba)
    chiba = signed_in(cast.chiba)
    assert "承認を取り消す" in chiba.get(f"/posts/{approval.revision.post_id}/").content.decode()
    assert chiba.post(f"/posts/approvals/{approval.pk}/withdraw/", {"reason": "会場の誤り"}).status_code == 302
    assert Post.objects.get().state == "submitted"


# -- what is written does no harm


def test_hostile_text_is_shown_harmlessly_everywhere(cast: Cast, account: Account, signed_in: Door) -> None:
    medium = register_image(picture(), f"{HOSTILE}.jpg", division=cast.bosai, by=cast.aoki, rights="permitted",
                            rights_evidence=HOSTILE)
    text = f"{HOSTILE} https://evil.example/?q=%22%3E"
    Account.objects.update(name=HOSTILE)
    account.refresh_from_db()
    post = submitted(cast.aoki, account, title=HOSTILE[:100], basis=HOSTILE, text=text, media=[Attached(medium, HOSTILE)],
                     reasons={"https://evil.example/?q=%22%3E": HOSTILE})
    remark = {"text": HOSTILE, "suggestion": {account.pk: {"text": HOSTILE + HOSTILE}}}
    actions.suggest(post, by=cast.baba, digest=post.latest.digest, **remark)
    for person, path in [(cast.aoki, ""), (cast.aoki, "edit/"), (cast.baba, "approve/"), (cast.aoki, "end/"),
                         (cast.aoki, "../"), (cast.aoki, f"../write/?copy={post.pk}")]:
        page = signed_in(person).get(f"/posts/{post.pk}/{path}" if ".." not in path else f"/posts/{path[3:]}")
        assert page.status_code == 200
        _harmless(page.content.decode())
    preview = signed_in(cast.aoki).post("/posts/preview/", typed(account, text=text, title=HOSTILE))
    _harmless(preview.content.decode())


def _harmless(page: str) -> None:
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "onerror=alert(2)>" not in page.replace("&gt;", "")
    assert "alert(2)&gt;14" not in page


# -- how much a page asks of the database


@contextmanager
def asked() -> Iterator[list[int]]:
    found: list[int] = []
    with CaptureQueriesContext(connection) as queries:
        yield found
    found.append(len(queries))


def test_the_number_of_queries_does_not_grow_with_the_posts(cast: Cast, account: Account, aoki: Client,
                                                            signed_in: Door) -> None:
    numbers: list[list[int]] = []
    baba = signed_in(cast.baba)
    for more in (3, 12):
        for _ in range(more):
            post = submitted(cast.aoki, account)
            actions.suggest(post, "意見", {}, by=cast.baba, digest=post.latest.digest)
        pages = [(aoki, "/posts/"), (aoki, f"/posts/{post.pk}/"), (baba, f"/posts/{post.pk}/approve/"),
                 (aoki, f"/posts/{post.pk}/edit/")]
        numbers.append([])
        for browser, path in pages:
            with asked() as count:
                assert browser.get(path).status_code == 200
            numbers[-1] += count
        for person in (cast.aoki, cast.baba):
            with asked() as count:
                waiting(person.afresh())
            numbers[-1] += count
    assert numbers[0] == numbers[1]
    assert max(numbers[0]) < 60


def test_nor_with_the_accounts_and_the_history(cast: Cast, account: Account, aoki: Client, signed_in: Door) -> None:
    numbers = []
    for accounts in ([account], [account, *(official(cast, name=f"防災{n}") for n in range(5))]):
        post = submitted(cast.aoki, *accounts)
        for _ in range(len(accounts)):
            actions.send_back(post, "意見", by=cast.baba, digest=post.latest.digest)
            actions.submit(actions.revise(post, draft(*accounts), by=cast.aoki), by=cast.aoki)
        counts = []
        for browser, path in ((aoki, ""), (signed_in(cast.baba), "approve/"), (aoki, "edit/")):
            with asked() as count:
                browser.get(f"/posts/{post.pk}/{path}")
            counts += count
        numbers.append(counts)
    assert numbers[0] == numbers[1]


# -- what waits for whom


def test_what_waits_for_whom(cast: Cast, account: Account) -> None:
    post = submitted(cast.aoki, account, due_at=clock.now() + timedelta(hours=2))
    (duty,) = waiting(cast.baba)
    assert (duty.clause, duty.url, duty.urgent) == ("§8(1)", f"/posts/{post.pk}/approve/", True)
    assert not waiting(cast.aoki)
    actions.send_back(post, "会場", by=cast.baba, digest=post.latest.digest)
    assert not waiting(cast.baba)
    assert waiting(cast.aoki)[0].detail == "差し戻されました。"
    actions.submit(post, by=cast.aoki)
    actions.suggest(post, "", {account.pk: {"text": "別の文"}}, by=cast.bando, digest=post.latest.digest)
    assert waiting(cast.aoki)[0].action == "意見を読む"
    assert not waiting(cast.fujita)


def test_a_mail_goes_to_whose_turn_it_is_and_holds_nothing_of_the_text(cast: Cast, account: Account) -> None:
    post = submitted(cast.aoki, account)
    assert {a.person for a in Alert.objects.all()} == {cast.baba, cast.bando}
    actions.send_back(post, "会場", by=cast.baba, digest=post.latest.digest)
    assert Alert.objects.filter(person=cast.aoki).exists()
    assert not [a for a in Alert.objects.all() if "訓練" in a.subject + a.path]
