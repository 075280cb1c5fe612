"""What holds for each service that a person posts to. Limits are those of the service's own pages, or stricter."""

from __future__ import annotations

from typing import ClassVar

from koshiki.networks.base import Field, MediaRules, Verb, VideoRules
from koshiki.networks.hand_over import HandOver
from koshiki.networks.hand_over.posting import Forms
from koshiki.networks.x import weighing

_PHOTOS = ("image/jpeg", "image/png")
_FILMS = ("video/mp4",)
_IN_PLACE = frozenset({Verb.EDIT, Verb.DELETE})
_BELOW = frozenset({Verb.THREAD, Verb.DELETE})


def _text(most: int | None, help_: str = "") -> Field:
    return Field("text", "本文", "text", max=most, help=help_)


class Facebook(HandOver):
    key: ClassVar[str] = "facebook"
    label: ClassVar[str] = "Facebook"
    people_mend = _IN_PLACE
    declared = (_text(63_206),)
    media = MediaRules(10, _PHOTOS, 4_000_000, 40_000_000, 1000)
    forms = Forms(
        "facebook", kept=("story_fbid", "id", "fbid", "v"),
        owners=((r"/([^/]+)/(?:posts|videos|photos)/.+", "https://www.facebook.com/{0}"),),
    )
    hint = "投稿の日時の文字を押すと、その投稿だけのページが開きます。「シェア」の短いアドレスは使えません。"


class X(HandOver):
    key: ClassVar[str] = "x"
    label: ClassVar[str] = "X（旧Twitter）"
    people_mend = _BELOW
    declared = (_text(280),)
    media = MediaRules(4, _PHOTOS, 5_000_000, 40_000_000, 1000, video=VideoRules(_FILMS, 512_000_000, 140))
    composing = ("Xの投稿画面", "https://x.com/intent/post?text={text}")
    forms = Forms("x", owners=((r"/([a-z0-9_]{1,15})/status(?:es)?/.+", "https://x.com/{0}"),))
    hint = ("投稿画面を開く前に、市のアカウントに切り替わっていることを確かめてください。"
            "アドレスの中のユーザー名は、だれの投稿かの証拠になりません（Xは番号だけを見ます）。")

    def count(self, text: str) -> int:
        return weighing.weight(text)


class Instagram(HandOver):
    key: ClassVar[str] = "instagram"
    label: ClassVar[str] = "Instagram"
    people_mend = _IN_PLACE
    declared = (_text(2200),)
    media = MediaRules(10, ("image/jpeg",), 8_000_000, 40_000_000, 1000)
    media_needed = True
    forms = Forms("instagram", owners=(
        (r"/([a-z0-9._]+)/(?:p|reel|reels|tv)/.+", "https://www.instagram.com/{0}"),
        (r"/stories/([a-z0-9._]+)/.+", "https://www.instagram.com/{0}"),
    ))
    hint = "本文の中のアドレスは、押しても開きません。"


class YouTube(HandOver):
    key: ClassVar[str] = "youtube"
    label: ClassVar[str] = "YouTube"
    people_mend = _IN_PLACE
    declared = (
        Field("title", "動画の題名", "line", max=100, required=False,
              help="動画のときに書きます。"),
        _text(5000, "動画の説明文、又は「投稿」の文。"),
    )
    media = MediaRules(5, _PHOTOS, 8_000_000, 40_000_000, 1000, video=VideoRules(_FILMS, 256_000_000_000, 12 * 3600))
    composing = ("YouTube Studio", "https://studio.youtube.com/")
    forms = Forms("youtube", kept=("v", "lb"))


class Line(HandOver):
    key: ClassVar[str] = "line"
    label: ClassVar[str] = "LINE"
    declared = (_text(500),)
    media = MediaRules(2, _PHOTOS, 10_000_000, 40_000_000, 1000)  # with the text three balloons, of which one message is made
    composing = ("LINE公式アカウントの管理画面", "https://manager.line.biz/")
    forms = Forms("line")
    gives_addresses = False
    hint = "友だちへのメッセージにはアドレスがありません。送った後に、配信結果の画面で確かめたことを書きます。"


class Bluesky(HandOver):
    key: ClassVar[str] = "bluesky"
    label: ClassVar[str] = "Bluesky"
    people_mend = _BELOW
    declared = (_text(300),)
    media = MediaRules(4, _PHOTOS, 1_000_000, 40_000_000, 2000)
    composing = ("Blueskyの投稿画面", "https://bsky.app/intent/compose?text={text}")
    forms = Forms("bluesky", owners=((r"/profile/@?([^/]+)/post/.+", "https://bsky.app/profile/{0}"),), names=True)


class Blog(HandOver):
    key: ClassVar[str] = "blog"
    label: ClassVar[str] = "ブログ（WordPress）"
    people_mend = _IN_PLACE
    declared = (Field("title", "題名", "line", max=100), _text(20_000))
    media = MediaRules(10, (*_PHOTOS, "image/webp"), 2_000_000, 40_000_000, 1000)
    composing = ("ブログの投稿画面", "{account}/wp-admin/post-new.php")
    forms = Forms(kept=("p", "page_id"), never=r".*/wp-(?:admin|login|json|content|includes)\b.*")
    readable = True
