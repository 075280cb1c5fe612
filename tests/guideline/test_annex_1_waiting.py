"""別紙1の3: each step of a policy's change, and each new version, waits for whom it concerns and for nobody else (K-policy)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from koshiki import clock
from koshiki.guideline import guideline
from koshiki.organization.models import Alert, Deputy, Person
from koshiki.register import actions
from koshiki.register.waiting import waiting
from tests.cast import Cast
from tests.guideline import opening, policy

Door = Callable[[Person], Client]


def titles(person: Person) -> list[str]:
    return [duty.title.split("：")[0] for duty in waiting(person)]


def test_each_step_is_a_duty_of_whom_it_waits_for(cast: Cast) -> None:
    account = policy.live(cast)
    change = policy.submitted(cast, account)
    decide = "運用ポリシーの変更の所属長の決裁"
    assert {p.name: titles(p) for p in cast.people if titles(p)} == {cast.chiba.name: [decide]}
    actions.return_change(change, digest=change.digest, comment="直してください。", by=cast.chiba)
    assert titles(cast.aoki) == ["差し戻された運用ポリシーの変更"]
    again = policy.submitted(cast, account, by=cast.chiba)
    assert (titles(cast.chiba), titles(cast.doi)) == ([], [decide])
    actions.approve_change(again, digest=again.digest, by=cast.doi)
    assert titles(cast.chiba) == ["運用ポリシーの新しい版の明示", "後閲（所属長の決裁）"]
    assert titles(cast.abe) == ["運用ポリシーの周知"]


def test_every_concurrence_is_a_duty_in_its_turn(cast: Cast) -> None:
    change = policy.submitted(cast, purpose="観光の案内を届けるため。")
    for person in (cast.chiba, cast.hara, cast.kato):
        assert {p.name for p in (cast.chiba, cast.hara, cast.kato) if titles(p)} == {person.name}
        actions.approve_change(change, digest=change.digest, by=person)


@pytest.mark.clause("§6(2)")
def test_a_new_version_is_read_by_the_division_and_the_one_before_no_longer(cast: Cast, signed_in: Door) -> None:
    account = policy.live(cast)
    policy.approved(cast, account)
    policy.approved(cast, account, frequency="週に5回。")
    assert titles(cast.abe) == ["運用ポリシーの周知"]
    assert titles(cast.aoki) == ["運用ポリシーの新しい版の明示"]  # who wrote it has read it
    signed_in(cast.abe).post(f"/accounts/{account.pk}/policy/read/")
    assert titles(cast.abe) == []
    assert policy.in_force(account).readings.filter(person=cast.abe).exists()


@pytest.mark.clause("§6(2)")
def test_the_head_is_told_who_left_it_unread(cast: Cast, signed_in: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    account = policy.live(cast)
    policy.approved(cast, account)
    actions.read_policy(policy.in_force(account), by=cast.chiba)
    assert "運用ポリシーを読んでいない職員" not in titles(cast.chiba)
    later = clock.now() + timedelta(days=guideline().deadlines["policy_reading_days"], hours=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert "運用ポリシーを読んでいない職員" in titles(cast.chiba)
    for person in cast.bosai.postings.all():
        actions.read_policy(policy.in_force(account), by=person.person)
    assert "運用ポリシーを読んでいない職員" not in titles(cast.chiba)


def test_the_duty_to_show_it_ends_when_it_is_recorded(cast: Cast) -> None:
    account = policy.live(cast)
    policy.approved(cast, account)
    actions.show_policy(policy.in_force(account), "固定した投稿", opening.PICTURE, "固定.png", by=cast.aoki)
    assert titles(cast.aoki) == []


@pytest.mark.clause("K-policy")
def test_of_two_deputies_the_first_who_is_there_is_asked(cast: Cast, signed_in: Door) -> None:
    Deputy.objects.create(division=cast.bosai, person=cast.baba, order=2, start=clock.today(), named_by=cast.chiba)
    change = policy.submitted(cast, by=cast.chiba)
    assert (titles(cast.baba), titles(cast.doi)) == ([], ["運用ポリシーの変更の所属長の決裁"])
    assert not Alert.objects.filter(person=cast.baba, subject__startswith="運用ポリシー").exists()
    assert "防災課長の代決者 土井 大" in signed_in(cast.chiba).get(f"/accounts/policies/changes/{change.pk}/").text


@pytest.mark.clause("K-policy")
def test_a_division_of_duty_alone_has_its_duty_where_the_file_says_so(cast: Cast, tmp_path: Path, settings: Any) -> None:
    words = settings.KOSHIKI_GUIDELINE.read_text(encoding="utf-8")
    own = 'key = "head"\nlabel = "所属長の決裁"\nkind = "decision"\nof = "head"'
    others = 'key = "policy"\nlabel = "情報政策課の決裁"\nkind = "decision"\nof = "information_policy"'
    before, _, after = words.rpartition(own)
    assert "[[route.policy_change]]" in before.splitlines()[-1]
    settings.KOSHIKI_GUIDELINE = tmp_path / "city.toml"
    settings.KOSHIKI_GUIDELINE.write_text(before + others + after, encoding="utf-8")
    guideline.cache_clear()
    try:
        policy.submitted(cast)
        assert titles(cast.hara) == ["運用ポリシーの変更の情報政策課の決裁"]
    finally:
        guideline.cache_clear()


def test_while_a_change_rests_nobody_is_asked_to_decide_it(cast: Cast) -> None:
    account = opening.acquired(cast)
    policy.submitted(cast, account)
    actions.notify(account, opening.FORM, opening.CAPTURE, by=cast.chiba)
    assert not [title for title in titles(cast.chiba) if "変更" in title]


@pytest.mark.clause("§6(2)")
def test_reading_is_recorded_of_the_version_that_was_read(cast: Cast, signed_in: Door) -> None:
    account = policy.live(cast)
    policy.approved(cast, account)
    door = signed_in(cast.abe)
    [version] = re.findall(r'name="version" value="(\d+)"', door.get(f"/accounts/{account.pk}/policy/").text)
    policy.approved(cast, account, frequency="週に5回。")
    answer = door.post(f"/accounts/{account.pk}/policy/read/", {"version": version})
    assert answer.status_code == 409
    assert "第3版になりました" in answer.text
    assert titles(cast.abe) == ["運用ポリシーの周知"]
    shown = signed_in(cast.aoki).post(f"/accounts/{account.pk}/policy/shown/", {"version": version, "reason": "書けないため。"})
    assert shown.status_code == 409


@pytest.mark.clause("§6(2)")
def test_who_wrote_only_an_earlier_draft_reads_what_came_of_it(cast: Cast) -> None:
    account = policy.live(cast)
    policy.drafted(cast, account, by=cast.abe, frequency="阿部の頻度。")
    policy.approved(cast, account)
    assert titles(cast.abe) == ["運用ポリシーの周知"]
