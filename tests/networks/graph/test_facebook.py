"""Facebookページ over real sockets: connecting, publishing, what each answer means, what a look-up may conclude."""

from __future__ import annotations

import time
import traceback
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from koshiki.networks import network
from koshiki.networks.base import (
    CannotTell,
    Found,
    Gone,
    Network,
    NotFound,
    NotSent,
    OutcomeUnknown,
    Outgoing,
    Publishes,
    Rejected,
    Secret,
    TokenDead,
    Verb,
)
from koshiki.networks.facebook import Facebook
from tests.networks.contract import Contract, nothing
from tests.networks.graph.conftest import APP, BACK, allowed, connected, staged
from tests.networks.graph.facebook import FacebookServer

ADDRESS = "https://www.facebook.com/city.iwata.test"


class TestFacebook(Contract):
    @pytest.fixture
    def opened(self, page: Facebook) -> Network:
        return network("facebook", page.link)

    @pytest.fixture
    def visible(self, facebook: FacebookServer) -> Callable[[], int]:
        return lambda: len(facebook.visible)

    def send(self, opened: Network, outgoing: Outgoing, last_check: Callable[[], None] = nothing) -> Any:
        """Goes on from what was staged for the same key, as a delivery does."""
        assert isinstance(opened, Publishes)
        stages: dict[str, Any] = self.__dict__.setdefault("stages", {})
        stage = opened.prepare(outgoing, stages.get(outgoing.key, {}), lambda _stage: None, last_check)
        stages[outgoing.key] = stage
        return opened.publish(outgoing, stage, last_check)


class TestConnecting:
    def test_the_sign_in_keeps_the_registered_pages_own_token(self, facebook: FacebookServer) -> None:
        facebook.add_page("other.page", "別のページ")
        link = connected(Facebook, ADDRESS)
        identity = Facebook(link).identity()
        assert (identity.remote_account_id, identity.handle) == (facebook.city.id, "@city.iwata.test")
        assert identity.url == ADDRESS
        assert facebook.tokens[link.secrets["access_token"].reveal()] is facebook.city
        assert link.facts["data_access_expires_at"] == "2027-03-01T00:00:00+00:00"
        assert "expires_at" not in link.facts

    @pytest.mark.parametrize("form", ["https://www.facebook.com/profile.php?id={id}", "https://m.facebook.com/{id}"])
    def test_a_page_is_known_by_its_number_too(self, facebook: FacebookServer, form: str) -> None:
        link = connected(Facebook, form.format(id=facebook.city.id))
        assert str(facebook.city.id) in Facebook(link).identity().url

    def test_a_page_that_is_not_the_registered_one_is_not_opened(self, facebook: FacebookServer) -> None:
        with pytest.raises(Rejected, match="見本市"):
            connected(Facebook, "https://www.facebook.com/somebody.else")

    def test_a_page_on_which_the_person_may_not_publish_is_not_opened(self, facebook: FacebookServer) -> None:
        facebook.city.data["tasks"] = ["ANALYZE"]
        with pytest.raises(Rejected, match="投稿する権限"):
            connected(Facebook, ADDRESS)

    def test_a_permission_that_was_not_allowed_is_named_at_once(self, facebook: FacebookServer) -> None:
        facebook.declined = {"pages_manage_posts"}
        with pytest.raises(Rejected, match="pages_manage_posts"):
            connected(Facebook, ADDRESS)

    def test_a_code_opens_once_and_only_for_its_own_way_back(self, facebook: FacebookServer) -> None:
        beginning = Facebook.begin(APP, "", BACK)
        code = allowed(beginning.authorize_url)["code"]
        stolen = {"redirect_uri": Secret("https://evil.example/")}
        for pending in (stolen, beginning.pending):
            with pytest.raises(Rejected):
                Facebook.finish(APP, pending, code, account="42", address=ADDRESS)

    def test_without_a_registered_app_nothing_begins(self) -> None:
        with pytest.raises(Rejected, match="登録されていません"):
            Facebook.begin({}, "", BACK)

    def test_the_secret_of_another_app_opens_nothing(self, facebook: FacebookServer) -> None:
        with pytest.raises(NotSent):
            connected(Facebook, ADDRESS, {**APP, "app_secret": Secret("canary-not-the-secret")})

    def test_every_beginning_has_a_state_of_its_own(self) -> None:
        states = {Facebook.begin(APP, "", BACK).state for _ in range(3)}
        assert len(states) == 3
        assert min(map(len, states)) >= 32

    def test_it_says_what_it_can_do_and_not_what_it_cannot(self) -> None:
        assert Facebook.verbs() >= {Verb.EDIT, Verb.DELETE, Verb.TIMELINE, Verb.COMMENTS, Verb.HIDE, Verb.REMOVE, Verb.REPLY}
        assert not Facebook.verbs() & {Verb.SEARCH, Verb.KEY, Verb.THREAD, Verb.REFRESH, Verb.HAND_OVER}


class TestOutcomes:
    """What each answer means. Only what is known not to be published may be tried again."""

    @pytest.mark.parametrize(
        ("fault", "outcome"),
        [
            ("swallow", OutcomeUnknown), ("refuse", OutcomeUnknown), ("transient-accepted", OutcomeUnknown),
            ("500", OutcomeUnknown), ("500-accepted", OutcomeUnknown), ("502", OutcomeUnknown), ("503", OutcomeUnknown),
            ("rubbish", OutcomeUnknown), ("empty", OutcomeUnknown), ("html", OutcomeUnknown), ("huge", OutcomeUnknown),
            ("no-id", OutcomeUnknown), ("list", OutcomeUnknown), ("cut", OutcomeUnknown), ("redirect-302", OutcomeUnknown),
            ("code:1", OutcomeUnknown), ("code:2", OutcomeUnknown), ("code:506", OutcomeUnknown),
            ("429", NotSent), ("503-retry", NotSent),
            ("code:4", NotSent), ("code:17", NotSent), ("code:32", NotSent), ("code:613", NotSent), ("code:80001", NotSent),
            ("400", Rejected), ("redirect", Rejected), ("code:100", Rejected), ("code:368", Rejected),
            ("code:100/33", Gone),
            ("code:190", TokenDead), ("code:190/463", TokenDead), ("code:102", TokenDead),
            ("code:10", TokenDead), ("code:200", TokenDead),
        ],
    )  # fmt: skip
    def test_an_answer_means(
        self, facebook: FacebookServer, page: Facebook, plain: Outgoing, fault: str, outcome: type[Exception]
    ) -> None:
        ready = staged(page, plain)
        facebook.faults.append(fault)
        accepted = fault in {"swallow", "transient-accepted", "500-accepted", "rubbish", "empty", "html", "huge", "no-id",
                             "list", "cut"}  # fmt: skip
        with pytest.raises(outcome) as caught:
            page.publish(ready, ready.stage, nothing)
        assert type(caught.value) is outcome
        assert len(facebook.visible) == accepted

    def test_silence_after_acceptance_is_unknown(
        self, facebook: FacebookServer, page: Facebook, plain: Outgoing, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ready = staged(page, plain)
        monkeypatch.setattr("koshiki.networks.http.SECONDS", 0.5)
        facebook.faults.append("silence")
        begun = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            page.publish(ready, ready.stage, nothing)
        assert time.monotonic() - begun < 2
        assert len(facebook.visible) == 1

    @pytest.mark.parametrize(("fault", "wait"), [("429-absurd", 3600), ("503-retry", 7), ("code:4", 300)])
    def test_what_it_asks_to_wait_is_bounded(
        self, facebook: FacebookServer, page: Facebook, plain: Outgoing, fault: str, wait: int
    ) -> None:
        ready = staged(page, plain)
        facebook.faults.append(fault)
        with pytest.raises(NotSent) as caught:
            page.publish(ready, ready.stage, nothing)
        assert caught.value.retry_after == wait

    @pytest.mark.parametrize("again", ["accepted", "refused"])
    @pytest.mark.parametrize("fault", ["swallow", "500-accepted", "rubbish", "transient-accepted"])
    def test_repeating_after_doubt_publishes_once(
        self, facebook: FacebookServer, page: Facebook, plain: Outgoing, fault: str, again: str
    ) -> None:
        """The id was fixed before: whether Facebook takes the second call or refuses it, the post is there once."""
        facebook.publishing_again = again
        ready = staged(page, plain)
        facebook.faults.append(fault)
        with pytest.raises(OutcomeUnknown):
            page.publish(ready, ready.stage, nothing)
        published = page.publish(ready, ready.stage, nothing)
        assert [post.id for post in facebook.visible] == [published.remote_id]

    def test_a_refused_repetition_that_cannot_be_read_back_stays_unknown(
        self, facebook: FacebookServer, page: Facebook, plain: Outgoing
    ) -> None:
        ready = staged(page, plain)
        facebook.faults.append("code:100")
        with pytest.raises(OutcomeUnknown):
            page.publish(ready, ready.stage, facebook.lists_break)

    def test_a_killed_preparation_leaves_nothing_that_can_be_seen(
        self, facebook: FacebookServer, page: Facebook, plain: Outgoing
    ) -> None:
        """Killed after the post was made and before its id was saved: the next try makes another, and one is seen."""
        class Killed(Exception):
            pass

        def killed(_stage: object) -> None:
            raise Killed

        with pytest.raises(Killed):
            page.prepare(plain, {}, killed, nothing)
        ready = staged(page, plain)
        page.publish(ready, ready.stage, nothing)
        assert (len(facebook.of("post")), len(facebook.visible)) == (2, 1)

    def test_the_time_before_publishing_is_the_last_moment(
        self, facebook: FacebookServer, page: Facebook, plain: Outgoing
    ) -> None:
        ready, seen = staged(page, plain), []
        page.publish(ready, ready.stage, lambda: seen.append(len(facebook.requests)))
        assert seen == [len(facebook.requests) - 1]

    def test_no_failure_shows_the_token_or_the_apps_secret(
        self, facebook: FacebookServer, page: Facebook, plain: Outgoing
    ) -> None:
        ready = staged(page, plain)
        shown = [repr(page), repr(page.link), str(page.link)]
        for fault in ("code:190", "code:4", "500", "redirect", "swallow", "rubbish"):
            facebook.faults.append(fault)
            with pytest.raises((NotSent, Rejected, TokenDead, OutcomeUnknown)) as caught:
                page.publish(ready, ready.stage, nothing)
            shown += [str(caught.value), "".join(traceback.format_exception(caught.value))]
        assert not any("canary-" in text for text in shown)

    def test_what_facebook_says_is_told_with_its_number_for_their_support(
        self, facebook: FacebookServer, page: Facebook, plain: Outgoing
    ) -> None:
        ready = staged(page, plain)
        facebook.faults.append("code:368")
        with pytest.raises(Rejected, match=r"止めています.*told to refuse（コード368、照会番号AbCdEf）"):
            page.publish(ready, ready.stage, nothing)


class TestLookingUp:
    def test_with_the_posts_id_it_is_certain_even_among_equal_texts_and_lagging_lists(
        self, facebook: FacebookServer, page: Facebook, plain: Outgoing
    ) -> None:
        facebook.lag = 90
        ready = staged(page, plain)
        assert isinstance(page.look_up(ready, plain.created_at), NotFound)
        facebook.faults.append("swallow")
        with pytest.raises(OutcomeUnknown):
            page.publish(ready, ready.stage, nothing)
        found = page.look_up(ready, plain.created_at)
        assert isinstance(found, Found)
        assert found.remote_id == ready.stage["post"]

    def test_a_prepared_post_that_somebody_deleted_is_for_a_person(
        self, facebook: FacebookServer, page: Facebook, plain: Outgoing
    ) -> None:
        ready = staged(page, plain)
        del facebook.nodes[ready.stage["post"]]
        assert isinstance(page.look_up(ready, plain.created_at), CannotTell)

    def test_without_it_the_pages_own_posts_are_read(self, facebook: FacebookServer, page: Facebook, plain: Outgoing) -> None:
        first, second = staged(page, plain), staged(page, replace(plain, key=str(uuid.uuid4())))
        for ready in (first, second):
            page.publish(ready, ready.stage, nothing)
        found = page.look_up(plain, plain.created_at)
        assert isinstance(found, Found)
        assert found.remote_id == first.stage["post"]
        other = page.look_up(plain, plain.created_at, {first.stage["post"]})
        assert isinstance(other, Found)
        assert other.remote_id == second.stage["post"]

    def test_an_older_equal_text_is_not_this_one(self, facebook: FacebookServer, page: Facebook, plain: Outgoing) -> None:
        ready = staged(page, plain)
        page.publish(ready, ready.stage, nothing)
        facebook.visible[0].at -= timedelta(hours=3)
        assert isinstance(page.look_up(plain, plain.created_at), NotFound)

    def test_what_is_nearly_the_same_is_for_a_person(self, facebook: FacebookServer, page: Facebook, plain: Outgoing) -> None:
        ready = staged(page, replace(plain, content={"text": "防災訓練を大きく行います。"}))
        page.publish(ready, ready.stage, nothing)
        assert isinstance(page.look_up(plain, plain.created_at), CannotTell)

    def test_rubbish_is_not_an_empty_list(self, facebook: FacebookServer, page: Facebook, plain: Outgoing) -> None:
        undated = [{"id": "5"}, {"id": "5", "created_time": "yesterday"}, {"created_time": "2026-11-01T00:00:00+0000"}]
        for rubbish in ({}, [1], "x", {"data": {}}, {"data": [1]}, *({"data": [entry]} for entry in undated)):
            facebook.list_answer = rubbish
            assert isinstance(page.look_up(plain, plain.created_at), CannotTell)

    def test_it_looks_through_all_pages_and_says_so_where_it_cannot(
        self, facebook: FacebookServer, page: Facebook, plain: Outgoing
    ) -> None:
        facebook.page_size = 2
        ready = staged(page, plain)
        page.publish(ready, ready.stage, nothing)
        for number in range(8):
            facebook.add("post", f"{facebook.city.id}_{number}", page=facebook.city.id, is_published=True, photos=[],
                         message=chr(0x4E00 + number * 37) * 20)
        assert isinstance(page.look_up(plain, plain.created_at), Found)
        for number in range(8, 50):
            facebook.add("post", f"{facebook.city.id}_{number}", page=facebook.city.id, is_published=True, photos=[],
                         message=chr(0x4E00 + number * 37) * 20)
        assert isinstance(page.look_up(plain, plain.created_at), CannotTell)

    def test_with_a_dead_token_it_cannot_tell(self, facebook: FacebookServer, page: Facebook, plain: Outgoing) -> None:
        facebook.revoke_all()
        told = page.look_up(plain, plain.created_at)
        assert isinstance(told, CannotTell)
        assert told.token_dead
