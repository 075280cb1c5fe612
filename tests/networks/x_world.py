"""What the stand-in for X holds: accounts, tokens, pictures, posts; and how these look in its answers."""

from __future__ import annotations

import html
import itertools
import re
import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from koshiki.networks.base import Secret
from tests.canary import MARK

EPOCH_MS = 1288834974657
LINK = re.compile(r"https?://[!-~]+|(?<![\w/.@])(?:[a-z0-9-]+\.)+(?:jp|com)(?:/[!-~]*)?", re.IGNORECASE | re.ASCII)


@dataclass
class Account:
    id: str
    username: str
    name: str = "磐田市"
    description: str = ""
    url: str = ""
    verified_type: str = "none"


@dataclass
class Token:
    account: Account
    scopes: frozenset[str]
    ends: datetime


@dataclass(frozen=True)
class Post:
    """What was accepted. `ids`: of each of its versions, the last is the one that stands."""

    ids: tuple[str, ...]
    account: Account
    text: str
    media: tuple[str, ...] = ()
    answers: str = ""
    begun_by: str = ""
    repost_of: str = ""
    hidden: bool = False

    @property
    def id(self) -> str:
        return self.ids[-1]

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(((int(self.id) >> 22) + EPOCH_MS) / 1000, UTC)


@dataclass
class Picture:
    mime: str
    bytes: bytes
    alt: str = ""
    expects: int = 0
    waits: int = 0
    failed: bool = False


@dataclass
class World:
    """The state, and its switches."""

    lag: float = 0.0
    """Seconds until a post shows in lists."""
    page: int = 100
    refuses_duplicates: bool = True
    processing: int = 0
    """How many times a film is said to be in work yet."""
    breaks_films: bool = False
    token_seconds: int = 7200
    accounts: list[Account] = field(default_factory=list)
    tokens: dict[str, Token] = field(default_factory=dict)
    refresh_tokens: dict[str, Token] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    pictures: dict[str, Picture] = field(default_factory=dict)
    posts: list[Post] = field(default_factory=list)
    billed: Counter[str] = field(default_factory=Counter)
    """What X would charge for: every thing returned."""
    lock: threading.RLock = field(default_factory=threading.RLock)
    numbers: Any = field(default_factory=itertools.count)
    app: dict[str, Secret] = field(default_factory=lambda: {
        "client_id": Secret("city-app"), "client_secret": Secret(f"{MARK}{secrets.token_urlsafe(16)}")})

    def __post_init__(self) -> None:
        self.add_account("iwata_city")

    @property
    def city(self) -> Account:
        return self.accounts[0]

    def add_account(self, username: str) -> Account:
        self.accounts.append(Account(str(2_244_994_945 + len(self.accounts)), username))
        return self.accounts[-1]

    def new_id(self, at: datetime | None = None) -> str:
        ms = int(at.timestamp() * 1000) if at else time.time_ns() // 1_000_000
        return str(((ms - EPOCH_MS) << 22) + next(self.numbers))

    def grant(self, account: Account, scopes: Iterable[str]) -> dict[str, Any]:
        """Two new tokens; the access token ends by itself, the refresh token with its use."""
        access, refresh = (f"{MARK}{secrets.token_urlsafe(24)}" for _ in range(2))
        token = Token(account, frozenset(scopes), datetime.now(UTC) + timedelta(seconds=self.token_seconds))
        self.tokens[access] = token
        given = {"token_type": "bearer", "expires_in": self.token_seconds, "access_token": access,
                 "scope": " ".join(sorted(scopes))}
        if "offline.access" not in token.scopes:
            return given
        self.refresh_tokens[refresh] = token
        return given | {"refresh_token": refresh}

    # ------------------------------------------------------------ posts

    def write(self, account: Account, text: str, *, answers: str = "", media: Iterable[str] = (), repost_of: str = "",
              at: datetime | None = None) -> Post:
        """A post of anybody's, as if written in the app."""
        with self.lock:
            number, parent = self.new_id(at), self.find(answers)
            begun_by = parent.begun_by if parent else number
            post = Post((number,), account, text, tuple(media), answers, begun_by, repost_of)
            self.posts.append(post)
        return post

    def change(self, post: Post, **how: Any) -> Post:
        changed = replace(post, **how)
        self.posts[self.posts.index(post)] = changed
        return changed

    def edit(self, post: Post, text: str) -> Post:
        return self.change(post, text=text, ids=(*post.ids, self.new_id()))

    def find(self, post_id: str) -> Post | None:
        return next((post for post in self.posts if post_id in post.ids), None)

    def listed(self) -> list[Post]:
        """What lists show by now, newest first."""
        seen = datetime.now(UTC) - timedelta(seconds=self.lag)
        return sorted((post for post in self.posts if post.at <= seen), key=lambda post: int(post.id), reverse=True)

    def is_duplicate(self, account: Account, text: str) -> bool:
        return self.refuses_duplicates and any(p.account is account and p.text == text and not p.media for p in self.posts)

    # ------------------------------------------------------------ as answers

    def post_json(self, post: Post, query: Mapping[str, str]) -> dict[str, Any]:
        """A post with the fields that were asked for and those that always come."""
        fields, expansions = _asked(query, "post.fields"), _asked(query, "expansions")
        text, urls = self._shortened(post)
        shown: dict[str, Any] = {"id": post.id, "text": text, "edit_history_post_ids": list(post.ids)}
        if len(post.text) > 280:
            shown["text"] = text[:279] + "…"
        more = {"note_post": {"text": text} if len(post.text) > 280 else None,
                "conversation_id": post.begun_by, "entities": {"urls": urls} if urls else None,
                "attachments": {"media_keys": [f"3_{m}" for m in post.media]} if post.media else None}
        shown |= {key: value for key, value in more.items() if key in fields and value}
        if "author_id" in expansions:
            shown["author_id"] = post.account.id
        others = {"replied_to": post.answers, "retweeted": post.repost_of}
        if "referenced_posts" in expansions and any(others.values()):
            shown["referenced_posts"] = [{"id": other, "type": how} for how, other in others.items() if other]
        return shown

    def includes(self, posts: list[Post], query: Mapping[str, str]) -> dict[str, Any]:
        """What was asked to come along: everything of it is charged for."""
        asked, found = _asked(query, "expansions"), {}
        if "author_id" in asked:
            found["users"] = [self.user_json(a, {}) for a in {p.account.id: p.account for p in posts}.values()]
        if "attachments.media_keys" in asked:
            found["media"] = [self._media_json(m, query) for p in posts for m in p.media]
        if "referenced_posts" in asked:
            others = (self.find(number) for p in posts for number in (p.answers, p.repost_of) if number)
            found["posts"] = [self.post_json(other, {}) for other in others if other]
        self.billed.update({kind: len(things) for kind, things in found.items()})
        return {kind: things for kind, things in found.items() if things}

    def user_json(self, account: Account, query: Mapping[str, str]) -> dict[str, Any]:
        description, links = _short(account.description)
        url, own = _short(account.url)
        entities = {key: {"urls": urls} for key, urls in (("description", links), ("url", own)) if urls}
        whole = {"description": description, "url": url, "entities": entities, "location": "静岡県磐田市",
                 "profile_image_url": "https://pbs.twimg.com/profile_images/1/city_normal.png",
                 "verified": account.verified_type != "none", "verified_type": account.verified_type}
        asked = {key: value for key, value in whole.items() if key in _asked(query, "user.fields") and value != {}}
        return {"id": account.id, "name": account.name, "username": account.username} | asked

    def _media_json(self, media_id: str, query: Mapping[str, str]) -> dict[str, Any]:
        shown = {"media_key": f"3_{media_id}", "type": "photo"}
        return shown | ({"alt_text": self.pictures[media_id].alt} if "alt_text" in _asked(query, "media.fields") else {})

    def _shortened(self, post: Post) -> tuple[str, list[dict[str, Any]]]:
        """The text as X gives it out: links of its own, pictures as links, three signs escaped."""
        parent = self.find(post.answers)
        before = f"@{parent.account.username} " if parent and parent.account is not post.account else ""
        text, urls = _short(before + html.escape(post.text, quote=False))
        for number, media_id in enumerate(post.media, 1):
            urls.append({"start": len(text) + 1, "end": len(text) + 24, "url": "https://t.co/pictures00",
                         "expanded_url": f"https://x.com/{post.account.username}/status/{post.id}/photo/{number}",
                         "display_url": "pic.x.com/pictures00", "media_key": f"3_{media_id}"})
        return text + (" https://t.co/pictures00" if post.media else ""), urls


def _short(text: str) -> tuple[str, list[dict[str, Any]]]:
    urls: list[dict[str, Any]] = []

    def shorten(match: re.Match[str]) -> str:
        written = html.unescape(match[0])
        full = written if "://" in written else f"http://{written}"
        urls.append({"start": match.start(), "end": match.end(), "url": f"https://t.co/link{len(urls):06}",
                     "expanded_url": full, "display_url": full.split("://")[1].removeprefix("www.")[:26]})
        return str(urls[-1]["url"])

    return LINK.sub(shorten, text), urls


def _asked(query: Mapping[str, str], name: str) -> set[str]:
    return set(query.get(name, "").split(","))
