"""YouTube: a video goes up in private and is made public by one call that changes nothing when it is repeated.

connecting.py the channel · upload.py the film · videos.py what is there · comments.py what others write.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from koshiki.networks.addresses import read_address
from koshiki.networks.base import (
    Beginning,
    Candidate,
    CannotTell,
    Comment,
    Content,
    Deletes,
    Edits,
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
    Media,
    MediaRules,
    NotFound,
    NotSent,
    Outcome,
    OutcomeUnknown,
    Outgoing,
    Problem,
    Profile,
    Published,
    Publishes,
    Reads,
    Refreshes,
    Rejected,
    Removes,
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
    TokenDead,
    VideoRules,
)
from koshiki.networks.shown import similar, skeleton
from koshiki.networks.youtube import comments, connecting, videos
from koshiki.networks.youtube.api import BUDGETS, Api, Object, items, text
from koshiki.networks.youtube.upload import Upload, begun, sealed, unsealed

_REPEATABLE = 3600  # it would hold for ever, but a person may have taken the video back since
_CLOCKS_APART = timedelta(minutes=2)
_FILMS = VideoRules(("video/mp4", "video/quicktime", "video/webm", "video/mpeg"), 256 * 1024**3, 12 * 3600)
_PRIVATE = ("YouTubeが公開を受け付けず、非公開のままです。Googleに登録したアプリの審査（YouTube API の監査）が"
            "済んでいないと、動画は公開できません。")


class YouTube(Publishes, LooksUp, Reads, Edits, Deletes, ShowsTimeline, ShowsComments, Hides, Removes, Replies, ShowsProfile,
              Searches, Identifies, SignsIn, Refreshes):
    key: ClassVar[str] = "youtube"
    label: ClassVar[str] = "YouTube"
    profile_limit: ClassVar[int] = 1000
    api: ClassVar[str] = "https://www.googleapis.com"
    sign_in: ClassVar[str] = "https://accounts.google.com/o/oauth2/v2/auth"
    tokens: ClassVar[str] = "https://oauth2.googleapis.com/token"
    settle_seconds: ClassVar[int] = 600
    budgets = BUDGETS
    app_fields: ClassVar[tuple[KeyField, ...]] = (
        KeyField("client_id", "クライアントID", secret=False, help="Google Cloud の「認証情報」で作ったウェブアプリのもの。"),
        KeyField("client_secret", "クライアントシークレット", help="同じ画面で、作ったときに示されるもの。"),
    )

    def __init__(self, link: Link | None = None) -> None:
        super().__init__(link)
        self._api = Api(self.api, self.link.secrets.get("access_token"))

    @property
    def skew(self) -> float | None:  # type: ignore[override]
        return self._api.skew

    @property
    def fields(self) -> tuple[Field, ...]:
        return (
            Field("title", "動画の題名", "line", max=100, help="< と > は使えません。"),
            Field("text", "動画の説明文", "text", max=5000, unit="バイト",
                  help="5,000バイトまで（日本語は1字が3バイト）。< と > は使えません。"),
        )

    @property
    def media_rules(self) -> MediaRules:
        return MediaRules(max_count=1, mimes=(), max_bytes=0, max_pixels=0, max_alt=1000, video=_FILMS)

    def count(self, text: str) -> int:
        return len(text.encode())

    def length(self, declared: Field, value: str) -> int:
        """A description counts in bytes, a title in letters, of which a rare one is two."""
        return self.count(value) if declared.key == "text" else len(value.encode("utf-16-le")) // 2

    def problems(self, content: Content, media: Sequence[Media]) -> list[Problem]:
        found = super().problems(content, media)
        found += [Problem(declared.key, f"YouTubeでは、「{declared.label}」に < と > を使えません。")
                  for declared in self.fields if {"<", ">"} & set(content.get(declared.key, ""))]
        return found if media else [*found, Problem("media", "YouTubeでは、動画を1本付けてください。")]

    def repeatable_for(self) -> int:
        return _REPEATABLE

    def remote_id_in(self, address: str) -> str:
        read = read_address(address)
        number = read.key.partition(":post/")[2] if read.service == self.key else ""
        return "" if "/" in number else number

    # ------------------------------------------------------------ connecting

    @classmethod
    def begin(cls, app: Mapping[str, Secret], server: str, redirect_uri: str) -> Beginning:
        return connecting.begin(cls.sign_in, app, redirect_uri)

    @classmethod
    def finish(cls, app: Mapping[str, Secret], pending: Mapping[str, Secret], code: str, *, account: str,
               address: str) -> Link:
        granted = connecting.exchanged(cls.tokens, app, pending, code)
        channel = connecting.own_channel(Api(cls.api, granted.access))
        own = connecting.identity_of(channel, address)
        facts = {"remote_account_id": own.remote_account_id, "handle": own.handle, "url": own.url,
                 "uploads": text(channel, "contentDetails", "relatedPlaylists", "uploads"), "expires_at": granted.until}
        kept = {"access_token": granted.access, **({"refresh_token": granted.refresh} if granted.refresh else {})}
        return Link(account=account, secrets=kept, facts=facts, app=app)

    def refresh(self) -> Link:
        granted = connecting.renewed(self.tokens, self.link.app, self.link.secrets["refresh_token"])
        fresh = {"access_token": granted.access, **({"refresh_token": granted.refresh} if granted.refresh else {})}
        return replace(self.link, secrets={**self.link.secrets, **fresh},
                       facts={**self.link.facts, "expires_at": granted.until})

    def identity(self) -> Identity:
        return connecting.identity_of(connecting.own_channel(self._api), str(self.link.facts.get("url", "")))

    def profile(self) -> Profile:
        channel = connecting.own_channel(self._api)
        own = connecting.identity_of(channel, str(self.link.facts.get("url", "")))
        told = (text(channel, "brandingSettings", "channel", "description", limit=20_000)
                or text(channel, "snippet", "description", limit=20_000))
        return Profile(own.handle, text(channel, "snippet", "title"), told, image_url=_image(channel))

    # ------------------------------------------------------------ publishing

    def prepare(
        self, outgoing: Outgoing, stage: Stage, save_stage: SaveStage, last_check: LastCheck
    ) -> Stage:
        """Uploads the film in private, going on at the byte up to which it has arrived."""
        if stage.get("video"):
            return stage
        film, account = _film_of(outgoing), self.link.account
        begun_before = unsealed(str(stage.get("session", "")), account)
        session = begun_before or begun(self._api, film, videos.made_from(outgoing.content), last_check)
        kept = {"session": sealed(session, account)}
        if not begun_before:
            save_stage({**kept, "sent": 0})
        upload = Upload(self._api, session, film)
        try:
            there = upload.arrived(last_check) if begun_before else 0
            while not upload.video:
                there = upload.send(there, last_check)
                save_stage({**kept, "sent": there})
        except Gone as gone:
            save_stage({})
            raise NotSent(f"アップロード先の期限が切れました。初めから送り直します。{gone.reason}", 5) from None
        save_stage({"video": upload.video})
        return {"video": upload.video}

    def publish(self, outgoing: Outgoing, stage: Stage, last_check: LastCheck) -> Published:
        """Makes the uploaded video public; on one that is public already this changes nothing."""
        if not (video := str(stage.get("video", ""))):
            raise NotSent("動画のアップロードが済んでいません。")
        sent = {"id": video, "status": videos.status("public")}
        data = self._api.once("PUT", "videos", {"part": "status"}, json=sent, last_check=last_check)
        privacy = text(data, "status", "privacyStatus")
        if text(data, "id") != video or not privacy:
            raise OutcomeUnknown("YouTubeは受け付けたようですが、答えを読み取れません。")
        if privacy != "public":
            raise Rejected(_PRIVATE)
        return Published(video, videos.address(video))

    # ------------------------------------------------------------ looking

    def look_up(self, outgoing: Outgoing, since: datetime, taken: Collection[str] = ()) -> LookUp:
        wanted = skeleton(self.shown_text(outgoing.content))
        try:
            public = [v for v in self._own_since(since - _CLOCKS_APART) if text(v, "id") not in taken]
        except Outcome as outcome:
            return CannotTell(outcome.reason, token_dead=isinstance(outcome, TokenDead))
        for video in reversed(public):  # the oldest that fits: a later equal one is a later delivery's
            if videos.bare_words(video) == wanted:
                there = videos.seen(video)
                return Found(there.remote_id, there.url, there.at)
        if any(similar(wanted, videos.bare_words(video)) for video in public):
            return CannotTell("よく似た動画がありますが、同じものと言い切れません。")
        return NotFound()

    def read(self, remote_id: str) -> Shown | None:
        try:
            video = videos.one(self._api, remote_id)
        except Rejected as refusal:
            raise NotSent(refusal.reason) from None
        return videos.shown(video) if video and videos.is_public(video) else None

    def timeline(self, since: datetime) -> list[Seen]:
        return [videos.seen(video) for video in self._own_since(since)]

    def _own_since(self, since: datetime) -> list[Object]:
        """The videos that anybody can see since then, newest first. Raises NotSent, Rejected, TokenDead."""
        own = filter(videos.is_public, videos.own_since(self._api, self._uploads(), since))
        seen = [video for video in own if videos.moment(video, "publishedAt") >= since]
        return sorted(seen, key=lambda video: videos.moment(video, "publishedAt"), reverse=True)

    def _uploads(self) -> str:
        channel = self.link.facts.get("uploads") or text(
            connecting.own_channel(self._api), "contentDetails", "relatedPlaylists", "uploads")
        return str(channel)

    # ------------------------------------------------------------ changing what is there

    def edit(self, remote_id: str, outgoing: Outgoing, last_check: LastCheck) -> Published:
        """Title and description; what else a snippet holds is sent back as it was, since it would be lost."""
        video = videos.one(self._api, remote_id)
        if video is None:
            raise Gone("YouTubeに、この動画はありません。")
        kept = {key: value for key, value in (video.get("snippet") or {}).items()
                if key in ("categoryId", "tags", "defaultLanguage", "defaultAudioLanguage")}
        snippet = {**kept, "title": outgoing.content["title"], "description": outgoing.content["text"]}
        data = self._api.once("PUT", "videos", {"part": "snippet"}, json={"id": remote_id, "snippet": snippet},
                              last_check=last_check)
        if text(data, "id") != remote_id:
            raise OutcomeUnknown("YouTubeは受け付けたようですが、答えを読み取れません。")
        return Published(remote_id, videos.address(remote_id))

    def delete(self, remote_id: str, last_check: LastCheck) -> None:
        try:
            self._api.harmlessly("DELETE", "videos", {"id": remote_id}, last_check=last_check)
        except Gone:
            return

    # ------------------------------------------------------------ comments

    def comments(self, since: datetime) -> list[Comment]:
        return comments.since(self._api, self._channel(), since)

    def hide(self, comment_id: str, *, hidden: bool = True) -> None:
        self._moderate(comment_id, "heldForReview" if hidden else "published")

    def remove(self, comment_id: str) -> None:
        try:
            self._moderate(comment_id, "rejected")
        except Gone:
            return

    def reply(self, comment_id: str, outgoing: Outgoing, last_check: LastCheck) -> Published:
        """An answer to an answer stands in the thread of its first comment, whose id its own begins with."""
        thread = comment_id.partition(".")[0]
        sent = {"snippet": {"parentId": thread, "textOriginal": outgoing.content["text"]}}
        data = self._api.once("POST", "comments", {"part": "snippet"}, json=sent, last_check=last_check)
        number, video = text(data, "id", limit=200), text(data, "snippet", "videoId", limit=100)
        if not number:
            raise OutcomeUnknown("YouTubeは受け付けたようですが、返信の番号を答えません。")
        return Published(number, comments.comment_address(video, number) if video else "")

    def _moderate(self, comment_id: str, state: str) -> None:
        asked = {"id": comment_id, "moderationStatus": state}
        self._api.harmlessly("POST", "comments/setModerationStatus", asked)

    def _channel(self) -> str:
        return str(self.link.facts.get("remote_account_id") or text(connecting.own_channel(self._api), "id"))

    def search(self, words: str) -> list[Candidate]:
        """Each is one of the day's 100 searches."""
        found = items(self._api.get("search", part="snippet", type="channel", q=words, maxResults="25"))
        return [_candidate(item) for item in found if text(item, "id", "channelId")]


def _film_of(outgoing: Outgoing) -> Media:
    if len(outgoing.media) != 1 or not outgoing.media[0].is_video:
        raise Rejected("YouTubeでは、動画を1本付けてください。")
    return outgoing.media[0]


def _candidate(item: dict[str, Any]) -> Candidate:
    number = text(item, "id", "channelId")
    return Candidate(number, "", text(item, "snippet", "title"), connecting.channel_address(number),
                     text(item, "snippet", "description"), _image(item))


def _image(item: dict[str, Any]) -> str:
    address = text(item, "snippet", "thumbnails", "high", "url") or text(item, "snippet", "thumbnails", "default", "url")
    return address if address.startswith("https://") else ""
