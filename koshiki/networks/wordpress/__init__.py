"""ブログ（WordPress）— a site of the city's own, through the REST interface that every WordPress has.

A post is a draft with a name that koshiki chose, `koshiki-` and the delivery's key, so that it is made once however
often one is killed; publishing is one call on that draft, and changes nothing when it is repeated.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

from koshiki.networks.answers import Object, as_object, part, text
from koshiki.networks.base import (
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
    MediaRules,
    NotFound,
    NotSent,
    Outcome,
    OutcomeUnknown,
    Outgoing,
    Profile,
    ProfileField,
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
    TakesKey,
    TokenDead,
)
from koshiki.networks.shown import links_of, text_of
from koshiki.networks.wordpress import comments, connecting, drafts, html
from koshiki.networks.wordpress.api import Api, moment, number

_POSTS = "wp/v2/posts"
_SHOWN = "id,link,status,date_gmt,modified_gmt,title,content"
_READ = 5000  # characters of the front page: what a blog says of itself often stands beside its posts
_REPEATABLE = 24 * 3600  # later a person may have taken it down again: look first


class WordPress(Publishes, LooksUp, Reads, Edits, Deletes, ShowsTimeline, ShowsComments, Hides, Removes, Replies,
                ShowsProfile, Identifies, TakesKey):
    key: ClassVar[str] = "blog"
    label: ClassVar[str] = "ブログ（WordPress）"
    key_fields: ClassVar[tuple[KeyField, ...]] = (
        KeyField("site", "サイトのアドレス", secret=False, help="ブログの最初のページのアドレス。例：https://blog.city.example.jp/"),
        KeyField("user", "利用者名", secret=False, help="koshiki のために作った、権限グループが「編集者」の利用者。"),
        KeyField("password", "アプリケーションパスワード",
                 help="WordPressの「プロフィール」の下の方で作ったもの。ログインのパスワードは入れないでください。"),
    )

    def __init__(self, link: Link | None = None) -> None:
        super().__init__(link)
        facts = self.link.facts
        self._api = Api(str(facts.get("root", "")), str(facts.get("user", "")), self.link.secrets.get("password"))

    @property
    def skew(self) -> float | None:  # type: ignore[override]
        return self._api.skew

    @property
    def fields(self) -> tuple[Field, ...]:
        categories = ((str(key), str(name)) for key, name in self.link.facts.get("categories", ()))
        return (
            Field("title", "題名", "line", max=100),
            Field("text", "本文", "text", max=20_000),
            Field("category", "カテゴリー", "choice", required=False, choices=(("", "（サイトの既定）"), *categories)),
        )

    @property
    def media_rules(self) -> MediaRules:
        """What every site takes: 2 MB is what PHP allows unless a site was told otherwise, and it doesn't tell."""
        return MediaRules(10, ("image/jpeg", "image/png", "image/webp"), 2_000_000, 40_000_000, 1000)

    def shown_text(self, content: Content) -> str:
        return "\n".join(content[key] for key in ("title", "text") if content.get(key))

    def repeatable_for(self) -> int:
        return _REPEATABLE

    def remote_id_in(self, address: str) -> str:
        if not self.link.server or not address.startswith(f"{self.link.server}/"):
            return ""
        told = parse_qs(urlsplit(address).query).get("p", [""])[-1]
        return told if told.isascii() and told.isdigit() else ""

    # ------------------------------------------------------------ connecting

    @classmethod
    def with_key(cls, given: Mapping[str, Secret], *, account: str, address: str) -> Link:
        return connecting.connected(given, account=account)

    def identity(self) -> Identity:
        """The site is the account: whoever of its users publishes there, it is the same."""
        self._api.get("wp/v2/users/me", _fields="id")
        name = connecting.name_of(self.link.server)
        return Identity(name, name, self.link.server)

    def profile(self) -> Profile:
        site, page = connecting.site_index(self._api), connecting.front_page(self.link.server)
        icon = text(site, "site_icon_url")
        return Profile(
            handle=connecting.name_of(self.link.server),
            name=text_of(text(site, "name")),
            text=text_of(text(site, "description")),
            fields=(ProfileField("トップページ", text_of(page.text)[:_READ]),),
            links=links_of(page.text),
            image_url=icon if icon.startswith(("https://", "http://")) else "",
        )

    # ------------------------------------------------------------ publishing

    def prepare(
        self, outgoing: Outgoing, stage: Stage, save_stage: SaveStage, last_check: LastCheck
    ) -> Stage:
        return drafts.prepared(self._api, outgoing, stage, save_stage, last_check)

    def publish(self, outgoing: Outgoing, stage: Stage, last_check: LastCheck) -> Published:
        post = self._api.ask("POST", f"{_POSTS}/{stage['post']}", {"_fields": _SHOWN}, json={"status": "publish"},
                             last_check=last_check)
        if not isinstance(post, dict) or number(post, "id") != stage["post"]:
            raise OutcomeUnknown("サイトは受け付けたようですが、投稿の番号を答えません。")
        if text(post, "status") != "publish":
            raise OutcomeUnknown("サイトは受け付けたようですが、公開したと答えません。")
        return Published(str(number(post, "id")), self._address(post), moment(post, "date_gmt"))

    def look_up(self, outgoing: Outgoing, since: datetime, taken: Collection[str] = ()) -> LookUp:
        """Exact: the key is in the post's name, so that neither an equal text nor a clock can deceive."""
        try:
            found = drafts.named(self._api, outgoing.key)
        except Outcome as outcome:
            return CannotTell(outcome.reason, token_dead=isinstance(outcome, TokenDead))
        published = [post for post in found if text(post, "status") == "publish"]
        if len(published) == 1 and str(published[0]["id"]) not in taken:
            return Found(str(published[0]["id"]), self._address(published[0]), moment(published[0], "date_gmt"))
        if all(text(post, "status") in drafts.UNSEEN for post in found):
            return NotFound()
        return CannotTell("この投稿はサイトにありますが、公開された状態ではありません（ゴミ箱、非公開など）。")

    # ------------------------------------------------------------ what is there

    def read(self, remote_id: str) -> Shown | None:
        try:
            post = self._published(remote_id)
        except Gone:
            return None
        except Rejected as refusal:
            raise NotSent(refusal.reason) from None
        alts = html.alts_of(text(part(post, "content"), "rendered", 500_000))
        return Shown(html.shown_text(post), len(alts), alts, self._address(post), moment(post, "date_gmt"))

    def edit(self, remote_id: str, outgoing: Outgoing, last_check: LastCheck) -> Published:
        figures = html.figures_of(text(part(self._published(remote_id), "content"), "raw", 500_000))
        post = self._api.ask("POST", _path(remote_id), {"_fields": _SHOWN}, last_check=last_check,
                             json=drafts.written(outgoing.content, figures))
        if not isinstance(post, dict) or str(number(post, "id")) != remote_id:
            raise OutcomeUnknown("サイトは受け付けたようですが、投稿の番号を答えません。")
        return Published(remote_id, self._address(post), moment(post, "date_gmt"))

    def delete(self, remote_id: str, last_check: LastCheck) -> None:
        """Out of sight first, then its pictures, whose addresses work without it, then the post itself."""
        try:
            self._api.harmlessly("POST", _path(remote_id), json={"status": "draft"}, last_check=last_check)
            for picture in drafts.pictures_of(self._api, int(remote_id)):
                self._erase(f"{drafts.MEDIA}/{picture['id']}", last_check)
            self._erase(_path(remote_id), last_check)
        except Gone:
            return  # it was before

    def timeline(self, since: datetime) -> list[Seen]:
        """Of the whole site, whoever wrote it; also what was only changed since, and what was dated back."""
        posts = self._api.all(_POSTS, context="edit", status="publish", orderby="modified", _fields=_SHOWN,
                              modified_after=since.astimezone(UTC).isoformat())
        return sorted(map(self._seen, posts), key=lambda seen: seen.at, reverse=True)

    # ------------------------------------------------------------ comments

    def comments(self, since: datetime) -> list[Comment]:
        return comments.since(self._api, since, own=self._user_id())

    def hide(self, comment_id: str, *, hidden: bool = True) -> None:
        comments.hide(self._api, comment_id, hidden=hidden)

    def remove(self, comment_id: str) -> None:
        comments.remove(self._api, comment_id)

    def reply(self, comment_id: str, outgoing: Outgoing, last_check: LastCheck) -> Published:
        return comments.reply(self._api, comment_id, outgoing.content["text"], last_check, own=self._user_id())

    # ------------------------------------------------------------

    def _published(self, remote_id: str) -> Object:
        """Raises Gone also for what nobody can see any more."""
        post = as_object(self._api.get(_path(remote_id), context="edit", _fields=_SHOWN))
        if text(post, "status") != "publish":
            raise Gone("投稿は公開されていません。")
        return post

    def _erase(self, path: str, last_check: LastCheck) -> None:
        with suppress(Gone):
            self._api.harmlessly("DELETE", path, {"force": "true"}, last_check=last_check)

    def _seen(self, post: Object) -> Seen:
        at, changed = moment(post, "date_gmt"), moment(post, "modified_gmt")
        if at is None:
            raise NotSent("一覧を読み取れません。")
        edited = changed if changed and changed > at else None
        return Seen(str(post["id"]), self._address(post), at, html.shown_text(post), edited_at=edited)

    def _address(self, post: Object) -> str:
        """The post's address; only one below the site's own."""
        address = text(post, "link")
        return address if address.startswith(f"{self.link.server}/") else ""

    def _user_id(self) -> int:
        value = self.link.facts.get("user_id")
        return value if isinstance(value, int) else 0


def _path(remote_id: str) -> str:
    """Raises Gone for what is no number: there is no such post."""
    if not (remote_id.isascii() and remote_id.isdigit()):
        raise Gone("投稿の番号ではありません。")
    return f"{_POSTS}/{remote_id}"
