"""Instagram over real sockets: connecting, containers whose pictures are really fetched, outcomes, look-ups."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from koshiki.networks import network
from koshiki.networks.base import (
    CannotTell,
    Found,
    Gone,
    Media,
    Network,
    NotFound,
    NotSent,
    OutcomeUnknown,
    Outgoing,
    Rejected,
    TokenDead,
    Verb,
)
from koshiki.networks.instagram import Instagram
from tests.networks.contract import Contract, nothing
from tests.networks.graph.conftest import connected, staged
from tests.networks.graph.instagram import InstagramServer

ADDRESS = "https://www.instagram.com/iwata.test/"


class TestInstagram(Contract):
    letter = "あ"

    @pytest.fixture
    def opened(self, account: Instagram) -> Network:
        return network("instagram", account.link)

    @pytest.fixture
    def visible(self, instagram: InstagramServer) -> Callable[[], int]:
        return lambda: len(instagram.visible)

    @pytest.fixture
    def pictures(self, laid_out: Callable[..., Media]) -> tuple[Media, ...]:  # type: ignore[override]
        return laid_out("one.jpg"), laid_out("two.jpg", "green")

    @pytest.fixture
    def media(self, pictures: tuple[Media, ...]) -> tuple[Media, ...]:
        return pictures


class TestLimits:
    @pytest.mark.parametrize(("mark", "most"), [("#町{}", 30), ("@machi{}", 20)])
    def test_hashtags_and_mentions_are_counted(self, laid_out: Callable[..., Media], mark: str, most: int) -> None:
        def caption(many: int) -> dict[str, str]:
            return {"text": "お知らせ " + " ".join(mark.format(number) for number in range(many))}
        picture = [laid_out("one.jpg")]
        assert Instagram().problems(caption(most), picture) == []
        [problem] = Instagram().problems(caption(most + 1), picture)
        assert f"{most}個まで" in problem.message

    def test_an_address_of_mail_mentions_nobody(self, laid_out: Callable[..., Media]) -> None:
        assert Instagram().problems({"text": "koho@example.jp " * 30}, [laid_out("one.jpg")]) == []

    def test_without_a_picture_there_is_no_publication(self) -> None:
        [problem] = Instagram().problems({"text": "お知らせ"}, ())
        assert problem.field == "media"

    @pytest.mark.parametrize(("size", "fits"), [((40, 50), True), ((39, 50), False), ((191, 100), True), ((192, 100), False)])
    def test_a_picture_must_be_neither_too_narrow_nor_too_wide(
        self, laid_out: Callable[..., Media], size: tuple[int, int], fits: bool
    ) -> None:
        assert (Instagram().problems({"text": "お知らせ"}, [laid_out("one.jpg", size=size)]) == []) is fits

    def test_only_jpeg_goes(self, laid_out: Callable[..., Media]) -> None:
        assert "形式" in Instagram().problems({"text": "お知らせ"}, [laid_out("one.png")])[0].message

    def test_it_says_what_it_can_do_and_not_what_it_cannot(self) -> None:
        assert Instagram.fetches_media
        assert Instagram.verbs() >= {Verb.DELETE, Verb.TIMELINE, Verb.COMMENTS, Verb.HIDE, Verb.REMOVE, Verb.REPLY}
        assert not Instagram.verbs() & {Verb.EDIT, Verb.SEARCH, Verb.KEY, Verb.THREAD}
        assert Instagram().repeatable_for() == 0


class TestConnecting:
    def test_the_sign_in_opens_the_registered_account_through_its_page(self, instagram: InstagramServer) -> None:
        other = instagram.add_account("bousai.test", "防災")
        for address, own in ((ADDRESS, instagram.city), ("https://instagram.com/bousai.test", other)):
            identity = Instagram(connected(Instagram, address)).identity()
            assert (identity.remote_account_id, identity.handle) == (own.id, f"@{own.data['username']}")
            assert identity.url == f"https://www.instagram.com/{own.data['username']}/"

    def test_an_account_that_was_not_allowed_is_not_opened(self, instagram: InstagramServer) -> None:
        with pytest.raises(Rejected, match=r"@iwata\.test"):
            connected(Instagram, "https://www.instagram.com/somebody.else/")

    def test_a_permission_that_was_not_allowed_is_named_at_once(self, instagram: InstagramServer) -> None:
        instagram.declined = {"instagram_content_publish"}
        with pytest.raises(Rejected, match="instagram_content_publish"):
            connected(Instagram, ADDRESS)


class TestContainers:
    def test_they_are_waited_for(self, instagram: InstagramServer, account: Instagram, outgoing: Outgoing) -> None:
        instagram.processing = 1
        ready = staged(account, outgoing)
        account.publish(ready, ready.stage, nothing)
        assert len(instagram.visible) == 1

    def test_one_that_was_kept_too_long_is_begun_anew(
        self, instagram: InstagramServer, account: Instagram, outgoing: Outgoing
    ) -> None:
        old, saved = staged(account, outgoing), []
        instagram.grow_old()
        with pytest.raises(NotSent):
            account.prepare(outgoing, old.stage, saved.append, nothing)
        stage = account.prepare(outgoing, saved[-1], saved.append, nothing)
        assert stage["container"] != old.stage["container"]
        account.publish(outgoing, stage, nothing)
        assert len(instagram.visible) == 1

    def test_one_that_is_not_kept_any_more_is_begun_anew(
        self, instagram: InstagramServer, account: Instagram, outgoing: Outgoing
    ) -> None:
        old, saved = staged(account, outgoing), []
        del instagram.nodes[old.stage["container"]]
        with pytest.raises(NotSent):
            account.prepare(outgoing, old.stage, saved.append, nothing)
        assert account.prepare(outgoing, saved[-1], saved.append, nothing)["container"] in instagram.nodes

    @pytest.mark.parametrize(("status", "outcome"), [
        ("Error: Media download has timed out. Error code 2207003", NotSent),
        ("Error: The image is too small. Error code 2207009", Rejected),
        ("", NotSent),
    ])
    def test_what_became_of_a_picture_is_told(
        self, instagram: InstagramServer, account: Instagram, outgoing: Outgoing, status: str, outcome: type[Exception]
    ) -> None:
        instagram.fails_with = status or " "
        with pytest.raises(outcome, match="画像を受け付けません"):
            staged(account, outgoing)

    def test_a_picture_that_cannot_be_fetched_is_tried_again(
        self, account: Instagram, outgoing: Outgoing, place: tuple[Path, str]
    ) -> None:
        (place[0] / "one.jpg").unlink()
        with pytest.raises(NotSent):
            staged(account, outgoing)

    def test_without_a_public_place_it_says_so(self, account: Instagram, outgoing: Outgoing) -> None:
        nowhere = replace(outgoing, media=(replace(outgoing.media[0], public_url=""),))
        with pytest.raises(Rejected, match="公開の場所"):
            staged(account, nowhere)

    def test_the_alternative_text_of_one_picture_arrives(
        self, instagram: InstagramServer, account: Instagram, outgoing: Outgoing
    ) -> None:
        ready = staged(account, outgoing)
        shown = account.read(account.publish(ready, ready.stage, nothing).remote_id)
        assert shown is not None
        assert shown.alts == (outgoing.media[0].alt,)
        assert shown.url.startswith("https://www.instagram.com/p/")


class TestOutcomes:
    @pytest.mark.parametrize(
        ("fault", "outcome"),
        [
            ("swallow", OutcomeUnknown), ("refuse", OutcomeUnknown), ("500", OutcomeUnknown), ("500-accepted", OutcomeUnknown),
            ("503", OutcomeUnknown), ("rubbish", OutcomeUnknown), ("empty", OutcomeUnknown), ("html", OutcomeUnknown),
            ("huge", OutcomeUnknown), ("no-id", OutcomeUnknown), ("list", OutcomeUnknown), ("cut", OutcomeUnknown),
            ("redirect-302", OutcomeUnknown), ("code:-1/2207001", OutcomeUnknown), ("code:2", OutcomeUnknown),
            ("code:4", NotSent), ("code:9/2207042", NotSent), ("code:9007/2207027", NotSent), ("429", NotSent),
            ("code:4/2207051", Rejected), ("code:25/2207050", Rejected), ("redirect", Rejected), ("code:100/33", Gone),
            ("code:190", TokenDead), ("code:10", TokenDead),
        ],
    )  # fmt: skip
    def test_an_answer_means(
        self, instagram: InstagramServer, account: Instagram, outgoing: Outgoing, fault: str, outcome: type[Exception]
    ) -> None:
        ready = staged(account, outgoing)
        instagram.faults.append(fault)
        with pytest.raises(outcome) as caught:
            account.publish(ready, ready.stage, nothing)
        assert type(caught.value) is outcome
        calls = sum(path.endswith("/media_publish") for method, path, _ in instagram.requests if method == "POST")
        assert calls == 1, "one call, whatever comes of it"

    def test_silence_after_acceptance_is_unknown(
        self, instagram: InstagramServer, account: Instagram, outgoing: Outgoing, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ready = staged(account, outgoing)
        monkeypatch.setattr("koshiki.networks.http.SECONDS", 0.5)
        instagram.faults.append("silence")
        begun = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            account.publish(ready, ready.stage, nothing)
        assert time.monotonic() - begun < 2
        assert len(instagram.visible) == 1

    def test_a_container_that_went_out_before_is_not_called_refused(
        self, instagram: InstagramServer, account: Instagram, outgoing: Outgoing
    ) -> None:
        """Else a post that everybody sees would be told as failed."""
        ready = staged(account, outgoing)
        account.publish(ready, ready.stage, nothing)
        with pytest.raises(OutcomeUnknown):
            account.publish(ready, ready.stage, nothing)
        assert len(instagram.visible) == 1


class TestLookingUp:
    def test_a_swallowed_answer_is_found_though_marks_of_the_caption_are_gone(
        self, instagram: InstagramServer, account: Instagram, outgoing: Outgoing
    ) -> None:
        ready = staged(account, outgoing)
        assert isinstance(account.look_up(ready, outgoing.created_at), NotFound)
        instagram.faults.append("swallow")
        with pytest.raises(OutcomeUnknown):
            account.publish(ready, ready.stage, nothing)
        found = account.look_up(outgoing, outgoing.created_at)
        assert isinstance(found, Found)
        assert found.remote_id == instagram.visible[0].id

    def test_a_container_that_says_published_is_never_taken_for_not_found(
        self, instagram: InstagramServer, account: Instagram, outgoing: Outgoing
    ) -> None:
        instagram.lag = 90
        ready = staged(account, outgoing)
        account.publish(ready, ready.stage, nothing)
        assert isinstance(account.look_up(ready, outgoing.created_at), CannotTell)
        assert isinstance(account.look_up(outgoing, outgoing.created_at), NotFound), "without the stage: the settle time"

    def test_two_equal_captions_never_claim_one_publication(
        self, instagram: InstagramServer, account: Instagram, outgoing: Outgoing
    ) -> None:
        ready = staged(account, outgoing)
        first = account.publish(ready, ready.stage, nothing)
        other = replace(outgoing, key=str(uuid.uuid4()))
        assert isinstance(account.look_up(other, other.created_at, {first.remote_id}), NotFound)

    def test_an_older_equal_caption_is_not_this_one(
        self, instagram: InstagramServer, account: Instagram, outgoing: Outgoing
    ) -> None:
        ready = staged(account, outgoing)
        account.publish(ready, ready.stage, nothing)
        instagram.visible[0].at -= timedelta(hours=3)
        assert isinstance(account.look_up(outgoing, outgoing.created_at), NotFound)

    def test_what_is_nearly_the_same_is_for_a_person(self, account: Instagram, outgoing: Outgoing) -> None:
        ready = staged(account, replace(outgoing, content={"text": "防災訓練を大きく行います。 @iwata.test #防災"}))
        account.publish(ready, ready.stage, nothing)
        assert isinstance(account.look_up(outgoing, outgoing.created_at), CannotTell)

    def test_rubbish_is_not_an_empty_list(
        self, instagram: InstagramServer, account: Instagram, outgoing: Outgoing
    ) -> None:
        for rubbish in ({}, [1], "x", {"data": {}}, {"data": [1]}, {"data": [{"id": "5", "timestamp": "yesterday"}]}):
            instagram.list_answer = rubbish
            assert isinstance(account.look_up(outgoing, outgoing.created_at), CannotTell)

    def test_with_a_dead_token_it_cannot_tell(
        self, instagram: InstagramServer, account: Instagram, outgoing: Outgoing
    ) -> None:
        instagram.revoke_all()
        told = account.look_up(outgoing, outgoing.created_at)
        assert isinstance(told, CannotTell)
        assert told.token_dead
