"""The form in which posts are written: nothing typed is lost, nothing bad gets in, nothing breaks it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from koshiki import clock
from koshiki.guideline import Refused
from koshiki.organization.models import Person
from koshiki.posts import actions
from koshiki.posts.models import Post
from koshiki.register.models import Account, Assignment
from tests.cast import SINCE, Cast, official
from tests.posts.typing import held_in, image_file, one_image, the_post, typed, uploaded
from tests.posts.writing import TEXT, approved, draft, picture, submitted

Door = Callable[[Person], Client]


@pytest.fixture
def aoki(cast: Cast, signed_in: Door) -> Client:
    return signed_in(cast.aoki)


def test_what_is_typed_and_submitted_waits_for_approval(account: Account, aoki: Client) -> None:
    answer = aoki.post("/posts/write/", typed(account), follow=True)
    assert the_post().state == "submitted"
    assert "提出しました" in answer.content.decode()


def test_a_draft_may_be_kept_unfinished(account: Account, aoki: Client) -> None:
    answer = aoki.post("/posts/write/", typed(account, do="save", basis="", text=""))
    assert answer.status_code == 302
    assert the_post().state == "draft"


def test_looking_it_over_keeps_nothing(account: Account, aoki: Client) -> None:
    answer = aoki.post("/posts/write/", typed(account, do="check"))
    assert "このまま提出できます" in answer.content.decode()
    assert not Post.objects.exists()


def test_pressing_twice_makes_one_post(account: Account, aoki: Client) -> None:
    sent = typed(account)
    assert [aoki.post("/posts/write/", sent).status_code for _ in range(2)] == [302, 302]
    assert the_post().revisions.count() == 1


def test_each_account_may_have_words_of_its_own(cast: Cast, account: Account, aoki: Client) -> None:
    second = official(cast, name="磐田市防災 Mastodon", service="mastodon")
    sent = typed(account, second, **{f"target-{second.pk}-text": "短い文です。", f"target-{account.pk}-title": "防災訓練"})
    aoki.post("/posts/write/", sent)
    contents = {t.account: t.content for t in the_post().latest.targets.all()}
    assert "短い文です。" in contents[second]
    assert TEXT in contents[account]
    assert "防災訓練" in contents[account]
    page = aoki.get(f"/posts/{the_post().pk}/edit/").content.decode()
    assert page.count(">\n短い文です。</textarea>") == 1


LIMITS = {
    "as Mastodon counts": ("mastodon", "あ" * 501, "500字まで"),
    "an address counts as 23": ("mastodon", "あ" * 478 + "https://city.iwata.shizuoka.jp/" + "x" * 99, "500字まで"),
    "as the city's feed counts": ("city_feed", "👨‍👩‍👧" * 2001, "2000字まで"),
    "empty": ("city_feed", "　\n ", "入力してください"),
}


@pytest.mark.parametrize("case", LIMITS)
def test_a_text_that_the_service_refuses_is_refused_at_the_field(
    cast: Cast, aoki: Client, case: str
) -> None:
    service, text, words = LIMITS[case]
    account = official(cast, service=service)
    answer = aoki.post("/posts/write/", typed(account, text=text))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert text.strip() in page
    with pytest.raises(Refused) as refused:
        actions.submit(actions.write(draft(account, text=text), by=cast.aoki), by=cast.aoki)
    assert refused.value.clause.id == "K-limit"


def test_what_just_fits_is_taken(cast: Cast, aoki: Client) -> None:
    account = official(cast, service="mastodon")
    text = "あ" * 477 + "https://city.iwata.shizuoka.jp/" + "x" * 99
    assert aoki.post("/posts/write/", typed(account, text=text)).status_code == 302


BAD = {"bidirectional": "abc\u202edef", "tag": "abc\U000e0041", "control": "abc\x07", "zero": "abc\x00",
       "noncharacter": "abc\ufffe"}


@pytest.mark.parametrize("field", ["title", "basis", "text", "image-0-alt", "link-0-reason"])
@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_hidden_characters_are_refused_at_their_field(
    account: Account, aoki: Client, field: str, bad: str
) -> None:
    sent = typed(account, **one_image(uploaded(aoki, account, picture())))
    sent |= {"text": f"{TEXT} https://evil.example/", "link-0-url": "https://evil.example/", "link-0-reason": "理由"}
    answer = aoki.post("/posts/write/", sent | {field: sent[field] + bad})
    assert answer.status_code == 422
    assert "取り除いてください" in answer.content.decode()
    assert not Post.objects.exists()


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_and_by_the_act_itself(cast: Cast, account: Account, bad: str) -> None:
    with pytest.raises(Refused) as refused:
        actions.write(draft(account, text=bad), by=cast.aoki)
    assert refused.value.clause.id == "K-text"


def test_emoji_and_rare_characters_come_through_unharmed(account: Account, aoki: Client) -> None:
    text = "葛󠄀城市と﨑・髙・👨‍👩‍👧‍👦・か\u3099"
    aoki.post("/posts/write/", typed(account, text=text))
    assert "葛󠄀城市と﨑・髙・👨‍👩‍👧‍👦・が" in the_post().latest.canonical


@pytest.mark.parametrize(("due", "words"), [
    ("2020-01-01T10:00", "過ぎています"), ("2026-02-30T10:00", "日時を"), ("明日", "日時を"),
    ("99999-01-01T10:00", "日時を"), ("0001-01-01T00:00", "過ぎています"),
    ("9999-12-31T10:00", "日時を")])
def test_a_time_that_is_none_or_over_is_refused_at_the_field(
    account: Account, aoki: Client, due: str, words: str
) -> None:
    answer = aoki.post("/posts/write/", typed(account, due_at=due))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert due in answer.content.decode()


def test_a_time_is_the_citys_and_goes_to_the_deliveries(cast: Cast, account: Account, aoki: Client) -> None:
    due = timezone.localtime(clock.now() + timedelta(days=2)).replace(second=0, microsecond=0)
    aoki.post("/posts/write/", typed(account, due_at=f"{due:%Y-%m-%dT%H:%M}", expires_after="180"))
    approved(the_post(), by=cast.baba)
    delivery = the_post().deliveries.get()
    assert (delivery.due_at, delivery.expires_at) == (due, due + timedelta(hours=3))


def test_what_was_not_approved_in_time_is_refused(cast: Cast, account: Account) -> None:
    post = submitted(cast.aoki, account, due_at=clock.now() + timedelta(hours=1))
    with clock.at(clock.now() + timedelta(hours=2)), pytest.raises(Refused) as refused:
        approved(post, by=cast.baba)
    assert refused.value.clause.id == "K-late"


@pytest.mark.clause("§6")
def test_only_an_official_account_publishes(cast: Cast, account: Account, aoki: Client) -> None:
    post = submitted(cast.aoki, account)
    Account.objects.update(state="listed")
    with pytest.raises(Refused) as refused:
        approved(post, by=cast.baba)
    assert refused.value.clause.id == "§6"
    with pytest.raises(Refused) as refused:
        actions.submit(actions.write(draft(account), by=cast.aoki), by=cast.aoki)
    assert refused.value.clause.id == "§6"
    assert aoki.post("/posts/write/", typed(account)).status_code == 422


def test_a_service_that_koshiki_does_not_know_is_not_offered(cast: Cast, aoki: Client) -> None:
    gone = official(cast, service="given_up", name="磐田市の昔のSNS")
    official(cast)
    assert "磐田市の昔のSNS" not in aoki.get("/posts/write/").content.decode()
    with pytest.raises(Refused):
        actions.write(draft(gone), by=cast.aoki)


@pytest.mark.clause("§4(1)")
def test_who_has_not_confirmed_the_guideline_confirms_first_and_goes_on(
    cast: Cast, account: Account, signed_in: Door
) -> None:
    Assignment.objects.create(account=account, person=cast.nishi, role="author", start=SINCE, named_by=cast.chiba)
    nishi, sent = signed_in(cast.nishi), typed(account)
    answer = nishi.post("/posts/write/", sent)
    assert answer.status_code == 409
    assert "総合防災訓練" in answer.content.decode()
    assert not Post.objects.exists()
    assert nishi.post("/posts/write/", sent | {"confirm_guideline": "1"}).status_code == 302
    assert the_post().state == "submitted"
    with pytest.raises(Refused) as refused:
        actions.write(draft(account), by=Person.objects.create(staff_number="8", name="未確認", is_active=True))
    assert refused.value.clause.id == "§4(1)"


@pytest.mark.clause("§4(1)")
def test_nor_does_anybody_approve_without_having_confirmed(cast: Cast, account: Account, signed_in: Door) -> None:
    Assignment.objects.create(account=account, person=cast.nishi, role="approver", start=SINCE, named_by=cast.chiba)
    post = submitted(cast.aoki, account)
    with pytest.raises(Refused) as refused:
        approved(post, by=cast.nishi)
    assert refused.value.clause.id == "§4(1)"
    sent = {"do": "approve", "digest": post.latest.digest, "prohibited": ["§5(1)"]}
    answer = signed_in(cast.nishi).post(f"/posts/{post.pk}/approve/", sent)
    assert answer.status_code == 409
    assert "確認して、続ける" in answer.content.decode()


# -- two people, two windows


def test_what_another_wrote_in_between_is_not_written_over(cast: Cast, account: Account, aoki: Client) -> None:
    post = actions.write(draft(account), by=cast.aoki)
    actions.revise(post, draft(account, text="先に直した文"), by=cast.aoki)
    answer = aoki.post(f"/posts/{post.pk}/edit/", typed(account, text="後から直した文です", based_on="1"))
    assert answer.status_code == 409
    assert "後から直した文です" in answer.content.decode(), "it can be copied from the page"
    assert post.latest.number == 2


def test_saving_the_same_window_twice_is_refused_the_second_time(cast: Cast, account: Account, aoki: Client) -> None:
    post = actions.write(draft(account), by=cast.aoki)
    sent = typed(account, do="save", text="直した文", based_on="1")
    assert [aoki.post(f"/posts/{post.pk}/edit/", sent).status_code for _ in range(2)] == [302, 409]
    assert post.revisions.count() == 2


def test_a_copy_is_a_new_post_without_its_time(cast: Cast, account: Account, aoki: Client) -> None:
    post = submitted(cast.aoki, account, due_at=clock.now() + timedelta(days=1), text="写す文です")
    page = aoki.get(f"/posts/write/?copy={post.pk}").content.decode()
    assert "写す文です" in page
    assert 'name="based_on"' in page
    assert 'type="datetime-local" name="due_at" value=' not in page


# -- images stay


def test_an_uploaded_image_stays_through_every_error(account: Account, aoki: Client) -> None:
    answer = aoki.post("/posts/write/", typed(account, title="", images=image_file(picture())))
    held = held_in(answer.content.decode())
    answer = aoki.post("/posts/write/", typed(account, title="", **one_image(held)))
    assert held_in(answer.content.decode()) == held
    assert aoki.post("/posts/write/", typed(account, **one_image(held))).status_code == 302
    assert the_post().latest.media.count() == 1


def test_an_image_may_be_taken_out_again(account: Account, aoki: Client) -> None:
    held = uploaded(aoki, account, picture())
    aoki.post("/posts/write/", typed(account, **one_image(held, remove="on", alt="")))
    assert the_post().latest.media.count() == 0


def test_more_images_than_the_service_takes_are_refused(cast: Cast, aoki: Client) -> None:
    account = official(cast, service="mastodon")
    sent = typed(account, image_count="5")
    for n in range(5):
        held = uploaded(aoki, account, picture(colour=f"#0000{n}0"))
        sent |= {key.replace("image-0", f"image-{n}"): v for key, v in one_image(held).items() if key != "image_count"}
    answer = aoki.post("/posts/write/", sent)
    assert answer.status_code == 422
    assert "4枚まで" in answer.content.decode()


# -- nothing breaks it

NONSENSE: list[dict[str, Any]] = [
    {"targets": ["x", "-1", "99999999999999999999999"]}, {"targets": []}, {"expires_after": "x"}, {"once": "x"},
    {"image_count": "-1"}, {"image_count": "99999999999999"}, {"image_count": "٣"}, {"image_count": "2"},
    {"based_on": "x"}, {"title": "👨‍👩‍👧‍👦" * 100}, {"basis": "👨‍👩‍👧‍👦" * 300}, {"title": "x" * 101}, {"title": " "},
    {"text": "a\u0301" * 20_000}, {"text": "https://" + "x" * 3000 + ".example/"},
    {"text": "https://[::1]:99999/ https://@@/ http://\u3000 https://a.b.c.d.e." + "f." * 200 + "com"},
    {"image_count": "1", "image-0-held": "x", "image-0-alt": "x"},
    {"image_count": "1", "image-0-rights": "x", "image-0-consent_until": "2026-13-45"},
    {"do": "x"}, {"do": ""}, {"due_at": "9999-12-31T23:59"},
]


@pytest.mark.parametrize("nonsense", NONSENSE, ids=lambda n: str(n)[:40])
@pytest.mark.parametrize("do", ["submit", "save", "choose"])
def test_nonsense_is_answered_with_the_form(
    account: Account, aoki: Client, nonsense: dict[str, Any], do: str
) -> None:
    answer = aoki.post("/posts/write/", typed(account, do=do) | nonsense)
    assert answer.status_code in {200, 302, 422}
    assert aoki.post("/posts/preview/", typed(account) | nonsense).status_code == 200


def test_strange_addresses_are_not_found(account: Account, aoki: Client) -> None:
    for path in ("/posts/99999999999999999/", "/posts/write/?copy=0", "/posts/write/?copy=99999999999999999999",
                 "/posts/remarks/1/take/", "/posts/approvals/9/withdraw/"):
        assert aoki.get(path).status_code in {404, 405}
        assert aoki.post("/posts/remarks/1/take/").status_code == 404
    assert aoki.get("/posts/write/?copy=x").status_code == 404
    assert aoki.get("/posts/?page=x&stage=x&words=%00").status_code == 200
    assert aoki.get("/posts/?account=x").status_code == 404  # as of an account that one may not see


def test_a_new_window_has_a_key_of_its_own(account: Account, aoki: Client) -> None:
    keys = {aoki.get("/posts/write/").context["writing"].post["once"].value() for _ in range(2)}
    assert len(keys) == 2
    assert all(uuid.UUID(str(key)) for key in keys)
