"""A stand-in for X on loopback: it holds every request and every answer to X's own models (`x_models.py`).

It behaves as X documents: tokens that end, refresh tokens that work once, refused duplicates, counts that are used
up, lists that lag, charges for what it returns. It counts what it accepted, and can be told to misbehave.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from koshiki.networks.x import weighing
from tests.networks import x_models
from tests.networks.stand_in import StandIn
from tests.networks.x_door import Door
from tests.networks.x_world import Account, Picture, Post, Token, World

DUPLICATE = "You are not allowed to create a Tweet with duplicate content."


class XServer(World, StandIn):
    """The world with a door."""

    def __init__(self) -> None:
        StandIn.__init__(self)
        World.__init__(self)
        self.faulty: dict[str, str] = {}
        """Faults of other calls than publications, by their name."""
        self.instead: dict[str, Any] = {}
        """The whole answer of a call, by its name."""
        self.limits: dict[str, str] = {}
        """Headers of a refusal for want of a rest."""
        self.calls: list[str] = []


class _Handler(Door):
    state: XServer
    account: Account

    def answer(self, method: str, path: str) -> None:
        for verb, pattern, name, scopes in _ROUTES:
            if verb == method and (match := re.fullmatch(pattern, path)):
                return self._called(name, scopes, match.groups())
        self.state.complaints.append(f"{method} {path}")
        return self.refuse("404")

    def _called(self, name: str, scopes: str, groups: tuple[str, ...]) -> None:
        self.name = name
        self.state.calls.append(name)
        act: Callable[..., None] = getattr(self, name)
        if not scopes:
            return act(*groups)
        token = self._granted()
        if token is None:
            return self.refuse("401")
        self.account = token.account
        if not set(scopes.split()) <= token.scopes:
            return self.refuse("403")
        self.state.complaints += self._strange()
        return None if self._otherwise(name) else act(*groups)

    def _otherwise(self, name: str) -> bool:
        """Answers as it was told to, where it was told anything of this call."""
        if fault := self.state.faulty.get(name, ""):
            if not self.refused(fault):
                self.misanswered(fault, None)
        elif name in self.state.instead:
            self.send_json(self.state.instead[name])
        return bool(fault) or name in self.state.instead

    def _granted(self) -> Token | None:
        token = self.state.tokens.get(self.bearer)
        return token if token and token.ends > datetime.now(UTC) else None

    def _strange(self) -> list[str]:
        asked = x_models.query_faults(self.name, self.query) if self.name in x_models.QUERIES else iter(self.query)
        sent = x_models.body_faults(self.name, self.sent()) if self.name in x_models.BODIES else iter([])
        return [*asked, *sent]

    # -------------------------------------------------------- connecting

    def authorize(self) -> None:
        """Allows at once, as the account that `login` names, else as the first."""
        code = secrets.token_urlsafe(8)
        self.state.codes[code] = self.query
        onward = urlencode({"code": code, "state": self.query["state"]})
        self.send_body(b"", 302, Location=f"{self.query['redirect_uri']}?{onward}")

    def token(self) -> None:
        app = (self.state.app["client_id"].reveal(), self.state.app["client_secret"].reveal())
        login = base64.b64encode(":".join(app).encode()).decode()
        if self.headers.get("Authorization") != f"Basic {login}":
            return self._no_token(401, "unauthorized_client", "Missing valid authorization header")
        if self._otherwise("token"):
            return None
        form = self.sent()
        granted = self._renewed(form) if form["grant_type"] == "refresh_token" else self._exchanged(form)
        if granted is None:
            return self._no_token(400, "invalid_request", "Value passed for the token was invalid.")
        return self.send_json(granted)

    def _exchanged(self, form: dict[str, Any]) -> dict[str, Any] | None:
        asked = self.state.codes.pop(form["code"], None)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        if not asked or base64.urlsafe_b64encode(digest).decode().rstrip("=") != asked["code_challenge"]:
            return None
        if form["redirect_uri"] != asked["redirect_uri"] or asked["code_challenge_method"] != "S256":
            return None
        named = [a for a in self.state.accounts if a.username == asked.get("login")]
        return self.state.grant((named or self.state.accounts)[0], asked["scope"].split())

    def _renewed(self, form: dict[str, Any]) -> dict[str, Any] | None:
        old = self.state.refresh_tokens.pop(form["refresh_token"], None)
        return self.state.grant(old.account, old.scopes) if old else None

    def _no_token(self, status: int, error: str, words: str) -> None:
        self.send_json({"error": error, "error_description": words}, status)

    # -------------------------------------------------------- users

    def me(self) -> None:
        self.state.billed["users"] += 1
        self.give({"data": self.state.user_json(self.account, self.query)})

    def search_users(self) -> None:
        words, most = self.query["query"], int(self.query.get("max_results", 100))
        if not re.fullmatch(r"[A-Za-z0-9_' ]{1,50}", words):
            return self.refuse("400")
        found = [a for a in self.state.accounts if words.casefold() in a.username.casefold()][:most]
        self.state.billed["users"] += len(found)
        return self.give({"data": [self.state.user_json(a, self.query) for a in found], "meta": {}})

    # -------------------------------------------------------- posts

    def own_posts(self, user_id: str) -> None:
        passed_on = "retweets" not in self.query.get("exclude", "").split(",")
        self._list([p for p in self.state.listed() if p.account.id == user_id and (passed_on or not p.repost_of)], 5)

    def search_posts(self) -> None:
        match = re.fullmatch(r"to:(\d+) -from:\1", self.query["query"])
        if not match or self._start() < datetime.now(UTC) - timedelta(days=7):
            return self.refuse("400")
        owners = {number: post.account.id for post in self.state.posts for number in post.ids}
        return self._list([p for p in self.state.listed() if owners.get(p.answers) == match[1] != p.account.id], 10)

    def _start(self) -> datetime:
        return datetime.strptime(self.query["start_time"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)

    def _list(self, posts: list[Any], least: int) -> None:
        start, most = self._start(), int(self.query.get("max_results", 10))
        if start > datetime.now(UTC) - timedelta(seconds=10) or not least <= most <= 100:
            return self.refuse("400")
        begin = int(self.query.get("pagination_token") or self.query.get("next_token") or 0)
        end = begin + min(most, self.state.page)
        found = [post for post in posts if post.at >= start]
        shown = found[begin:end]
        meta: dict[str, Any] = {"result_count": len(shown)} | ({"next_token": str(end)} if found[end:] else {})
        self.state.billed["posts"] += len(shown)
        page: dict[str, Any] = {"data": [self.state.post_json(p, self.query) for p in shown]} if shown else {}
        included = self.state.includes(shown, self.query)
        return self.give(page | ({"includes": included} if included else {}) | {"meta": meta})

    def one_post(self, post_id: str) -> None:
        if (post := self.state.find(post_id)) is None:
            return self.missing(post_id)
        self.state.billed["posts"] += 1
        included = self.state.includes([post], self.query)
        shown = {"data": self.state.post_json(post, self.query)}
        return self.give(shown | ({"includes": included} if included else {}))

    def publish(self) -> None:
        self.publishing(self._accepted, lambda post: self.give(
            {"data": {"id": post.id, "text": post.text, "edit_history_post_ids": [post.id]}}, 201))

    def _accepted(self) -> Post | None:
        sent = self.sent()
        if words := self._against(sent):
            self.refuse("403", words)
            return None
        return self.state.write(self.account, sent["text"], media=sent.get("media", {}).get("media_ids", []),
                                answers=sent.get("reply", {}).get("in_reply_to_tweet_id", ""))

    def _against(self, sent: dict[str, Any]) -> str:
        media = sent.get("media", {}).get("media_ids", [])
        if self.state.is_duplicate(self.account, sent["text"]) and not media:
            return DUPLICATE
        if weighing.weight(sent["text"]) > 280:
            return "Your Tweet text is too long."
        if len(media) > 4 or not set(media) <= self.state.pictures.keys():
            return "Your media IDs are invalid."
        answers = sent.get("reply", {}).get("in_reply_to_tweet_id")
        gone = answers is not None and self.state.find(answers) is None
        return "You attempted to reply to a Tweet that is deleted or not visible to you." if gone else ""

    def delete(self, post_id: str) -> None:
        if (post := self.state.find(post_id)) is None:
            return self.missing(post_id)
        if post.account is not self.account:
            return self.refuse("403", "You are not authorized to delete this Tweet.")
        self.state.posts.remove(post)
        return self.give({"data": {"deleted": True}})

    def hide(self, post_id: str) -> None:
        post, hidden = self.state.find(post_id), self.sent()["hidden"]
        root = self.state.find(post.begun_by) if post else None
        if post is None:
            return self.missing(post_id)
        if root is None or root.account is not self.account:
            return self.refuse("403", "You can only hide replies to conversations you started.")
        self.state.change(post, hidden=hidden)
        return self.give({"data": {"hidden": hidden}})

    # -------------------------------------------------------- pictures and films

    def upload(self) -> None:
        self._new_picture(self.sent()["media"], self.file)

    def upload_begin(self) -> None:
        sent = self.sent()
        self._new_picture(sent["media_type"], b"", sent["total_bytes"])

    def _new_picture(self, mime: str, content: bytes, expects: int = 0) -> None:
        media_id = self.state.new_id()
        with self.state.lock:
            self.state.pictures[media_id] = Picture(mime, content, "", expects, self.state.processing)
        self.give({"data": {"id": media_id, "media_key": f"3_{media_id}", "expires_after_secs": 86400}})

    def upload_part(self, media_id: str) -> None:
        self.sent()
        self.state.pictures[media_id].bytes += self.file
        self.give({"data": {"expires_at": int(time.time()) + 86400}})

    def upload_end(self, media_id: str) -> None:
        film = self.state.pictures[media_id]
        if len(film.bytes) != film.expects:
            return self.refuse("400")
        return self._state_of(media_id)

    def upload_state(self) -> None:
        self._state_of(self.query["media_id"])

    def _state_of(self, media_id: str) -> None:
        film = self.state.pictures[media_id]
        film.waits -= 1
        state = "in_progress" if film.waits >= 0 else "failed" if self.state.breaks_films else "succeeded"
        self.give({"data": {"id": media_id, "media_key": f"7_{media_id}", "processing_info": {"state": state}}})

    def describe(self) -> None:
        sent = self.sent()
        self.state.pictures[sent["id"]].alt = sent["metadata"]["alt_text"]["text"]
        self.give({"data": {"id": sent["id"], "associated_metadata": sent["metadata"]}})


XServer.handler = _Handler

_READ, _WRITE = "tweet.read users.read", "tweet.read tweet.write users.read"
_ID = r"([0-9]{1,19})"
_ROUTES = (
    ("GET", r"/i/oauth2/authorize", "authorize", ""),
    ("POST", r"/2/oauth2/token", "token", ""),
    ("GET", r"/2/users/me", "me", _READ),
    ("GET", r"/2/users/search", "search_users", _READ),
    ("GET", rf"/2/users/{_ID}/tweets", "own_posts", _READ),
    ("GET", r"/2/tweets/search/recent", "search_posts", _READ),
    ("GET", rf"/2/tweets/{_ID}", "one_post", _READ),
    ("POST", r"/2/tweets", "publish", _WRITE),
    ("DELETE", rf"/2/tweets/{_ID}", "delete", _WRITE),
    ("PUT", rf"/2/tweets/{_ID}/hidden", "hide", "tweet.moderate.write users.read tweet.read"),
    ("POST", r"/2/media/upload", "upload", "media.write"),
    ("GET", r"/2/media/upload", "upload_state", "media.write"),
    ("POST", r"/2/media/upload/initialize", "upload_begin", "media.write"),
    ("POST", rf"/2/media/upload/{_ID}/append", "upload_part", "media.write"),
    ("POST", rf"/2/media/upload/{_ID}/finalize", "upload_end", "media.write"),
    ("POST", r"/2/media/metadata", "describe", "media.write"),
)
