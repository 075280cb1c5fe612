"""§6(3)ウ, K-profile: every day each profile is read again; what is not as registered waits for its division until it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from PIL import Image
from procrastinate.contrib.django.models import ProcrastinateJob

from koshiki import clock
from koshiki.audit.models import Entry
from koshiki.desk.duties import gather
from koshiki.desk.jobs import watch_profiles
from koshiki.guideline import Refused, guideline
from koshiki.organization.models import Person
from koshiki.posts.models import Breaker
from koshiki.register import actions
from koshiki.register.actions.profile import Result
from koshiki.register.address import register_address
from koshiki.register.models import Account, ProfileFinding
from tests.cast import Cast
from tests.guideline import opening
from tests.guideline.watching import SAID, morning, open_kinds, server, watched, whole
from tests.networks.mastodon_server import MastodonServer

__all__ = ["server"]
pytestmark = [pytest.mark.clause("§6(3)ウ"), pytest.mark.clause("K-profile")]
Door = Callable[[Person], Client]


@pytest.fixture
def account(cast: Cast, server: MastodonServer) -> Account:
    return watched(cast, server)


def drawn(colour: str) -> bytes:
    out = BytesIO()
    Image.new("RGB", (64, 64), colour).save(out, "PNG")
    return out.getvalue()


def test_a_profile_that_is_as_registered_leaves_nothing_to_do(account: Account, cast: Cast, signed_in: Door) -> None:
    assert morning(account) == []
    assert "記載あり" in signed_in(cast.aoki).get(f"/accounts/{account.pk}/").text
    entries = Entry.objects.filter(verb="account.check_profile").count()
    assert morning(account) == []
    assert Entry.objects.filter(verb="account.check_profile").count() == entries == 1  # the log holds what is new
    assert account.profile_checks.count() == 2


def test_what_is_gone_waits_for_the_accounts_people_and_their_head_until_it_is_there_again(
        account: Account, cast: Cast, server: MastodonServer, signed_in: Door) -> None:
    server.city.note = SAID
    assert morning(account) == ["address"]
    assert morning(account) == ["address"]  # the same, not a second one
    finding = account.profile_findings.get()
    for person, waits in ((cast.aoki, True), (cast.chiba, True), (cast.endo, False)):
        home = signed_in(person).get("/").text
        assert ("直すもの：掲載ページのURL" in home) is waits
    assert next(duty for duty in gather(Person.objects.get(pk=cast.aoki.pk)) if "不備" in duty.title).due == finding.due_at
    server.city.note = whole(account)
    assert morning(account) == []
    page = signed_in(cast.aoki).get(f"/accounts/{account.pk}/profile/").text
    assert "終わった不備" in page
    assert "プロフィール欄の不備" not in signed_in(cast.aoki).get("/").text
    verbs = list(Entry.objects.filter(verb__startswith="profilefinding").order_by("number").values_list("verb", flat=True))
    assert verbs == ["profilefinding.find", "profilefinding.right"]


def test_where_a_short_address_leads_is_followed_and_shown(account: Account, server: MastodonServer) -> None:
    """Also one that no list of shorteners knows; what leads elsewhere is only missing."""
    short, server.leads_to = f"{server.base}/short", register_address(account)
    server.city.note = f'<p><a href="{short}">ここ</a></p>{SAID}'
    assert morning(account) == ["address"]
    check = account.profile_checks.latest("pk")
    assert check.result == Result.SHORTENED
    assert f"{short} → {register_address(account)}" in check.found
    server.leads_to = f"{server.base}/elsewhere"
    morning(account)
    assert account.profile_checks.latest("pk").result == Result.MISSING


def test_name_and_picture_are_as_registered(account: Account, cast: Cast, server: MastodonServer, signed_in: Door) -> None:
    assert morning(account) == []
    server.city.display_name, server.city.picture = "磐田市ぼうさい（非公式）", drawn("orange")
    assert morning(account) == ["name", "image"]
    page = signed_in(cast.hata).get("/accounts/findings/").text
    assert "磐田市ぼうさい（非公式）" in page
    assert "台帳と違う画像" in page
    server.city.display_name, server.city.picture = "磐田市 防災", opening.PICTURE
    assert morning(account) == []


def test_a_reason_stands_for_what_was_seen_and_not_for_the_next_thing(
        account: Account, cast: Cast, server: MastodonServer, signed_in: Door) -> None:
    server.city.display_name = "磐田市防災（試行）"
    morning(account)
    finding = account.profile_findings.get()
    page = reverse("finding_explain", args=[account.pk, finding.pk])
    assert signed_in(cast.aoki).post(page, {"reason": "試行中のため"}).status_code == 409
    assert signed_in(cast.chiba).post(page, {"reason": ""}).status_code == 422
    assert signed_in(cast.chiba).post(page, {"reason": "試行中のため、名前に付けています。"}).status_code == 302
    assert morning(account) == []
    with pytest.raises(Refused, match="すでに解消"):
        actions.explain_finding(finding, "もう一度", by=cast.chiba)
    server.city.display_name = "磐田市防災（乗っ取り）"
    assert morning(account) == ["name"]


def test_a_reason_is_taken_back_and_what_was_seen_is_a_finding_again(
        account: Account, cast: Cast, server: MastodonServer, signed_in: Door) -> None:
    server.city.note = SAID
    morning(account)
    finding = account.profile_findings.get()
    actions.explain_profile(account, "URLを書けないサービスのため。", by=cast.chiba)
    door, page = signed_in(cast.chiba), f"/accounts/{account.pk}/profile/"
    assert "理由を取り消す" in door.get(page).text
    assert "理由を取り消す" not in signed_in(cast.aoki).get(page).text
    assert signed_in(cast.aoki).post(f"{page}{finding.pk}/reopen/").status_code == 409
    assert door.post(f"{page}{finding.pk}/reopen/").status_code == 302
    assert open_kinds(account) == morning(account) == ["address"]
    assert door.post(f"{page}{finding.pk}/reopen/").status_code == 409  # it stands again already
    assert "理由を取り消す" not in door.get(page).text
    server.city.note = whole(account)
    assert morning(account) == []
    server.city.note = SAID
    assert morning(account) == ["address"]  # no exception is left


def test_a_reason_for_one_name_is_none_for_another_that_a_person_saw(cast: Cast) -> None:
    account = official_on_x(cast)
    look = {"result": Result.HOLDS, "found": "", "evidence": opening.CAPTURE, "wrong": ["name"], "by": cast.aoki}
    actions.record_profile(account, **look)
    actions.explain_finding(account.profile_findings.get(), "試行中のため。", by=cast.chiba)
    actions.record_profile(account, **look)
    assert open_kinds(account) == ["name"]


def test_a_recorded_exception_ends_the_address_and_keeps_it_from_being_found_again(
        account: Account, cast: Cast, server: MastodonServer) -> None:
    server.city.note = SAID
    morning(account)
    actions.explain_profile(account, "URLを書けないサービスのため。", by=cast.chiba)
    assert morning(account) == []
    assert account.profile_findings.get().reason == "URLを書けないサービスのため。"


def test_the_address_is_explained_by_its_exception_alone(
        account: Account, cast: Cast, server: MastodonServer, signed_in: Door) -> None:
    server.city.note = SAID
    morning(account)
    finding, page = account.profile_findings.get(), f"/accounts/{account.pk}/profile/"
    assert signed_in(cast.chiba).get(f"{page}{finding.pk}/explain/").headers["Location"] == f"{page}explain/"
    with pytest.raises(Refused, match="記載の例外"):
        actions.explain_finding(finding, "URLを書けないサービスのため。", by=cast.chiba)
    assert open_kinds(account) == ["address"]


def test_a_service_that_rests_is_not_asked(account: Account, server: MastodonServer) -> None:
    Breaker.objects.create(service="mastodon", failures=5, until=clock.now() + timedelta(minutes=10))
    assert morning(account) == []
    assert not account.profile_checks.exists()
    job = ProcrastinateJob.objects.get(task_name="desk.watch_profile")
    assert job.args == {"account": account.pk, "waited": 1}
    assert job.scheduled_at > clock.now() + timedelta(minutes=10)


def test_every_morning_each_account_that_can_be_read_has_its_job(account: Account, cast: Cast) -> None:
    opening.listed(cast, service="x", url="https://x.com/iwata_bosai")  # not connected: a person looks
    watch_profiles(timestamp=0)
    assert [job.args["account"] for job in ProcrastinateJob.objects.filter(task_name="desk.watch_profile")] == [account.pk]


def test_a_service_that_does_not_answer_takes_nothing_back(account: Account, server: MastodonServer) -> None:
    server.city.note = SAID
    morning(account)
    server.revoke(server.city)
    assert morning(account) == ["address"]
    assert account.profile_checks.latest("pk").result == Result.UNREADABLE


def official_on_x(cast: Cast) -> Account:
    """An account that koshiki can't read, seen by a person today."""
    account = opening.listed(cast, service="x", url="https://x.com/iwata_bosai")
    opening.shown(account, cast.aoki)
    actions.record_profile(account, Result.HOLDS, "あり", opening.CAPTURE, by=cast.aoki)
    actions.name_author(account, cast.aoki, start=clock.today(), by=cast.chiba)
    return actions.make_official(account, by=cast.hata)


def test_where_nothing_can_be_read_a_person_is_asked_at_the_interval_of_the_file(
        cast: Cast, signed_in: Door) -> None:
    account, door = official_on_x(cast), signed_in(cast.aoki)
    assert "プロフィール欄を目で見る確認" not in door.get("/").text
    with clock.at(clock.now() + timedelta(days=guideline().deadlines["profile_look_days"] + 1)):
        assert "プロフィール欄を目で見る確認" in door.get("/").text
        assert account.name in signed_in(cast.hata).get("/accounts/findings/").text.split("職員が見て確かめる")[1]
        seen = {"result": "holds", "answers": ["no_answers"], "wrong": ["name"], "found": "あり",
                "evidence": SimpleUploadedFile("画面.png", opening.PICTURE)}
        assert door.post(f"/accounts/{account.pk}/profile/", seen).status_code == 302
        assert "プロフィール欄を目で見る確認" not in door.get("/").text
    assert open_kinds(account) == ["contact", "name"]


def test_the_findings_are_the_register_keepers_and_auditors(account: Account, cast: Cast, server: MastodonServer,
                                                            signed_in: Door) -> None:
    server.city.note = SAID
    morning(account)
    for person, status in ((cast.hata, 200), (cast.mori, 200), (cast.aoki, 404), (cast.kubo, 404)):
        assert signed_in(person).get("/accounts/findings/").status_code == status
    page = signed_in(cast.hata).get("/accounts/findings/?show=past").text
    assert "不備はありません" in page


def test_the_database_keeps_what_was_found(account: Account, server: MastodonServer) -> None:
    server.city.note = SAID
    morning(account)
    finding = ProfileFinding.objects.filter(account=account)
    for change in ({"seen": "別のもの"}, {"ended_at": clock.now()}):
        with pytest.raises(IntegrityError), transaction.atomic():
            finding.update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        finding.delete()
