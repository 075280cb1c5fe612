"""見本SNS's web server: the part of the Mastodon API that koshiki uses, and pages to look at."""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import secrets
import sqlite3
from email.message import Message
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from koshiki.management.child import end_with_parent
from koshiki.sample.sns import pages
from koshiki.sample.sns.store import Duplicate, Store

LONGEST = 20_000_000
MAX_CHARACTERS = 500
# Nothing that somebody wrote is ever run, and no other site's page acts here in a visitor's name.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; base-uri 'none';"
                               " frame-ancestors 'none'; form-action 'self' http://127.0.0.1:* http://localhost:*",
    "X-Content-Type-Options": "nosniff", "X-Robots-Tag": "noindex", "Referrer-Policy": "same-origin",
}


class Answer(Exception):
    """What to answer: a status, and JSON, a page or bytes."""

    def __init__(self, status: int, body: Any = "", media_type: str = "application/json", **headers: str) -> None:
        super().__init__(status)
        self.status, self.headers = status, headers
        self.media_type = media_type if isinstance(body, bytes) else f"{media_type}; charset=utf-8"
        text = json.dumps(body, ensure_ascii=False) if media_type == "application/json" else body
        self.body = text if isinstance(text, bytes) else text.encode()


class Handler(BaseHTTPRequestHandler):
    """Each route is a method of `_Routes`, found by its verb and path."""

    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_PUT = do_DELETE = do_GET

    def log_message(self, *arguments: Any) -> None:
        """Quiet: the supervisor's terminal is not for this."""

    def _answer(self) -> None:
        try:
            answer = self._found()
        except Answer as found:
            answer = found
        except (ValueError, KeyError, TypeError, OverflowError):
            answer = Answer(422, {"error": "読み取れません。"})
        self.send_response(answer.status)
        for name, value in {"Content-Type": answer.media_type, **HEADERS, **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def _found(self) -> Answer:
        address, length = urlsplit(self.path), int(self.headers.get("Content-Length") or 0)
        if not 0 <= length <= LONGEST:
            self.close_connection = True
            return Answer(413, {"error": "大きすぎます。"})
        body = self.rfile.read(length)
        self._refuse_strangers()
        for verb, pattern, route in ROUTES:
            match = pattern.fullmatch(address.path)
            if verb == self.command and match:
                return route(Asked(self, address.query, body), *match.groups())
        return _nothing()

    def _refuse_strangers(self) -> None:
        """A name that another site made lead here, and a form that lies on another site's page."""
        if self.headers.get("Host", "") not in self.server.names:
            raise Answer(421, {"error": "この名前では答えません。"})
        origin = self.headers.get("Origin")
        if self.command == "POST" and origin is not None and urlsplit(origin).netloc not in self.server.names:
            raise Answer(403, {"error": "ほかのページからは受け付けません。"})


class Asked:
    """One request: its values, whatever way they came, and who asks."""

    def __init__(self, handler: Handler, query: str, body: bytes) -> None:
        self.handler, self.store, self.base = handler, handler.server.store, handler.server.base
        self.file: tuple[str, bytes] = ("", b"")
        self.values: dict[str, Any] = dict(parse_qsl(query)) | self._read(body)

    def text(self, key: str, usual: str = "") -> str:
        return str(self.values.get(key, usual))

    def holder(self) -> sqlite3.Row:
        """The account whose token was sent; answers 401 for none."""
        token = (self.handler.headers.get("Authorization") or "").removeprefix("Bearer ")
        account = self.store.holder(token)
        if account is None:
            raise Answer(401, {"error": "The access token is invalid"})
        return account

    def _read(self, body: bytes) -> dict[str, Any]:
        media_type = self.handler.headers.get("Content-Type", "")
        if media_type.startswith("application/json"):
            found = json.loads(body)
            return found if isinstance(found, dict) else {}
        if media_type.startswith("multipart/form-data"):
            return self._parts(BytesParser().parsebytes(f"Content-Type: {media_type}\r\n\r\n".encode() + body))
        return dict(parse_qsl(body.decode(), keep_blank_values=True))

    def _parts(self, message: Message) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for part in message.get_payload():
            if not isinstance(part, Message):
                continue
            content = part.get_payload(decode=True)
            name = part.get_param("name", header="content-disposition")
            if part.get_filename() and isinstance(content, bytes):
                self.file = (part.get_content_type(), content)
            elif isinstance(name, str) and isinstance(content, bytes):
                found[name] = content.decode()
        return found


# ---------------------------------------------------------------- pages

def home(asked: Asked) -> Answer:
    return Answer(200, pages.home(asked.store), "text/html")


def profile(asked: Asked, handle: str) -> Answer:
    account = asked.store.account(handle)
    return Answer(200, pages.profile(asked.store, account), "text/html") if account else _nothing()


def single(asked: Asked, handle: str, number: str) -> Answer:
    status = asked.store.status(int(number))
    return Answer(200, pages.single(asked.store, status), "text/html") if status else _nothing()


def save_profile(asked: Asked, handle: str = "") -> Answer:
    handle = handle or asked.text("handle")
    if not re.fullmatch(r"[a-z0-9_]{1,30}", handle) or not asked.text("name").strip():
        return Answer(422, pages.page("ユーザー名は半角の英数字で入れてください", ""), "text/html")
    asked.store.make_account(handle, asked.text("name").strip()[:100], asked.text("note")[:1000])
    return Answer(303, Location=f"/@{handle}")


def picture(asked: Asked, number: str) -> Answer:
    media = asked.store.media(int(number))
    return Answer(200, media["body"], media["mime"]) if media else Answer(404)


def _nothing() -> Answer:
    return Answer(404, pages.page("ページがありません", ""), "text/html")


# ---------------------------------------------------------------- signing in

def register_application(asked: Asked) -> Answer:
    number, secret = secrets.token_urlsafe(12), secrets.token_urlsafe(24)
    asked.store.change("INSERT INTO application VALUES (?, ?, ?)", number, secret, asked.text("redirect_uris"))
    return Answer(200, {"id": number, "client_id": number, "client_secret": secret, "name": asked.text("client_name")})


def ask_person(asked: Asked) -> Answer:
    return Answer(200, pages.authorize(asked.store, {k: str(v) for k, v in asked.values.items()}), "text/html")


def allow(asked: Asked) -> Answer:
    known = asked.store.ask("SELECT * FROM application WHERE id = ?", asked.text("client_id"))
    if not known or known[0]["redirect_uri"] != asked.text("redirect_uri"):
        return Answer(400, {"error": "invalid_client"})
    code = secrets.token_urlsafe(24)
    asked.store.change("INSERT INTO grant_code VALUES (?, ?, ?, ?)", code, asked.text("client_id"),
                       asked.text("handle"), asked.text("code_challenge"))
    back = urlencode({"code": code, "state": asked.text("state")})
    return Answer(303, Location=f"{known[0]['redirect_uri']}?{back}")


def grant(asked: Asked) -> Answer:
    found = asked.store.ask("SELECT * FROM grant_code WHERE code = ?", asked.text("code"))
    asked.store.change("DELETE FROM grant_code WHERE code = ?", asked.text("code"))
    known = asked.store.ask("SELECT * FROM application WHERE id = ? AND secret = ?", asked.text("client_id"),
                            asked.text("client_secret"))
    proof = base64.urlsafe_b64encode(hashlib.sha256(asked.text("code_verifier").encode()).digest())
    if not found or not known or found[0]["application"] != known[0]["id"]:
        return Answer(400, {"error": "invalid_grant"})
    if found[0]["challenge"] not in ("", proof.decode().rstrip("=")):
        return Answer(400, {"error": "invalid_grant"})
    account = asked.store.account(found[0]["handle"])
    return Answer(200, {"access_token": account["token"], "token_type": "Bearer"}) if account else Answer(400)


# ---------------------------------------------------------------- the API

def own_account(asked: Asked) -> Answer:
    return Answer(200, _account(asked, asked.holder()))


def own_statuses(asked: Asked, handle: str) -> Answer:
    limit, before = int(asked.text("limit", "20")), int(asked.text("max_id", str(2**62)))
    return Answer(200, [_status(asked, s) for s in asked.store.statuses(handle, min(limit, 40), before)])


def publish(asked: Asked) -> Answer:
    account, text = asked.holder(), asked.text("status")
    media = [str(number) for number in asked.values.get("media_ids") or []]
    if (not text.strip() and not media) or len(text) > MAX_CHARACTERS * 2:
        return Answer(422, {"error": "本文がないか、長すぎます。"})
    try:
        return Answer(200, _status(asked, asked.store.publish(account["handle"], text, media)))
    except Duplicate:
        return Answer(422, {"error": "同じ内容の投稿がすでにあります。"})


def read_status(asked: Asked, number: str) -> Answer:
    status = asked.store.status(int(number))
    return Answer(200, _status(asked, status)) if status else Answer(404, {"error": "Record not found"})


def edit_status(asked: Asked, number: str) -> Answer:
    if (own := _own(asked, number)) is None:
        return Answer(404, {"error": "Record not found"})
    asked.store.edit(own["id"], asked.text("status"))
    return read_status(asked, number)


def delete_status(asked: Asked, number: str) -> Answer:
    if (own := _own(asked, number)) is None:
        return Answer(404, {"error": "Record not found"})
    asked.store.delete(own["id"])
    return Answer(200, _status(asked, own))


def _own(asked: Asked, number: str) -> sqlite3.Row | None:
    """The status, where it is the asking account's."""
    status = asked.store.status(int(number))
    return status if status and status["handle"] == asked.holder()["handle"] else None


def upload(asked: Asked) -> Answer:
    mime, body = asked.file
    if mime not in ("image/jpeg", "image/png") or not body:
        return Answer(422, {"error": "画像を読み取れません。"})
    number = asked.store.keep_media(asked.holder()["handle"], mime, asked.text("description"), body)
    return Answer(200, _media(asked, number))


def read_media(asked: Asked, number: str) -> Answer:
    asked.holder()
    return Answer(200, _media(asked, int(number))) if asked.store.media(int(number)) else Answer(404, {"error": ""})


def instance(asked: Asked) -> Answer:
    return Answer(200, {"domain": urlsplit(asked.base).netloc, "title": "見本SNS", "configuration": {
        "statuses": {"max_characters": MAX_CHARACTERS, "characters_reserved_per_url": 23, "max_media_attachments": 4},
        "media_attachments": {"supported_mime_types": ["image/jpeg", "image/png"], "image_size_limit": 8_000_000,
                              "image_matrix_limit": 33_177_600, "description_limit": 1500}}})


def nodeinfo_index(asked: Asked) -> Answer:
    return Answer(200, {"links": [{"rel": "http://nodeinfo.diaspora.software/ns/schema/2.0",
                                   "href": f"{asked.base}/nodeinfo/2.0"}]})


def nodeinfo(asked: Asked) -> Answer:
    return Answer(200, {"version": "2.0", "software": {"name": "mihon-sns", "version": "1"}})


def authorization_server(asked: Asked) -> Answer:
    return Answer(200, {"issuer": asked.base, "code_challenge_methods_supported": ["S256"]})


def _account(asked: Asked, account: sqlite3.Row) -> dict[str, Any]:
    handle = account["handle"]
    return {"id": handle, "username": handle, "acct": handle, "display_name": account["name"],
            "note": f"<p>{pages.linked(account['note'])}</p>", "url": f"{asked.base}/@{handle}", "fields": []}


def _status(asked: Asked, status: sqlite3.Row) -> dict[str, Any]:
    url = f"{asked.base}/@{status['handle']}/{status['id']}"
    content = pages.linked(status["text"]).replace("\n", "<br>")
    media = [_media(asked, int(number)) for number in status["media"].split(",") if number]
    return {"id": str(status["id"]), "uri": url, "url": url, "created_at": status["at"],
            "content": f"<p>{content}</p>", "media_attachments": media, "visibility": "public"}


def _media(asked: Asked, number: int) -> dict[str, Any]:
    media = asked.store.media(number)
    return {"id": str(number), "type": "image", "url": f"{asked.base}/media/{number}",
            "description": media["alt"] if media else ""}


ROUTES = [(verb, re.compile(pattern), route) for verb, pattern, route in (
    ("GET", r"/", home),
    ("GET", r"/@([a-z0-9_]+)", profile),
    ("GET", r"/@([a-z0-9_]+)/(\d{1,15})", single),
    ("POST", r"/accounts", save_profile),
    ("POST", r"/@([a-z0-9_]+)/profile", save_profile),
    ("GET", r"/media/(\d{1,15})", picture),
    ("POST", r"/api/v1/apps", register_application),
    ("GET", r"/oauth/authorize", ask_person),
    ("POST", r"/oauth/authorize", allow),
    ("POST", r"/oauth/token", grant),
    ("GET", r"/api/v1/accounts/verify_credentials", own_account),
    ("GET", r"/api/v1/accounts/([a-z0-9_]+)/statuses", own_statuses),
    ("POST", r"/api/v1/statuses", publish),
    ("GET", r"/api/v1/statuses/(\d{1,15})", read_status),
    ("PUT", r"/api/v1/statuses/(\d{1,15})", edit_status),
    ("DELETE", r"/api/v1/statuses/(\d{1,15})", delete_status),
    ("POST", r"/api/v2/media", upload),
    ("GET", r"/api/v1/media/(\d{1,15})", read_media),
    ("GET", r"/api/v2/instance", instance),
    ("GET", r"/.well-known/nodeinfo", nodeinfo_index),
    ("GET", r"/nodeinfo/2.0", nodeinfo),
    ("GET", r"/.well-known/oauth-authorization-server", authorization_server),
)]


class Server(ThreadingHTTPServer):
    """On 127.0.0.1 and nowhere else."""

    daemon_threads = True

    def __init__(self, folder: Path, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.store = Store(folder)
        port = self.server_address[1]
        self.base, self.names = f"http://127.0.0.1:{port}", (f"127.0.0.1:{port}", f"localhost:{port}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    end_with_parent()
    Server(options.folder, options.port).serve_forever()


if __name__ == "__main__":
    main()
