"""The city feed: one file per publication, never half there, never twice."""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from koshiki.networks import network
from koshiki.networks.base import CannotTell, Found, Link, LooksUp, Network, NotSent, Outgoing, Publishes
from koshiki.networks.city_feed import CityFeed, entries, entry, media_folder
from tests.networks.contract import Contract, Stopped, nothing


@pytest.fixture(autouse=True)
def feed(tmp_path: Path, settings: Any) -> Path:
    settings.KOSHIKI_FEED = tmp_path / "feed"
    settings.KOSHIKI_FEED.mkdir()
    settings.KOSHIKI_PUBLIC_URL = "https://www.city.example.jp/official/"
    return tmp_path / "feed"


def _stop() -> None:
    raise Stopped


class TestCityFeed(Contract):
    @pytest.fixture
    def opened(self) -> Network:
        return network("city_feed", Link(account="42"))

    @pytest.fixture
    def visible(self) -> Callable[[], int]:
        return lambda: len(list(entries()))

    def test_an_entry_names_account_time_content_and_pictures(
        self, opened: CityFeed, outgoing: Outgoing
    ) -> None:
        published = self.send(opened, outgoing)
        kept = entry(outgoing.key)
        assert kept.account == "42"
        assert kept.content == {"title": "", "text": outgoing.content["text"], "link": ""}
        assert [(m.alt, m.width, m.height) for m in kept.media] == [(m.alt, 64, 48) for m in outgoing.media]
        for item, sent in zip(kept.media, outgoing.media, strict=True):
            assert (media_folder() / item.name).read_bytes() == sent.bytes
        assert published.url.startswith("https://www.city.example.jp/official/feed/20")
        assert published.url.endswith(f".html#e-{outgoing.key}")

    def test_an_entry_that_stands_is_never_written_over(self, opened: CityFeed, outgoing: Outgoing) -> None:
        self.send(opened, outgoing)
        before = entry(outgoing.key)
        other = Outgoing({"text": "差し替え"}, (), outgoing.key, datetime.now(UTC))
        self.send(opened, other)
        assert entry(outgoing.key) == before

    def test_an_entry_that_is_taken_back_leaves_the_feed_and_stays_in_the_archive(
        self, opened: CityFeed, outgoing: Outgoing, feed: Path
    ) -> None:
        """§8(3), §4(7)"""
        self.send(opened, outgoing)
        for _ in range(2):  # deleting twice is deleting
            opened.delete(outgoing.key, nothing)
        assert opened.read(outgoing.key) is None
        assert list(entries()) == []
        assert [path.stem for path in (feed / "removed").iterdir()] == [outgoing.key]

    def test_what_may_not_be_deleted_stays(self, opened: CityFeed, outgoing: Outgoing) -> None:
        self.send(opened, outgoing)
        with pytest.raises(Stopped):
            opened.delete(outgoing.key, _stop)
        assert [kept.key for kept in entries()] == [outgoing.key]

    def test_many_at_once_with_one_key_are_one_entry(self, opened: CityFeed, outgoing: Outgoing) -> None:
        seen: list[str] = []
        threads = [
            threading.Thread(target=lambda: seen.append(self.send(opened, outgoing).remote_id))
            for _ in range(12)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert seen == [outgoing.key] * 12
        assert len(list(entries())) == 1

    def test_a_disk_that_refuses_leaves_nothing_and_may_be_tried_again(
        self, opened: CityFeed, outgoing: Outgoing, feed: Path
    ) -> None:
        (feed / "entries").write_text("a file where the folder should be")
        stage = opened.prepare(outgoing, {}, lambda _stage: None, nothing)
        with pytest.raises(NotSent, match="書き込めません"):
            opened.publish(outgoing, stage, nothing)
        (feed / "entries").unlink()
        opened.publish(outgoing, stage, nothing)
        assert [e.key for e in entries()] == [outgoing.key]

    def test_a_write_that_breaks_off_leaves_no_half_file(
        self, opened: CityFeed, outgoing: Outgoing, feed: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(_descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(NotSent, match="ディスクの空きがありません"):
            self.send(opened, outgoing)
        assert [path for path in feed.rglob("*") if path.is_file()] == []

    def test_a_missing_folder_is_no_proof_that_nothing_was_published(
        self, opened: CityFeed, outgoing: Outgoing, feed: Path
    ) -> None:
        feed.rmdir()
        assert isinstance(opened, LooksUp)
        assert isinstance(opened.look_up(outgoing, outgoing.created_at), CannotTell)

    def test_an_entry_that_cannot_be_read_is_no_proof_either(
        self, opened: CityFeed, outgoing: Outgoing, feed: Path
    ) -> None:
        self.send(opened, outgoing)
        assert isinstance(opened.look_up(outgoing, outgoing.created_at), Found)
        (feed / "entries" / f"{outgoing.key}.json").write_text("{")
        assert isinstance(opened.look_up(outgoing, outgoing.created_at), CannotTell)

    @pytest.mark.parametrize("key", ["../../etc/passwd", "", "x", "a" * 300])
    def test_a_key_is_never_a_path(self, opened: CityFeed, key: str) -> None:
        assert isinstance(opened, Publishes)
        outgoing = Outgoing({"text": "本文"}, (), key, datetime.now(UTC))
        with pytest.raises(ValueError, match="UUID"):
            opened.publish(outgoing, {"media": []}, nothing)


def test_it_needs_no_connection() -> None:
    feed = network("city_feed")
    assert not feed.needs_connection
    assert feed.settle_seconds == 0
    outgoing = Outgoing({"text": "本文"}, (), str(uuid.uuid4()), datetime.now(UTC))
    assert isinstance(feed, Publishes)
    assert feed.publish(outgoing, {"media": []}, nothing).remote_id == outgoing.key
