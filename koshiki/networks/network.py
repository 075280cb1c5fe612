"""What holds for every service: its fields, limits and peculiarities, as data that no other room asks about."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

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
from koshiki.networks.outcomes import Link
from koshiki.text import graphemes

if TYPE_CHECKING:
    from koshiki.networks.budgets import Budget


class Verb(StrEnum):
    """What an adapter may be able to do; the value names the method that only such an adapter has."""

    SIGN_IN = "begin"
    KEY = "with_key"
    REFRESH = "refresh"
    PUBLISH = "publish"
    THREAD = "segments"
    LOOK_UP = "look_up"
    READ = "read"
    EDIT = "edit"
    DELETE = "delete"
    TIMELINE = "timeline"
    COMMENTS = "comments"
    RECEIVE = "received"
    HIDE = "hide"
    REMOVE = "remove"
    REPLY = "reply"
    PROFILE = "profile"
    IDENTITY = "identity"
    SEARCH = "search"
    HAND_OVER = "posted_at"


MENDING = frozenset({Verb.THREAD, Verb.EDIT, Verb.DELETE})


class Network(ABC):
    """What holds for every service. Made with a `Link`, or, for drafts before connecting, without one."""

    key: ClassVar[str]
    label: ClassVar[str]
    needs_connection: ClassVar[bool] = True
    lives_here: ClassVar[bool] = False
    """Whether its accounts live on the city's own pages, so that no profile is shown elsewhere."""
    fetches_media: ClassVar[bool] = False
    """Whether the service fetches pictures and films itself, from `Media.public_url`, instead of taking them."""
    keeps_fetching: ClassVar[bool] = False
    """Whether its readers fetch them from there later too, so that they stay."""
    well_known: ClassVar[str] = ""
    """The file below `/.well-known/` in which a host names the account that bears its name, where the service asks for one."""
    profile_limit: ClassVar[int] = 0
    """How many characters a profile's own text takes; 0 where there is no limit, or none is known."""
    settle_seconds: ClassVar[int] = 150
    """Longer than the longest time a publication is known to stay unseen in the service's own lists."""
    budgets: ClassVar[tuple[Budget, ...]] = ()
    """How much the service lets itself be asked, where it says so or sells it; spent before each call."""

    skew: float | None = None
    """Seconds by which the service's `Date` was ahead of this clock in the last answer; None before one."""

    def __init__(self, link: Link | None = None) -> None:
        self.link = link or Link(account="")

    @classmethod
    def verbs(cls) -> frozenset[Verb]:
        """The verbs this class offers, read from what it derives from, so that they can't differ."""
        return frozenset(vars(kind)["verb"] for kind in cls.__mro__ if "verb" in vars(kind))

    @property
    def can(self) -> frozenset[Verb]:
        return self.verbs()

    @property
    def mends(self) -> frozenset[Verb]:
        """By which of these what is out can be put right (§8(3)): below it (THREAD), in place, by taking it away."""
        return self.can & MENDING

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

    def length(self, declared: Field, value: str) -> int:
        """The length of a field's value; all fields are counted alike unless the adapter knows better."""
        return self.count(value)

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
            if message := field_problem(declared, value, self.length(declared, value), self.label):
                found.append(Problem(declared.key, message))
        return found + [Problem("media", m) for m in media_problems(media, self.media_rules, self.label)]
