"""The pages of deliveries, and a person's word (K-unknown, K-evidence, K-hold, K-restore, K-clock)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.test import Client

from koshiki import clock
from koshiki.audit.models import Entry
from koshiki.organization.models import Person
from koshiki.posts.delivery.duties import waiting
from koshiki.posts.delivery.read_back import compare
from koshiki.posts.delivery.sweep import sweep
from koshiki.posts.models import Delivery
from koshiki.register.actions.holds import lift, stop
from koshiki.register.models import Hold
from tests.cast import Cast
from tests.networks.mastodon_server import MastodonServer
from tests.posts.delivering import connected, due_delivery, run, sooner

pytestmark = pytest.mark.usefixtures("installed")
SignIn = Callable[[Person], Client]
EVIDENCE = {"evidence": "アカウントの投稿一覧を、ログインせずに見た（14時20分）"}


@pytest.fixture
def with_a_person(cast: Cast, server: MastodonServer, quick: Callable[..., None]) -> Delivery:
    """Accepted, unanswered, and not to be looked up."""
    quick(settle=0.001, gap=0.001, give_up=0.001)
    server.honours_keys, server.software = False, "other"
    row = due_delivery(cast, connected(cast, server))
    server.faults.append("swallow")
    run(row)
    server.list_answer = {"error": "busy"}
    return run(sooner(row))


def page(row: Delivery) -> str:
    return f"/posts/{row.post_id}/deliveries/"


def test_the_page_shows_state_time_and_address(cast: Cast, server: MastodonServer, signed_in: SignIn) -> None:
    row = run(due_delivery(cast, connected(cast, server)))
    shown = signed_in(cast.aoki).get(page(row)).content.decode()
    assert "配信済み" in shown
    assert row.url in shown


def test_the_page_looks_on_until_what_was_sent_was_read_back(cast: Cast, server: MastodonServer,
                                                             signed_in: SignIn) -> None:
    row = run(due_delivery(cast, connected(cast, server)))
    browser = signed_in(cast.aoki)
    assert "every 3s" in browser.get(page(row)).content.decode()
    compare(row.pk)
    assert "every 3s" not in browser.get(page(row)).content.decode()


def test_what_is_moving_is_asked_for_again_and_htmx_gets_the_part_only(cast: Cast, server: MastodonServer,
                                                                       signed_in: SignIn) -> None:
    row = due_delivery(cast, connected(cast, server))
    browser = signed_in(cast.baba)
    assert "every 3s" in browser.get(page(row)).content.decode()
    part = browser.get(page(row), headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith('<div id="deliveries"')


def test_others_do_not_see_what_is_not_out_yet(cast: Cast, server: MastodonServer, signed_in: SignIn) -> None:
    row = due_delivery(cast, connected(cast, server))
    assert signed_in(cast.endo).get(page(row)).status_code == 404
    run(row)
    assert signed_in(cast.endo).get(page(row)).status_code == 200


@pytest.mark.clause("K-evidence")
def test_a_person_says_that_it_was_posted(with_a_person: Delivery, cast: Cast, signed_in: SignIn,
                                          server: MastodonServer) -> None:
    row, browser = with_a_person, signed_in(cast.aoki)
    assert "投稿済み" in browser.get(page(row)).content.decode()
    assert browser.post(f"/deliveries/{row.pk}/posted/", {"address": "", "evidence": ""}).status_code == 422
    address = f"{server.base}/@user/{server.statuses[0].id}"
    answer = browser.post(f"/deliveries/{row.pk}/posted/", {"address": address, **EVIDENCE})
    assert answer.status_code == 302
    row.refresh_from_db()
    assert (row.state, row.remote_id, row.judged_by) == ("sent", server.statuses[0].id, cast.aoki)
    assert Entry.objects.filter(verb="delivery.say_posted", actor=cast.aoki, clause="K-evidence").exists()
    assert len(server.statuses) == 1


def test_an_approver_says_that_it_was_not_and_it_is_sent(with_a_person: Delivery, cast: Cast, signed_in: SignIn,
                                                         server: MastodonServer) -> None:
    row = with_a_person
    server.statuses.clear()
    assert signed_in(cast.baba).post(f"/deliveries/{row.pk}/not-posted/", EVIDENCE).status_code == 302
    assert run(row).state == "sent"
    assert len(server.statuses) == 1


def test_an_author_may_not_say_that_it_was_not(with_a_person: Delivery, cast: Cast, signed_in: SignIn) -> None:
    answer = signed_in(cast.aoki).post(f"/deliveries/{with_a_person.pk}/not-posted/", EVIDENCE)
    assert answer.status_code == 409
    assert "K-unknown" in answer.content.decode()


def test_nor_may_anybody_while_koshiki_is_still_looking(cast: Cast, server: MastodonServer, signed_in: SignIn) -> None:
    server.honours_keys, server.software = False, "other"
    row = due_delivery(cast, connected(cast, server))
    server.faults.append("swallow")
    run(row)
    assert signed_in(cast.baba).post(f"/deliveries/{row.pk}/not-posted/", EVIDENCE).status_code == 409
    row.refresh_from_db()
    assert row.state == "unknown"


def test_evidence_of_blanks_is_none(with_a_person: Delivery, cast: Cast, signed_in: SignIn) -> None:
    answer = signed_in(cast.baba).post(f"/deliveries/{with_a_person.pk}/not-posted/", {"evidence": "　 \n"})
    assert answer.status_code == 422


def test_one_address_is_not_two_posts(with_a_person: Delivery, cast: Cast, signed_in: SignIn,
                                      server: MastodonServer) -> None:
    row = with_a_person
    server.list_answer = None
    other = run(due_delivery(cast, row.account, text="次のお知らせ"))
    address = {"address": f"{server.base}/@user/{other.remote_id}", **EVIDENCE}
    answer = signed_in(cast.aoki).post(f"/deliveries/{row.pk}/posted/", address)
    assert answer.status_code == 409
    assert "K-once" in answer.content.decode()


@pytest.mark.clause("K-hold")
def test_after_a_stop_an_approver_lets_it_go_on(cast: Cast, server: MastodonServer, signed_in: SignIn) -> None:
    row = due_delivery(cast, connected(cast, server))
    hold = stop("確認のため", by=cast.hata)
    run(row)
    browser = signed_in(cast.baba)
    assert browser.post(f"/deliveries/{row.pk}/release/").status_code == 409
    lift(hold, "確認を終えたため", by=cast.hata)
    assert "発信を進める" in browser.get(page(row)).content.decode()
    assert signed_in(cast.aoki).post(f"/deliveries/{row.pk}/release/").status_code == 409
    assert browser.post(f"/deliveries/{row.pk}/release/").status_code == 302
    assert run(row).state == "sent"
    assert Entry.objects.filter(verb="delivery.release", actor=cast.baba, clause="K-hold").exists()


@pytest.mark.clause("K-late")
def test_but_not_past_its_expiry(cast: Cast, server: MastodonServer, signed_in: SignIn) -> None:
    row = due_delivery(cast, connected(cast, server))
    with clock.at(row.expires_at + timedelta(seconds=1)):
        run(row)
        answer = signed_in(cast.baba).post(f"/deliveries/{row.pk}/release/")
    assert answer.status_code == 409
    assert "K-late" in answer.content.decode()


def test_what_waits_stands_with_those_who_can_do_it(with_a_person: Delivery, cast: Cast) -> None:
    titles = {person.name: [duty.clause for duty in waiting(person)] for person in (cast.aoki, cast.baba, cast.endo)}
    assert titles == {cast.aoki.name: ["K-unknown"], cast.baba.name: ["K-unknown"], cast.endo.name: []}


@pytest.mark.clause("K-restore")
def test_a_copy_sends_after_a_person_has_confirmed_it_and_looks_first(
    cast: Cast, server: MastodonServer, signed_in: SignIn, settings: LazySettings, quick: Callable[..., None],
) -> None:
    """What the original had sent before the backup was restored is found, not sent again."""
    quick(settle=0.001, gap=0.001)
    server.software = "other"
    row = due_delivery(cast, connected(cast, server))
    backup = Delivery.objects.filter(pk=row.pk).values("state", "epoch", "remote_id", "sent_at", "intent_at").get()
    run(row)
    Delivery.objects.filter(pk=row.pk).update(**backup)
    (settings.KOSHIKI_HOME / "installation").write_text("00000000-0000-0000-0000-000000000001")
    sweep()
    assert run(row).state == "held"
    reason = {"do": "restore", "reason": "元の設置を止めたことを確かめた"}
    assert signed_in(cast.aoki).post("/deliveries/safety-stops/", reason).status_code == 404
    assert signed_in(cast.noda).get("/deliveries/safety-stops/").status_code == 200
    assert signed_in(cast.noda).post("/deliveries/safety-stops/", reason).status_code == 302
    row.refresh_from_db()
    assert row.state == "unknown"
    assert run(sooner(row)).state == "sent"
    assert len(server.statuses) == 1
    assert Entry.objects.filter(verb="installation.confirm", actor=cast.noda, clause="K-restore").exists()
    assert not Hold.objects.open().exists()


@pytest.mark.clause("K-clock")
def test_a_clock_is_confirmed_by_it_and_what_was_overdue_waits(cast: Cast, server: MastodonServer,
                                                               signed_in: SignIn) -> None:
    account = connected(cast, server)
    server.clock_ahead = 300
    run(due_delivery(cast, account))
    held = run(due_delivery(cast, account, text="次のお知らせ"))
    answer = signed_in(cast.noda).post("/deliveries/safety-stops/", {"do": "clock", "reason": "時計を合わせた"})
    assert answer.status_code == 302
    assert not Hold.objects.open().exists()
    assert run(held).state == "held"
    server.clock_ahead = 0
    signed_in(cast.baba).post(f"/deliveries/{held.pk}/release/")
    assert run(held).state == "sent"
