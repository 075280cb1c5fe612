"""A small server of the tests' own that speaks the Mastodon API over real sockets on loopback.

It counts what it accepted, and can be told to misbehave as servers do: to be late, to swallow an answer after
accepting, to refuse, to answer with rubbish. Shared by the adapter's tests and the harness of faults.
"""

from __future__ import annotations

import base64
import hashlib
import html
import itertools
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message
from typing import Any
from urllib.parse import parse_qs, quote, urlencode

from koshiki.networks.base import Link, Secret
from koshiki.networks.mastodon import Mastodon
from tests.networks import mastodon_talk as talk
from tests.networks.stand_in import MARK, Handler, StandIn

PICTURE_TYPES = ["image/jpeg", "image/png", "image/webp", "image/gif"]


@dataclass
class Account:
    """An account of the server; whoever holds its token publishes as it."""

    id: str
    username: str
    token: str
    note: str = ""
    display_name: str = ""
    picture: bytes = b""
    fields: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Status:
    """What was accepted: `key` is the Idempotency-Key it came with."""

    id: str
    account: Account
    text: str
    media_ids: tuple[str, ...]
    key: str
    at: datetime
    reply_to: str = ""
    visibility: str = "public"
    shared: str = ""
    """The address of somebody else's status that this only passes on."""
    edited_at: datetime | None = None


class MastodonServer(StandIn):
    def __init__(self) -> None:
        super().__init__()
        self.software = "mastodon"
        self.honours_keys = True
        self.pkce = True
        self.lag = 0.0
        """Seconds until a publication shows in lists."""
        self.processing = 0
        """How many times a picture is said to be in work yet."""
        self.max_characters = 500
        self.takes = [*PICTURE_TYPES, "video/mp4"]
        self.page = 40
        self.list_answer: Any = None
        """Instead of the list of statuses."""
        self.shown_address = ""
        """Instead of a status's address."""
        self.leads_to = ""
        """Where this server's short address leads."""
        self.error_words = ""
        self.claimed_address = ""
        """Instead of an account's address."""
        self.accounts: dict[str, Account] = {}
        self.statuses: list[Status] = []
        self.media: dict[str, dict[str, Any]] = {}
        self.applications: dict[str, dict[str, str]] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self._ids = itertools.count(110_000_000_000_000_001)
        self.add_account("city")

    @property
    def city(self) -> Account:
        return next(iter(self.accounts.values()))

    def add_account(self, username: str) -> Account:
        account = Account(str(next(self._ids)), username, f"{MARK}{secrets.token_urlsafe(24)}")
        self.accounts[account.token] = account
        return account

    def revoke(self, account: Account) -> None:
        self.accounts.pop(account.token)

    def write(self, account: Account, text: str, **more: str) -> Status:
        """Somebody writes, past the interface."""
        status = Status(self.new_id(), account, text, (), "", datetime.now(UTC), **more)
        self.statuses.append(status)
        return status

    def new_id(self) -> str:
        return str(next(self._ids))


class _Handler(Handler):
    state: MastodonServer

    def answer(self, method: str, path: str) -> None:
        for verb, start, act in _ROUTES:
            if verb == method and (path == start or (start.endswith("/") and path.startswith(start))):
                return act(self, path.removeprefix(start))
        return self.send_json({"error": "Record not found"}, 404)

    def error(self, fault: str) -> dict[str, Any]:
        return {"error": self.state.error_words} if self.state.error_words else super().error(fault)

    def caller(self) -> Account | None:
        return self.state.accounts.get(self.bearer)

    def refuse_token(self) -> None:
        self.send_json({"error": "The access token is invalid"}, 401)

    def form(self) -> dict[str, Any]:
        if "json" in self.headers.get("Content-Type", ""):
            return dict(json.loads(self.body))
        return {key: values[-1] for key, values in parse_qs(self.body.decode()).items()}

    # -------------------------------------------------------- about the server

    def nodeinfo_index(self, _rest: str) -> None:
        rel = "http://nodeinfo.diaspora.software/ns/schema/2.0"
        self.send_json({"links": [{"rel": rel, "href": f"{self.state.base}/nodeinfo/2.0"}]})

    def nodeinfo(self, _rest: str) -> None:
        self.send_json({"version": "2.0", "software": {"name": self.state.software, "version": "4.5.0"}})

    def instance(self, _rest: str) -> None:
        statuses = {"max_characters": self.state.max_characters, "characters_reserved_per_url": 23,
                    "max_media_attachments": 4}  # fmt: skip
        media = {"image_size_limit": 16_777_216, "image_matrix_limit": 33_177_600, "description_limit": 1500,
                 "supported_mime_types": self.state.takes, "video_size_limit": 103_809_024,
                 "video_matrix_limit": 8_294_400}  # fmt: skip
        self.send_json({"configuration": {"statuses": statuses, "media_attachments": media}})

    # -------------------------------------------------------- connecting

    def oauth_metadata(self, _rest: str) -> None:
        methods = {"code_challenge_methods_supported": ["S256"]} if self.state.pkce else {}
        self.send_json({"issuer": self.state.base, **methods})

    def register(self, _rest: str) -> None:
        secret = f"{MARK}{secrets.token_urlsafe(16)}"
        application = {"client_id": secrets.token_urlsafe(8), "client_secret": secret}
        self.state.applications[application["client_id"]] = application | self.form()
        self.send_json(application)

    def authorize(self, _rest: str) -> None:
        """Allows at once, as the account named by `login` in the address, else as the first one."""
        code = secrets.token_urlsafe(8)
        self.state.codes[code] = self.query
        onward = f"{self.query['redirect_uri']}?{urlencode({'code': code, 'state': self.query['state']})}"
        self.send_body(b"", 302, "text/plain", Location=onward)

    def token(self, _rest: str) -> None:
        form = self.form()
        asked = self.state.codes.pop(form.get("code", ""), None)
        application = self.state.applications.get(form.get("client_id", ""), {})
        challenge = (asked or {}).get("code_challenge", "")
        proven = not challenge or challenge == _s256(form.get("code_verifier", ""))
        if not asked or not proven or application.get("client_secret") != form.get("client_secret"):
            return self.send_json({"error": "invalid_grant", "error_description": "code is not valid"}, 400)
        account = next(
            (a for a in self.state.accounts.values() if a.username == asked.get("login")), self.state.city
        )
        return self.send_json(
            {"access_token": account.token, "token_type": "Bearer", "scope": asked["scope"]}
        )

    def own_account(self, _rest: str) -> None:
        if not (account := self.caller()):
            return self.refuse_token()
        return self.send_json(self.account_json(account))

    def account_json(self, account: Account) -> dict[str, Any]:
        fields = [{"name": name, "value": value, "verified_at": None} for name, value in account.fields]
        url = self.state.claimed_address or f"{self.state.base}/@{account.username}"
        return {"id": account.id, "username": account.username, "acct": account.username, "url": url,
                "display_name": account.display_name or account.username, "note": account.note, "fields": fields,
                "avatar": f"{self.state.base}/avatar.png?{len(account.picture)}"}  # fmt: skip

    def avatar(self, _rest: str) -> None:
        picture = self.state.city.picture
        self.send_body(picture, kind="image/png") if picture else self.send_json({"error": "Record not found"}, 404)

    def elsewhere(self, _rest: str) -> None:
        """As a shortener does."""
        self.send_body(b"", 302, Location=self.state.leads_to)

    # -------------------------------------------------------- media

    def upload(self, _rest: str) -> None:
        if not self.caller():
            return self.refuse_token()
        parts = _multipart(self.headers.get("Content-Type", ""), self.body)
        media_id = self.state.new_id()
        picture = parts["file"].get_payload(decode=True)
        alt = parts["description"].get_payload(decode=True)
        with self.state.lock:
            self.state.media[media_id] = {
                "alt": alt.decode() if isinstance(alt, bytes) else "",
                "bytes": picture,
                "kind": parts["file"].get_content_maintype(),
                "waits": self.state.processing,
            }
        return self.send_json(self.media_json(media_id), 202 if self.state.processing else 200)

    def media_state(self, media_id: str) -> None:
        media = self.state.media.get(media_id)
        if media is None:
            return self.send_json({"error": "Record not found"}, 404)
        media["waits"] -= 1
        return self.send_json(self.media_json(media_id), 206 if media["waits"] >= 0 else 200)

    def media_json(self, media_id: str) -> dict[str, Any]:
        alt, kind = self.state.media[media_id]["alt"], self.state.media[media_id]["kind"]
        return {"id": media_id, "type": kind, "url": f"{self.state.base}/m/{media_id}", "description": alt}

    # -------------------------------------------------------- statuses

    def publish(self, _rest: str) -> None:
        if not (account := self.caller()):
            return self.refuse_token()
        return self.publishing(lambda: self.accept(account), lambda status: self.send_json(self.status_json(status)))

    def answers_something(self) -> bool:
        """Whether what it says that it answers is there."""
        answered = self.form().get("in_reply_to_id")
        return answered is None or any(status.id == answered for status in self.state.statuses)

    def accept(self, account: Account) -> Status | None:
        """A key that was seen is answered with what it made, where the server honours keys."""
        if not self.answers_something():
            self.send_json({"error": "The post you are trying to reply to does not appear to exist."}, 404)
            return None
        form, key = self.form(), self.headers.get("Idempotency-Key", "")
        with self.state.lock:
            known = [s for s in self.state.statuses if s.key == key and s.account is account]
            if known and self.state.honours_keys:
                return known[0]
            media = tuple(map(str, form.get("media_ids") or ()))
            status = Status(self.state.new_id(), account, form["status"], media, key, datetime.now(UTC),
                            str(form.get("in_reply_to_id") or ""), form["visibility"])  # fmt: skip
            self.state.statuses.append(status)
        return status

    def own_statuses(self, rest: str) -> None:
        if not self.caller():
            return self.refuse_token()
        if self.state.list_answer is not None:
            return self.send_json(self.state.list_answer)
        account_id = rest.split("/", maxsplit=1)[0]
        seen = datetime.now(UTC) - timedelta(seconds=self.state.lag)
        with self.state.lock:
            mine = [s for s in self.state.statuses if s.account.id == account_id and s.at <= seen]
        if self.query.get("exclude_reblogs") == "true":
            mine = [s for s in mine if not s.shared]
        newest = [s for s in reversed(mine) if int(s.id) < int(self.query.get("max_id", 10**30))]
        return self.send_json([self.status_json(s) for s in newest[: min(self.state.page, 40)]])

    def one_status(self, status_id: str) -> None:
        found = [s for s in self.state.statuses if s.id == status_id]
        if not found:
            return self.send_json({"error": "Record not found"}, 404)
        return self.send_json(self.status_json(found[0]))

    def status_json(self, status: Status) -> dict[str, Any]:
        url = self.state.shown_address or f"{self.state.base}/@{status.account.username}/{status.id}"
        answered = next((s for s in self.state.statuses if s.id == status.reply_to), None)
        shared = {"id": "1", "url": status.shared, "uri": status.shared, "content": _html(status.text)}
        return {"id": status.id, "url": url, "uri": url, "content": _html(status.text),
                "created_at": _time(status.at), "edited_at": status.edited_at and _time(status.edited_at),
                "visibility": status.visibility, "in_reply_to_id": status.reply_to or None,
                "in_reply_to_account_id": answered and answered.account.id,
                "reblog": shared if status.shared else None,
                "account": self.account_json(status.account),
                "media_attachments": [self.media_json(m) for m in status.media_ids]}  # fmt: skip


MastodonServer.handler = _Handler

_ROUTES: list[tuple[str, str, Callable[[_Handler, str], None]]] = [
    ("GET", "/.well-known/nodeinfo", _Handler.nodeinfo_index),
    ("GET", "/nodeinfo/2.0", _Handler.nodeinfo),
    ("GET", "/api/v2/instance", _Handler.instance),
    ("GET", "/.well-known/oauth-authorization-server", _Handler.oauth_metadata),
    ("POST", "/api/v1/apps", _Handler.register),
    ("GET", "/oauth/authorize", _Handler.authorize),
    ("POST", "/oauth/token", _Handler.token),
    ("GET", "/api/v1/accounts/verify_credentials", _Handler.own_account),
    ("GET", "/api/v1/accounts/", _Handler.own_statuses),
    ("POST", "/api/v2/media", _Handler.upload),
    ("GET", "/api/v1/media/", _Handler.media_state),
    ("POST", "/api/v1/statuses", _Handler.publish),
    ("GET", "/api/v1/statuses/", _Handler.one_status),
    ("PUT", "/api/v1/statuses/", talk.edit),
    ("DELETE", "/api/v1/statuses/", talk.delete),
    ("GET", "/api/v1/notifications", talk.notifications),
    ("GET", "/api/v2/search", talk.search),
    ("GET", "/avatar.png", _Handler.avatar),
    ("GET", "/short", _Handler.elsewhere),
]


def _time(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _s256(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def _multipart(content_type: str, body: bytes) -> dict[str, Message]:
    message = message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    parts = message.get_payload()
    assert isinstance(parts, list)
    return {str(part.get_param("name", header="content-disposition")): part for part in parts}


def _html(text: str) -> str:
    """Paragraphs, line ends and links, as Mastodon shows a status: the head of an address is made invisible."""
    words = [_link(word) if word.startswith("https://") else html.escape(word) for word in text.split(" ")]
    return "".join(f"<p>{p.replace(chr(10), '<br />')}</p>" for p in " ".join(words).split("\n\n"))


def _link(address: str) -> str:
    rest = html.escape(address.removeprefix("https://"))
    return f'<a href="{quote(address, safe=":/?=&#%")}"><span class="invisible">https://</span><span>{rest}</span></a>'


def pasted(server: str, token: str) -> dict[str, Secret]:
    """What a person pastes to connect an account of this server."""
    return {"server": Secret(server), "access_token": Secret(token)}


def connected(server: str, token: str, *, account: str) -> Link:
    """The connection that this token opens."""
    return Mastodon.with_key(pasted(server, token), account=account, address="")
