"""§6(3)ウ: the profile holds the register page's address, not shortened, before the account becomes official."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError
from django.test import Client

from koshiki.guideline import Refused
from koshiki.organization.models import Person
from koshiki.register import actions
from koshiki.register.actions.profile import Result
from koshiki.register.address import register_address
from koshiki.register.models import Account, ProfileCheck
from tests.cast import Cast
from tests.guideline import opening
from tests.guideline.watching import SAID, server
from tests.networks.mastodon_server import MastodonServer, pasted

__all__ = ["server"]
pytestmark = pytest.mark.clause("§6(3)ウ")
Door = Callable[[Person], Client]


def connected(cast: Cast, server: MastodonServer) -> Account:
    """Listed and connected to the tests' own server; the policy is shown."""
    account = opening.listed(cast, url=f"{server.base}/@city")
    actions.connect_with_key(account, pasted(server.base, server.city.token), by=cast.chiba)
    opening.shown(account, cast.aoki)
    return Account.objects.get(pk=account.pk)


def test_the_address_is_fixed_and_shown_from_the_acquisition_on(cast: Cast, signed_in: Door) -> None:
    account = opening.acquired(cast)
    assert register_address(account).endswith(f"/official/accounts/{account.pk}/")
    assert register_address(account) in signed_in(cast.chiba).get(f"/accounts/{account.pk}/").text


@pytest.mark.parametrize(("note", "result", "official"), [
    ('<p>防災の情報 <a href="{address}">{address}</a></p>', "holds", True),
    ("<p>防災の情報</p>", "missing", False),
    ('<p>防災 <a href="https://bit.ly/3abc">bit.ly/3abc</a></p>', "shortened", False),
    ('<p><a href="https://evil.example/?u={address}">{address}x</a></p>', "missing", False),
])
def test_it_is_read_from_the_service(cast: Cast, server: MastodonServer, note: str, result: str, official: bool) -> None:
    account = connected(cast, server)
    server.city.note = note.format(address=register_address(account)) + SAID
    assert actions.check_profile(account, by=cast.chiba).result == result
    with nullcontext() if official else pytest.raises(Refused, match="プロフィール欄"):
        actions.make_official(account, by=cast.hata)
    account.refresh_from_db()
    assert (account.state == "official") is official


@pytest.mark.parametrize("result", [Result.MISSING, Result.SHORTENED])
def test_without_it_only_a_recorded_reason_makes_official(cast: Cast, result: Result) -> None:
    account = opening.listed(cast)
    opening.shown(account, cast.aoki)
    actions.record_profile(account, result, "防災の情報", opening.CAPTURE, by=cast.aoki)
    with pytest.raises(Refused, match="理由も記録されていません") as refused:
        actions.make_official(account, by=cast.hata)
    assert refused.value.clause.id == "§6(3)ウ"
    with pytest.raises(Refused):
        actions.explain_profile(account, "字数が足りないため。", by=cast.aoki)
    actions.explain_profile(account, "プロフィール欄にURLを書けないサービスのため。", by=cast.chiba)
    assert actions.make_official(account, by=cast.hata).state == "official"


def test_not_before_anybody_looked(cast: Cast) -> None:
    account = opening.listed(cast)
    opening.shown(account, cast.aoki)
    with pytest.raises(Refused, match="まだ確認していません"):
        actions.make_official(account, by=cast.hata)


def test_what_cannot_be_read_is_looked_at_by_a_person_with_evidence(cast: Cast, signed_in: Door) -> None:
    account = opening.listed(cast, service="x", url="https://x.com/iwata_bosai")
    opening.shown(account, cast.aoki)
    assert actions.check_profile(account, by=cast.aoki).result == Result.UNREADABLE
    with pytest.raises(Refused, match="まだ確認していません"):
        actions.make_official(account, by=cast.hata)
    door, address = signed_in(cast.aoki), f"/accounts/{account.pk}/profile/"
    assert door.post(address, {"result": "holds", "found": "あり"}).status_code == 422
    capture = SimpleUploadedFile("画面.png", opening.PICTURE)
    seen = {"result": "holds", "answers": ["no_answers", "contact"], "found": "あり", "evidence": capture}
    assert door.post(address, seen).status_code == 302
    assert actions.make_official(account, by=cast.hata).state == "official"


def test_the_database_knows_no_persons_look_without_evidence(cast: Cast) -> None:
    with pytest.raises(IntegrityError, match="persons_check_has_evidence"):
        ProfileCheck.objects.create(account=opening.listed(cast), address="https://…", result="holds", by=cast.aoki)


@pytest.mark.parametrize("name", ["chiba", "aoki", "kato", "noda", "mori"])
def test_only_information_policy_makes_it_official(cast: Cast, name: str) -> None:
    account = opening.listed(cast)
    opening.shown(account, cast.aoki)
    actions.record_profile(account, Result.HOLDS, "あり", opening.CAPTURE, by=cast.aoki)
    with pytest.raises(Refused):
        actions.make_official(account, by=getattr(cast, name))


def test_nor_before_it_is_listed(cast: Cast) -> None:
    with pytest.raises(Refused, match="掲載待ち"):
        actions.make_official(opening.received(cast), by=cast.hata)


def test_a_service_that_does_not_answer_leaves_what_was_seen(cast: Cast, server: MastodonServer, signed_in: Door) -> None:
    account = connected(cast, server)
    address = register_address(account)
    server.city.note = f'<p><a href="{address}">{address}</a></p>{SAID}'
    actions.check_profile(account, by=cast.aoki)
    server.revoke(server.city)
    assert actions.check_profile(account, by=cast.aoki).result == Result.UNREADABLE
    page = signed_in(cast.hata).get(f"/accounts/{account.pk}/profile/").text
    assert "まだ</span> プロフィール欄の記載" not in " ".join(page.split())
    assert "公式とする</button>" in page
