"""What every adapter must hold, whatever its service: derive from `Contract` and give it `opened` and `visible`.

`Contract` is for a service that takes pictures, shows what it has and can be searched; `TakesPictures` for one that
does not show; `Publishing` for one that takes no pictures either.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from koshiki.networks.base import (
    Found,
    LooksUp,
    Media,
    Network,
    NotFound,
    Outgoing,
    Publishes,
    Reads,
    Verb,
)

TEXT = "大雨のお知らせ（第2報）\n避難所を開設しました。\n\n・豊田体育館\n・葛󠄀西センター #磐田市"


def nothing() -> None:
    """A last check that lets it go."""


class Stopped(Exception):
    """What a last check raises that does not let it go."""


def two_pictures(folder: Path) -> tuple[Media, ...]:
    made = []
    for name, colour in (("one.jpg", "navy"), ("two.png", "green")):
        Image.new("RGB", (64, 48), colour).save(folder / name)
        mime = "image/jpeg" if name.endswith("jpg") else "image/png"
        made.append(Media(folder / name, mime, f"{colour}一色の図「例」", 64, 48))
    return tuple(made)


class Publishing:
    content: dict[str, str] = {"text": TEXT}
    """What is published: a value for every field that must be filled."""
    letter = "葛󠄀"
    """What is one letter as the service counts."""

    @pytest.fixture
    def opened(self) -> Network:
        raise NotImplementedError

    @pytest.fixture
    def visible(self) -> Callable[[], int]:
        """How many publications can be seen at the service."""
        raise NotImplementedError

    @pytest.fixture
    def media(self) -> tuple[Media, ...]:
        """What goes with it."""
        return ()

    @pytest.fixture
    def outgoing(self, media: tuple[Media, ...]) -> Outgoing:
        return Outgoing(self.content, media, str(uuid.uuid4()), datetime.now(UTC))

    def send(self, opened: Network, outgoing: Outgoing, last_check: Callable[[], None] = nothing) -> Any:
        assert isinstance(opened, Publishes)
        stage = opened.prepare(outgoing, {}, lambda _stage: None, last_check)
        return opened.publish(outgoing, stage, last_check)

    # ------------------------------------------------------------ what it declares

    def test_its_verbs_are_those_it_derives_from(self, opened: Network) -> None:
        assert (Verb.PUBLISH in opened.can) == isinstance(opened, Publishes)
        assert (Verb.LOOK_UP in opened.can) == isinstance(opened, LooksUp)
        assert (Verb.READ in opened.can) == isinstance(opened, Reads)
        for verb in Verb:
            assert (verb in opened.can) or not hasattr(opened, verb.value)

    def test_its_fields_have_keys_and_japanese_labels(self, opened: Network) -> None:
        keys = [field.key for field in opened.fields]
        assert keys
        assert len(set(keys)) == len(keys)
        assert all(re.search(r"[ぁ-んァ-ヶ一-龠]", field.label) for field in opened.fields)

    def test_limits_are_known_before_an_account_is_connected(self, opened: Network) -> None:
        unconnected = type(opened)()
        assert [field.key for field in unconnected.fields] == [field.key for field in opened.fields]
        assert unconnected.max_media > 0

    def test_canonical_content_is_the_same_however_it_was_typed(self, opened: Network) -> None:
        typed = opened.canonical({"text": "か\u3099っこう\r\n開庁"})
        assert typed == opened.canonical({"text": "がっこう\n開庁"})
        assert typed == opened.canonical(json.loads(typed))

    def test_a_field_that_was_not_declared_is_refused(self, opened: Network) -> None:
        with pytest.raises(KeyError):
            opened.canonical({"text": "本文", "secret": "x"})

    def test_an_empty_text_is_named_at_its_field(self, opened: Network, media: tuple[Media, ...]) -> None:
        assert [problem.field for problem in opened.problems({**self.content, "text": "  "}, media)] == ["text"]

    def test_a_text_is_too_long_from_one_character_over_the_limit(
        self, opened: Network, media: tuple[Media, ...]
    ) -> None:
        limit = {field.key: field.max for field in opened.fields}["text"]
        assert limit is not None
        assert opened.problems({**self.content, "text": self.letter * limit}, media) == []
        [problem] = opened.problems({**self.content, "text": self.letter * (limit + 1)}, media)
        assert problem.field == "text"
        assert str(limit) in problem.message

    # ------------------------------------------------------------ what it does

    def test_what_is_published_is_seen_once(
        self, opened: Network, outgoing: Outgoing, visible: Callable[[], int]
    ) -> None:
        assert self.send(opened, outgoing).remote_id
        assert visible() == 1

    def test_a_last_check_that_refuses_leaves_nothing_behind(
        self, opened: Network, outgoing: Outgoing, visible: Callable[[], int]
    ) -> None:
        assert isinstance(opened, Publishes)
        stage = opened.prepare(outgoing, {}, lambda _stage: None, nothing)

        def refuse() -> None:
            raise Stopped

        with pytest.raises(Stopped):
            opened.publish(outgoing, stage, refuse)
        assert visible() == 0

    def test_repeating_with_the_key_publishes_once_where_it_says_so(
        self, opened: Network, outgoing: Outgoing, visible: Callable[[], int]
    ) -> None:
        first = self.send(opened, outgoing)
        if opened.repeatable_for():
            assert self.send(opened, outgoing) == first
        assert visible() == 1


class TakesPictures(Publishing):
    @pytest.fixture
    def pictures(self, tmp_path: Path) -> tuple[Media, ...]:
        return two_pictures(tmp_path)

    @pytest.fixture
    def media(self, pictures: tuple[Media, ...]) -> tuple[Media, ...]:
        return pictures

    def test_pictures_beyond_its_rules_are_named(self, opened: Network, pictures: tuple[Media, ...]) -> None:
        rules = opened.media_rules
        assert opened.problems(self.content, pictures) == []
        for wrong, word in (
            (replace(pictures[0], alt=" "), "代替テキスト"),
            (replace(pictures[0], alt="長" * (rules.max_alt + 1)), "代替テキスト"),
            (replace(pictures[0], mime="image/tiff"), "形式"),
            (replace(pictures[0], width=100_000, height=100_000), "画素"),
        ):
            [problem] = opened.problems(self.content, [wrong])
            assert problem.field == "media"
            assert word in problem.message
        too_many = [pictures[0]] * (opened.max_media + 1)
        assert "枚まで" in opened.problems(self.content, too_many)[0].message


class Contract(TakesPictures):
    def test_what_is_published_is_seen_once_and_found_and_read_back(
        self, opened: Network, outgoing: Outgoing, visible: Callable[[], int]
    ) -> None:
        published = self.send(opened, outgoing)
        assert visible() == 1
        assert published.remote_id
        assert published.url.startswith("http")
        assert isinstance(opened, LooksUp)
        assert isinstance(opened, Reads)
        found = opened.look_up(outgoing, outgoing.created_at)
        assert isinstance(found, Found)
        assert (found.remote_id, found.url) == (published.remote_id, published.url)
        shown = opened.read(published.remote_id)
        assert shown is not None
        assert shown.text == opened.shown_text(outgoing.content)
        assert TEXT in shown.text
        assert shown.alts == tuple(media.alt for media in outgoing.media)
        assert shown.media_count == 2
        assert shown.url == published.url
        assert shown.at is not None

    def test_what_was_not_published_is_not_found(self, opened: Network, outgoing: Outgoing) -> None:
        assert isinstance(opened, LooksUp)
        self.send(opened, replace(outgoing, content={**self.content, "text": "これは別の投稿です。"}, key=str(uuid.uuid4())))
        assert isinstance(opened.look_up(outgoing, outgoing.created_at), NotFound)

    def test_what_is_not_there_reads_as_gone(self, opened: Network, outgoing: Outgoing) -> None:
        assert isinstance(opened, Reads)
        assert opened.read(outgoing.key) is None

    def test_preparing_goes_on_where_it_was_stopped(
        self, opened: Network, outgoing: Outgoing, visible: Callable[[], int]
    ) -> None:
        """Killed between two pictures (K8): the first is not uploaded again, and nothing is seen meanwhile."""
        assert isinstance(opened, Publishes)
        saved: list[dict[str, Any]] = []

        def stop_at_second() -> None:
            if saved:
                raise Stopped

        with pytest.raises(Stopped):
            opened.prepare(outgoing, {}, saved.append, stop_at_second)
        assert visible() == 0
        first = saved[-1]["media"]
        stage = opened.prepare(outgoing, json.loads(json.dumps(saved[-1])), saved.append, nothing)
        assert stage["media"][: len(first)] == first
        assert len(stage["media"]) == 2
        opened.publish(outgoing, stage, nothing)
        assert visible() == 1
