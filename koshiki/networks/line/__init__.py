"""LINE: one message to all friends of an official account, by the Messaging API.

What was sent can be neither looked up, read, changed nor taken back by a program: what LINE's key does not tell
within a day, a person tells. There is no profile text in the interface either, so no profile is claimed to be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from koshiki.networks.base import (
    Arrived,
    Comment,
    Field,
    Forged,
    Identifies,
    Identity,
    KeyField,
    LastCheck,
    Link,
    Media,
    MediaRules,
    Outgoing,
    Published,
    Publishes,
    Receives,
    Refreshes,
    Rejected,
    Secret,
    Stage,
    TakesKey,
)
from koshiki.networks.line import connecting, incoming
from koshiki.networks.line.api import BUDGETS, Api

_KEY_SECONDS = 24 * 3600 - 600  # LINE keeps a key for 24 hours after the first try
_LONGEST_ADDRESS = 2000
_BALLOONS = 5


class Line(Publishes, Identifies, TakesKey, Refreshes, Receives):
    key: ClassVar[str] = "line"
    label: ClassVar[str] = "LINE"
    budgets = BUDGETS
    api: ClassVar[str] = "https://api.line.me"
    signature_header: ClassVar[str] = "X-Line-Signature"
    fetches_media: ClassVar[bool] = True
    keeps_fetching: ClassVar[bool] = True
    key_fields: ClassVar[tuple[KeyField, ...]] = (
        KeyField("channel_id", "チャネルID", secret=False, help="LINE Developersの「チャネル基本設定」にある数字。"),
        KeyField("channel_secret", "チャネルシークレット", help="同じページにある32字の英数字。"),
    )

    def __init__(self, link: Link | None = None) -> None:
        super().__init__(link)
        self._api = Api(self.api, self.link.secrets.get("access_token"))

    @property
    def skew(self) -> float | None:  # type: ignore[override]
        return self._api.skew

    @property
    def fields(self) -> tuple[Field, ...]:
        return (Field("text", "本文", "text", max=5000, help="友だち全員に届きます。送った後は、直せず、取り消せません。"),)

    @property
    def media_rules(self) -> MediaRules:
        """Pictures go to phones as they are, also as the preview, of which LINE takes 1 MB."""
        return MediaRules(_BALLOONS - 1, ("image/jpeg", "image/png"), 1_000_000, 40_000_000, 1000)

    def count(self, text: str) -> int:
        """In UTF-16 code units: an emoji is two, or more."""
        return len(text.encode("utf-16-le")) // 2

    def repeatable_for(self) -> int:
        return _KEY_SECONDS

    # ------------------------------------------------------------ connecting

    @classmethod
    def with_key(cls, given: Mapping[str, Secret], *, account: str, address: str) -> Link:
        return connecting.connected(cls.api, given, account=account, address=address)

    def refresh(self) -> Link:
        token, until = connecting.issued(Api(self.api), self.link.secrets)
        return replace(
            self.link,
            secrets={**self.link.secrets, "access_token": token},
            facts={**self.link.facts, "expires_at": until, **connecting.quota(Api(self.api, token))},
        )

    def identity(self) -> Identity:
        return connecting.identity_of(self._api.get("/v2/bot/info"), str(self.link.facts.get("url", "")))

    # ------------------------------------------------------------ publishing

    def publish(self, outgoing: Outgoing, stage: Stage, last_check: LastCheck) -> Published:
        """A message to friends has no address: its id is the number under which LINE accepted it."""
        messages = [{"type": "text", "text": outgoing.content["text"]}, *map(_balloon, outgoing.media)]
        return Published(self._api.broadcast(messages, outgoing.key, last_check), "")

    # ------------------------------------------------------------ what comes in

    def received(self, body: bytes, signature: str) -> list[Arrived]:
        secret = self.link.secrets.get("channel_secret")
        if secret is None or not incoming.signature_fits(body, signature, secret):
            raise Forged
        return incoming.arrived(body)

    def comments_in(self, texts: Iterable[str]) -> list[Comment]:
        return incoming.comments_in(texts)


def _balloon(picture: Media) -> dict[str, Any]:
    """One picture as LINE shows it. Raises Rejected where phones could not fetch it."""
    address = picture.public_url
    if not address.startswith("https://") or len(address) > _LONGEST_ADDRESS:
        raise Rejected("画像を公開する場所（https）がないので、LINEへは画像を送れません。")
    return {"type": "image", "originalContentUrl": address, "previewImageUrl": address}
