"""Bluesky: an account on whatever server keeps it, delivered once by a record key that is chosen beforehand.

The id of an own publication is its record's key (`3kabc…`), as in the address of its page; of what others wrote, and
of what the account only passes on, the whole at:// address. Posts can't be edited there: no reader would see that
they were.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import ClassVar

from koshiki import clock
from koshiki.networks.addresses import read_address
from koshiki.networks.answers import Object, moment, part, text
from koshiki.networks.base import (
    Candidate,
    CannotTell,
    Comment,
    Deletes,
    Field,
    Found,
    Gone,
    Hides,
    Identifies,
    Identity,
    KeyField,
    LastCheck,
    Link,
    LooksUp,
    LookUp,
    MediaRules,
    NotFound,
    NotSent,
    Outcome,
    OutcomeUnknown,
    Outgoing,
    Profile,
    ProfileField,
    Published,
    Reads,
    Refreshes,
    Rejected,
    Replies,
    SaveStage,
    Searches,
    Secret,
    Seen,
    Shown,
    ShowsComments,
    ShowsProfile,
    ShowsTimeline,
    Stage,
    TakesKey,
    Threads,
    TokenDead,
)
from koshiki.networks.bluesky import connecting, others, record
from koshiki.networks.bluesky.api import BUDGETS, Api, Swapped
from koshiki.networks.bluesky.facets import mentioned
from koshiki.networks.bluesky.keys import POSTS, PROFILES, REPOSTS, Uri, chosen_key, read_uri, time_of
from koshiki.text import graphemes, links

_FOREVER = 10 * 366 * 24 * 3600
_UPLOADS_KEPT = timedelta(minutes=30)  # a server keeps for an hour what no record holds yet


class Bluesky(Threads, LooksUp, Reads, Deletes, ShowsTimeline, ShowsComments, Hides, Replies, ShowsProfile,
              Identifies, TakesKey, Refreshes, Searches):
    key: ClassVar[str] = "bluesky"
    label: ClassVar[str] = "Bluesky"
    well_known: ClassVar[str] = "atproto-did"
    profile_limit: ClassVar[int] = 256
    budgets = BUDGETS
    key_fields: ClassVar[tuple[KeyField, ...]] = (
        KeyField("app_password", "アプリパスワード",
                 help="Blueskyの「設定」→「プライバシーとセキュリティ」→「アプリパスワード」で、koshiki のために作ったもの。"
                      "アカウント本来のパスワードは入れないでください。"),
    )

    def __init__(self, link: Link | None = None) -> None:
        super().__init__(link)
        self._api = Api(self.link.server, self.link.secrets.get("access_token"))
        self._did = str(self.link.facts.get("remote_account_id", ""))

    @property
    def skew(self) -> float | None:  # type: ignore[override]
        return self._api.skew

    @property
    def fields(self) -> tuple[Field, ...]:
        return (Field("text", "本文", "text", max=record.LONGEST),)

    @property
    def media_rules(self) -> MediaRules:
        """A picture of 1 MB: Bluesky's own servers take 2 by now, others not yet."""
        return MediaRules(4, ("image/jpeg", "image/png", "image/webp"), 1_000_000, 40_000_000, 2000)

    def count(self, text: str) -> int:
        return record.length(text, graphemes(text))

    def remote_id_in(self, address: str) -> str:
        name, _, key = read_address(address).key.removeprefix("bluesky:post/").partition("/")
        own = {self._did.lower(), str(self.link.facts.get("handle", "")).removeprefix("@").lower(),
               str(self.link.facts.get("url", "")).removeprefix(connecting.PROFILE).lower()}
        return key if name and name in own else ""

    def repeatable_for(self) -> int:
        """Always: a record's key never lapses, and what stands there already is not written again."""
        return _FOREVER

    # ------------------------------------------------------------ connecting

    @classmethod
    def with_key(cls, given: Mapping[str, Secret], *, account: str, address: str) -> Link:
        return connecting.connected(given["app_password"], address, account=account)

    def refresh(self) -> Link:
        return connecting.refreshed(self.link)

    def identity(self) -> Identity:
        """The account of the session. Its address is that of the register, if it is still the same account."""
        did = text(self._api.get("com.atproto.server.getSession"), "did")
        if did != self._did:
            return Identity(did, did, f"{connecting.PROFILE}{did}")
        return Identity(did, str(self.link.facts.get("handle", "")), str(self.link.facts.get("url", "")))

    def profile(self) -> Profile:
        try:
            kept = part(self._api.record(Uri(self._did, PROFILES, "self")), "value")
        except Gone:
            kept = {}
        about, site = text(kept, "description", 20_000), text(kept, "website")
        return Profile(
            handle=str(self.link.facts.get("handle", "")),
            name=text(kept, "displayName"),
            text=about,
            fields=(ProfileField("ウェブサイト", site),) if site else (),
            links=tuple(link.address for shown in (about, site) for link in links(shown)),
            image_url=self._picture(part(kept, "avatar")),
            verified=others.is_verified(self._api, self._did),
        )

    # ------------------------------------------------------------ publishing

    def prepare(
        self, outgoing: Outgoing, stage: Stage, save_stage: SaveStage, last_check: LastCheck
    ) -> Stage:
        """Uploads the pictures, asks whose the mentioned names are, and where in its thread the post belongs."""
        done = {"media": [], **stage} if _is_fresh(stage) else {"media": []}
        for item in outgoing.media[len(done["media"]) :]:
            blob = self._api.upload(item, last_check)
            done |= {"media": [*done["media"], blob], "since": done.get("since") or clock.now().isoformat()}
            save_stage(dict(done))
        done["mentions"] = {handle: self._owner_of(handle) for handle in mentioned(outgoing.content["text"])}
        if outgoing.after:
            done["reply"] = {"root": self._ref(outgoing.root or outgoing.after), "parent": self._ref(outgoing.after)}
        return done

    def publish(self, outgoing: Outgoing, stage: Stage, last_check: LastCheck) -> Published:
        uri = self._chosen(outgoing)
        try:
            answer = self._api.put(uri, record.record_of(outgoing, stage), None, last_check)
        except Swapped:
            return self._standing(outgoing)
        if text(answer, "uri") != str(uri) or not text(answer, "cid"):
            raise OutcomeUnknown("サーバーは受け付けたようですが、投稿の番号を答えません。")
        return Published(uri.key, self._address(uri))

    def reply(self, comment_id: str, outgoing: Outgoing, last_check: LastCheck) -> Published:
        place = others.place_to_answer(self._api, comment_id)
        stage = self.prepare(outgoing, {}, lambda _stage: None, last_check)
        return self.publish(outgoing, {**stage, "reply": place}, last_check)

    def delete(self, remote_id: str, last_check: LastCheck) -> None:
        uri = self._uri(remote_id)
        if uri.did != self._did:
            raise Rejected("このアカウントの投稿ではないので、削除できません。")
        self._api.post("com.atproto.repo.deleteRecord",
                       {"repo": self._did, "collection": uri.collection, "rkey": uri.key}, last_check=last_check)

    def _standing(self, outgoing: Outgoing) -> Published:
        """Something stands at the delivery's key: the delivery itself, as a rule, from an earlier try."""
        try:
            found = self._found(outgoing)
        except Gone:
            raise NotSent("ほかの書込みと重なりました。", 5) from None
        except Outcome as outcome:
            raise OutcomeUnknown(outcome.reason) from None
        if found is None:
            raise OutcomeUnknown("投稿の場所に、承認したものと違う内容があります。")
        return Published(found.remote_id, found.url)

    def _owner_of(self, handle: str) -> str:
        """Empty for nobody's name, and where nobody can say: the text goes out, with the name as it is typed."""
        try:
            return text(self._api.get("com.atproto.identity.resolveHandle", handle=handle), "did")
        except (Rejected, NotSent):
            return ""

    def _ref(self, remote_id: str) -> Object:
        try:
            found = self._api.record(self._uri(remote_id))
        except Gone:
            raise Rejected("続きの前の投稿が、サービスに見当たりません。") from None
        return {"uri": str(self._uri(remote_id)), "cid": text(found, "cid")}

    # ------------------------------------------------------------ looking

    def look_up(self, outgoing: Outgoing, since: datetime, taken: Collection[str] = ()) -> LookUp:
        """By the chosen key, and so without doubt; no other delivery can have taken it."""
        try:
            found = self._found(outgoing)
        except Gone:
            return NotFound()
        except Outcome as outcome:
            return CannotTell(outcome.reason, token_dead=isinstance(outcome, TokenDead))
        return found or CannotTell("投稿の場所に、承認したものと違う内容があります。")

    def read(self, remote_id: str) -> Shown | None:
        uri = self._uri(remote_id)
        try:
            value = part(self._api.record(uri), "value")
        except Gone:
            return None
        except Rejected as refusal:
            raise NotSent(refusal.reason) from None
        alts = record.alts(value)
        return Shown(record.said(value), len(alts), alts, self._address(uri), moment(value, "createdAt"))

    def timeline(self, since: datetime) -> list[Seen]:
        """Posts, and what was passed on. When is told by the keys, which the service gives, not by their writers."""
        posts = [Seen(uri.key, self._address(uri), at, record.said(value))
                 for uri, value, at in self._records(POSTS, since)]
        shared = [Seen(str(uri), origin, at, "", shared_from=origin)
                  for uri, value, at in self._records(REPOSTS, since) if (origin := self._origin(value))]
        return sorted(posts + shared, key=lambda seen: seen.at, reverse=True)

    def comments(self, since: datetime) -> list[Comment]:
        return others.replies(self._api, self._did, since)

    def hide(self, comment_id: str, *, hidden: bool = True) -> None:
        others.hide(self._api, self._did, comment_id, hidden=hidden)

    def search(self, words: str) -> list[Candidate]:
        return others.accounts(self._api, words)

    def _found(self, outgoing: Outgoing) -> Found | None:
        """The delivery as it stands there; None where something else does. Raises Gone, NotSent, TokenDead …"""
        uri = self._chosen(outgoing)
        value = part(self._api.record(uri), "value")
        if not record.is_ours(value, outgoing):
            return None
        return Found(uri.key, self._address(uri), moment(value, "createdAt"))

    def _records(self, collection: str, since: datetime) -> Iterator[tuple[Uri, Object, datetime]]:
        """Own records, newest first. Raises NotSent where they can't be seen so far back."""
        for entry in self._api.entries("com.atproto.repo.listRecords", "records", repo=self._did, collection=collection):
            uri, value = read_uri(text(entry, "uri")), part(entry, "value")
            if uri is None or (at := time_of(uri.key) or moment(value, "createdAt")) is None:
                raise NotSent("一覧を読み取れません。")
            if at < since:
                return
            yield uri, value, at

    # ------------------------------------------------------------ addresses

    def _chosen(self, outgoing: Outgoing) -> Uri:
        return Uri(self._did, POSTS, chosen_key(outgoing.key, outgoing.created_at))

    def _uri(self, remote_id: str) -> Uri:
        return read_uri(remote_id) or Uri(self._did, POSTS, remote_id)

    def _address(self, uri: Uri) -> str:
        """The post's page, under the account's own address as it is registered."""
        owner = self.link.facts.get("url") if uri.did == self._did else None
        return f"{owner or connecting.PROFILE + uri.did}/post/{uri.key}"

    def _origin(self, repost: Object) -> str:
        uri = read_uri(text(part(repost, "subject"), "uri"))
        return self._address(uri) if uri else ""

    def _picture(self, blob: Object) -> str:
        cid = text(part(blob, "ref"), "$link")
        return f"{self.link.server}/xrpc/com.atproto.sync.getBlob?did={self._did}&cid={cid}" if cid else ""


def _is_fresh(stage: Stage) -> bool:
    """Whether what was uploaded is still kept."""
    since = moment(stage, "since")
    return since is None or clock.now() - since < _UPLOADS_KEPT
