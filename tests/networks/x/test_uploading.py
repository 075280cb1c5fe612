"""Pictures and films on X: uploaded and described beforehand, resumed after a kill, never kept too long."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from koshiki.networks.base import Media, NotSent, Outgoing, Rejected, TokenDead
from koshiki.networks.x import X, uploading
from tests.networks.contract import Stopped, nothing
from tests.networks.x_server import XServer


@pytest.fixture
def pictured(plain: Outgoing, tmp_path: Path) -> Outgoing:
    made = []
    for name in ("a", "b", "c", "d"):
        Image.new("RGB", (8, 8)).save(tmp_path / f"{name}.png")
        made.append(Media(tmp_path / f"{name}.png", "image/png", f"図{name}", 8, 8))
    return replace(plain, media=tuple(made))


@pytest.fixture
def film(plain: Outgoing, tmp_path: Path) -> Outgoing:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"\x00\x00\x00\x18ftypmp42" + b"0123456789" * 900_000)
    return replace(plain, media=(Media(path, "video/mp4", "避難の手順の動画", 1280, 720, 30),))


def prepared(opened: X, outgoing: Outgoing, stage: dict[str, Any] | None = None) -> dict[str, Any]:
    return dict(opened.prepare(outgoing, stage or {}, lambda _stage: None, nothing))


def test_four_pictures_with_their_words_stand_in_their_order(
    server: XServer, opened: X, pictured: Outgoing
) -> None:
    sent = opened.publish(pictured, prepared(opened, pictured), nothing)
    shown = opened.read(sent.remote_id)
    assert shown is not None
    assert shown.alts == ("図a", "図b", "図c", "図d")
    assert shown.text == pictured.content["text"], "without the links that stand for pictures"
    assert [picture.bytes for picture in server.pictures.values()] == [media.bytes for media in pictured.media]


@pytest.mark.parametrize("stop", range(8))
def test_wherever_it_is_killed_nothing_is_uploaded_twice(
    server: XServer, opened: X, pictured: Outgoing, stop: int
) -> None:
    saved: list[dict[str, Any]] = [{}]
    checks: list[int] = []

    def killed() -> None:
        checks.append(1)
        if len(checks) > stop:
            raise Stopped

    with pytest.raises(Stopped):
        opened.prepare(pictured, {}, saved.append, killed)
    stage = prepared(opened, pictured, saved[-1])
    assert list(stage["media"]) == list(server.pictures)
    assert len(server.pictures) == 4
    assert [picture.alt for picture in server.pictures.values()] == ["図a", "図b", "図c", "図d"]


def test_what_x_has_thrown_away_by_now_is_uploaded_again(
    server: XServer, opened: X, pictured: Outgoing, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = prepared(opened, pictured)
    assert prepared(opened, pictured, stage) == stage
    later = time.time() + 21 * 3600
    monkeypatch.setattr("koshiki.networks.x.uploading.time.time", lambda: later)
    assert not set(prepared(opened, pictured, stage)["media"]) & set(stage["media"])


@pytest.mark.parametrize(("fault", "outcome"), [
    ("500", NotSent), ("503", NotSent), ("429", NotSent), ("402", NotSent), ("swallow", NotSent), ("cut", NotSent),
    ("html", NotSent), ("huge", NotSent), ("400", Rejected), ("403", Rejected), ("401", TokenDead),
])  # fmt: skip
def test_an_upload_that_failed_is_harmless(
    server: XServer, opened: X, pictured: Outgoing, fault: str, outcome: type[Exception]
) -> None:
    for call in ("upload", "describe"):
        server.faulty = {call: fault}
        with pytest.raises(outcome):
            prepared(opened, pictured)
    assert server.posts == []


@pytest.mark.parametrize("answer", [{}, {"data": {}}, {"data": {"id": "../x"}}, {"data": {"id": 5}}])
def test_a_picture_without_a_number_is_none(server: XServer, opened: X, pictured: Outgoing, answer: Any) -> None:
    server.instead["upload"] = answer
    with pytest.raises(NotSent):
        prepared(opened, pictured)


class TestFilms:
    @pytest.fixture(autouse=True)
    def quick(self, monkeypatch: pytest.MonkeyPatch) -> list[float]:
        """The waits, not waited for."""
        waited: list[float] = []
        monkeypatch.setattr("koshiki.networks.x.uploading.time.sleep", waited.append)
        return waited

    def test_a_film_goes_in_parts_and_is_waited_for(
        self, server: XServer, opened: X, film: Outgoing, quick: list[float]
    ) -> None:
        server.processing = 3
        stage = prepared(opened, film)
        [uploaded] = server.pictures.values()
        assert uploaded.bytes == film.media[0].bytes
        assert uploaded.mime == "video/mp4"
        assert uploaded.alt == "避難の手順の動画"
        assert server.calls.count("upload_part") == 3
        assert len(quick) == 3
        assert opened.publish(film, stage, nothing).remote_id

    def test_before_every_part_it_is_asked_whether_it_may_go_on(self, server: XServer, opened: X, film: Outgoing) -> None:
        asked: list[int] = []
        opened.prepare(film, {}, lambda _stage: None, lambda: asked.append(len(server.calls)))
        assert asked == list(range(6)), "begin, three parts, end, words"

    def test_a_film_that_x_cannot_use_is_refused(self, server: XServer, opened: X, film: Outgoing) -> None:
        server.breaks_films = True
        with pytest.raises(Rejected, match="動画"):
            prepared(opened, film)

    def test_a_film_that_is_never_ready_is_not_waited_for_without_end(
        self, server: XServer, opened: X, film: Outgoing, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(uploading, "_PROCESSING_TRIES", 5)
        server.processing = 10**6
        with pytest.raises(NotSent, match="終わりません"):
            prepared(opened, film)
        assert server.calls.count("upload_state") == 5

    def test_a_film_stands_alone_and_is_no_longer_than_x_takes(self, opened: X, film: Outgoing, pictured: Outgoing) -> None:
        text = {"text": "動画です。"}
        assert opened.problems(text, film.media) == []
        assert "1本だけ" in opened.problems(text, [*film.media, *pictured.media[:1]])[0].message
        assert "2分20秒" in opened.problems(text, [replace(film.media[0], seconds=141)])[0].message
