"""Instagram's professional accounts, by the Graph API and the Facebook page that the account is connected with.

What is to go out is put into a container, which nobody sees; publishing is one call about it. Instagram fetches the
pictures itself, from the place where the city lays them out.
"""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from koshiki.networks.addresses import same_account
from koshiki.networks.answers import Object, moment, part, text
from koshiki.networks.base import (
    CannotTell,
    Comment,
    Content,
    Deletes,
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
    Problem,
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
from koshiki.networks.budgets import Budget, Span
from koshiki.networks.graph import CLOCKS_APART, WATCHED, OnGraph, connecting
from koshiki.networks.graph.api import CALLS
from koshiki.networks.graph.errors import TRY_AGAIN
from koshiki.networks.instagram import showing
from koshiki.networks.judging import plain_words
from koshiki.networks.network import Verb
from koshiki.networks.shown import similar, skeleton

_MOST_HASHTAGS, _MOST_MENTIONS = 30, 20
_PATIENCE = (0.5, 1, 2, 4, 8, 15, 30)  # seconds between looks at a container


class Instagram(OnGraph, Publishes, LooksUp, Reads, Deletes, ShowsTimeline, ShowsComments, Hides, Removes, Replies,
                ShowsProfile):
    key: ClassVar[str] = "instagram"
    label: ClassVar[str] = "Instagram"
    profile_limit: ClassVar[int] = 150
    budgets = (CALLS, Budget("posts", "24時間の投稿", "件", Span.DAY, {Verb.PUBLISH: 1}, 100, each_account=True))
    fetches_media: ClassVar[bool] = True
    scopes: ClassVar[tuple[str, ...]] = (
        "pages_show_list", "pages_read_engagement", "instagram_basic", "instagram_content_publish",
        "instagram_manage_comments", "instagram_manage_contents",
    )

    @property
    def fields(self) -> tuple[Field, ...]:
        return (Field("text", "本文", "text", max=2200, help="本文の中のアドレスは、押しても開きません。"),)

    @property
    def media_rules(self) -> MediaRules:
        return MediaRules(10, ("image/jpeg",), 8_000_000, 40_000_000, 1000, ratios=(4 / 5, 1.91))

    def count(self, text: str) -> int:
        """By code points: Instagram doesn't say how it counts, and this is never less than what a reader counts."""
        return len(text)

    def problems(self, content: Content, media: Sequence[Media]) -> list[Problem]:
        found, caption = super().problems(content, media), content.get("text", "")
        if not media:
            found.append(Problem("media", f"{self.label}には、画像のない投稿はできません。"))
        for most, what, pattern in ((_MOST_HASHTAGS, "ハッシュタグ", r"[#＃]\w+"), (_MOST_MENTIONS, "@の宛先", r"(?<!\w)@\w+")):
            if (many := len(re.findall(pattern, caption))) > most:
                found.append(Problem("text", f"{self.label}では、{what}は{most}個までです（いま{many}個）。"))
        return found

    # ------------------------------------------------------------ connecting

    @classmethod
    def finish(cls, app: Mapping[str, Secret], pending: Mapping[str, Secret], code: str, *, account: str,
               address: str) -> Link:
        pages = connecting.pages(cls.api, app, pending["redirect_uri"], code)
        page = _registered(pages, address)
        own, token = part(page, "instagram_business_account"), connecting.page_token(page)
        facts = {"remote_account_id": text(own, "id"), "handle": showing.handle_of(own), "page": text(page, "name", 100)}
        facts |= connecting.lifetime(cls.api, app, token, cls.scopes)
        return Link(account=account, secrets=connecting.opened_by(token, app), facts=facts)

    def identity(self) -> Identity:
        own = self._graph.node(self.own_id, fields="id,username")
        return Identity(text(own, "id"), showing.handle_of(own), showing.address_of(own))

    # ------------------------------------------------------------ publishing

    def prepare(self, outgoing: Outgoing, stage: Stage, save_stage: SaveStage, last_check: LastCheck) -> Stage:
        """Makes the container, of several pictures one for each first, and waits until Instagram has fetched all."""
        if stage.get("container"):
            return self._ready(stage, save_stage)
        made = list(stage.get("media", ()))
        for item in outgoing.media[len(made):]:
            made.append(self._contained(item, outgoing, last_check))
            save_stage({"media": list(made)})
        if len(made) == 1:
            return self._ready({"media": made, "container": made[0]}, save_stage)
        for child in made:
            self._wait_for(child, save_stage)
        form = {"media_type": "CAROUSEL", "children": ",".join(made), "caption": outgoing.content["text"]}
        return self._ready({"media": made, "container": self._container(form, last_check)}, save_stage)

    def publish(self, outgoing: Outgoing, stage: Stage, last_check: LastCheck) -> Published:
        container = str(stage["container"])
        try:
            answer = self._graph.publish(
                self.own_id, "media_publish", form={"creation_id": container}, last_check=last_check)
        except Rejected:
            if self._status_of(container) == "PUBLISHED":
                raise OutcomeUnknown("用意した投稿は、前の送信で公開されています。") from None
            raise
        if not (media := text(answer, "id")):
            raise OutcomeUnknown("Instagramは受け付けたようですが、投稿の番号を答えません。")
        return Published(media, self._permalink(media))

    def _contained(self, item: Media, outgoing: Outgoing, last_check: LastCheck) -> str:
        if not item.public_url:
            raise Rejected("Instagramが画像を取りに来る公開の場所が、この設置にはありません。システム管理者に確かめてください。")
        alone = {"caption": outgoing.content["text"]} if len(outgoing.media) == 1 else {"is_carousel_item": "true"}
        return self._container({"image_url": item.public_url, "alt_text": item.alt, **alone}, last_check)

    def _container(self, form: Mapping[str, str], last_check: LastCheck) -> str:
        if not (made := text(self._graph.ready(self.own_id, "media", form=form, last_check=last_check), "id")):
            raise NotSent("用意した投稿の番号を読み取れません。")
        return made

    def _ready(self, stage: Stage, save_stage: SaveStage) -> Stage:
        save_stage(dict(stage))
        self._wait_for(str(stage["container"]), save_stage)
        return stage

    def _wait_for(self, container: str, save_stage: SaveStage) -> None:
        """Raises NotSent, Rejected. One that can't be published any more is forgotten, so that the next try begins anew."""
        for pause in (*_PATIENCE, 0):
            there = self._looked_at(container)
            status = text(there, "status_code")
            if status in ("FINISHED", "PUBLISHED"):
                return
            if status in ("ERROR", "EXPIRED", "GONE"):
                save_stage({"media": []})
                raise _failed(text(there, "status"))
            time.sleep(pause)
        raise NotSent("Instagramでの画像の処理が終わりません。", 30)

    def _looked_at(self, container: str) -> Object:
        """A container as it is; one that is not kept any more has the status GONE. Raises NotSent, Rejected, TokenDead."""
        try:
            return self._graph.get(container, fields="status_code,status")
        except Gone:
            return {"status_code": "GONE"}

    def _status_of(self, container: str) -> str:
        """Raises OutcomeUnknown where that can't be read."""
        try:
            return text(self._looked_at(container), "status_code")
        except Outcome as outcome:
            raise OutcomeUnknown(outcome.reason) from None

    def _permalink(self, media: str) -> str:
        """Its address, if it can be had: that it can't takes nothing from its being published."""
        try:
            return showing.permalink(self._graph.get(media, fields="permalink"))
        except Outcome:
            return ""

    # ------------------------------------------------------------ looking

    def look_up(self, outgoing: Outgoing, since: datetime, taken: Collection[str] = ()) -> LookUp:
        wanted = skeleton(self.shown_text(outgoing.content))
        try:
            free = [media for media in self._own(since - CLOCKS_APART) if text(media, "id") not in taken]
            for media in reversed(free):  # the oldest that fits: a later equal one is a later delivery's
                if _bones(media) == wanted and len(showing.pictures_of(media)) == len(outgoing.media):
                    return Found(text(media, "id"), showing.permalink(media), moment(media, "timestamp"))
            if any(similar(wanted, _bones(media)) for media in free):
                return CannotTell("よく似た投稿がありますが、同じものと言い切れません。")
            return self._by_its_container(str(outgoing.stage.get("container", "")))
        except Outcome as outcome:
            return CannotTell(outcome.reason, token_dead=isinstance(outcome, TokenDead))

    def read(self, remote_id: str) -> Shown | None:
        try:
            media = self._graph.node(remote_id, fields=showing.MEDIA)
        except Gone:
            return None
        except Rejected as refusal:
            raise NotSent(refusal.reason) from None
        pictures = showing.pictures_of(media)
        alts = tuple(text(picture, "alt_text") for picture in pictures)
        return Shown(text(media, "caption", 5000), len(pictures), alts, showing.permalink(media), moment(media, "timestamp"))

    def timeline(self, since: datetime) -> list[Seen]:
        return [showing.seen(media) for media in self._own(since)]

    def profile(self) -> Profile:
        return showing.profile(self._graph.node(self.own_id, fields=showing.PROFILE))

    def _by_its_container(self, container: str) -> LookUp:
        if container and text(self._looked_at(container), "status_code") == "PUBLISHED":
            return CannotTell("Instagramは公開済みと答えますが、一覧にまだ見えません。")
        return NotFound()

    def _own(self, since: datetime) -> Iterator[Object]:
        return self._graph.since(since, "timestamp", self.own_id, "media", fields=showing.MEDIA)

    # ------------------------------------------------------------ correcting, comments

    def delete(self, remote_id: str, last_check: LastCheck) -> None:
        self._deleted(remote_id, last_check=last_check)

    def comments(self, since: datetime) -> list[Comment]:
        """Under publications of the last 60 days. All of each are read: an answer stands with its comment, however old."""
        media = [entry for entry in self._own(since - WATCHED) if entry.get("comments_count") != 0]
        found = [comment for entry in media for comment in self._comments_on(text(entry, "id"))]
        own = str(self.link.facts.get("handle", "")).removeprefix("@")
        return [comment for comment in found if comment.at >= since and comment.writer != own]

    def hide(self, comment_id: str, *, hidden: bool = True) -> None:
        self._graph.act("POST", comment_id, form={"hide": "true" if hidden else "false"})

    def remove(self, comment_id: str) -> None:
        self._deleted(comment_id)

    def reply(self, comment_id: str, outgoing: Outgoing, last_check: LastCheck) -> Published:
        answer = self._graph.publish(
            comment_id, "replies", form={"message": outgoing.content["text"]}, last_check=last_check)
        if not (made := text(answer, "id")):
            raise OutcomeUnknown("Instagramは受け付けたようですが、コメントの番号を答えません。")
        return Published(made, "")

    def _comments_on(self, media: str) -> Iterator[Comment]:
        for entry in self._graph.all(media, "comments", fields=showing.COMMENT):
            yield from showing.comments(entry, media)

    def _deleted(self, thing: str, last_check: LastCheck | None = None) -> None:
        try:
            self._graph.act("DELETE", thing, last_check=last_check)
        except Gone:
            return


def _registered(pages: list[Object], address: str) -> Object:
    """The page that the registered account is connected with. Raises Rejected, naming those that were allowed."""
    own = [part(page, "instagram_business_account") for page in pages]
    for page, account in zip(pages, own, strict=True):
        if same_account(showing.address_of(account), address):
            return page
    names = "、".join(showing.handle_of(account) for account in own if account) or "なし"
    raise Rejected(f"台帳のアカウント（{address}）が、許可されたものの中にありません（許可されたもの：{names}）。"
                   "プロアカウントで、Facebookページにつながっていることを確かめてください。")


def _failed(status: str) -> Outcome:
    """Why a container came to nothing, by the number in the words of its status."""
    words = f"Instagramが画像を受け付けませんでした。{plain_words(status)}"
    numbers = {int(number) for number in re.findall(r"\d{7}", status)}
    return Rejected(words) if numbers and not numbers & TRY_AGAIN else NotSent(words, 10)


def _bones(media: Object) -> str:
    return skeleton(text(media, "caption", 5000))
