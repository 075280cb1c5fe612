"""What comes back from a service, and the few ways in which a call to it can fail."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from koshiki.networks.content import Content, Media
from koshiki.networks.credentials import Secret


@dataclass(frozen=True)
class Link:
    """A connection, opened: the account it belongs to, its server, its unsealed secrets, what is known of it.

    `account` is the id that is bound into the sealing; `facts` is kept in the clear with the connection
    (limits, the server's software, the remote account's id). `app` is what IT registered at the service for all
    accounts; it is kept apart, and never with the connection.
    """

    account: str
    server: str = ""
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    app: Mapping[str, Secret] = field(default_factory=dict)


@dataclass(frozen=True)
class Outgoing:
    """One delivery's content, bound to its key (UUID), which is the same over all tries.

    `after`: the post of the thread before this one, `root` its first; empty for what stands alone.
    `stage`: what of it was already done at the service, where that is known; a look-up goes by it.
    """

    content: Content
    media: tuple[Media, ...]
    key: str
    created_at: datetime
    after: str = ""
    root: str = ""
    stage: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Published:
    """It is there. `at` is when, where its page is told by that; else the moment of the answer counts."""

    remote_id: str
    url: str
    at: datetime | None = None


@dataclass(frozen=True)
class Found:
    """The look-up saw it. `at` is the service's own time of it, if it tells."""

    remote_id: str
    url: str
    at: datetime | None = None


@dataclass(frozen=True)
class NotFound:
    """The look-up saw everything since the given time, and it was not there."""


@dataclass(frozen=True)
class CannotTell:
    """The look-up could not see enough to say; `token_dead` where that is because of the credentials."""

    reason: str
    token_dead: bool = False


LookUp = Found | NotFound | CannotTell


@dataclass(frozen=True)
class Shown:
    """A publication as the service shows it now (§4(7), read-back); `media_count` None where that can't be told."""

    text: str
    media_count: int | None
    alts: tuple[str, ...]
    url: str
    at: datetime | None


@dataclass(frozen=True)
class Seen:
    """One entry of an account's own timeline; `shared_from` is the address of what it only passes on."""

    remote_id: str
    url: str
    at: datetime
    text: str
    shared_from: str = ""
    edited_at: datetime | None = None


@dataclass(frozen=True)
class Comment:
    """コメント — what somebody wrote under the account's publications, as the service tells it.

    `on` is the remote id of our publication, `answers` of the comment it answers; both empty where it doesn't tell.
    """

    remote_id: str
    on: str
    answers: str
    writer_id: str
    writer: str
    text: str
    url: str
    at: datetime
    edited_at: datetime | None = None
    hidden: bool = False


@dataclass(frozen=True)
class Arrived:
    """One thing that a service sent by itself: its own number of it, the same however often it is sent, and what is kept."""

    number: str
    text: str
    at: datetime


@dataclass(frozen=True)
class Candidate:
    """An account that a search found, as the service shows it."""

    remote_account_id: str
    handle: str
    name: str
    url: str
    text: str = ""
    image_url: str = ""


@dataclass(frozen=True)
class Posted:
    """What a person posted: its id and its plain address. `told` where the address itself tells whose it is."""

    remote_id: str
    url: str
    told: bool


@dataclass(frozen=True)
class Compose:
    """作成画面 — where a person writes a post on the service; `filled` where the text goes along."""

    label: str
    url: str
    filled: bool = False


@dataclass(frozen=True)
class Identity:
    """Whose account a connection opens, in the service's own words."""

    remote_account_id: str
    handle: str
    url: str


@dataclass(frozen=True)
class ProfileField:
    name: str
    value: str
    verified: bool = False


@dataclass(frozen=True)
class Profile:
    """プロフィール欄 — as the service shows it (§6(3)ウ); `links` are the addresses it leads to."""

    handle: str
    name: str
    text: str
    fields: tuple[ProfileField, ...] = ()
    links: tuple[str, ...] = ()
    image_url: str = ""
    verified: bool | None = None

    def holds(self, address: str) -> bool:
        """Whether the address stands in the profile in full, not shortened (§6(3)ウ, §8(2)ア)."""
        wanted = _bare(address)
        shown = [self.text, *(value.value for value in self.fields)]
        return wanted in map(_bare, self.links) or any(_stands_in(wanted, text) for text in shown)


@dataclass(frozen=True)
class Beginning:
    """The first half of connecting: where the person goes, and what must come back with them.

    `pending` holds secrets: seal it, bind it to the session, use it once, within ten minutes.
    """

    authorize_url: str
    state: str
    pending: Mapping[str, Secret]


class Outcome(Exception):
    """How a call ended when it did not succeed; `reason` is Japanese, for staff, and holds no secret."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotSent(Outcome):
    """Known not to be published: may be tried again, after `retry_after` seconds if given."""

    def __init__(self, reason: str, retry_after: int | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Rejected(Outcome):
    """Known not to be published, and trying the same again is useless."""


class Gone(Rejected):
    """The service says that what was asked for is not there."""


class TokenDead(Outcome):
    """Known not to be published: the service refuses these credentials; reconnect the account."""


class OutcomeUnknown(Outcome):
    """It may have been published. Never to be blindly repeated (delivery, point 6)."""


class Forged(Exception):
    """What came in is not signed by who it says it is from."""


def _bare(address: str) -> str:
    """An address without what people leave out when they write it: https:// and the last slash."""
    return re.sub(r"^https?://", "", address.strip()).rstrip("/")


def _stands_in(wanted: str, text: str) -> bool:
    """Whole: neither the tail of a longer host nor the head of a longer path."""
    return bool(wanted) and bool(re.search(rf"(?<![\w.@-]){re.escape(wanted)}/?(?![\w./?#&=-])", text))
