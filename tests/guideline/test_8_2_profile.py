"""§8(2)ア: where the policy says that opinions are not answered one by one, the profile says so, and whom to ask."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from koshiki.guideline import Refused
from koshiki.organization.models import Person
from koshiki.register import actions
from koshiki.register.address import register_address
from koshiki.register.models import Account, ProfileCheck, StoredFile
from tests.cast import Cast
from tests.guideline import opening, policy
from tests.guideline.watching import morning, server, watched
from tests.networks.mastodon_server import MastodonServer

__all__ = ["server"]
pytestmark = pytest.mark.clause("§8(2)ア")
Door = Callable[[Person], Client]


def says(server: MastodonServer, account: Account, words: str) -> None:
    server.city.note = f"<p>{words}</p><p>{register_address(account)}</p>"


@pytest.mark.parametrize(("words", "lacks"), [
    ("御意見・御質問には個別に回答しません。お問い合わせは防災課 電話 0538-00-0110へお願いします。", []),
    ("※リプライへの返信は行いません。問合せ先：０５３８（００）０１１０", []),
    ("返信はしておりません。お問い合わせは防災課 電話 0538-00-0110 まで", []),
    ("個別の対応はできかねます。電話0538-00-9999", ["contact"]),
    ("御意見には必ず回答します。0538-00-0110", ["no_answers"]),
    ("コメントの削除はしません。気軽に質問してください。", ["no_answers", "contact"]),
])
def test_both_are_read_in_the_ways_people_write_them(cast: Cast, server: MastodonServer, words: str, lacks: list[str]) -> None:
    account = watched(cast, server)
    says(server, account, words)
    assert morning(account) == lacks


def test_without_them_it_does_not_become_official(cast: Cast, server: MastodonServer, signed_in: Door) -> None:
    account = watched(cast, server)
    says(server, account, "防災の情報")
    actions.check_profile(account, by=cast.aoki)
    door = signed_in(cast.hata)
    page = door.get(f"/accounts/{account.pk}/profile/").text
    assert "ここで公式アカウントとすることができます" in page
    answer = door.post(reverse("account_official", args=[account.pk]))
    assert answer.status_code == 409
    assert "個別に対応しない旨、問合せ先が見当たりません" in answer.text
    says(server, account, "個別には回答しません。防災課 電話 0538-00-0110")
    door.post(reverse("profile_check", args=[account.pk]))
    assert door.post(reverse("account_official", args=[account.pk])).status_code == 302


def test_or_with_a_recorded_reason_for_each(cast: Cast, server: MastodonServer) -> None:
    account = watched(cast, server)
    says(server, account, "防災の情報")
    actions.check_profile(account, by=cast.aoki)
    first, second = account.profile_findings.order_by("pk")
    actions.explain_finding(first, "字数が足りず、固定した投稿に書いています。", by=cast.chiba)
    with pytest.raises(Refused, match="問合せ先が見当たりません") as refused:
        actions.make_official(account, by=cast.hata)
    assert refused.value.clause.id == "§8(2)ア"
    actions.explain_finding(second, "字数が足りず、固定した投稿に書いています。", by=cast.chiba)
    assert actions.make_official(account, by=cast.hata).state == "official"


def test_where_each_is_answered_the_profile_need_not_say_it(cast: Cast, server: MastodonServer) -> None:
    account = watched(cast, server, answers="each")
    says(server, account, "防災の情報")
    assert morning(account) == []


def test_the_division_reads_what_to_write(cast: Cast, signed_in: Door) -> None:
    account = opening.acquired(cast)
    assert "お問い合わせは防災課 電話 0538-00-0110へお願いします。" in signed_in(cast.aoki).get(f"/accounts/{account.pk}/").text


def test_a_new_version_that_answers_nobody_waits_for_the_profile_to_say_so(cast: Cast, signed_in: Door) -> None:
    account = policy.live(cast)
    policy.approved(cast, account, answers="each")
    change = policy.submitted(cast, account, answers="none")
    door, page = signed_in(cast.chiba), f"/accounts/policies/changes/{change.pk}/"
    assert "個別に対応しない旨、問合せ先が見当たりません" in door.get(page).text
    answer = door.post(page, {"outcome": "approve", "digest": change.digest})
    assert answer.status_code == 409
    assert "§8(2)ア" in answer.text
    assert policy.in_force(account).version == 2
    ProfileCheck.objects.create(account=account, address=register_address(account), result="holds", by=cast.aoki,
                                evidence=captured(account, cast), found="個別には回答しません。電話 0538-00-0110")
    assert "見当たりません" not in door.get(page).text
    assert door.post(page, {"outcome": "approve", "digest": change.digest}).status_code == 302
    assert policy.in_force(account).version == 3


def test_or_for_the_heads_reason_and_what_was_so_before_is_not_asked_again(cast: Cast) -> None:
    account = policy.live(cast)
    policy.approved(cast, account, frequency="毎日。")
    policy.approved(cast, account, answers="each")
    change = policy.submitted(cast, account, answers="none")
    with pytest.raises(Refused, match="見当たりません"):
        actions.approve_change(change, digest=change.digest, by=cast.chiba, comment="適当と認めます。")
    reason = "字数が足りず、固定した投稿に書きました。"
    decision = actions.approve_change(change, digest=change.digest, by=cast.chiba, unsaid_reason=reason)
    assert decision.unsaid_reason == reason
    assert policy.in_force(account).version == 4
    moved = policy.submitted(cast, account, contact="危機管理課 電話 0538-00-0777")
    with pytest.raises(Refused, match="問合せ先"):
        actions.approve_change(moved, digest=moved.digest, by=cast.chiba)


def captured(account: Account, cast: Cast) -> StoredFile:
    return StoredFile.objects.create(account=account, kind="evidence", name="a.png", sha256="1" * 64, mime="image/png", size=1,
                                     uploaded_by=cast.aoki)
