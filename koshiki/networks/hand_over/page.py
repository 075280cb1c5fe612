"""What stands at the address of a post, against what was approved: the page is fetched and searched for its words.

That the words stand there tells of every service; that they don't, only of one whose pages show them to everybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from html.parser import HTMLParser

from koshiki.networks.base import CannotTell, NotSent, Shown
from koshiki.networks.http import Fetched, Forbidden, NeverSent, NoAnswer, fetch
from koshiki.networks.shown import similar, skeleton, text_of

MOST = 3  # times as long as what was approved: what is shown of a page that differs
_UNSEEN = "koshiki は「{label}」の投稿のページを読み取れません。"
_GONE = frozenset({404, 410})


class _Told(HTMLParser):
    """What a page tells of itself in its head: services that draw their pages by script say it only there."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = (given.get("property") or given.get("name") or "").lower()
        if tag == "meta" and name.removeprefix("og:").removeprefix("twitter:") in ("title", "description"):
            self.words.append(given.get("content") or "")


def compared(url: str, words: Sequence[str], approved: str, *, readable: bool, label: str) -> Shown | CannotTell | None:
    """The page at `url` against the approved `words`; None if it is gone. Raises NotSent (try later)."""
    page = _page(url)
    if isinstance(page, CannotTell):
        return page
    if page.status != 200:
        return None if page.status in _GONE and readable else CannotTell(_UNSEEN.format(label=label))
    shown, told = text_of(page.text), _Told()
    told.feed(page.text)
    whole = skeleton("\n".join([shown, *told.words]))
    if all(skeleton(text) in whole for text in words):
        return Shown(approved, None, (), url, None)
    return Shown(_alike(shown, approved), None, (), url, None) if readable else CannotTell(_UNSEEN.format(label=label))


def _page(url: str) -> Fetched | CannotTell:
    try:
        page = fetch(url)
    except Forbidden as forbidden:
        return CannotTell(forbidden.reason)
    except (NeverSent, NoAnswer) as away:
        raise NotSent(away.reason) from None
    if page.status >= 500:
        raise NotSent(f"サーバーの答えは{page.status}でした。")
    return page


def _alike(shown: str, approved: str) -> str:
    """The part of a page that resembles what was approved: from its first line that does to its last."""
    wanted = [bones for line in approved.splitlines() if (bones := skeleton(line))]
    lines = shown.splitlines()
    near = [n for n, line in enumerate(lines) if _resembles(skeleton(line), wanted)]
    return "\n".join(lines[near[0]:near[-1] + 1])[:len(approved) * MOST] if near else ""


def _resembles(bones: str, wanted: Sequence[str]) -> bool:
    return bool(bones) and any(similar(bones, line) for line in wanted)
