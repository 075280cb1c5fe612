"""§4(1): whoever works with official accounts has confirmed the guideline, in its edition, within the year."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from koshiki import clock
from koshiki.audit.models import Entry
from koshiki.guideline import Refused
from koshiki.organization import actions
from koshiki.organization.models import Confirmation, Person
from koshiki.organization.roles import require_confirmation
from koshiki.posts.actions import Confirmed
from koshiki.posts.actions import approve as approve_post
from koshiki.posts.models import Post
from koshiki.register import actions as register
from tests.cast import Cast, official
from tests.posts.typing import typed
from tests.posts.writing import submitted

SignedIn = Callable[[Person], Client]
pytestmark = pytest.mark.clause("§4(1)")


def test_who_has_not_confirmed_is_refused(cast: Cast) -> None:
    with pytest.raises(Refused, match="確認していません") as refusal:
        require_confirmation(cast.nishi)
    assert refusal.value.clause.id == "§4(1)"


def lapse(person: Person) -> None:
    Confirmation.objects.filter(person=person).delete()
    person.afresh()


@pytest.mark.parametrize("name", [register.name_author, register.name_approver], ids=["author", "approver"])
def test_who_has_not_confirmed_is_not_named(name: Callable[..., object], cast: Cast) -> None:
    with pytest.raises(Refused) as refusal:
        name(official(cast), cast.nishi, start=clock.today(), by=cast.chiba)
    assert refusal.value.clause.id == "§4(1)"


def test_who_has_not_confirmed_does_not_approve(cast: Cast) -> None:
    post = submitted(cast.aoki, official(cast))
    lapse(cast.baba)
    with pytest.raises(Refused) as refusal:
        approve_post(post, post.latest.digest, by=cast.baba, confirmed=Confirmed.everything(post))
    assert refusal.value.clause.id == "§4(1)"


def hidden(page: str) -> dict[str, list[str]]:
    """The fields that the page carries on, as a browser would send them."""
    form = page.split('<form method="post"')[2]
    carried: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form):
        carried.setdefault(html.unescape(name), []).append(html.unescape(value))
    return carried


def test_a_lapsed_author_confirms_on_the_way_and_loses_no_word(cast: Cast, signed_in: SignedIn) -> None:
    account = official(cast)
    lapse(cast.aoki)
    browser = signed_in(cast.aoki)
    text = "あすは\n「訓練」です。<b>&amp;</b> 葛󠄀城"
    asked = browser.post(reverse("post_write"), typed(account, text=text))
    assert asked.status_code == 409
    page = asked.content.decode()
    assert "先に、ガイドラインを確認してください" in page
    assert not Post.objects.exists()
    gone_on = browser.post(reverse("post_write"), {**hidden(page), "confirm_guideline": "1"})
    assert gone_on.status_code == 302
    assert Post.objects.get().state == "submitted"
    assert text in json.loads(Post.objects.get().latest.targets.get().content)["text"]
    assert Entry.objects.filter(verb="person.confirm_guideline", actor=cast.aoki).exists()


def test_the_screen_that_asks_carries_no_secret(cast: Cast, signed_in: SignedIn) -> None:
    lapse(cast.aoki)
    asked = signed_in(cast.aoki).post(reverse("post_write"), typed(official(cast), token="ひみつのことば"))
    assert "ひみつのことば" not in asked.content.decode()


def test_asked_by_htmx_the_screen_takes_the_place_of_the_page(cast: Cast, signed_in: SignedIn) -> None:
    lapse(cast.aoki)
    asked = signed_in(cast.aoki).post(reverse("post_write"), typed(official(cast)), headers={"HX-Request": "true"})
    assert asked.headers["HX-Retarget"] == "#main"
    assert "<html" not in asked.content.decode()


def test_the_button_alone_signs_nobody_in(cast: Cast, client: Client) -> None:
    client.post(reverse("post_write"), {"confirm_guideline": "1"})
    assert not Entry.objects.filter(verb="person.confirm_guideline").exists()


def test_one_touch_confirms_and_is_logged(cast: Cast, signed_in: SignedIn) -> None:
    browser = signed_in(cast.nishi)
    assert "ガイドラインを確認してください" in browser.get(reverse("home")).content.decode()
    assert "地方公務員法" in browser.get(reverse("confirm_guideline")).content.decode()
    browser.post(reverse("confirm_guideline"))
    require_confirmation(cast.nishi.afresh())
    assert Entry.objects.get(verb="person.confirm_guideline").clause == "§4(1)"
    assert "ガイドラインを確認してください" not in browser.get(reverse("home")).content.decode()


def test_a_confirmation_holds_for_a_year(cast: Cast) -> None:
    with clock.at(clock.now() + timedelta(days=364)):
        require_confirmation(cast.aoki.afresh())
    with clock.at(clock.now() + timedelta(days=366)), pytest.raises(Refused):
        require_confirmation(cast.aoki.afresh())


def test_a_confirmation_of_another_edition_does_not_hold(cast: Cast) -> None:
    Confirmation.objects.create(person=cast.nishi, edition="平成25年2月", at=clock.now())
    with pytest.raises(Refused):
        require_confirmation(cast.nishi.afresh())


@pytest.mark.parametrize(("days", "reminded"), [(334, False), (336, True), (366, True)])
def test_a_reminder_comes_thirty_days_before(days: int, reminded: bool, cast: Cast, signed_in: SignedIn) -> None:
    with clock.at(clock.now() + timedelta(days=days)):
        page = signed_in(cast.aoki).get(reverse("home")).content.decode()
    assert ("ガイドラインを確認してください" in page) is reminded


def test_the_head_sees_who_has_not(cast: Cast, signed_in: SignedIn) -> None:
    page = signed_in(cast.chiba).get(reverse("division", args=[cast.bosai.pk])).content.decode()
    row = page.split("西 直")[1].split("</tr>")[0]
    assert "未確認" in row
    assert "1人です" in page


def test_confirming_leads_on_to_where_one_was_going(cast: Cast, signed_in: SignedIn) -> None:
    answer = signed_in(cast.nishi).post(reverse("confirm_guideline"), {"next": "/divisions/"})
    assert answer.headers["Location"] == "/divisions/"
    away = signed_in(cast.nishi).post(reverse("confirm_guideline"), {"next": "https://evil.example/"})
    assert away.headers["Location"] == reverse("home")


def test_confirming_is_each_persons_own(cast: Cast) -> None:
    actions.confirm_guideline(by=cast.nishi)
    assert Confirmation.objects.filter(person=cast.nishi).count() == 1
