"""What a service must be able to do for koshiki.

An adapter is a class derived from the verbs that its service offers (`Publishes`, `LooksUp`, …): what a
service cannot do is neither in its class nor in its `can`. Fields, limits and peculiarities are data, so
that forms, counts, previews and differences are drawn from them and no other room asks which service it is.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from koshiki.networks.content import (
    Content,
    Field,
    Media,
    MediaRules,
    Problem,
    canonical,
    field_problem,
    media_problems,
    normal,
)
from koshiki.networks.credentials import Secret
from koshiki.networks.outcomes import (
    Beginning,
    CannotTell,
    Compose,
    Found,
    Gone,
    Identity,
    Link,
    LookUp,
    NotFound,
    NotSent,
    Outcome,
    OutcomeUnknown,
    Outgoing,
    Posted,
    Profile,
    ProfileField,
    Published,
    Rejected,
    Shown,
    TokenDead,
)
from koshiki.text import graphemes

__all__ = [
    "Beginning",
    "CannotTell",
    "Compose",
    "Connects",
    "Content",
    "Field",
    "Found",
    "Gone",
    "HandsOver",
    "Identifies",
    "Identity",
    "LastCheck",
    "Link",
    "LookUp",
    "LooksUp",
    "Media",
    "MediaRules",
    "Network",
    "NotFound",
    "NotSent",
    "Outcome",
    "OutcomeUnknown",
    "Outgoing",
    "Posted",
    "Problem",
    "Profile",
    "ProfileField",
    "Published",
    "Publishes",
    "Reads",
    "Rejected",
    "SaveStage",
    "Secret",
    "Shown",
    "ShowsProfile",
    "Stage",
    "TokenDead",
    "Verb",
]

Stage = Mapping[str, Any]
"""What of a delivery was already done at the service (ids of media so far), plain JSON."""

SaveStage = Callable[[dict[str, Any]], None]

LastCheck = Callable[[], None]
"""Run on the open connection directly before the first byte: what it raises passes through, unsent."""


class Verb(StrEnum):
    """What an adapter may be able to do."""

    CONNECT = "connect"
    PUBLISH = "publish"
    LOOK_UP = "look_up"
    READ = "read"
    PROFILE = "profile"
    IDENTITY = "identity"
    HAND_OVER = "posted_at"


class Network(ABC):
    """What holds for every service. Made with a `Link`, or, for drafts before connecting, without one."""

    key: ClassVar[str]
    label: ClassVar[str]
    needs_connection: ClassVar[bool] = True
    lives_here: ClassVar[bool] = False
    """Whether its accounts live on the city's own pages, so that no profile is shown elsewhere."""
    settle_seconds: ClassVar[int] = 150
    """Longer than the longest time a publication is known to stay unseen in the service's own lists."""

    skew: float | None = None
    """Seconds by which the service's `Date` was ahead of this clock in the last answer; None before one."""

    def __init__(self, link: Link | None = None) -> None:
        self.link = link or Link(account="")

    @classmethod
    def verbs(cls) -> frozenset[Verb]:
        """The verbs this class offers, read from what it derives from, so that they can't differ."""
        return frozenset(verb for verb, kind in _KINDS.items() if issubclass(cls, kind))

    @property
    def can(self) -> frozenset[Verb]:
        return self.verbs()

    @property
    @abstractmethod
    def fields(self) -> tuple[Field, ...]:
        """The fields of this service's content, with the limits of this server."""

    @property
    @abstractmethod
    def media_rules(self) -> MediaRules: ...

    @property
    def max_media(self) -> int:
        return self.media_rules.max_count

    def count(self, text: str) -> int:
        """The length of a text as this service counts it; graphemes unless the adapter knows better."""
        return graphemes(text)

    def shown_text(self, content: Content) -> str:
        """The content as one text, as a reader of the service will see it."""
        return "\n".join(content[f.key] for f in self.fields if content.get(f.key))

    def repeatable_for(self) -> int:
        """For how many seconds `publish` may be repeated with its key without publishing twice; 0: never."""
        return 0

    def remote_id_in(self, address: str) -> str:
        """The remote id out of a publication's address, as `read` takes it; empty where it doesn't tell."""
        return ""

    def canonical(self, content: Content) -> str:
        """The content as canonical JSON, to be kept and hashed. Raises KeyError for a key not declared."""
        return canonical(content, [declared.key for declared in self.fields])

    def problems(self, content: Content, media: Sequence[Media]) -> list[Problem]:
        """Everything for which this service would refuse the content, for its author to mend."""
        found = []
        for declared in self.fields:
            value = normal(content.get(declared.key, ""))
            if message := field_problem(declared, value, self.count(value), self.label):
                found.append(Problem(declared.key, message))
        return found + [Problem("media", m) for m in media_problems(media, self.media_rules, self.label)]


class Publishes(Network):
    """Publishes a content: media first, invisibly, then the one call that makes it seen."""

    def prepare(
        self, outgoing: Outgoing, stage: Stage, save_stage: SaveStage, last_check: LastCheck
    ) -> Stage:
        """Does what comes before publishing and is not seen (upload of media), going on from `stage`.

        Every step done is saved through `save_stage` before the next begins, so that a kill loses none.
        Returns the stage to publish with. Raises NotSent, Rejected, TokenDead: nothing of it can be seen yet.
        """
        return stage

    @abstractmethod
    def publish(self, outgoing: Outgoing, stage: Stage, last_check: LastCheck) -> Published:
        """The one call that makes it seen. Raises NotSent, Rejected, TokenDead, OutcomeUnknown."""


class LooksUp(Network):
    @abstractmethod
    def look_up(self, outgoing: Outgoing, since: datetime, taken: Collection[str] = ()) -> LookUp:
        """Whether this was published at or after `since` (the intent's time). Raises none of the outcomes.

        `taken`: remote ids bound to other deliveries, since two equal texts never claim one publication.
        """


class Reads(Network):
    @abstractmethod
    def read(self, remote_id: str) -> Shown | None:
        """The publication as it is shown now; None if it is gone. Raises NotSent (try later), TokenDead."""


class Identifies(Network):
    @abstractmethod
    def identity(self) -> Identity:
        """Whose account this connection opens. Raises NotSent, Rejected, TokenDead."""


class ShowsProfile(Network):
    @abstractmethod
    def profile(self) -> Profile:
        """The account's profile as the service shows it. Raises NotSent, Rejected, TokenDead."""


class Connects(Network):
    """Connecting an account. All three raise NotSent, Rejected or TokenDead, with words for the person."""

    @classmethod
    @abstractmethod
    def begin(cls, server: str, redirect_uri: str) -> Beginning:
        """Registers koshiki at the server and gives the address at which the person allows it."""

    @classmethod
    @abstractmethod
    def finish(cls, pending: Mapping[str, Secret], code: str, *, account: str) -> Link:
        """Exchanges the code that came back. The caller has compared the state, and compares the identity."""

    @classmethod
    @abstractmethod
    def with_token(cls, server: str, token: Secret, *, account: str) -> Link:
        """Connects with a token that a person pasted."""


class HandsOver(Network):
    """手渡し — a person posts; koshiki says where, reads the address that comes back, and looks what is there."""

    gives_addresses: ClassVar[bool] = True
    """Whether every post has an address; where not, a person tells how they saw that it is out."""
    hint: ClassVar[str] = ""
    """What the person who posts must know of this service."""

    @abstractmethod
    def compose(self, account_url: str, content: Content) -> Compose | None:
        """The service's own page for writing a post of this account, if it has an address."""

    @abstractmethod
    def posted_at(self, address: str, account_url: str) -> Posted:
        """The post of this account at this address. Raises Rejected, saying why it is none."""

    @abstractmethod
    def seen_at(self, url: str, content: Content) -> Shown | CannotTell | None:
        """What stands there now, against what was approved; None if it is gone. Raises NotSent (try later)."""


_KINDS: dict[Verb, type] = {
    Verb.CONNECT: Connects,
    Verb.PUBLISH: Publishes,
    Verb.LOOK_UP: LooksUp,
    Verb.READ: Reads,
    Verb.PROFILE: ShowsProfile,
    Verb.IDENTITY: Identifies,
    Verb.HAND_OVER: HandsOver,
}
