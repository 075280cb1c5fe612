"""Facebookページ, by the Graph API.

A post is made unpublished first, so that its id is known before anybody sees it. Publishing is then one call about that id,
which may be repeated.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar

from koshiki.networks.addresses import read_address, same_account
from koshiki.networks.answers import Object, moment, objects, text
from koshiki.networks.base import (
    CannotTell,
    Comment,
    Deletes,
    Edits,
    Field,
    Found,
    Gone,
    Hides,
    Identity,
    LastCheck,
    Link,
    LooksUp,
    LookUp,
    Media,
    MediaRules,
    NotFound,
    NotSent,
    Outcome,
    OutcomeUnknown,
    Outgoing,
    Profile,
    Published,
    Publishes,
    Reads,
    Rejected,
    Removes,
    Replies,
    SaveStage,
    Secret,
    Seen,
    Shown,
    ShowsComments,
    ShowsProfile,
    ShowsTimeline,
    Stage,
    TokenDead,
)
from koshiki.networks.facebook import showing
from koshiki.networks.graph import CLOCKS_APART, WATCHED, OnGraph, connecting
from koshiki.networks.graph.api import CALLS
from koshiki.networks.network import Verb
from koshiki.networks.shown import similar, skeleton

_REPEATABLE = int(timedelta(days=1).total_seconds())  # the id stays; the 配信期限 ends long before


class Facebook(OnGraph, Publishes, LooksUp, Reads, Edits, Deletes, ShowsTimeline, ShowsComments, Hides, Removes, Replies,
               ShowsProfile):
    key: ClassVar[str] = "facebook"
    label: ClassVar[str] = "Facebook"
    profile_limit: ClassVar[int] = 101
    budgets = (replace(CALLS, costs={**CALLS.costs, Verb.EDIT: 1}),)
    scopes: ClassVar[tuple[str, ...]] = (
        "pages_show_list", "pages_read_engagement", "pages_read_user_content", "pages_manage_posts",
        "pages_manage_engagement",
    )

    @property
    def fields(self) -> tuple[Field, ...]:
        return (Field("text", "本文", "text", max=63_206),)

    @property
    def media_rules(self) -> MediaRules:
        return MediaRules(10, ("image/jpeg", "image/png"), 4_000_000, 40_000_000, 1000)

    def repeatable_for(self) -> int:
        return _REPEATABLE

    def remote_id_in(self, address: str) -> str:
        """Only of an address with the post's number; the other form (pfbid…) differs from reader to reader."""
        number = read_address(address).key.partition("facebook:post/")[2]
        return f"{self.own_id}_{number}" if self.own_id and number.isdecimal() else ""

    # ------------------------------------------------------------ connecting

    @classmethod
    def finish(cls, app: Mapping[str, Secret], pending: Mapping[str, Secret], code: str, *, account: str,
               address: str) -> Link:
        pages = connecting.pages(cls.api, app, pending["redirect_uri"], code)
        page, url = _registered(pages, address)
        token = connecting.page_token(page)
        facts = {"remote_account_id": text(page, "id"), "url": url, "handle": showing.handle_of(page)}
        facts |= connecting.lifetime(cls.api, app, token, cls.scopes)
        return Link(account=account, secrets=connecting.opened_by(token, app), facts=facts)

    def identity(self) -> Identity:
        page = self._graph.node("me", fields="id,name,username,link")
        known, addresses = str(self.link.facts.get("url", "")), showing.addresses_of(page)
        url = next((url for url in addresses if same_account(url, known)), addresses[0])
        return Identity(text(page, "id"), showing.handle_of(page), url)

    # ------------------------------------------------------------ publishing

    def prepare(self, outgoing: Outgoing, stage: Stage, save_stage: SaveStage, last_check: LastCheck) -> Stage:
        """Uploads the pictures and makes the post with them, all unpublished.

        Killed before its id is saved, a post stays behind that nobody but the page's managers can see.
        """
        photos = list(stage.get("media", ()))
        for item in outgoing.media[len(photos):]:
            photos.append(self._uploaded(item, last_check))
            save_stage({"media": list(photos)})
        if stage.get("post"):
            return stage
        done = {"media": photos, "post": self._unpublished(outgoing.content["text"], photos, last_check)}
        save_stage(done)
        return done

    def publish(self, outgoing: Outgoing, stage: Stage, last_check: LastCheck) -> Published:
        post = str(stage["post"])
        try:
            answer = self._graph.publish(post, form={"is_published": "true"}, last_check=last_check)
        except Rejected:
            if not self._is_out(post):
                raise
        else:
            _accepted(answer)
        return Published(post, showing.address_of(post))

    def _uploaded(self, item: Media, last_check: LastCheck) -> str:
        name = f"image.{item.mime.rpartition('/')[2]}"
        photo = self._graph.ready(
            self.own_id, "photos", form={"published": "false", "alt_text_custom": item.alt},
            files={"source": (name, item.bytes, item.mime)}, last_check=last_check,
        )
        return _id_of(photo, "画像")

    def _unpublished(self, message: str, photos: list[str], last_check: LastCheck) -> str:
        attached = {"attached_media": json.dumps([{"media_fbid": photo} for photo in photos])} if photos else {}
        form = {"message": message, "published": "false", **attached}
        return _id_of(self._graph.ready(self.own_id, "feed", form=form, last_check=last_check), "投稿")

    def _is_out(self, post: str) -> bool:
        """Whether the post can be seen already, by a try before this one. Raises OutcomeUnknown where that can't be read."""
        try:
            return self._graph.get(post, fields="is_published").get("is_published") is True
        except Gone:
            return False
        except Outcome as outcome:
            raise OutcomeUnknown(outcome.reason) from None

    # ------------------------------------------------------------ looking

    def look_up(self, outgoing: Outgoing, since: datetime, taken: Collection[str] = ()) -> LookUp:
        try:
            if post := str(outgoing.stage.get("post", "")):
                return self._by_its_id(post)
            return self._by_its_text(outgoing, since, taken)
        except Gone as gone:
            return CannotTell(f"用意した投稿がFacebookに残っていません。{gone.reason}")
        except Outcome as outcome:
            return CannotTell(outcome.reason, token_dead=isinstance(outcome, TokenDead))

    def read(self, remote_id: str) -> Shown | None:
        try:
            post = self._graph.node(remote_id, fields=showing.POST)
        except Gone:
            return None
        except Rejected as refusal:
            raise NotSent(refusal.reason) from None
        if post.get("is_published") is False:
            return None
        photos = showing.photos_of(post)
        return Shown(text(post, "message", 70_000), len(photos), self._alts(photos), showing.address_of(remote_id),
                     moment(post, "created_time"))

    def timeline(self, since: datetime) -> list[Seen]:
        return [showing.seen(post) for post in self._posts(since)]

    def profile(self) -> Profile:
        return showing.profile(self._graph.node(self.own_id, fields=showing.PROFILE))

    def _by_its_id(self, post: str) -> LookUp:
        there = self._graph.get(post, fields="is_published,created_time")
        if there.get("is_published") is True:
            return Found(post, showing.address_of(post), moment(there, "created_time"))
        return NotFound() if there.get("is_published") is False else CannotTell("Facebookの答えを読み取れません。")

    def _by_its_text(self, outgoing: Outgoing, since: datetime, taken: Collection[str]) -> LookUp:
        wanted = skeleton(self.shown_text(outgoing.content))
        free = [post for post in self._posts(since - CLOCKS_APART) if text(post, "id") not in taken]
        for post in reversed(free):  # the oldest that fits: a later equal one is a later delivery's
            if _bones(post) == wanted and len(showing.photos_of(post)) == len(outgoing.media):
                return Found(text(post, "id"), showing.address_of(text(post, "id")), moment(post, "created_time"))
        if any(similar(wanted, _bones(post)) for post in free):
            return CannotTell("よく似た投稿がありますが、同じものと言い切れません。")
        return NotFound()

    def _posts(self, since: datetime) -> Iterator[Object]:
        return self._graph.since(since, "created_time", self.own_id, "published_posts", fields=showing.POST)

    def _alts(self, photos: list[str]) -> tuple[str, ...]:
        return tuple(text(self._graph.node(photo, fields="alt_text_custom"), "alt_text_custom") for photo in photos)

    # ------------------------------------------------------------ correcting

    def edit(self, remote_id: str, outgoing: Outgoing, last_check: LastCheck) -> Published:
        form = {"message": outgoing.content["text"]}
        _accepted(self._graph.publish(remote_id, form=form, last_check=last_check))
        return Published(remote_id, showing.address_of(remote_id))

    def delete(self, remote_id: str, last_check: LastCheck) -> None:
        self._deleted(remote_id, last_check=last_check)

    # ------------------------------------------------------------ comments

    def comments(self, since: datetime) -> list[Comment]:
        """Under posts of the last 60 days; a post's `updated_time` tells of those with nothing new."""
        posts = [post for post in self._posts(since - WATCHED) if (moment(post, "updated_time") or since) >= since]
        return [comment for post in posts for comment in self._comments_on(text(post, "id"), since)]

    def hide(self, comment_id: str, *, hidden: bool = True) -> None:
        self._graph.act("POST", comment_id, form={"is_hidden": "true" if hidden else "false"})

    def remove(self, comment_id: str) -> None:
        self._deleted(comment_id)

    def reply(self, comment_id: str, outgoing: Outgoing, last_check: LastCheck) -> Published:
        form = {"message": outgoing.content["text"]}
        answer = self._graph.publish(comment_id, "comments", form=form, last_check=last_check)
        if not (made := text(answer, "id")):
            raise OutcomeUnknown("Facebookは受け付けたようですが、コメントの番号を答えません。")
        return Published(made, showing.address_of_comment(self.own_id, made))

    def _comments_on(self, post: str, since: datetime) -> list[Comment]:
        asked = {"filter": "stream", "order": "reverse_chronological", "fields": showing.COMMENT}
        found = self._graph.since(since, "created_time", post, "comments", **asked)
        return [showing.comment(entry, post) for entry in found if showing.writer_of(entry) != self.own_id]

    def _deleted(self, thing: str, last_check: LastCheck | None = None) -> None:
        try:
            self._graph.act("DELETE", thing, last_check=last_check)
        except Gone:
            return


def _registered(pages: list[Object], address: str) -> tuple[Object, str]:
    """The page whose address the register holds, and that address. Raises Rejected, naming those that were allowed."""
    for page in pages:
        for url in showing.addresses_of(page):
            if same_account(url, address):
                return page, url
    names = "、".join(text(page, "name", 60) for page in objects(pages)) or "なし"
    raise Rejected(f"台帳のページ（{address}）が、許可されたページの中にありません（許可されたページ：{names}）。")


def _accepted(answer: Object) -> None:
    if answer.get("success") is not True:
        raise OutcomeUnknown("Facebookの答えからは、受け付けられたかどうかが分かりません。")


def _id_of(made: Object, what: str) -> str:
    if not (number := text(made, "id")):
        raise NotSent(f"{what}の番号を読み取れません。")
    return number


def _bones(post: Object) -> str:
    return skeleton(text(post, "message", 70_000))
