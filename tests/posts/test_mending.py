"""An address that was recorded wrongly at hand-over is mended by who works there; nothing else of it changes."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from koshiki import clock
from koshiki.audit.models import Entry
from koshiki.guideline import Refused
from koshiki.organization.models import Person
from koshiki.posts.delivery.hand_over import taking
from koshiki.posts.delivery.hand_over.mending import mend_address
from koshiki.posts.delivery.read_back import NotYet, compare
from koshiki.posts.delivery.sweep import wake_unread
from koshiki.posts.models import Delivery
from koshiki.public.facts import facts
from koshiki.public.official import Verdict, answer
from koshiki.public.register import listed
from koshiki.register.actions.holds import stop
from tests.cast import Cast, make_cast, official
from tests.networks.mastodon_server import MastodonServer
from tests.posts.by_hand import PAGE, POST, X, blog, on_x, page, posted_on, read
from tests.posts.delivering import connected, due_delivery, install, run
from tests.posts.writing import TEXT
from tests.racing import raced

pytestmark = pytest.mark.usefixtures("installed")
SignIn = Callable[[Person], Client]
RIGHT = f"{X}/status/2"
WHY = "前の投稿のアドレスを写していたため、投稿を開いて確かめた"


@pytest.fixture
def wrong(cast: Cast) -> Delivery:
    """Recorded with the address of another post."""
    return recorded(cast)


def recorded(cast: Cast) -> Delivery:
    row = taking.take(run(due_delivery(cast, on_x(cast))), by=cast.aoki)
    return taking.record_address(row, address=POST, by=cast.aoki)


def asked(row: Delivery) -> int:
    """How often it is to be read back."""
    jobs = ProcrastinateJob.objects.filter(task_name="posts.read_back", status="todo", args={"delivery": row.pk})
    return jobs.count()


def mendings() -> QuerySet[Entry]:
    return Entry.objects.filter(verb="delivery.mend_address")


def deliveries(browser: Client, row: Delivery) -> str:
    return browser.get(f"/posts/{row.post_id}/deliveries/").content.decode()


@pytest.mark.clause("K-handover")
def test_who_works_on_the_account_mends_it_and_the_log_keeps_both(wrong: Delivery, cast: Cast, signed_in: SignIn) -> None:
    browser, jobs = signed_in(cast.bando), asked(wrong)
    assert page(wrong, "address") in deliveries(browser, wrong)
    assert POST in browser.get(page(wrong, "address")).content.decode()
    given = {"address": f"{RIGHT}?s=20", "reason": WHY}
    assert "アドレスを直しました" in browser.post(page(wrong, "address"), given, follow=True).content.decode()
    wrong.refresh_from_db()
    assert (wrong.state, wrong.remote_id, wrong.url, wrong.taken_by) == ("sent", "2", RIGHT, cast.aoki)
    entry = mendings().get()
    data = json.loads(entry.canonical)["data"]
    assert (entry.actor, data["reason"], data["address"], data["remote_id"]) == (cast.bando, WHY, RIGHT, "2")
    assert data["before"] == {"address": POST, "remote_id": "1"}
    assert asked(wrong) == jobs + 1


@pytest.mark.clause("K-handover")
def test_citizens_find_the_right_one_and_no_longer_the_wrong_one(wrong: Delivery, cast: Cast) -> None:
    before = facts().digest
    assert answer(POST, listed()).verdict is Verdict.PUBLISHED
    mend_address(wrong, address=RIGHT, reason=WHY, by=cast.aoki)
    assert answer(POST, listed()).verdict is Verdict.UNKNOWN_POST
    assert answer(RIGHT, listed()).verdict is Verdict.PUBLISHED
    assert facts().digest != before  # so that the static copy is written anew


@pytest.mark.clause("§4(7)")
def test_what_stands_at_the_right_one_is_compared_anew(cast: Cast, signed_in: SignIn) -> None:
    with blog(body=PAGE.format("ほかの記事です。")) as base:
        row = read(posted_on(base, cast))
        assert row.differs
    with blog(body=PAGE.format(TEXT)) as base:
        type(row.account).objects.filter(pk=row.account_id).update(url=f"{base}/iwata/")
        mended = mend_address(row, address=f"{base}/iwata/2026/right/", reason=WHY, by=cast.aoki)
        assert (mended.differs, mended.read_back, mended.read_back_at) == (False, "", None)
        assert "まだ読み返していません" in deliveries(signed_in(cast.aoki), row)
        assert not read(row).differs
    assert "承認したとおりです" in deliveries(signed_in(cast.aoki), row)


def test_what_was_still_being_read_at_the_wrong_one_counts_for_nothing(committed_db: None) -> None:
    """While the page at the wrong address is on its way, the address is mended: a comparison of it must not stand."""
    people, rows = make_cast(), list[Delivery]()
    install(settings.KOSHIKI_HOME)

    def mend() -> None:
        mend_address(rows[0], address=rows[0].url.replace("kunren", "right"), reason=WHY, by=people.aoki)
        connection.close()

    with blog(body=PAGE.format("ほかの記事です。"), meanwhile=mend) as base:
        rows.append(posted_on(base, people))
        row = read(rows[0])
    assert row.url.endswith("/right/")
    assert (row.read_back, row.read_back_at, row.differs) == ("", None, False)


def test_a_page_that_is_away_when_it_is_mended_is_tried_as_long_as_a_new_one(cast: Cast) -> None:
    with blog(body=PAGE.format("ほかの記事です。")) as base:
        row = posted_on(base, cast)
    Delivery.objects.filter(pk=row.pk).update(sent_at=clock.now() - timedelta(days=3), next_at=clock.now() - timedelta(days=3))
    mend_address(row, address=f"{base}/iwata/2026/right/", reason=WHY, by=cast.aoki)
    with pytest.raises(NotYet):
        compare(row.pk)
    with clock.at(clock.now() + timedelta(minutes=16)):
        assert "接続できません" in read(row).read_back


def test_a_lost_job_is_found_again_however_old_the_post_is(wrong: Delivery, cast: Cast) -> None:
    mend_address(wrong, address=RIGHT, reason=WHY, by=cast.aoki)
    Delivery.objects.filter(pk=wrong.pk).update(sent_at=clock.now() - timedelta(days=3),
                                                next_at=clock.now() - timedelta(minutes=2))
    jobs = asked(wrong)
    wake_unread()
    assert asked(wrong) == jobs + 1


# ── what is refused ────────────────────────────────────────────────

@pytest.mark.parametrize(("address", "words"), [
    ("https://x.com/someone_else/status/2", "別のアカウント（someone_else）"),
    ("https://www.instagram.com/p/abc/", "「X（旧Twitter）」の投稿のアドレスではありません"),
    (X, "投稿ではないページ"),
])
@pytest.mark.clause("K-handover")
def test_an_address_of_anything_else_is_refused_and_what_was_typed_stays(
    address: str, words: str, wrong: Delivery, cast: Cast, signed_in: SignIn,
) -> None:
    answered = signed_in(cast.aoki).post(page(wrong, "address"), {"address": address, "reason": WHY})
    assert answered.status_code == 409
    shown = answered.content.decode()
    assert words in shown
    assert f'value="{address}"' in shown
    assert WHY in shown
    wrong.refresh_from_db()
    assert (wrong.remote_id, wrong.url) == ("1", POST)
    assert not mendings().exists()


@pytest.mark.clause("K-once")
def test_nor_one_that_is_another_delivery_s(wrong: Delivery, cast: Cast, signed_in: SignIn) -> None:
    other = taking.take(run(due_delivery(cast, wrong.account)), by=cast.aoki)
    taking.record_address(other, address=RIGHT, by=cast.aoki)
    answered = signed_in(cast.aoki).post(page(wrong, "address"), {"address": RIGHT, "reason": WHY})
    assert answered.status_code == 409
    assert "K-once" in answered.content.decode()
    wrong.refresh_from_db()
    assert wrong.remote_id == "1"


@pytest.mark.parametrize("given", [
    {"address": RIGHT, "reason": "　"}, {"address": "", "reason": WHY}, {"address": "二番", "reason": WHY}])
def test_without_a_reason_or_an_address_it_is_asked_again(
    given: dict[str, str], wrong: Delivery, cast: Cast, signed_in: SignIn,
) -> None:
    answered = signed_in(cast.aoki).post(page(wrong, "address"), given)
    assert answered.status_code == 422
    assert all(words.strip() in answered.content.decode() for words in given.values())


def test_others_are_not_there(wrong: Delivery, cast: Cast, signed_in: SignIn) -> None:
    for person in (cast.endo, cast.abe, cast.chiba, cast.hata, cast.mori):
        browser = signed_in(person)
        assert browser.get(page(wrong, "address")).status_code == 404
        assert browser.post(page(wrong, "address"), {"address": RIGHT, "reason": WHY}).status_code == 404
    assert page(wrong, "address") not in deliveries(signed_in(cast.chiba), wrong)
    with pytest.raises(Refused) as refused:
        mend_address(wrong, address=RIGHT, reason=WHY, by=cast.chiba)
    assert refused.value.clause.id == "K-handover"


def test_what_the_service_itself_told_is_not_mended(cast: Cast, server: MastodonServer, signed_in: SignIn) -> None:
    row = run(due_delivery(cast, connected(cast, server)))
    assert row.state == "sent"
    browser = signed_in(cast.aoki)
    assert page(row, "address") not in deliveries(browser, row)
    assert browser.get(page(row, "address")).status_code == 404
    with pytest.raises(Refused):
        mend_address(row, address=f"{server.base}/@user/2", reason=WHY, by=cast.aoki)


def test_nor_what_is_not_out_yet(cast: Cast, signed_in: SignIn) -> None:
    row = taking.take(run(due_delivery(cast, on_x(cast))), by=cast.aoki)
    browser = signed_in(cast.aoki)
    assert browser.get(page(row, "address")).status_code == 404
    assert browser.post(page(row, "address"), {"address": RIGHT, "reason": WHY}).status_code == 409


# ── and what is not ────────────────────────────────────────────────

def test_a_double_click_is_one_word(wrong: Delivery, cast: Cast, signed_in: SignIn) -> None:
    browser = signed_in(cast.aoki)
    given = {"address": RIGHT, "reason": WHY}
    assert [browser.post(page(wrong, "address"), given).status_code for _ in range(2)] == [302, 302]
    assert mendings().count() == 1


def test_the_address_that_is_recorded_already_changes_nothing(wrong: Delivery, cast: Cast, signed_in: SignIn) -> None:
    answered = signed_in(cast.aoki).post(page(wrong, "address"), {"address": POST, "reason": WHY}, follow=True)
    assert "記録されているアドレスと同じです" in answered.content.decode()
    assert not mendings().exists()


def test_under_a_stop_too_what_is_out_is_told_rightly(wrong: Delivery, cast: Cast) -> None:
    stop("内容を確かめるため", by=cast.hata)
    assert mend_address(wrong, address=RIGHT, reason=WHY, by=cast.aoki).url == RIGHT


def test_the_address_that_was_wrong_is_free_for_its_own_post(wrong: Delivery, cast: Cast) -> None:
    other = taking.take(run(due_delivery(cast, wrong.account)), by=cast.aoki)
    mend_address(wrong, address=RIGHT, reason=WHY, by=cast.aoki)
    assert taking.record_address(other, address=POST, by=cast.aoki).remote_id == "1"


def test_where_a_service_gives_no_address_a_wrong_one_is_taken_away(cast: Cast, signed_in: SignIn) -> None:
    account = official(cast, service="line", url="https://page.line.me/iwata")
    row = taking.take(run(due_delivery(cast, account)), by=cast.aoki)
    taking.record_address(row, address="", evidence="配信結果の画面で見た", by=cast.aoki)
    Delivery.objects.filter(pk=row.pk).update(remote_id="9", url="https://voom.line.me/post/9")
    given = {"address": "", "reason": WHY}
    assert signed_in(cast.baba).post(page(row, "address"), given).status_code == 302
    row.refresh_from_db()
    assert (row.remote_id, row.url, row.judged_by, row.evidence) == ("", "", cast.baba, WHY)


def test_two_at_the_same_moment_leave_one_of_both_and_the_log_tells_the_way(committed_db: None) -> None:
    people = make_cast()
    install(settings.KOSHIKI_HOME)
    row = recorded(people)
    ways = [(people.aoki, "2"), (people.baba, "3")]
    assert raced(*(lambda p=p, n=n: mend_address(row, address=f"{X}/status/{n}", reason=WHY, by=p) for p, n in ways)) == []
    row.refresh_from_db()
    first, second = [json.loads(entry.canonical)["data"] for entry in mendings().order_by("number")]
    assert first["before"]["remote_id"] == "1"
    assert second["before"]["remote_id"] == first["remote_id"]
    assert second["remote_id"] == row.remote_id
