"""X (formerly Twitter), by its API v2. It honours no key: what is uncertain is looked up in the account's own timeline.

api.py calls and what answers mean · connecting.py · uploading.py · posts.py what stands in a post · weighing.py lengths.
What X counts and charges for is what it returns: lists are asked for from the moment on that matters, and no more.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from koshiki.networks.addresses import Kind, read_address
from koshiki.networks.base import (
    Beginning,
    Candidate,
    CannotTell,
    Comment,
    Deletes,
    Field,
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
    SignsIn,
    Stage,
    Threads,
    TokenDead,
    VideoRules,
)
from koshiki.networks.x import connecting, posts, uploading, weighing
from koshiki.networks.x.api import BUDGETS, Api, Object, objects, part, text

_CLOCKS_APART = timedelta(minutes=2)
_TOO_FRESH = timedelta(minutes=1)  # a list must begin a little before it ends, which is now
_SEARCH_REACHES = timedelta(days=7) - timedelta(minutes=5)
_PAGE = "100"
_MOST_COMMENT_PAGES = 20  # a storm of them is when they matter
_CANDIDATES = "20"
_OF_POSTS = "attachments,conversation_id,entities,note_post"
_OF_PROFILE = "description,entities,location,name,profile_image_url,url,verified,verified_type"
_OF_CANDIDATES = "description,entities,name,profile_image_url"
_OFFICIAL_MARKS = frozenset({"business", "government"})
_SEARCHABLE = re.compile(r"[A-Za-z0-9_' ]{1,50}")


class X(Threads, LooksUp, Reads, Deletes, ShowsTimeline, ShowsComments, Hides, Replies, ShowsProfile, Identifies, Searches,
        SignsIn, Refreshes):
    key: ClassVar[str] = "x"
    label: ClassVar[str] = "X（旧Twitter）"
    profile_limit: ClassVar[int] = 160
    app_fields: ClassVar[tuple[KeyField, ...]] = connecting.APP_FIELDS
    settle_seconds: ClassVar[int] = 300
    budgets = BUDGETS
    api: ClassVar[str] = "https://api.x.com"
    authorize_url: ClassVar[str] = f"{posts.SITE}/i/oauth2/authorize"

    def __init__(self, link: Link | None = None) -> None:
        super().__init__(link)
        self._api = Api(self.api, self.link.secrets.get("access_token"))

    @property
    def skew(self) -> float | None:  # type: ignore[override]
        return self._api.skew

    @property
    def fields(self) -> tuple[Field, ...]:
        return (Field("text", "本文", "text", max=280),)

    @property
    def media_rules(self) -> MediaRules:
        film = VideoRules(("video/mp4",), 512_000_000, 140)
        return MediaRules(4, ("image/jpeg", "image/png"), 5_000_000, 40_000_000, 1000, video=film)

    def count(self, text: str) -> int:
        return weighing.weight(text)

    def remote_id_in(self, address: str) -> str:
        read = read_address(address)
        number = read.key.removeprefix("x:post/")
        return number if read.service == self.key and read.kind is Kind.POST and posts.is_id(number) else ""

    # ------------------------------------------------------------ connecting

    @classmethod
    def begin(cls, app: Mapping[str, Secret], server: str, redirect_uri: str) -> Beginning:
        return connecting.begin(app, cls.authorize_url, redirect_uri)

    @classmethod
    def finish(cls, app: Mapping[str, Secret], pending: Mapping[str, Secret], code: str, *, account: str,
               address: str) -> Link:
        return connecting.finish(cls.api, app, pending, code, account=account)

    def refresh(self) -> Link:
        return connecting.renewed(self.api, self.link)

    def identity(self) -> Identity:
        return connecting.identity_of(connecting.own_account(self._api))

    def profile(self) -> Profile:
        return _profile(connecting.own_account(self._api, _OF_PROFILE))

    # ------------------------------------------------------------ publishing

    def prepare(
        self, outgoing: Outgoing, stage: Stage, save_stage: SaveStage, last_check: LastCheck
    ) -> Stage:
        return uploading.uploaded(self._api, outgoing, stage, save_stage, last_check)

    def publish(self, outgoing: Outgoing, stage: Stage, last_check: LastCheck) -> Published:
        post: Object = {"text": outgoing.content["text"]}
        if media := list(stage.get("media", ())):
            post["media"] = {"media_ids": media}
        if outgoing.after:
            post["reply"] = {"in_reply_to_tweet_id": outgoing.after}
        answer = self._api.publish("POST", "/2/tweets", json=post, last_check=last_check)
        post_id = text(part(answer, "data"), "id")
        if not posts.is_id(post_id):
            raise OutcomeUnknown("Xは受け付けたようですが、投稿の番号を答えません。")
        return Published(post_id, posts.address(self._handle, post_id))

    def reply(self, comment_id: str, outgoing: Outgoing, last_check: LastCheck) -> Published:
        answering = replace(outgoing, after=comment_id)
        return self.publish(answering, self.prepare(answering, {}, lambda _stage: None, last_check), last_check)

    def delete(self, remote_id: str, last_check: LastCheck) -> None:
        try:
            answer = self._api.harmlessly("DELETE", f"/2/tweets/{_number(remote_id)}", last_check=last_check)
        except Gone:
            return
        if part(answer, "data").get("deleted") is not True and self.read(remote_id) is not None:
            raise Rejected("Xが投稿を削除しませんでした。")

    def hide(self, comment_id: str, *, hidden: bool = True) -> None:
        answer = self._api.harmlessly("PUT", f"/2/tweets/{_number(comment_id)}/hidden", json={"hidden": hidden})
        if part(answer, "data").get("hidden") is not hidden:
            raise NotSent("Xの答えからは、変わったかどうか分かりません。")

    # ------------------------------------------------------------ looking

    def look_up(self, outgoing: Outgoing, since: datetime, taken: Collection[str] = ()) -> LookUp:
        try:
            own = self._own(since - _CLOCKS_APART, exclude="retweets")
        except Outcome as outcome:
            return CannotTell(outcome.reason, token_dead=isinstance(outcome, TokenDead))
        return posts.found_among(own, outgoing, taken, self._handle)

    def read(self, remote_id: str) -> Shown | None:
        try:
            page = self._api.get(f"/2/tweets/{_number(remote_id)}", {
                "post.fields": _OF_POSTS, "expansions": "attachments.media_keys", "media.fields": "alt_text"})
        except Gone:
            return None
        except Rejected as refusal:
            raise NotSent(refusal.reason) from None
        return posts.as_shown(page, self._handle)

    def timeline(self, since: datetime) -> list[Seen]:
        own = [posts.as_seen(post, self._handle) for post in self._own(since, expansions="referenced_posts")]
        return [seen for seen in own if (seen.edited_at or seen.at) >= since]

    def comments(self, since: datetime) -> list[Comment]:
        """Answers to the account's own posts, hidden ones too: the search doesn't tell which are."""
        if since < datetime.now(UTC) - _SEARCH_REACHES:
            raise NotSent("Xで返信をさかのぼれるのは、7日前までです。")
        to_us = f"to:{self._account_id} -from:{self._account_id}"
        asked = {"query": to_us, "expansions": "author_id", **_listed(since)}
        pages = self._api.pages("/2/tweets/search/recent", asked, "next_token", _MOST_COMMENT_PAGES)
        return [comment for page in pages for comment in posts.as_comments(page) if comment.at >= since]

    def search(self, words: str) -> list[Candidate]:
        if not _SEARCHABLE.fullmatch(words.strip()):
            raise Rejected("Xでアカウントを探せるのは、英数字の名前（50字まで）だけです。")
        page = self._api.get("/2/users/search", {
            "query": words.strip(), "max_results": _CANDIDATES, "user.fields": _OF_CANDIDATES})
        return [_candidate(user) for user in objects(page.get("data")) if posts.is_id(text(user, "id"))]

    def _own(self, since: datetime, **asked: str) -> list[Object]:
        """Own posts since then, newest first. Raises NotSent also where they can't be seen so far back."""
        pages = self._api.pages(f"/2/users/{self._account_id}/tweets", {**asked, **_listed(since)}, "pagination_token")
        found = {text(post, "id"): post for page in pages for post in posts.posts_in(page)}
        return sorted(found.values(), key=lambda post: int(text(post, "id")), reverse=True)

    @property
    def _account_id(self) -> str:
        return str(self.link.facts.get("remote_account_id") or self.identity().remote_account_id)

    @property
    def _handle(self) -> str:
        return str(self.link.facts.get("handle", ""))


def _number(remote_id: str) -> str:
    """Raises Gone for what can be no post's number: nothing is there."""
    if not posts.is_id(remote_id):
        raise Gone("Xの投稿の番号ではありません。")
    return remote_id


def _listed(since: datetime) -> dict[str, str]:
    """What is asked of a list of posts from a moment on."""
    start = min(since, datetime.now(UTC) - _TOO_FRESH).astimezone(UTC)
    return {"start_time": f"{start:%Y-%m-%dT%H:%M:%SZ}", "max_results": _PAGE, "post.fields": _OF_POSTS}


def _profile(own: Object) -> Profile:
    entities = part(own, "entities")
    site = posts.written_out(text(own, "url"), part(entities, "url"))
    description = posts.written_out(text(own, "description"), part(entities, "description"))
    led_to = (text(link, "expanded_url") for link in objects(part(entities, "description").get("urls")))
    places = (ProfileField("場所", text(own, "location")), ProfileField("ウェブサイト", site))
    return Profile(
        handle=f"@{text(own, 'username')}",
        name=text(own, "name"),
        text=description,
        fields=tuple(place for place in places if place.value),
        links=tuple(filter(None, (site, *led_to))),
        image_url=_picture(own),
        verified=text(own, "verified_type") in _OFFICIAL_MARKS if "verified_type" in own else None,
    )


def _candidate(user: Object) -> Candidate:
    found = connecting.identity_of(user)
    told = posts.written_out(text(user, "description"), part(part(user, "entities"), "description"))
    return Candidate(found.remote_account_id, found.handle, text(user, "name"), found.url, told, _picture(user))


def _picture(user: Object) -> str:
    address = text(user, "profile_image_url")
    return address if address.startswith("https://") else ""
