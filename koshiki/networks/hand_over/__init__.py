"""手渡し — services that koshiki can't publish to: a person posts on the service's own pages.

services.py what holds for each, as data → posting.py the address that comes back → page.py what stands there now.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar
from urllib.parse import quote

from koshiki.networks.base import (
    CannotTell,
    Compose,
    Content,
    Field,
    HandsOver,
    Media,
    MediaRules,
    Posted,
    Problem,
    Shown,
)
from koshiki.networks.hand_over import page, posting

TEXT = "{text}"


class HandOver(HandsOver):
    """One service by its data: derive, and fill in what is known of it."""

    needs_connection: ClassVar[bool] = False
    declared: ClassVar[tuple[Field, ...]]
    media: ClassVar[MediaRules]
    media_needed: ClassVar[bool] = False
    composing: ClassVar[tuple[str, str]] = ("アカウントのページ", "{account}")
    """The compose page's name and address; `{account}`: the account's address, `{text}`: the text goes along."""
    forms: ClassVar[posting.Forms]
    readable: ClassVar[bool] = False
    """Whether a post's page shows its text to everybody without a script, so that its absence means something."""

    @property
    def fields(self) -> tuple[Field, ...]:
        return self.declared

    @property
    def media_rules(self) -> MediaRules:
        return self.media

    def problems(self, content: Content, media: Sequence[Media]) -> list[Problem]:
        found = super().problems(content, media)
        if self.media_needed and not media:
            found.append(Problem("media", f"{self.label}には、画像のない投稿はできません。"))
        return found

    def compose(self, account_url: str, content: Content) -> Compose | None:
        label, address = self.composing
        if "{account}" in address and not account_url:
            return None
        filled = address.replace("{account}", account_url.rstrip("/")).replace(TEXT, quote(content.get("text", ""), safe=""))
        return Compose(label, filled, TEXT in address)

    def posted_at(self, address: str, account_url: str) -> Posted:
        return posting.posted_at(address, account_url, self.forms, self.label)

    def seen_at(self, url: str, content: Content) -> Shown | CannotTell | None:
        words = [content[declared.key] for declared in self.fields if content.get(declared.key)]
        return page.compared(url, words, self.shown_text(content), readable=self.readable, label=self.label)
