"""A small, strict Bluesky of the tests' own: an account server, the directory of accounts, and the view of all posts.

It refuses what the lexicons forbid (app.bsky.feed.post, its facets and embeds, threadgates, record keys), keeps
records as the real account server does, and can be told to misbehave (`stand_in.py`).
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from koshiki.networks.bluesky.api import Api
from koshiki.text import graphemes
from tests.networks.stand_in import MARK, Handler, StandIn

Value = dict[str, Any]
POSTS, GATES = "app.bsky.feed.post", "app.bsky.feed.threadgate"
_TID = re.compile(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_URI = re.compile(r"at://did:[a-z]+:[\w.:%-]+/[\w.]+/[\w.~:-]+")


class Refused(Exception):
    """A 4xx answer: its name, its words, its status."""

    def __init__(self, name: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.name, self.message, self.status = name, message, status


@dataclass
class Account:
    did: str
    handle: str
    app_password: str
    main_password: str
    records: dict[tuple[str, str], tuple[str, Value]] = field(default_factory=dict)
    blobs: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    verified: str = "none"

    def posts(self) -> list[Value]:
        return [value for (collection, _), (_, value) in self.records.items() if collection == POSTS]


class BlueskyServer(StandIn):
    def __init__(self) -> None:
        super().__init__()
        self.page = 100
        self.token_seconds, self.refresh_seconds = 7200, 60 * 86400
        self.list_answer: Any = None
        """Instead of a list of records."""
        self.homes: dict[str, str] = {}
        """Where the directory says an account lives, if not here."""
        self.owners: dict[str, str] = {}
        """Whose Bluesky says a handle is, if not who has it here."""
        self.appview_away = False
        self.first_seen: dict[str, float] = {}
        """When each record came to stand there."""
        self.accounts: dict[str, Account] = {}
        self.sessions: dict[str, tuple[str, str]] = {}
        self.add_account("city.test")

    @property
    def city(self) -> Account:
        return next(iter(self.accounts.values()))

    def add_account(self, handle: str) -> Account:
        did = "did:plc:" + base64.b32encode(secrets.token_bytes(15)).decode().lower()
        made = Account(did, handle, f"{MARK}{secrets.token_hex(8)}", f"{MARK}main-{secrets.token_hex(8)}")
        self.accounts[did] = made
        return made

    def named(self, name: str) -> Account | None:
        return next((a for a in self.accounts.values() if name in (a.did, a.handle)), None)

    def sign_in(self, account: Account, scope: str = "com.atproto.appPass") -> Value:
        tokens = {}
        for kind, seconds in (("access", self.token_seconds), ("refresh", self.refresh_seconds)):
            claims = {"scope": scope if kind == "access" else "com.atproto.refresh", "sub": account.did,
                      "exp": int(time.time()) + seconds}
            coded = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
            tokens[kind] = f"{MARK}{secrets.token_hex(4)}.{coded}.{secrets.token_hex(8)}"
            self.sessions[tokens[kind]] = (kind, account.did)
        return {"did": account.did, "handle": account.handle, "active": True,
                "accessJwt": tokens["access"], "refreshJwt": tokens["refresh"]}

    def put(self, account: Account, collection: str, key: str, value: Value) -> str:
        """Puts a record there, as any client of that account might."""
        cid = _cid(json.dumps(value, sort_keys=True).encode())
        account.records[collection, key] = (cid, value)
        self.first_seen.setdefault(f"at://{account.did}/{collection}/{key}", time.time())
        return cid

    def everything(self) -> Iterator[tuple[Account, str, str, Value]]:
        for account in self.accounts.values():
            for (collection, key), (cid, value) in account.records.items():
                yield account, f"at://{account.did}/{collection}/{key}", cid, value


class _Handler(Handler):
    state: BlueskyServer

    def answer(self, method: str, path: str) -> None:
        if path.startswith("/did:"):
            return self.document(unquote(path[1:]))
        act = METHODS.get((method, path.removeprefix("/xrpc/")))
        try:
            if act is None:
                raise Refused("MethodNotImplemented", "Method Not Implemented", 501)
            with self.state.lock:
                said = act(self)
        except Refused as refusal:
            return self.send_json({"error": refusal.name, "message": refusal.message}, refusal.status)
        return None if said is None else self.send_json(said)

    def caller(self, kind: str = "access") -> Account:
        if not self.bearer:
            raise Refused("AuthMissing", "Authentication Required", 401)
        known, did = self.state.sessions.get(self.bearer, ("", ""))
        if known != kind:
            raise Refused("InvalidToken", "Token could not be verified")
        claims = self.bearer.split(".")[1]
        if json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["exp"] <= time.time():
            raise Refused("ExpiredToken", "Token has expired")
        return self.state.accounts[did]

    # -------------------------------------------------------- names and sessions

    def document(self, did: str) -> None:
        account = self.state.accounts.get(did)
        if account is None:
            return self.send_json({"message": f"DID not registered: {did}"}, 404)
        home = {"id": "#atproto_pds", "type": "AtprotoPersonalDataServer",
                "serviceEndpoint": self.state.homes.get(did, self.state.base)}
        return self.send_json({"id": did, "alsoKnownAs": [f"at://{account.handle}"], "service": [home]})

    def resolve_handle(self) -> Value:
        handle = self.query["handle"]
        account = self.state.named(handle)
        did = self.state.owners.get(handle, account.did if account else "")
        if not did:
            raise Refused("HandleNotFound", "Unable to resolve handle")
        return {"did": did}

    def create_session(self) -> Value:
        given = self.json()
        account = self.state.named(given["identifier"])
        if account and given["password"] == account.app_password:
            return self.state.sign_in(account)
        if account and given["password"] == account.main_password:
            return self.state.sign_in(account, "com.atproto.access")
        raise Refused("AuthenticationRequired", "Invalid identifier or password", 401)

    def refresh_session(self) -> Value:
        account = self.caller("refresh")
        self.state.sessions.pop(self.bearer)
        return self.state.sign_in(account)

    def delete_session(self) -> Value:
        did = self.caller("refresh").did
        self.state.sessions = {t: known for t, known in self.state.sessions.items() if known[1] != did}
        return {}

    def get_session(self) -> Value:
        account = self.caller()
        return {"did": account.did, "handle": account.handle, "active": True}

    # -------------------------------------------------------- records

    def upload(self) -> Value:
        account, cid = self.caller(), _cid(self.body, b"\x55")
        account.blobs[cid] = (self.headers.get("Content-Type", ""), self.body)
        return {"blob": _blob(cid, *account.blobs[cid])}

    def put_record(self) -> Value | None:
        account, given = self.caller(), self.json()
        _exactly(given, {"repo", "collection", "rkey", "record", "swapRecord"})
        if given["repo"] not in (account.did, account.handle):
            raise Refused("AuthenticationRequired", "Authentication Required", 401)
        if given["collection"] != POSTS:
            return self.accept(account, given)
        self.publishing(lambda: self.accepted(account, given))
        return None

    def accepted(self, account: Account, given: Value) -> Value | None:
        try:
            return self.accept(account, given)
        except Refused as refusal:
            self.send_json({"error": refusal.name, "message": refusal.message}, refusal.status)
            return None

    def accept(self, account: Account, given: Value) -> Value:
        """As the real server: checked first, then nothing to do for what stands there already, then the swap."""
        collection, key, value, swap = (given[name] for name in ("collection", "rkey", "record", "swapRecord"))
        _check(account, collection, key, value)
        standing = account.records.get((collection, key))
        uri, cid = f"at://{account.did}/{collection}/{key}", _cid(json.dumps(value, sort_keys=True).encode())
        if standing is None or standing[0] != cid:
            if swap != (standing[0] if standing else None):
                raise Refused("InvalidSwap", f"Record was at {standing and standing[0]}")
            self.state.put(account, collection, key, value)
        return {"uri": uri, "cid": cid, "validationStatus": "valid"}

    def get_record(self) -> Value:
        account = self.state.named(self.query["repo"])
        place = (self.query["collection"], self.query["rkey"])
        if account is None or place not in account.records:
            raise Refused("RecordNotFound", f"Could not locate record: {place}")
        cid, value = account.records[place]
        return {"uri": f"at://{account.did}/{'/'.join(place)}", "cid": cid, "value": value}

    def list_records(self) -> Any:
        if self.state.list_answer is not None:
            return self.state.list_answer
        account = self.state.named(self.query["repo"])
        assert account
        wanted, before = self.query["collection"], self.query.get("cursor", "~")
        keys = sorted((k for c, k in account.records if c == wanted and k < before), reverse=True)
        keys = keys[: min(int(self.query.get("limit", 50)), self.state.page)]
        records = [{"uri": f"at://{account.did}/{wanted}/{k}", "cid": account.records[wanted, k][0],
                    "value": account.records[wanted, k][1]} for k in keys]
        return {"records": records} | ({"cursor": keys[-1]} if keys else {})

    def delete_record(self) -> Value:
        account, given = self.caller(), self.json()
        account.records.pop((given["collection"], given["rkey"]), None)
        return {}

    # -------------------------------------------------------- what others wrote

    def beyond(self) -> Account:
        """Such questions are passed on, and only if they say to whom."""
        account = self.caller()
        if self.state.appview_away:
            raise Refused("UpstreamFailure", "Upstream service unreachable", 502)
        if self.headers.get("atproto-proxy") != Api.appview:
            raise Refused("InvalidRequest", "no service to pass this on to")
        return account

    def notifications(self) -> Value:
        account, before = self.beyond(), self.query.get("cursor", "~")
        assert self.many["reasons"] == ["reply"]
        told = [self.notification(by, uri, cid, value) for by, uri, cid, value in self.state.everything()
                if by is not account and account.did in json.dumps(value.get("reply", {}))]
        told.append({**told[0], "reason": "like", "uri": told[0]["uri"].replace(POSTS, "app.bsky.feed.like")} if told else {})
        newest = sorted((t for t in told if t and t["indexedAt"] < before), key=lambda t: str(t["indexedAt"]), reverse=True)
        newest = newest[: self.state.page]
        return {"notifications": newest} | ({"cursor": newest[-1]["indexedAt"]} if newest else {})

    def notification(self, by: Account, uri: str, cid: str, value: Value) -> Value:
        return {"uri": uri, "cid": cid, "author": self.actor(by), "reason": "reply", "record": value, "isRead": False,
                "reasonSubject": value["reply"]["parent"]["uri"], "indexedAt": value["createdAt"]}

    def get_posts(self) -> Value:
        self.beyond()
        return {"posts": [{"uri": uri, "cid": cid, "author": self.actor(by), "record": value,
                           "indexedAt": value["createdAt"]}
                          for by, uri, cid, value in self.state.everything() if uri in self.many["uris"]]}

    def search_actors(self) -> Value:
        self.beyond()
        return {"actors": [self.actor(a) for a in self.state.accounts.values() if self.query["q"] in a.handle]}

    def get_profile(self) -> Value:
        self.beyond()
        account = self.state.named(self.query["actor"])
        assert account
        marks = {"verifications": [], "verifiedStatus": account.verified, "trustedVerifierStatus": "none"}
        return self.actor(account) | {"verification": marks}

    def actor(self, account: Account) -> Value:
        return {"did": account.did, "handle": account.handle, "displayName": f"{account.handle}の表示名",
                "description": "紹介文", "avatar": "https://cdn.example/avatar.jpg"}

    def error(self, fault: str) -> Value:
        return {"error": "Told", "message": f"told to answer {fault}"}


BlueskyServer.handler = _Handler

METHODS: dict[tuple[str, str], Callable[[_Handler], Any]] = {
    ("GET", "com.atproto.identity.resolveHandle"): _Handler.resolve_handle,
    ("POST", "com.atproto.server.createSession"): _Handler.create_session,
    ("POST", "com.atproto.server.refreshSession"): _Handler.refresh_session,
    ("POST", "com.atproto.server.deleteSession"): _Handler.delete_session,
    ("GET", "com.atproto.server.getSession"): _Handler.get_session,
    ("POST", "com.atproto.repo.uploadBlob"): _Handler.upload,
    ("POST", "com.atproto.repo.putRecord"): _Handler.put_record,
    ("GET", "com.atproto.repo.getRecord"): _Handler.get_record,
    ("GET", "com.atproto.repo.listRecords"): _Handler.list_records,
    ("POST", "com.atproto.repo.deleteRecord"): _Handler.delete_record,
    ("GET", "app.bsky.notification.listNotifications"): _Handler.notifications,
    ("GET", "app.bsky.feed.getPosts"): _Handler.get_posts,
    ("GET", "app.bsky.actor.searchActors"): _Handler.search_actors,
    ("GET", "app.bsky.actor.getProfile"): _Handler.get_profile,
}


# ---------------------------------------------------------------- the lexicons


def _exactly(value: Value, required: set[str], optional: frozenset[str] = frozenset()) -> None:
    if not required <= value.keys() <= required | optional:
        raise Refused("InvalidRequest", f"keys {sorted(value)} are not {sorted(required)}")


def _ensure(fine: object, message: str) -> None:
    if not fine:
        raise Refused("InvalidRequest", f"Invalid record: {message}")


def _check(account: Account, collection: str, key: str, value: Value) -> None:
    _ensure(_TID.fullmatch(key), "the key is no TID")
    _ensure(value.get("$type") == collection, "$type is not the collection")
    _ensure(_TIME.fullmatch(value.get("createdAt", "")), "createdAt is no datetime")
    if collection == POSTS:
        return _check_post(account, value)
    _exactly(value, {"$type", "post", "createdAt"}, frozenset({"allow", "hiddenReplies"}))
    _ensure(value["post"] == f"at://{account.did}/{POSTS}/{key}", "the gate is not the post's")
    _ensure(all(map(_URI.fullmatch, value.get("hiddenReplies", []))), "hiddenReplies hold other than addresses")
    return None


def _check_post(account: Account, value: Value) -> None:
    _exactly(value, {"$type", "text", "createdAt"}, frozenset({"facets", "reply", "embed", "langs"}))
    _ensure(graphemes(value["text"]) <= 300 and len(value["text"].encode()) <= 3000, "text is too long")
    _ensure(value.get("langs") == ["ja"], "langs")
    for facet in value.get("facets", []):
        _check_facet(value["text"].encode(), facet)
    for ref in value.get("reply", {}).values():
        _exactly(ref, {"uri", "cid"})
        _ensure(_URI.fullmatch(ref["uri"]) and ref["cid"], "no strong reference")
    if "reply" in value:
        _exactly(value["reply"], {"root", "parent"})
    if "embed" in value:
        _check_images(account, value["embed"])


def _check_facet(text: bytes, facet: Value) -> None:
    _exactly(facet, {"index", "features"})
    begin, end = facet["index"]["byteStart"], facet["index"]["byteEnd"]
    _ensure(0 <= begin < end <= len(text), "a facet lies outside the text")
    shown = text[begin:end].decode()  # raises where it cuts a character: a bug of the caller, seen as no answer
    [feature] = facet["features"]
    kind = feature["$type"].removeprefix("app.bsky.richtext.facet#")
    own = {"link": "uri", "tag": "tag", "mention": "did"}[kind]
    _exactly(feature, {"$type", own})
    _ensure(kind != "tag" or (shown[1:] == feature["tag"] and graphemes(shown) <= 65), "a tag is not as it stands")
    _ensure(kind != "link" or feature["uri"].endswith(shown), "a link is not as it stands")
    _ensure(kind != "mention" or feature["did"].startswith("did:"), "a mention is nobody's")


def _check_images(account: Account, embed: Value) -> None:
    _exactly(embed, {"$type", "images"})
    _ensure(embed["$type"] == "app.bsky.embed.images" and len(embed["images"]) <= 4, "embed")
    for image in embed["images"]:
        _exactly(image, {"image", "alt"}, frozenset({"aspectRatio"}))
        kept = account.blobs.get(image["image"]["ref"]["$link"])
        if kept is None:
            raise Refused("BlobNotFound", "Could not find blob")
        _ensure(image["image"] == _blob(image["image"]["ref"]["$link"], *kept), "the blob is another")
        _ensure(len(kept[1]) <= 2_000_000, "the blob is too large")


def _blob(cid: str, mime: str, content: bytes) -> Value:
    return {"$type": "blob", "ref": {"$link": cid}, "mimeType": mime, "size": len(content)}


def _cid(content: bytes, codec: bytes = b"\x71") -> str:
    """A CID as real ones are made: version, codec, SHA-256."""
    made = b"\x01" + codec + b"\x12\x20" + hashlib.sha256(content).digest()
    return "b" + base64.b32encode(made).decode().lower().rstrip("=")


def key_at(at: datetime, own: int = 0) -> str:
    """A record key as a server gives one at this time."""
    letters = "234567abcdefghijklmnopqrstuvwxyz"
    number = int(at.timestamp() * 1_000_000) << 10 | own
    return "".join(letters[number >> shift & 31] for shift in range(60, -1, -5))


def post_of(text: str, at: datetime | None = None, **more: Any) -> Value:
    """A post as another client writes it."""
    told = (at or datetime.now(UTC)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"$type": POSTS, "text": text, "createdAt": told, "langs": ["ja"], **more}
