"""訂正: what was wrong is put right at once, as the service allows, and both stay to be seen (§8(3))."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest
from django.test import Client

from koshiki import clock
from koshiki.audit.models import Entry
from koshiki.posts import jobs
from koshiki.posts.models import Correction, Delivery
from koshiki.register.models import Account
from tests.cast import Cast, official
from tests.networks.mastodon_server import MastodonServer
from tests.posts.correcting import RIGHT, WRONG, SignedIn, begin, carried_out, corrected, published
from tests.posts.delivering import approved_post, connected, run
from tests.posts.writing import submitted

pytestmark = pytest.mark.usefixtures("installed")


@pytest.mark.clause("§8(3)")
def test_an_edit_puts_right_what_is_there_and_the_time_it_took_is_kept(
    cast: Cast, server: MastodonServer, signed_in: SignedIn,
) -> None:
    account = connected(cast, server)
    wrong = published(cast, account)
    post = corrected(cast, signed_in, wrong, "edit", account)
    [row] = carried_out(post)
    assert [s.text for s in server.statuses] == [RIGHT]
    assert (row.state, row.verb, row.wrong) == ("sent", "edit", wrong.deliveries.get())
    took = Correction.objects.get().took
    assert timedelta(minutes=20) <= took < timedelta(minutes=22)
    entry = Entry.objects.get(verb="post.corrected", clause="§8(3)")
    assert '"seconds":12' in entry.canonical
    assert Entry.objects.filter(verb="post.correct", clause="§8(3)").count() == 1
    jobs.read_back(delivery=row.pk)
    row.refresh_from_db()
    assert row.read_back_at
    assert not row.differs


def test_an_answer_leaves_what_was_wrong_and_stands_below_it(cast: Cast, server: MastodonServer, signed_in: SignedIn) -> None:
    account = connected(cast, server)
    wrong = published(cast, account)
    [row] = carried_out(corrected(cast, signed_in, wrong, "reply", account))
    assert [s.text for s in server.statuses] == [WRONG, RIGHT]
    assert server.statuses[1].reply_to == server.statuses[0].id
    assert (row.state, row.verb, row.remote_id) == ("sent", "reply", server.statuses[1].id)


def test_what_is_posted_again_goes_out_once_the_wrong_one_is_gone(
    cast: Cast, server: MastodonServer, signed_in: SignedIn,
) -> None:
    account = connected(cast, server)
    post = corrected(cast, signed_in, published(cast, account), "repost", account)
    away, instead = post.deliveries.order_by("pk")
    server.faults.clear()
    assert run(instead).state in ("waiting", "sent")
    assert [s.text for s in server.statuses] == [RIGHT]
    away.refresh_from_db()
    instead.refresh_from_db()
    assert (away.verb, away.state, instead.verb, instead.state) == ("delete", "sent", "publish", "sent")
    assert away.sent_at < instead.sent_at
    deletion = next(n for n, (method, *_) in enumerate(server.requests) if method == "DELETE")
    last = max(n for n, (method, path, _) in enumerate(server.requests) if (method, path) == ("POST", "/api/v1/statuses"))
    assert deletion < last


def test_what_is_taken_down_is_gone_and_what_stood_there_is_kept(
    cast: Cast, server: MastodonServer, signed_in: SignedIn,
) -> None:
    """§4(7): what was to be seen on the service stays with the deletion."""
    account = connected(cast, server)
    post = corrected(cast, signed_in, published(cast, account), "take_down", account)
    [row] = carried_out(post)
    assert (server.statuses, row.state, row.verb) == ([], "sent", "delete")
    jobs.read_back(delivery=row.pk)
    row.refresh_from_db()
    assert (bool(row.read_back_at), row.differs) == (True, False)
    assert Entry.objects.filter(verb="delivery.delete", clause="§8(3)").count() == 1
    page = signed_in(cast.aoki).get(f"/posts/{post.pk}/deliveries/").content.decode()
    assert "その前に見えていたもの" in page
    assert WRONG in page
    assert "削除済み" in page


def test_an_entry_of_the_citys_own_feed_can_be_taken_down_and_is_answered_by_a_new_one(
    cast: Cast, signed_in: SignedIn, account: Account,
) -> None:
    wrong = published(cast, account)
    offered = signed_in(cast.aoki).get(f"/posts/{wrong.pk}/correct/").content.decode()
    assert re.findall(r'name="way-\d+" value="(\w*)"', offered) == ["notice", "repost", "take_down", "none"]
    carried_out(corrected(cast, signed_in, wrong, "notice", account))
    assert Delivery.objects.filter(state="sent", account=account).count() == 2
    second = published(cast, account, text="別の誤り")
    away, _instead = carried_out(corrected(cast, signed_in, second, "repost", account, text="別の正しい文"))
    assert away.state == "sent"


def test_a_thread_is_taken_down_whole_before_what_replaces_it(
    cast: Cast, server: MastodonServer, signed_in: SignedIn,
) -> None:
    server.max_characters = 60
    account = connected(cast, server)
    account.connections.update(server=account.connections.get().server.replace("}", ', "max_characters": 60}'))
    wrong = published(cast, account, text="断水は13日です。" * 8 + "\n\n" + "給水車が出ます。" * 4)
    assert wrong.deliveries.count() > 1
    rows = carried_out(corrected(cast, signed_in, wrong, "repost", account))
    assert [s.text for s in server.statuses] == [RIGHT]
    assert {row.state for row in rows} == {"sent"}
    assert [row.verb for row in rows] == ["delete"] * wrong.deliveries.count() + ["publish"]
    page = signed_in(cast.aoki).get(f"/posts/{wrong.pk}/").content.decode()
    assert "この投稿には訂正があります" in page


# ---------------------------------------------------------------- what is not offered


def test_what_a_service_cannot_do_is_neither_offered_nor_taken(cast: Cast, server: MastodonServer, signed_in: SignedIn) -> None:
    account = official(cast)
    wrong = published(cast, account)
    answer = begin(signed_in(cast.aoki), wrong, "edit", account)
    assert answer.status_code == 422
    assert not Correction.objects.exists()


@pytest.mark.clause("§8(3)")
def test_two_who_find_the_same_make_one_correction(cast: Cast, server: MastodonServer, signed_in: SignedIn) -> None:
    account = connected(cast, server)
    wrong = published(cast, account)
    browser = signed_in(cast.aoki)
    assert begin(browser, wrong, "reply", account).status_code == 302
    answer = begin(browser, wrong, "edit", account)
    assert (answer.status_code, Correction.objects.count()) == (409, 1)
    assert "まだ終わっていません" in answer.content.decode()


def test_the_same_form_twice_is_one_correction(cast: Cast, server: MastodonServer, signed_in: SignedIn) -> None:
    account = connected(cast, server)
    wrong = published(cast, account)
    once = str(uuid.uuid4())
    first = begin(signed_in(cast.aoki), wrong, "reply", account, once=once)
    second = begin(signed_in(cast.aoki), wrong, "reply", account, once=once)
    assert first["Location"] == second["Location"]
    assert Correction.objects.count() == 1


def test_nobody_corrects_what_is_not_out_nor_what_they_do_not_write_for(
    cast: Cast, server: MastodonServer, signed_in: SignedIn,
) -> None:
    account = connected(cast, server)
    waiting = approved_post(cast, account, due_at=clock.now() + timedelta(hours=1))
    assert signed_in(cast.aoki).get(f"/posts/{waiting.pk}/correct/").status_code == 409
    wrong = published(cast, account)
    assert signed_in(cast.endo).get(f"/posts/{wrong.pk}/correct/").status_code == 409
    assert "訂正する" not in signed_in(cast.endo).get(f"/posts/{wrong.pk}/").content.decode()
    assert "訂正する" in signed_in(cast.aoki).get(f"/posts/{wrong.pk}/").content.decode()


def test_an_error_cannot_have_been_found_tomorrow(cast: Cast, server: MastodonServer, signed_in: SignedIn) -> None:
    account = connected(cast, server)
    wrong = published(cast, account)
    later = clock.now() + timedelta(days=1)
    answer = begin(signed_in(cast.aoki), wrong, "reply", account, found_at=f"{later.astimezone():%Y-%m-%dT%H:%M}")
    assert answer.status_code == 422
    assert "まだ来ていない日時です" in answer.content.decode()


@pytest.mark.clause("§8(1)")
def test_who_wrote_a_correction_does_not_approve_it(cast: Cast, server: MastodonServer, signed_in: SignedIn) -> None:
    account = connected(cast, server)
    account.assignments.create(person=cast.baba, role="author", start=clock.today(), named_by=cast.chiba)
    wrong = published(cast, account)
    begin(signed_in(cast.baba), wrong, "take_down", account)
    post = Correction.objects.get().post
    signed_in(cast.baba).post(f"/posts/{post.pk}/submit/")
    assert signed_in(cast.baba).get(f"/posts/{post.pk}/approve/").status_code == 409
    assert signed_in(cast.bando).get(f"/posts/{post.pk}/approve/").status_code == 200


# ---------------------------------------------------------------- the clock


def test_a_correction_stands_above_everything_with_its_clock(cast: Cast, server: MastodonServer, signed_in: SignedIn) -> None:
    account = connected(cast, server)
    wrong = published(cast, account)
    submitted(cast.aoki, account, text="急ぐもの", due_at=clock.now() + timedelta(minutes=5))
    begin(signed_in(cast.aoki), wrong, "take_down", account)
    post = Correction.objects.get().post
    assert "「訂正：防災訓練のお知らせ」の起案" in signed_in(cast.aoki).get("/").content.decode()
    signed_in(cast.aoki).post(f"/posts/{post.pk}/submit/")
    page = signed_in(cast.baba).get("/").content.decode()
    assert "気付いてから" in page
    assert "20分" in page
    assert page.index("「訂正：防災訓練のお知らせ」の承認") < page.index("「防災訓練のお知らせ」の承認")
    assert "訂正中のもの" in signed_in(cast.baba).get("/posts/").content.decode()
    approve = signed_in(cast.baba).get(f"/posts/{post.pk}/approve/").content.decode()
    assert "誤りの内容" in approve
    assert "次の投稿を削除します" in approve


# ---------------------------------------------------------------- what citizens see


def public(path: str) -> str:
    return Client().get(f"/official/{path}").content.decode()


def test_the_feed_shows_both_with_times_and_links(cast: Cast, server: MastodonServer, signed_in: SignedIn) -> None:
    account = connected(cast, server)
    wrong = published(cast, account)
    [row] = carried_out(corrected(cast, signed_in, wrong, "reply", account))
    page = public("feed/")
    assert f'<strong>訂正あり</strong>　<a href="feed/{clock.today():%Y-%m-%d}.html#e-{row.key}">' in page.replace("../", "")
    assert f"#e-{wrong.deliveries.get().key}" in page
    assert WRONG in page
    assert RIGHT in page
    atom, feed = public("feed/atom.xml"), public("feed/feed.json")
    for shown in (atom, feed):
        assert f"【訂正あり】{WRONG}" in shown
        assert f"【訂正】{RIGHT}" in shown
    assert "date_modified" in feed
    assert "Corrected" in public("en/feed/")


def test_what_was_deleted_is_named_and_not_shown_and_its_address_was_the_citys(
    cast: Cast, server: MastodonServer, signed_in: SignedIn,
) -> None:
    account = connected(cast, server, url="https://social.example/@iwata")
    wrong = published(cast, account)
    address = f"https://social.example/@iwata/{wrong.deliveries.get().remote_id}"
    wrong.deliveries.update(url=address)
    carried_out(corrected(cast, signed_in, wrong, "take_down", account))
    for path in ("feed/", f"feed/{clock.today():%Y-%m-%d}.html", f"accounts/{account.pk}/", "feed/atom.xml", "feed/feed.json"):
        page = public(path)
        assert WRONG not in page, path
        assert "削除しました" in page, path
        assert "断水の日が誤り" not in page, path
    answer = public(f"check.html?q={address}")
    assert "市が発信した投稿のアドレスです" in answer
    assert "削除しました" in answer
    assert WRONG not in answer
