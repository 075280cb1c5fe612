"""What goes to a service: fields that its adapter declares, pictures, and what is wrong with them."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from koshiki.text import graphemes

Content = Mapping[str, str]
"""The content for one target: the values of the adapter's `fields` by their keys."""


@dataclass(frozen=True)
class Field:
    """One field of a service's content; `max` in the service's own counting, None for no limit."""

    key: str
    label: str
    kind: Literal["text", "line", "choice"] = "text"
    max: int | None = None
    required: bool = True
    help: str = ""
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class MediaRules:
    """What a service takes: posts/ makes renditions that obey it."""

    max_count: int
    mimes: tuple[str, ...]
    max_bytes: int
    max_pixels: int
    max_alt: int


@dataclass(frozen=True)
class Media:
    """One picture as it will go out. The bytes at `path` are those that were approved."""

    path: Path
    mime: str
    alt: str
    width: int = 0
    height: int = 0

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
        return f"「{declared.label}」は{service}の数え方で{declared.max}字までです（いま{length}字）。"
    return ""


def media_problems(media: Sequence[Media], rules: MediaRules, service: str) -> list[str]:
    """What is wrong with the pictures, each named by its place, in words for their author."""
    found = []
    if len(media) > rules.max_count:
        found.append(f"{service}に付けられる画像は{rules.max_count}枚までです（いま{len(media)}枚）。")
    for place, item in enumerate(media, start=1):
        found += [f"画像{place}：{message}" for message in _breaks(item, rules)]
    return found


def _breaks(item: Media, rules: MediaRules) -> list[str]:
    found = []
    if item.mime not in rules.mimes:
        found.append(f"この形式（{item.mime}）は使えません。")
    if item.size > rules.max_bytes:
        found.append(f"{rules.max_bytes // 1_000_000}MBまでです。")
    if item.width * item.height > rules.max_pixels:
        found.append(f"{rules.max_pixels // 10_000}万画素までです。")
    if not item.alt.strip():
        found.append("代替テキストを入力してください。")
    elif graphemes(item.alt) > rules.max_alt:
        found.append(f"代替テキストは{rules.max_alt}字までです。")
    return found
