"""A film on its way: approved as it was seen, read from the store while it is sent, and sent once (§8(1), K-once)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from django.test import Client

from koshiki import store
from koshiki.guideline import Refused
from koshiki.networks.content import Media
from koshiki.networks.youtube import YouTube, upload
from koshiki.organization.models import Person
from koshiki.posts.content import Altered, going_out
from koshiki.posts.models import Delivery, Medium, Post
from koshiki.public import pictures
from koshiki.register.link import kept
from koshiki.register.models import Account
from tests.cast import Cast, official
from tests.networks import youtube_server
from tests.networks.mastodon_server import MastodonServer
from tests.networks.youtube_server import CHANNEL, YouTubeServer
from tests.posts.delivering import connected, run, sooner
from tests.posts.films import film
from tests.posts.typing import one_image, the_post, typed, uploaded_film
from tests.posts.writing import approved

pytestmark = [pytest.mark.clause("§8(1)"), pytest.mark.usefixtures("installed")]


@pytest.fixture
def tube(installed: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[YouTubeServer]:
    with YouTubeServer().running() as running:
        monkeypatch.setattr(YouTube, "api", running.base)
        monkeypatch.setattr(YouTube, "tokens", f"{running.base}/token")
        yield running


@pytest.fixture
def channel(cast: Cast, tube: YouTubeServer) -> Account:
    """The city's channel, connected."""
    account = official(cast, service="youtube", name="磐田市公式チャンネル", url=f"https://www.youtube.com/channel/{CHANNEL}")
    link = replace(youtube_server.connected(tube), account=str(account.pk))
    account.connections.create(remote_id=CHANNEL, handle="@iwata-city", connected_by=cast.noda, **kept(link, service="youtube"))
    return account


@dataclass
class Desk:
    """Aoki writes, Baba approves."""

    cast: Cast
    author: Client
    folder: Path

    def approved(self, *accounts: Account, colour: str = "navy") -> Post:
        post = self.submitted(*accounts, colour=colour)
        approved(post, by=self.cast.baba)
        return post

    def submitted(self, *accounts: Account, colour: str = "navy") -> Post:
        held = uploaded_film(self.author, accounts[0], film(self.folder, colour=colour))
        given = typed(*accounts, **one_image(held), **titled(accounts[0]))
        assert self.author.post("/posts/write/", given).status_code == 302
        return the_post()


@pytest.fixture
def desk(cast: Cast, signed_in: Callable[[Person], Client], tmp_path: Path) -> Desk:
    return Desk(cast, signed_in(cast.aoki), tmp_path)


def titled(account: Account) -> dict[str, str]:
    return {f"target-{account.pk}-title": "避難所の開き方"}


def row_of(post: Post, account: Account) -> Delivery:
    return post.deliveries.get(account=account)


def test_a_film_goes_to_youtube_and_mastodon_as_it_was_approved(
    desk: Desk, channel: Account, tube: YouTubeServer, server: MastodonServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    sns = connected(desk.cast, server)
    post = desk.approved(channel, sns)

    def whole(_item: Media) -> bytes:
        raise AssertionError("held whole")

    with monkeypatch.context() as context:
        context.setattr(Media, "bytes", property(whole))
        rows = [run(row_of(post, account)) for account in (channel, sns)]
    assert [row.state for row in rows] == ["sent", "sent"], [row.reason for row in rows]
    data = store.path(Medium.objects.get().sha256).read_bytes()
    [video] = tube.public
    assert (video.content, video.snippet["title"]) == (data, "避難所の開き方")
    [media] = server.media.values()
    assert (media["bytes"], media["alt"]) == (data, "訓練で放水する消防団員")


@pytest.mark.clause("K-once")
def test_an_upload_that_broke_off_goes_on_where_it_was(
    desk: Desk, channel: Account, tube: YouTubeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "PIECE", 262_144)
    post = desk.approved(channel, colour="")
    tube.faults.extend(["", "503"])
    row = run(row_of(post, channel))
    assert row.state == "retry"
    assert tube.base not in row.stage
    row = run(sooner(row))
    assert row.state == "sent", row.reason
    assert len(tube.sessions) == len(tube.public) == 1
    assert len(tube.pieces) > 1
    assert max(tube.pieces.values()) == 1


def test_a_film_that_was_exchanged_is_not_approved_and_does_not_go_out(desk: Desk, channel: Account) -> None:
    post = desk.submitted(channel)
    medium = Medium.objects.get()
    assert f'"sha256":"{medium.sha256}"' in post.latest.canonical
    store.path(medium.sha256).write_bytes(film(desk.folder, colour="red"))
    with pytest.raises(Refused, match="画像や動画のファイル"):
        approved(post, by=desk.cast.baba)
    with pytest.raises(Altered):
        going_out(post.latest, channel)
    store.path(medium.sha256).unlink()


@pytest.mark.clause("K-limit")
def test_youtube_says_while_writing_that_it_wants_a_film(desk: Desk, channel: Account) -> None:
    answer = desk.author.post("/posts/write/", typed(channel, do="check", **titled(channel)))
    assert answer.status_code == 422
    assert "YouTubeでは、動画を1本付けてください" in answer.content.decode()


@pytest.mark.clause("K-handover")
def test_where_a_person_posts_the_film_is_saved_from_the_page(desk: Desk) -> None:
    by_hand = official(desk.cast, service="youtube", name="磐田市議会", url=f"https://www.youtube.com/channel/{CHANNEL}")
    post = desk.approved(by_hand)
    row = run(row_of(post, by_hand))
    desk.author.post(f"/deliveries/{row.pk}/take/")
    page = desk.author.get(f"/deliveries/{row.pk}/hand-over/").content.decode()
    assert "動画1を保存する" in page
    assert "<video " in page
    answer = desk.author.get(f"/deliveries/{row.pk}/media/1/")
    assert answer["Content-Disposition"] == f'attachment; filename="koshiki-{post.pk}-1.mp4"'
    assert b"".join(answer.streaming_content) == store.path(Medium.objects.get().sha256).read_bytes()  # type: ignore[attr-defined]


def test_citizens_see_the_films_picture_and_its_words_and_the_film_at_the_service(
    desk: Desk, channel: Account
) -> None:
    post = desk.approved(channel)
    medium = Medium.objects.get()
    assert Client().get(f"/official/media/{medium.poster}.jpg").status_code == 404, "not yet published"
    run(row_of(post, channel))
    page = Client().get("/official/feed/").content.decode()
    assert "動画：訓練で放水する消防団員" in page
    assert f"{medium.poster}-480.jpg" in page
    assert medium.sha256 not in page
    assert Client().get(f"/official/media/{medium.poster}-480.jpg").getvalue().startswith(b"\xff\xd8")
    for name in (f"{medium.sha256}.jpg", f"{medium.sha256}.mp4", f"{medium.sha256}-480.jpg"):
        assert Client().get(f"/official/media/{name}").status_code == 404
    assert [*pictures.names()] == [f"{medium.poster}.jpg", f"{medium.poster}-480.jpg"]
