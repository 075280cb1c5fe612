"""The verbs: what a service may offer. An adapter derives from those of its service, and from no others.

All raise the outcomes of `outcomes.py` and nothing else. A call that people could see the effect of takes a `last_check`
and runs it on the open connection directly before the first byte.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from koshiki.networks.content import Content, KeyField, Media, Problem
from koshiki.networks.credentials import Secret
from koshiki.networks.network import Network, Verb
from koshiki.networks.outcomes import (
    Arrived,
    Beginning,
    Candidate,
    CannotTell,
    Comment,
    Compose,
    Identity,
    Link,
    LookUp,
    Outgoing,
    Posted,
    Profile,
    Published,
    Seen,
    Shown,
)
from koshiki.networks.threads import split

Stage = Mapping[str, Any]
"""What of a delivery was already done at the service (ids of media so far), plain JSON."""

SaveStage = Callable[[dict[str, Any]], None]

LastCheck = Callable[[], None]
"""Run on the open connection directly before the first byte: what it raises passes through, unsent."""


# ---------------------------------------------------------------- connecting


class SignsIn(Network):
    """Connecting by the service's own sign-in. Raises NotSent, Rejected or TokenDead, with words for the person."""

    verb = Verb.SIGN_IN
    app_fields: ClassVar[tuple[KeyField, ...]] = ()
    """What IT registers once at the service and keeps in koshiki; empty where koshiki registers itself."""
    asks_server: ClassVar[bool] = False
    """Whether the service has many servers, so that a person says which."""

    @classmethod
    @abstractmethod
    def begin(cls, app: Mapping[str, Secret], server: str, redirect_uri: str) -> Beginning:
        """The address at which the person allows it, with state and, where the service takes it, PKCE."""

    @classmethod
    @abstractmethod
    def finish(cls, app: Mapping[str, Secret], pending: Mapping[str, Secret], code: str, *, account: str,
               address: str) -> Link:
        """Exchanges the code that came back. The caller has compared the state, and compares the identity.

        `address` is the registered account's own, for services where one sign-in opens several accounts.
        """


class TakesKey(Network):
    """Connecting by what a person made at the service and pastes. Raises as `SignsIn`."""

    verb = Verb.KEY
    key_fields: ClassVar[tuple[KeyField, ...]]

    @classmethod
    @abstractmethod
    def with_key(cls, given: Mapping[str, Secret], *, account: str, address: str) -> Link:
        """The connection that these open; `address` as in `finish`."""


class Refreshes(Network):
    """Credentials that run out: `link.facts["expires_at"]` (ISO, UTC) says when, as far as the service told."""

    verb = Verb.REFRESH

    @abstractmethod
    def refresh(self) -> Link:
        """The same connection with new credentials and their `expires_at`. The caller keeps it before using it.

        Raises NotSent (try later), TokenDead (connect again).
        """


class Identifies(Network):
    verb = Verb.IDENTITY

    @abstractmethod
    def identity(self) -> Identity:
        """Whose account this connection opens. Raises NotSent, Rejected, TokenDead."""


# ---------------------------------------------------------------- publishing


class Publishes(Network):
    """Publishes a content: media first, invisibly, then the one call that makes it seen."""

    verb = Verb.PUBLISH

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


class Threads(Publishes):
    """A longer text goes out as several posts, each an answer to the one before (`Outgoing.after`)."""

    verb = Verb.THREAD
    most_segments: ClassVar[int] = 10

    def segments(self, content: Content) -> list[Content]:
        """The content as the posts of a thread, in order; itself alone where it fits. Media go with the first."""
        most = next(field.max for field in self.fields if field.key == "text")
        parts = split(content.get("text", ""), lambda text: most is None or self.count(text) <= most)
        return [{**content, "text": part} for part in parts]

    def problems(self, content: Content, media: Sequence[Media]) -> list[Problem]:
        parts, of_one = self.segments(content), super().problems
        found = [problem for part in parts for problem in of_one(part, media)]
        if len(parts) > self.most_segments:
            found.append(Problem("text", f"{self.label}では、続きの投稿は{self.most_segments}件までです（いま{len(parts)}件）。"))
        return list(dict.fromkeys(found))


class LooksUp(Network):
    verb = Verb.LOOK_UP

    @abstractmethod
    def look_up(self, outgoing: Outgoing, since: datetime, taken: Collection[str] = ()) -> LookUp:
        """Whether this was published at or after `since` (the intent's time). Raises none of the outcomes.

        `taken`: remote ids bound to other deliveries, since two equal texts never claim one publication.
        """


class Reads(Network):
    verb = Verb.READ

    @abstractmethod
    def read(self, remote_id: str) -> Shown | None:
        """The publication as it is shown now; None if it is gone. Raises NotSent (try later), TokenDead."""


class Edits(Network):
    verb = Verb.EDIT

    @abstractmethod
    def edit(self, remote_id: str, outgoing: Outgoing, last_check: LastCheck) -> Published:
        """The publication says this from now on; repeating it changes nothing. Its media stay (§8(3)).

        Raises NotSent (as it was), Gone, Rejected, TokenDead, OutcomeUnknown (one of the two: read it).
        """


class Deletes(Network):
    verb = Verb.DELETE

    @abstractmethod
    def delete(self, remote_id: str, last_check: LastCheck) -> None:
        """The publication is gone from the service, also when it was before. Raises NotSent, Rejected, TokenDead.

        What is unknown here may be repeated: deleting twice is deleting.
        """


# ---------------------------------------------------------------- seeing what is there


class ShowsTimeline(Network):
    verb = Verb.TIMELINE

    @abstractmethod
    def timeline(self, since: datetime) -> list[Seen]:
        """All that the account itself published since then, newest first (§9(2)).

        Raises NotSent also where it could not be seen so far back, Rejected, TokenDead.
        """


class ShowsComments(Network):
    verb = Verb.COMMENTS

    @abstractmethod
    def comments(self, since: datetime) -> list[Comment]:
        """What others wrote under the account's publications since then, in any order (§8(2)). Raises as `timeline`."""


class Receives(Network):
    """What the service sends here by itself (webhook), where it has no list to ask for."""

    verb = Verb.RECEIVE
    signature_header: ClassVar[str]

    @abstractmethod
    def received(self, body: bytes, signature: str) -> list[Arrived]:
        """What of a request's body is kept. Raises Forged where this account's service did not sign exactly that body,
        ValueError where it is not its form."""

    @abstractmethod
    def comments_in(self, texts: Iterable[str]) -> list[Comment]:
        """What others wrote to the account, out of the texts that `received` gave (§8(2))."""


class Hides(Network):
    verb = Verb.HIDE

    @abstractmethod
    def hide(self, comment_id: str, *, hidden: bool = True) -> None:
        """The comment is out of readers' way, folded or unseen, as the service does it; or back.

        Its writer is not told (別紙1-1). Repeating it changes nothing. Raises NotSent, Gone, Rejected, TokenDead.
        """


class Removes(Network):
    verb = Verb.REMOVE

    @abstractmethod
    def remove(self, comment_id: str) -> None:
        """The comment is gone for good, also when it was before (別紙1-1). Raises NotSent, Rejected, TokenDead."""


class Replies(Network):
    verb = Verb.REPLY

    @abstractmethod
    def reply(self, comment_id: str, outgoing: Outgoing, last_check: LastCheck) -> Published:
        """Answers a comment in its thread, as the account. Raises as `publish`."""


class ShowsProfile(Network):
    verb = Verb.PROFILE

    @abstractmethod
    def profile(self) -> Profile:
        """The account's profile as the service shows it. Raises NotSent, Rejected, TokenDead."""


class Searches(Network):
    verb = Verb.SEARCH

    @abstractmethod
    def search(self, words: str) -> list[Candidate]:
        """Accounts that the service finds by these words (§9(1)). Raises NotSent, Rejected, TokenDead."""


# ---------------------------------------------------------------- by a person


class HandsOver(Network):
    """手渡し — a person posts; koshiki says where, reads the address that comes back, and looks what is there."""

    verb = Verb.HAND_OVER
    gives_addresses: ClassVar[bool] = True
    """Whether every post has an address; where not, a person tells how they saw that it is out."""
    hint: ClassVar[str] = ""
    """What the person who posts must know of this service."""
    people_mend: ClassVar[frozenset[Verb]] = frozenset()
    """By which of `mends` a person can put right what is out, on the service's own pages."""

    @property
    def mends(self) -> frozenset[Verb]:
        return self.people_mend

    @abstractmethod
    def compose(self, account_url: str, content: Content) -> Compose | None:
        """The service's own page for writing a post of this account, if it has an address."""

    @abstractmethod
    def posted_at(self, address: str, account_url: str) -> Posted:
        """The post of this account at this address. Raises Rejected, saying why it is none."""

    @abstractmethod
    def seen_at(self, url: str, content: Content) -> Shown | CannotTell | None:
        """What stands there now, against what was approved; None if it is gone. Raises NotSent (try later)."""
