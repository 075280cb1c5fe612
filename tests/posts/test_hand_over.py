"""Where koshiki can't publish, one person posts what was approved and says where; nothing is assumed (K-handover)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from django.test import Client

from koshiki import clock
from koshiki.audit.models import Entry
from koshiki.database.models import Installation
from koshiki.guideline import Refused
from koshiki.networks import SERVICES
from koshiki.organization.models import Alert, Person
from koshiki.posts import actions, jobs
from koshiki.posts.content import Attached, going_out
from koshiki.posts.delivery.duties import waiting
from koshiki.posts.delivery.hand_over import taking
from koshiki.posts.delivery.judge import say_not_posted
from koshiki.posts.delivery.read_back import NotYet, compare
from koshiki.posts.delivery.restore import confirm
from koshiki.posts.delivery.sweep import sweep
from koshiki.posts.media import register_image
from koshiki.posts.models import Delivery
from koshiki.public.official import Verdict, answer
from koshiki.public.register import listed
from koshiki.register.actions.holds import lift, stop
from koshiki.register.models import Account
from tests.cast import Cast, make_cast, official
from tests.posts.by_hand import PAGE, POST, X, blog, on_x, page, posted_on, read
from tests.posts.delivering import due_delivery, install, run, sooner
from tests.posts.writing import TEXT, draft, picture
from tests.racing import raced

pytestmark = pytest.mark.usefixtures("installed")
SignIn = Callable[[Person], Client]


@pytest.fixture
def account(cast: Cast) -> Account:
    return on_x(cast)


@pytest.fixture
def offered(cast: Cast, account: Account) -> Delivery:
    return run(due_delivery(cast, account))


@pytest.fixture
def taken(offered: Delivery, cast: Cast) -> Delivery:
    return taking.take(offered, by=cast.aoki)


def shown(client: Client, row: Delivery) -> str:
    return client.get(page(row)).content.decode()


# ── it is due ──────────────────────────────────────────────────────

@pytest.mark.clause("K-handover")
def test_a_post_that_is_due_waits_for_a_person_and_both_are_told(offered: Delivery, cast: Cast) -> None:
    assert (offered.state, offered.remote_id, offered.intent_at) == ("offered", "", None)
    told = Alert.objects.filter(path=page(offered)).values_list("person", flat=True)
    assert set(told) == {cast.aoki.pk, cast.baba.pk, cast.bando.pk}
    duties = {person.name: [(d.title, d.clause) for d in waiting(person)] for person in (cast.aoki, cast.baba, cast.endo)}
    mine = [("手渡し：防災訓練のお知らせ", "K-handover")]
    assert duties == {cast.aoki.name: mine, cast.baba.name: mine, cast.endo.name: []}
    assert Entry.objects.filter(verb="delivery.hand_over", actor=None).count() == 1


def test_before_it_is_due_nobody_is_asked(cast: Cast, account: Account) -> None:
    row = run(due_delivery(cast, account, due_at=clock.now() + timedelta(hours=1)))
    assert row.state == "waiting"
    assert not Alert.objects.filter(path=page(row)).exists()


def test_a_job_that_runs_again_changes_nothing(offered: Delivery) -> None:
    for _ in range(3):
        jobs.deliver(delivery=offered.pk)
        sweep()
    offered.refresh_from_db()
    assert offered.state == "offered"
    assert Alert.objects.filter(path=page(offered)).count() == 3  # one for each person


def test_a_worker_that_died_before_it_was_offered_loses_nothing(cast: Cast, account: Account) -> None:
    row = due_delivery(cast, account)
    Delivery.objects.filter(pk=row.pk).update(state="claimed", epoch=1, lease_until=clock.now() - timedelta(minutes=1))
    sweep()
    assert run(row).state == "offered"


def test_one_that_is_in_hand_holds_back_no_other(taken: Delivery, cast: Cast) -> None:
    """A disaster does not wait for who went to lunch."""
    assert run(due_delivery(cast, taken.account, text="避難指示を出しました。")).state == "offered"


# ── the page ───────────────────────────────────────────────────────

def test_the_page_gives_the_approved_text_and_the_way_to_the_service(taken: Delivery, cast: Cast, signed_in: SignIn) -> None:
    words = shown(signed_in(cast.aoki), taken)
    assert f'>\n{TEXT}</textarea>' in words
    assert f"https://x.com/intent/post?text={quote(TEXT, safe='')}" in words
    assert "data-copy" in words


def test_before_it_is_taken_there_is_nothing_to_copy(offered: Delivery, cast: Cast, signed_in: SignIn) -> None:
    words = shown(signed_in(cast.aoki), offered)
    assert TEXT in words
    assert "投稿します</button>" in words
    assert "data-copy" not in words


def test_the_pictures_are_saved_byte_for_byte_with_their_alt_texts(cast: Cast, account: Account, signed_in: SignIn) -> None:
    medium = register_image(picture(), "会場.jpg", division=cast.bosai, by=cast.aoki)
    row = run(due_delivery(cast, account, media=[Attached(medium, "訓練の会場")]))
    browser = signed_in(cast.aoki)
    taking.take(row, by=cast.aoki)
    assert "訓練の会場</textarea>" in shown(browser, row)
    saved = browser.get(f"/deliveries/{row.pk}/media/1/")
    assert saved["Content-Disposition"] == f'attachment; filename="koshiki-{row.post_id}-1.jpg"'
    assert saved.content == going_out(row.approval.revision, row.account).media[0].bytes
    assert browser.get(f"/deliveries/{row.pk}/media/2/").status_code == 404
    assert browser.get(f"/deliveries/{row.pk}/media/0/").status_code == 404


@pytest.mark.parametrize("act", ["hand-over", "give-back", "take", "media/1"])
def test_others_are_not_there(act: str, taken: Delivery, cast: Cast, signed_in: SignIn) -> None:
    for person in (cast.endo, cast.abe, cast.chiba, cast.hata, cast.mori):
        browser = signed_in(person)
        method = browser.post if act == "take" else browser.get
        assert method(page(taken, act)).status_code == 404
        assert browser.post(page(taken, "hand-over"), {"address": POST}).status_code == 404
    taken.refresh_from_db()
    assert taken.state == "taken"


def test_what_the_service_does_not_take_is_refused_before_it_is_approved(cast: Cast, account: Account) -> None:
    """280 as X counts: 140 letters of ours, an address 23 however long it is."""
    written = actions.write(draft(account, text="あ" * 141), by=cast.aoki)
    with pytest.raises(Refused) as refused:
        actions.submit(written, by=cast.aoki)
    assert refused.value.clause.id == "K-limit"
    address = f" https://www.city.iwata.shizuoka.jp/{'a' * 200}"
    actions.submit(actions.write(draft(account, text="あ" * 128 + address), by=cast.aoki), by=cast.aoki)


def test_every_service_without_a_way_of_its_own_is_served_by_hand() -> None:
    assert [key for key, service in SERVICES.items() if service.means(connected=False) is None] == []


def test_the_author_reads_beforehand_that_a_person_will_post_it(cast: Cast, account: Account, signed_in: SignIn) -> None:
    assert "手渡し" in signed_in(cast.aoki).get(f"/posts/write/?account={account.pk}").content.decode()


# ── one person takes it ────────────────────────────────────────────

@pytest.mark.clause("K-handover")
def test_who_takes_it_first_posts_it_and_the_second_reads_who_and_when(offered: Delivery, cast: Cast, signed_in: SignIn) -> None:
    assert signed_in(cast.aoki).post(page(offered, "take")).status_code == 302
    second = signed_in(cast.baba).post(page(offered, "take"))
    assert second.status_code == 409
    assert "青木 葵さんが、令和" in second.content.decode()
    offered.refresh_from_db()
    assert (offered.state, offered.taken_by) == ("taken", cast.aoki)
    assert "青木 葵さん" in shown(signed_in(cast.baba), offered)
    assert "data-copy" not in shown(signed_in(cast.baba), offered)


def test_a_double_click_is_one_word(offered: Delivery, cast: Cast, signed_in: SignIn) -> None:
    browser = signed_in(cast.aoki)
    assert [browser.post(page(offered, "take")).status_code for _ in range(2)] == [302, 302]
    assert Entry.objects.filter(verb="delivery.take").count() == 1


def test_two_at_the_same_moment_are_one(committed_db: None) -> None:
    people = make_cast()
    install(settings.KOSHIKI_HOME)
    row = run(due_delivery(people, on_x(people)))
    raised = raced(*(lambda p=p: taking.take(row, by=p) for p in (people.aoki, people.baba, people.bando)))
    assert [type(error) for error in raised] == [Refused, Refused]
    assert Entry.objects.filter(verb="delivery.take").count() == 1


def test_take_and_stop_and_cancel_at_once_never_leave_it_half(committed_db: None) -> None:
    """Whoever comes first: taken and not cancelled, or cancelled and not taken."""
    people = make_cast()
    install(settings.KOSHIKI_HOME)
    account = on_x(people)
    for _ in range(5):
        row = run(due_delivery(people, account))
        raised = raced(lambda r=row: taking.take(r, by=people.aoki),
                       lambda r=row: actions.cancel(r.post, "誤りを見つけたため", by=people.baba))
        row.refresh_from_db()
        assert [type(error) for error in raised] == [Refused]
        assert row.state in ("taken", "cancelled")
        assert (row.taken_by is None) == (row.state == "cancelled")


def test_once_it_is_taken_it_can_not_be_changed(taken: Delivery, cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        actions.revise(taken.post, draft(taken.account, text="別の文"), by=cast.aoki)
    assert refused.value.clause.id == "K-once"
    assert "投稿していません" in refused.value.now
    with pytest.raises(Refused):
        actions.withdraw_approval(taken.approval, "誤り", by=cast.bando)


def test_before_it_can_and_is_not_handed_over(offered: Delivery, cast: Cast, signed_in: SignIn) -> None:
    actions.revise(offered.post, draft(offered.account, text="別の文"), by=cast.aoki)
    answer = signed_in(cast.aoki).post(page(offered, "take"))
    assert answer.status_code == 409
    offered.refresh_from_db()
    assert offered.state == "cancelled"


def test_the_database_holds_taken_to_a_person(offered: Delivery) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Delivery.objects.filter(pk=offered.pk).update(state="taken", intent_at=clock.now())


# ── what may not go out ────────────────────────────────────────────

@pytest.mark.clause("K-hold")
def test_a_stop_in_between_refuses_it_and_after_it_an_approver_says_the_word(
    offered: Delivery, cast: Cast, signed_in: SignIn,
) -> None:
    browser = signed_in(cast.aoki)
    hold = stop("内容を確かめるため", by=cast.hata)
    assert "投稿します</button>" not in shown(browser, offered)
    refused = browser.post(page(offered, "take"))
    assert refused.status_code == 409
    assert "内容を確かめるため" in refused.content.decode()
    sooner(offered)
    sweep()
    offered.refresh_from_db()
    assert offered.state == "held"
    lift(hold, "確かめたため", by=cast.hata)
    assert browser.post(page(offered, "take")).status_code == 409
    assert signed_in(cast.baba).post(page(offered, "release")).status_code == 302
    assert run(offered).state == "offered"
    assert browser.post(page(offered, "take")).status_code == 302


def test_who_is_posting_when_it_is_stopped_reads_it_and_what_is_out_is_recorded(
    taken: Delivery, cast: Cast, signed_in: SignIn,
) -> None:
    browser = signed_in(cast.aoki)
    stop("内容を確かめるため", by=cast.hata)
    assert "投稿せずに「投稿していません」を押してください" in shown(browser, taken)
    assert browser.post(page(taken), {"address": POST}).status_code == 302


@pytest.mark.clause("K-late")
def test_too_late_it_is_held_and_both_are_told(offered: Delivery, cast: Cast, signed_in: SignIn) -> None:
    sooner(offered)
    with clock.at(offered.expires_at + timedelta(seconds=1)):
        refused = signed_in(cast.aoki).post(page(offered, "take"))
        sweep()
    assert refused.status_code == 409
    assert "K-late" in refused.content.decode()
    offered.refresh_from_db()
    assert (offered.state, offered.clause) == ("held", "K-late")
    told = Alert.objects.filter(subject="停止した配信").values_list("person", flat=True)
    assert set(told) == {cast.aoki.pk, cast.baba.pk, cast.bando.pk}


@pytest.mark.clause("§6")
def test_an_account_that_is_no_longer_official_gets_nothing(offered: Delivery, cast: Cast, signed_in: SignIn) -> None:
    Account.objects.filter(pk=offered.account_id).update(state=Account.State.LISTED)
    assert signed_in(cast.aoki).post(page(offered, "take")).status_code == 409


@pytest.mark.clause("K-restore")
def test_a_restored_copy_hands_over_nothing_and_what_was_due_is_judged(cast: Cast, account: Account) -> None:
    rows = [run(due_delivery(cast, account)), taking.take(run(due_delivery(cast, account)), by=cast.aoki)]
    (settings.KOSHIKI_HOME / "installation").write_text("00000000-0000-0000-0000-000000000001")
    with pytest.raises(Refused) as refused:
        taking.take(rows[0], by=cast.aoki)
    assert refused.value.clause.id == "K-restore"
    assert confirm(reason="元の設置を止めた", by=cast.noda) == 2
    assert [run(sooner(row)).state for row in rows] == ["person", "person"]
    assert Installation.objects.count() == 1


# ── it is out, and where ───────────────────────────────────────────

@pytest.mark.clause("K-handover")
def test_the_address_ends_it(taken: Delivery, cast: Cast, signed_in: SignIn) -> None:
    browser = signed_in(cast.aoki)
    assert browser.post(page(taken), {"address": f"{POST}?s=20&t=abc"}).status_code == 302
    taken.refresh_from_db()
    assert (taken.state, taken.remote_id, taken.url, taken.taken_by) == ("sent", "1", POST, cast.aoki)
    assert Entry.objects.get(verb="delivery.record_address").actor == cast.aoki
    assert browser.get(page(taken)).url == f"/posts/{taken.post_id}/deliveries/"  # type: ignore[attr-defined]
    assert POST in browser.get(f"/posts/{taken.post_id}/deliveries/").content.decode()
    assert [duty for duty in waiting(cast.aoki) if duty.clause == "K-handover"] == []


def test_citizens_then_find_it_as_any_other(taken: Delivery, cast: Cast) -> None:
    assert answer(POST, listed()).verdict is Verdict.UNKNOWN_POST
    taking.record_address(taken, address=POST, by=cast.aoki)
    found = answer("https://twitter.com/anybody/status/1?s=20", listed())
    assert found.verdict is Verdict.PUBLISHED
    assert found.publication is not None
    assert found.publication.text == TEXT


def test_the_same_address_sent_twice_is_one(taken: Delivery, cast: Cast, signed_in: SignIn) -> None:
    browser = signed_in(cast.aoki)
    assert [browser.post(page(taken), {"address": POST}).status_code for _ in range(2)] == [302, 302]
    assert browser.post(page(taken), {"address": f"{X}/status/2"}).status_code == 409
    assert Entry.objects.filter(verb="delivery.record_address").count() == 1


@pytest.mark.parametrize(("address", "reason"), [
    ("https://x.com/someone_else/status/1", "別のアカウント（someone_else）"),
    ("https://www.instagram.com/p/abc/", "「X（旧Twitter）」の投稿のアドレスではありません"),
    ("https://mstdn.example.jp/@iwata/1", "「X（旧Twitter）」の投稿のアドレスではありません"),
    (X, "投稿ではないページ"),
    ("https://x.com/home", "投稿ではないページ"),
    ("https://t.co/abc", "短縮されたアドレス"),
    ("https://x.com@evil.example/iwata_bosai/status/1", "「X（旧Twitter）」の投稿のアドレスではありません"),
    ("https://x.com.evil.example/iwata_bosai/status/1", "「X（旧Twitter）」の投稿のアドレスではありません"),
    ("https://x.com:8443/iwata_bosai/status/1", "「X（旧Twitter）」の投稿のアドレスではありません"),
])
@pytest.mark.clause("K-handover")
def test_an_address_of_anything_else_is_refused_with_the_reason(
    address: str, reason: str, taken: Delivery, cast: Cast, signed_in: SignIn,
) -> None:
    answered = signed_in(cast.aoki).post(page(taken), {"address": address})
    assert answered.status_code == 409
    words = answered.content.decode()
    assert reason in words
    assert address in words  # what was typed is kept
    taken.refresh_from_db()
    assert (taken.state, taken.remote_id) == ("taken", "")


@pytest.mark.parametrize("typed", ["", "javascript:alert(1)", "防災", "https://x.com/" + "a" * 600])
def test_what_is_no_address_is_said_at_the_field(typed: str, taken: Delivery, cast: Cast, signed_in: SignIn) -> None:
    assert signed_in(cast.aoki).post(page(taken), {"address": typed}).status_code == 422


@pytest.mark.clause("K-once")
def test_one_address_is_not_two_posts(taken: Delivery, cast: Cast, signed_in: SignIn) -> None:
    taking.record_address(taken, address=POST, by=cast.aoki)
    other = taking.take(run(due_delivery(cast, taken.account)), by=cast.aoki)
    answered = signed_in(cast.aoki).post(page(other), {"address": "https://twitter.com/i/web/status/1"})
    assert answered.status_code == 409
    assert "K-once" in answered.content.decode()


def test_nothing_is_recorded_that_nobody_took(offered: Delivery, cast: Cast, signed_in: SignIn) -> None:
    assert signed_in(cast.aoki).post(page(offered), {"address": POST}).status_code == 409


def test_but_what_somebody_posted_without_a_word_is_said_with_evidence(offered: Delivery, cast: Cast, signed_in: SignIn) -> None:
    given = {"address": POST, "evidence": "ログインしていない画面で見た"}
    browser = signed_in(cast.baba)
    assert browser.post(page(offered, "posted"), {**given, "address": "https://x.com/someone_else/status/1"}).status_code == 409
    assert browser.post(page(offered, "posted"), given).status_code == 302
    offered.refresh_from_db()
    assert (offered.state, offered.remote_id, offered.judged_by) == ("sent", "1", cast.baba)


def test_a_service_without_addresses_asks_how_it_was_seen(cast: Cast, signed_in: SignIn) -> None:
    account = official(cast, service="line", url="https://page.line.me/iwata")
    row = taking.take(run(due_delivery(cast, account)), by=cast.aoki)
    browser = signed_in(cast.aoki)
    assert browser.post(page(row), {"address": "", "evidence": " "}).status_code == 422
    seen = "配信結果の画面で14時20分の送信を見た"
    assert browser.post(page(row), {"address": "", "evidence": seen}).status_code == 302
    row.refresh_from_db()
    assert (row.state, row.remote_id, row.evidence) == ("sent", "", seen)
    assert "アドレスがないため" in browser.get(f"/posts/{row.post_id}/deliveries/").content.decode()


# ── it is not out, or nobody knows ─────────────────────────────────

def test_who_did_not_post_says_so_and_it_is_handed_over_again(taken: Delivery, cast: Cast, signed_in: SignIn) -> None:
    browser = signed_in(cast.aoki)
    assert browser.post(page(taken, "give-back"), {"reason": "　"}).status_code == 422
    assert browser.post(page(taken, "give-back"), {"reason": "ログインできないため"}).status_code == 302
    assert run(taken).state == "offered"
    assert taken.taken_by is None
    assert signed_in(cast.baba).post(page(taken, "take")).status_code == 302
    assert Entry.objects.get(verb="delivery.give_back").actor == cast.aoki


def test_nobody_says_it_for_another_but_an_approver_with_evidence(taken: Delivery, cast: Cast, signed_in: SignIn) -> None:
    assert signed_in(cast.bando).get(page(taken, "give-back")).status_code == 404
    assert signed_in(cast.bando).post(page(taken, "give-back"), {"reason": "たぶん"}).status_code == 409
    found = {"evidence": "青木さんに電話で確かめた"}
    assert signed_in(cast.bando).post(page(taken, "not-posted"), found).status_code == 302
    assert run(taken).state == "offered"


def test_given_back_too_late_it_is_held(taken: Delivery, cast: Cast) -> None:
    with clock.at(taken.expires_at + timedelta(seconds=1)):
        taking.give_back(taken, reason="会議が延びたため", by=cast.aoki)
        assert run(taken).state == "held"


def test_nobody_took_it_people_are_reminded_the_more_often_the_nearer_the_end(offered: Delivery, cast: Cast) -> None:
    reminded = []
    for half in range(1, 60):
        sooner(offered)
        with clock.at(offered.due_at + timedelta(seconds=30 * half + 1)):
            sweep()
        if Alert.objects.filter(path=page(offered), person=cast.aoki).count() - 1 > len(reminded):
            reminded.append(half / 2)
    assert reminded[0] == 15
    assert 2 <= len(reminded) <= 3
    pauses = [after - before for before, after in pairwise([0, *reminded])]
    assert pauses == sorted(pauses, reverse=True)


def test_who_took_it_and_never_came_back_is_reminded_then_a_person_judges(
    taken: Delivery, cast: Cast, signed_in: SignIn,
) -> None:
    for minutes in (15, 16, 30):
        sooner(taken) if minutes != 16 else None
        with clock.at(taken.due_at + timedelta(minutes=minutes, seconds=5)):
            sweep()
    taken.refresh_from_db()
    assert taken.state == "person"
    assert list(Alert.objects.filter(subject="投稿した後の記録").values_list("person", flat=True)) == [cast.aoki.pk]
    assert "青木 葵さんが" in taken.reason
    deliveries = signed_in(cast.baba).get(f"/posts/{taken.post_id}/deliveries/").content.decode()
    assert "投稿済み</a>" in deliveries
    assert "未投稿</a>" in deliveries
    with pytest.raises(Refused):
        say_not_posted(taken, evidence="見当たらない", by=cast.aoki)
    say_not_posted(taken, evidence="一覧に見当たらず、本人にも確かめた", by=cast.baba)
    assert run(taken).state == "offered"


def test_who_comes_back_late_records_it_all_the_same(taken: Delivery, cast: Cast, signed_in: SignIn) -> None:
    sooner(taken)
    with clock.at(taken.due_at + timedelta(minutes=31)):
        sweep()
    assert signed_in(cast.baba).get(page(taken)).status_code == 302
    assert signed_in(cast.baba).post(page(taken), {"address": POST}).status_code == 409
    assert signed_in(cast.aoki).post(page(taken), {"address": POST}).status_code == 302


# ── what stands there is compared ──────────────────────────────────

@pytest.mark.clause("§4(7)")
def test_what_stands_there_as_approved_is_said(cast: Cast, signed_in: SignIn) -> None:
    with blog(body=PAGE.format(TEXT.replace("。", "。<br>"))) as base:
        row = read(posted_on(base, cast))
    assert (row.differs, bool(row.read_back_at)) == (False, True)
    assert "承認したとおりです" in signed_in(cast.aoki).get(f"/posts/{row.post_id}/deliveries/").content.decode()


@pytest.mark.clause("§4(7)")
def test_a_difference_is_shown_and_told(cast: Cast, signed_in: SignIn) -> None:
    with blog(body=PAGE.format(TEXT.replace("午前9時", "午前10時"))) as base:
        row = read(posted_on(base, cast))
    assert row.differs
    words = signed_in(cast.aoki).get(f"/posts/{row.post_id}/deliveries/").content.decode()
    assert "承認した内容と違います" in words
    assert "午前" in words
    assert Alert.objects.filter(subject="配信した内容の確認", person=cast.baba).exists()


def test_a_page_that_is_gone_differs(cast: Cast) -> None:
    with blog(status=404) as base:
        row = read(posted_on(base, cast))
    assert row.differs
    assert "サービスに見当たりません" in row.read_back


def test_a_page_that_can_not_be_read_is_said_plainly_and_never_called_the_same(cast: Cast, signed_in: SignIn) -> None:
    with blog(status=302, to="http://10.0.0.1/") as base:
        row = read(posted_on(base, cast))
    assert not row.differs
    words = signed_in(cast.aoki).get(f"/posts/{row.post_id}/deliveries/").content.decode()
    assert "koshiki では比べられません" in words
    assert "承認したとおりです" not in words


def test_a_page_that_is_away_is_tried_again_then_said(cast: Cast) -> None:
    with blog() as base:
        row = posted_on(base, cast)
    with pytest.raises(NotYet):
        compare(row.pk)
    with clock.at(clock.now() + timedelta(minutes=16)):
        assert "接続できません" in read(row).read_back


def test_a_page_of_the_blog_that_is_none_of_its_posts_is_refused(cast: Cast) -> None:
    account = official(cast, service="blog", url="https://blog.example/iwata/")
    content = {account: {"title": "防災訓練", "text": TEXT}}
    row = taking.take(run(due_delivery(cast, account, contents=content)), by=cast.aoki)
    for wrong in ("https://blog.example/iwata/", "https://blog.example/other/1", "https://blog.example/iwata/wp-admin/post.php",
                  "https://blog.example/iwata/?p=3&preview=true", "https://evil.example/iwata/1"):
        with pytest.raises(Refused) as refused:
            taking.record_address(row, address=wrong, by=cast.aoki)
        assert refused.value.clause.id == "K-handover"
    taking.record_address(row, address="https://blog.example/iwata/?p=3", by=cast.aoki)
    assert answer("https://blog.example/iwata/?p=3", listed()).verdict is Verdict.PUBLISHED


def test_a_page_of_the_blog_is_found_however_its_address_ends(cast: Cast) -> None:
    with blog() as base:
        row = posted_on(base, cast)
    for spelled in (row.url, row.url.rstrip("/"), f"{row.url}?utm_source=x#c"):
        assert answer(spelled, listed()).verdict is Verdict.PUBLISHED
    assert answer(f"{base}/iwata/2026/other/", listed()).verdict is Verdict.NOT_LISTED
