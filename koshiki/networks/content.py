"""What goes to a service: fields that its adapter declares, pictures, and what is wrong with them."""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from koshiki.clock import spoken
from koshiki.text import graphemes

Content = Mapping[str, str]
"""The content for one target: the values of the adapter's `fields` by their keys."""


@dataclass(frozen=True)
class Field:
    """One field of a service's content; `max` in the service's own counting, of `unit`, None for no limit."""

    key: str
    label: str
    kind: Literal["text", "line", "choice"] = "text"
    max: int | None = None
    required: bool = True
    help: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    unit: str = "字"


@dataclass(frozen=True)
class KeyField:
    """One thing that a person pastes to connect; what is `secret` is never shown again."""

    key: str
    label: str
    secret: bool = True
    help: str = ""


@dataclass(frozen=True)
class VideoRules:
    """What a service takes of films; always one alone, without pictures beside it. None: of any length, of any size."""

    mimes: tuple[str, ...]
    max_bytes: int
    max_seconds: int | None = None
    max_pixels: int | None = None


@dataclass(frozen=True)
class MediaRules:
    """What a service takes: posts/ makes renditions that obey it.

    `ratios`: the narrowest and the widest width : height; None for any. Without `mimes` no pictures, without `video` no films.
    """

    max_count: int
    mimes: tuple[str, ...]
    max_bytes: int
    max_pixels: int
    max_alt: int
    ratios: tuple[float, float] | None = None
    video: VideoRules | None = None


@dataclass(frozen=True)
class Media:
    """One picture or film as it will go out. The bytes at `path` are those that were approved.

    `public_url`: where a service that fetches media itself finds them; empty elsewhere.
    """

    path: Path
    mime: str
    alt: str
    width: int = 0
    height: int = 0
    seconds: float = 0
    public_url: str = ""

    @property
    def is_video(self) -> bool:
        return self.mime.startswith("video/")

    @property
    def bytes(self) -> bytes:
        return self.path.read_bytes()

    @property
    def size(self) -> int:
        return self.path.stat().st_size


@dataclass(frozen=True)
class Problem:
    """Why a content can't be published as it stands: field key (or "media"), words for its author."""

    field: str
    message: str


def normal(value: str) -> str:
    """A value as it is kept: NFC, every line end one `\\n`."""
    return unicodedata.normalize("NFC", value.replace("\r\n", "\n").replace("\r", "\n"))


def canonical(content: Content, keys: Sequence[str]) -> str:
    """The content as canonical JSON: every declared key, sorted, normal values. Raises KeyError for others."""
    if unknown := content.keys() - set(keys):
        raise KeyError(f"not declared: {sorted(unknown)}")
    kept = {key: normal(content.get(key, "")) for key in keys}
    return json.dumps(kept, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def field_problem(declared: Field, value: str, length: int, service: str) -> str:
    """What is wrong with a field's value, in words for its author; empty if nothing."""
    if declared.required and not value.strip():
        return f"「{declared.label}」を入力してください。"
    if declared.kind == "line" and "\n" in value:
        return f"「{declared.label}」は1行で入力してください。"
    if declared.kind == "choice" and value and value not in dict(declared.choices):
        return f"「{declared.label}」を選び直してください。"
    if declared.max is not None and length > declared.max:
        limit, now = f"{declared.max}{declared.unit}", f"{length}{declared.unit}"
        return f"「{declared.label}」は{service}の数え方で{limit}までです（いま{now}）。"
    return ""


def media_problems(media: Sequence[Media], rules: MediaRules, service: str) -> list[str]:
    """What is wrong with the pictures and films, each named by its place, in words for their author."""
    found = [*_together(media, rules, service)]
    for place, item in enumerate(media, start=1):
        found += [f"{'動画' if item.is_video else '画像'}{place}：{message}" for message in _breaks(item, rules)]
    return found


def _together(media: Sequence[Media], rules: MediaRules, service: str) -> Iterator[str]:
    """What is wrong with their kinds and their number."""
    films = sum(item.is_video for item in media)
    if films and rules.video is None:
        yield f"{service}へは、koshiki から動画を発信できません。"
    elif films and len(media) > 1:
        yield f"{service}では、動画は1本だけで発信します。画像と一緒にはできません。"
    elif not films and media and not rules.mimes:
        yield f"{service}へは、画像を発信できません。動画を1本付けてください。"
    elif not films and len(media) > rules.max_count:
        yield f"{service}に付けられる画像は{rules.max_count}枚までです（いま{len(media)}枚）。"


def _breaks(item: Media, rules: MediaRules) -> list[str]:
    found = [*(_film_breaks(item, rules.video) if item.is_video else _picture_breaks(item, rules))]
    if not item.alt.strip():
        found.append("代替テキストを入力してください。")
    elif graphemes(item.alt) > rules.max_alt:
        found.append(f"代替テキストは{rules.max_alt}字までです。")
    return found


def _picture_breaks(item: Media, rules: MediaRules) -> Iterator[str]:
    if not rules.mimes:
        return
    if item.mime not in rules.mimes:
        yield f"この形式（{item.mime}）は使えません。"
    if item.size > rules.max_bytes:
        yield f"{rules.max_bytes // 1_000_000}MBまでです。"
    if item.width * item.height > rules.max_pixels:
        yield f"{rules.max_pixels // 10_000}万画素までです。"
    if rules.ratios and item.height and not rules.ratios[0] <= item.width / item.height <= rules.ratios[1]:
        yield "縦と横の比が、このサービスの受け付ける範囲にありません。"


def _film_breaks(item: Media, rules: VideoRules | None) -> Iterator[str]:
    if rules is None:
        return
    if item.mime not in rules.mimes:
        yield f"この形式（{item.mime}）は使えません。"
    if item.size > rules.max_bytes:
        yield f"{rules.max_bytes // 1_000_000:,}MBまでです（いま{item.size / 1_000_000:,.0f}MB）。"
    if rules.max_pixels is not None and item.width * item.height > rules.max_pixels:
        yield f"画面は{rules.max_pixels // 10_000}万画素までです（いま{item.width}×{item.height}）。"
    if rules.max_seconds is not None and item.seconds > rules.max_seconds:
        yield f"{spoken(rules.max_seconds)}までです（いま{spoken(math.ceil(item.seconds))}）。"
