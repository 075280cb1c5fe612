"""Mastodon, and every other server that speaks its API."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import quote

from koshiki.networks.answers import Object, as_object, objects, part, text
from koshiki.networks.base import (
    Beginning,
    Candidate,
    CannotTell,
    Comment,
    Deletes,
    Edits,
    Field,
    Found,
    Gone,
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
    TakesKey,
    Threads,
    TokenDead,
    VideoRules,
)
from koshiki.networks.mastodon import connecting, counting, reading
from koshiki.networks.mastodon.api import Api, own_address
from koshiki.networks.shown import links_of, similar, skeleton, text_of

HONOURS_KEYS = frozenset({"mastodon"})
"""The software, by its NodeInfo name, that is known to honour Idempotency-Key; others take it and don't."""

_KEY_SECONDS = 50 * 60  # Mastodon keeps a key for an hour
_CLOCKS_APART = timedelta(minutes=2)
_PAGES = 5
_LANGUAGE = "ja"
_PROCESSING_TRIES = 40


class Mastodon(Threads, LooksUp, Reads, Edits, Deletes, ShowsTimeline, ShowsComments, Replies, ShowsProfile, Searches,
               Identifies, SignsIn, TakesKey):
    key: ClassVar[str] = "mastodon"
    label: ClassVar[str] = "Mastodon"
    profile_limit: ClassVar[int] = 500
    asks_server: ClassVar[bool] = True
    key_fields: ClassVar[tuple[KeyField, ...]] = (
        KeyField("server", "サーバー", secret=False, help="アカウントのURLの、https:// の次から / の前まで。例：social.example"),
        KeyField("access_token", "アクセストークン", help="サービスの設定で作ったもの。パスワードは入れないでください。"),
    )

    def __init__(self, link: Link | None = None) -> None:
        super().__init__(link)
        self._api = Api(self.link.server, self.link.secrets.get("access_token"))

    @property
    def skew(self) -> float | None:  # type: ignore[override]
        return self._api.skew

    @property
    def fields(self) -> tuple[Field, ...]:
        return (Field("text", "本文", "text", max=self._fact("max_characters", 500)),)

    @property
    def media_rules(self) -> MediaRules:
        return MediaRules(
            max_count=self._fact("max_media", 4),
            mimes=tuple(self.link.facts.get("mimes") or ("image/jpeg", "image/png")),
            max_bytes=self._fact("max_bytes", 16_777_216),
            max_pixels=self._fact("max_pixels", 33_177_600),
            max_alt=self._fact("max_alt", 1500),
            video=self._films if self.link.facts.get("films", True) else None,
        )

    @property
    def _films(self) -> VideoRules:
        return VideoRules((connecting.FILM,), self._fact("max_film_bytes", connecting.USUAL_FILM_BYTES),
                          max_pixels=self._fact("max_film_pixels", connecting.USUAL_FILM_PIXELS))

    def count(self, text: str) -> int:
        return counting.length(text, self._fact("url_characters", counting.URL_LENGTH))

    def remote_id_in(self, address: str) -> str:
        path, last = address.split("?", maxsplit=1)[0].split("#", maxsplit=1)[0].rstrip("/"), ""
        server = self.link.server or self.link.facts.get("server")
        if server and path.startswith(f"{server}/"):
            last = path.rpartition("/")[2]
        return last if last.isascii() and last.isalnum() else ""

    def repeatable_for(self) -> int:
        return _KEY_SECONDS if self.link.facts.get("software") in HONOURS_KEYS else 0

    # ------------------------------------------------------------ connecting

    @classmethod
    def begin(cls, app: Mapping[str, Secret], server: str, redirect_uri: str) -> Beginning:
        return connecting.begin(server, redirect_uri)

    @classmethod
    def finish(cls, app: Mapping[str, Secret], pending: Mapping[str, Secret], code: str, *, account: str,
               address: str) -> Link:
        return connecting.finish(pending, code, account=account)

    @classmethod
    def with_key(cls, given: Mapping[str, Secret], *, account: str, address: str) -> Link:
        return connecting.connected(given["server"].reveal(), given["access_token"], account=account)

    def identity(self) -> Identity:
        own = connecting.own_account(self._api)
        handle = connecting.handle_of(own, self.link.server)
        return Identity(text(own, "id"), handle, self._address(own))

    def profile(self) -> Profile:
        own = connecting.own_account(self._api)
        fields = tuple(map(_profile_field, objects(own.get("fields"))))
        shown = [text(own, "note", 20_000), *(text(field, "value") for field in objects(own.get("fields")))]
        return Profile(
            handle=connecting.handle_of(own, self.link.server),
            name=text(own, "display_name"),
            text=text_of(shown[0]),
            fields=fields,
            links=tuple(link for html in shown for link in links_of(html)),
            image_url=avatar if (avatar := text(own, "avatar")).startswith(("https://", "http://")) else "",
        )

    # ------------------------------------------------------------ publishing

    def prepare(
        self, outgoing: Outgoing, stage: Stage, save_stage: SaveStage, last_check: LastCheck
    ) -> Stage:
        """Uploads the pictures or the film, one after the other, and waits until the server has processed each."""
        ids, ready = list(stage.get("media", ())), int(stage.get("ready", 0))
        for place, item in enumerate(outgoing.media):
            if place >= len(ids):
                ids.append(_id_of(self._api.upload(item, last_check)))
                save_stage({"media": list(ids), "ready": ready})
            if place >= ready:
                self._wait_for(ids[place], save_stage)
                ready = place + 1
                save_stage({"media": list(ids), "ready": ready})
        return {"media": ids, "ready": ready}

    def publish(self, outgoing: Outgoing, stage: Stage, last_check: LastCheck) -> Published:
        status = _new(outgoing.content["text"]) | {"media_ids": list(stage.get("media", ()))}
        if outgoing.after:
            status["in_reply_to_id"] = outgoing.after
        return self._published(self._api.publish(status, outgoing.key, last_check))

    def _wait_for(self, media_id: str, save_stage: SaveStage) -> None:
        for _ in range(_PROCESSING_TRIES):
            try:
                status, _media = self._api.harmlessly("GET", f"/api/v1/media/{quote(media_id, safe='')}")
            except Gone as refusal:
                save_stage({"media": [], "ready": 0})  # gone at the server: begin anew
                raise NotSent(f"画像や動画がサーバーに残っていません。{refusal.reason}", 5) from None
            if status != 206:
                return
            time.sleep(1)
        raise NotSent("画像や動画の処理が終わりません。", 30)

    # ------------------------------------------------------------ looking

    def look_up(self, outgoing: Outgoing, since: datetime, taken: Collection[str] = ()) -> LookUp:
        wanted = skeleton(self.shown_text(outgoing.content))
        try:
            own = self._own_since(since - _CLOCKS_APART, exclude_reblogs="true")
            free = [status for status in own if text(status, "id") not in taken]
        except Outcome as outcome:
            return CannotTell(outcome.reason, token_dead=isinstance(outcome, TokenDead))
        for status in reversed(free):  # the oldest that fits: a later equal one is a later delivery's
            if _is_it(status, wanted, len(outgoing.media)):
                return Found(text(status, "id"), self._address(status), reading.at(status))
        if any(similar(wanted, reading.shown_skeleton(status)) for status in free):
            return CannotTell("よく似た投稿がありますが、同じものと言い切れません。")
        return NotFound()

    def read(self, remote_id: str) -> Shown | None:
        try:
            status = self._status(remote_id)
        except Gone:
            return None
        except Rejected as refusal:
            raise NotSent(refusal.reason) from None
        alts = tuple(text(media, "description") for media in reading.media_of(status))
        return Shown(reading.shown_text(status), len(alts), alts, self._address(status), reading.at(status))

    # ------------------------------------------------------------ afterwards

    def edit(self, remote_id: str, outgoing: Outgoing, last_check: LastCheck) -> Published:
        """Some servers give it another id; its media would go if they were not named again."""
        kept = [text(media, "id") for media in reading.media_of(self._status(remote_id))]
        status = {"status": outgoing.content["text"], "media_ids": kept, "language": _LANGUAGE}
        return self._published(self._api.edit(_path(remote_id), status, last_check))

    def delete(self, remote_id: str, last_check: LastCheck) -> None:
        with suppress(Gone):
            self._api.harmlessly("DELETE", f"{_path(remote_id)}?delete_media=true", last_check=last_check)

    def timeline(self, since: datetime) -> list[Seen]:
        return [reading.seen(self.link.server, status) for status in self._own_since(since)]

    def comments(self, since: datetime) -> list[Comment]:
        """All that names the account, also outside its threads; not what was written to it in private."""
        told = reading.back_to(self._api, "/api/v1/notifications", since, 5 * _PAGES,
                               **{"types[]": "mention", "include_filtered": "true"})
        own = self._account_id()
        found = [reading.comment(mention, own) for mention in told if text(mention, "type") == "mention"]
        return [comment for comment in found if comment]

    def reply(self, comment_id: str, outgoing: Outgoing, last_check: LastCheck) -> Published:
        """Names who is answered, without which they would not hear of it; as public as what it answers."""
        answered = self._status(comment_id)
        name, words = text(part(answered, "account"), "acct"), outgoing.content["text"]
        named = words if f"@{name}" in words else f"@{name} {words}"
        status = _new(named) | {"in_reply_to_id": comment_id}
        if text(answered, "visibility") in ("unlisted", "private"):
            status["visibility"] = text(answered, "visibility")
        return self._published(self._api.publish(status, outgoing.key, last_check))

    def search(self, words: str) -> list[Candidate]:
        found = as_object(self._api.get("/api/v2/search", q=words, type="accounts", limit="40"))
        return [reading.candidate(self.link.server, account) for account in objects(found.get("accounts"))]

    # ------------------------------------------------------------

    def _status(self, remote_id: str) -> Object:
        return as_object(self._api.get(_path(remote_id)))

    def _own_since(self, since: datetime, **asked: str) -> Iterator[Object]:
        path = f"/api/v1/accounts/{quote(self._account_id(), safe='')}/statuses"
        return reading.back_to(self._api, path, since, _PAGES, **asked)

    def _published(self, data: Any) -> Published:
        if not isinstance(data, dict) or not text(data, "id"):
            raise OutcomeUnknown("サーバーは受け付けたようですが、投稿の番号を答えません。")
        return Published(text(data, "id"), self._address(data))

    def _address(self, data: Object) -> str:
        return own_address(self.link.server, data, "url", "uri")

    def _account_id(self) -> str:
        return str(self.link.facts.get("remote_account_id") or self.identity().remote_account_id)

    def _fact(self, name: str, usual: int) -> int:
        value = self.link.facts.get(name)
        return value if isinstance(value, int) else usual


def _path(remote_id: str) -> str:
    return f"/api/v1/statuses/{quote(remote_id, safe='')}"


def _new(words: str) -> Object:
    return {"status": words, "visibility": "public", "language": _LANGUAGE}


def _is_it(status: Object, wanted: str, media_count: int) -> bool:
    return len(reading.media_of(status)) == media_count and reading.shown_skeleton(status) == wanted


def _id_of(media: Object) -> str:
    if not (media_id := text(media, "id")):
        raise NotSent("画像や動画の番号を読み取れません。")
    return media_id


def _profile_field(field: Object) -> ProfileField:
    value = text_of(text(field, "value"))
    return ProfileField(text(field, "name"), value, verified=bool(field.get("verified_at")))
