"""How the tests' Graph API lets in and answers: who may, what Meta's models allow, its own words for what goes wrong."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email import message_from_bytes
from typing import Any, ClassVar
from urllib.parse import parse_qsl, unquote, urlencode

from tests.networks.graph.models import model
from tests.networks.graph.server import APP_ID, APP_SECRET, File, Given, GraphServer, Node, Refusal
from tests.networks.stand_in import BROKEN, MARK, Handler

PERMISSIONS = frozenset({
    "pages_show_list", "pages_read_engagement", "pages_read_user_content", "pages_manage_posts", "pages_manage_engagement",
    "instagram_basic", "instagram_content_publish", "instagram_manage_comments", "instagram_manage_contents",
})  # fmt: skip
MODELS = {"user": "user", "page": "page", "post": "pagepost", "photo": "photo", "comment": "comment", "ig_user": "iguser",
          "ig_media": "igmedia", "ig_comment": "igcomment"}  # fmt: skip
LISTS = {("page", "/published_posts"): "post", ("post", "/comments"): "comment", ("ig_user", "/media"): "ig_media",
         ("ig_media", "/comments"): "ig_comment"}  # fmt: skip


@contextmanager
def running(state: GraphServer) -> Iterator[None]:
    """The server on a free port. A call that Meta's models don't know fails the test."""
    with state.running():
        yield
    assert state.complaints == []


class Door(Handler):
    state: GraphServer
    broken: ClassVar[Mapping[str, bytes]] = {**BROKEN, "no-id": b'{"x": "y"}'}

    def answer(self, method: str, path: str) -> None:
        form, file = _form(self.headers.get("Content-Type", ""), self.body)
        try:
            self._dispatch(method, [unquote(step) for step in path.split("/")[2:]], self.query | form, file)
        except Refusal as refusal:
            self.send_json(refusal.body, refusal.status)

    def _dispatch(self, method: str, steps: list[str], given: Given, file: File | None) -> None:
        if "access_token" in given or MARK in self.path:
            self._complain("a secret in the address or the form")
        if steps[:1] == ["dialog"]:
            return self._dialog(given)
        if steps == ["oauth", "access_token"]:
            return self.send_json(self._granted(method, given))
        if steps == ["debug_token"]:
            return self.send_json(self._about(method, given))
        node, edge = self._node(steps[0], self._caller(given)), f"/{'/'.join(steps[1:])}"
        self._hold_to_model(node.kind, method, edge, given)
        return self._carry_out((node.kind, method, edge), node, given, file)

    def _carry_out(self, call: tuple[str, str, str], node: Node, given: Given, file: File | None) -> None:
        act = self.state.acts.get(call)
        if act is None:
            self._complain(f"not offered: {call}")
            raise Refusal(100, f"Unsupported request: {call}")

        def done() -> Any:
            with self.state.lock:
                return act(self.state, node, given, file)

        return self.publishing(done) if self.state.faulty(call, given) else self.send_json(done())

    # ------------------------------------------------------------ who may

    def _caller(self, given: Given) -> Node:
        token = self.bearer
        if (holder := self.state.tokens.get(token)) is None:
            raise Refusal(190, "Error validating access token: The session has been invalidated.", status=401)
        proof = hmac.new(APP_SECRET.encode(), token.encode(), hashlib.sha256).hexdigest()
        if given.get("appsecret_proof") != proof:
            raise Refusal(100, "Invalid appsecret_proof provided in the API argument")
        return holder

    def _node(self, name: str, caller: Node) -> Node:
        node = caller if name == "me" else self.state.nodes.get(name)
        if node is None and name.replace("_", "").isdecimal():
            raise Refusal(100, f"Unsupported request. Object with ID '{name}' does not exist", subcode=33)
        if node is None:
            raise Refusal(803, f"(#803) Some of the aliases you requested do not exist: {name}", status=404)
        return node

    def _hold_to_model(self, kind: str, method: str, edge: str, given: Given) -> None:
        if kind not in MODELS:
            return
        known, asked = model(MODELS[kind]), given.get("fields", "")
        if complaint := known.complaint(method, edge, given):
            self._complain(f"{kind}: {complaint}")
        shown = kind if edge == "/" else LISTS.get((kind, edge), "")
        if shown and asked and (unknown := model(MODELS[shown]).unknown_fields(asked)):
            self._complain(f"{shown} has no {unknown}")

    def _complain(self, what: str) -> None:
        self.state.complaints.append(what)
        raise Refusal(100, what)

    # ------------------------------------------------------------ signing in

    def _dialog(self, given: Given) -> None:
        """Allows at once."""
        assert given["client_id"] == APP_ID
        assert given["response_type"] == "code"
        assert set(given["scope"].split(",")) <= PERMISSIONS
        code = secrets.token_urlsafe(8)
        self.state.codes[code] = (self.state.user, given)
        onward = urlencode({"code": code, "state": given["state"]})
        self.send_body(b"", 302, Location=f"{given['redirect_uri']}?{onward}")

    def _granted(self, method: str, given: Given) -> dict[str, Any]:
        if method != "POST" or (given.get("client_id"), given.get("client_secret")) != (APP_ID, APP_SECRET):
            raise Refusal(1, "Error validating client secret.")
        if given.get("grant_type") == "fb_exchange_token":
            short = self.state.tokens.pop(given["fb_exchange_token"])
            return {"access_token": self.state.token_for(short), "expires_in": 5_184_000}
        user, asked = self.state.codes.pop(given.get("code", ""), (None, {}))
        if user is None or asked["redirect_uri"] != given.get("redirect_uri"):
            raise Refusal(100, "This authorization code has been used.", subcode=36009)
        return {"access_token": self.state.token_for(user), "token_type": "bearer", "expires_in": 5000}

    def _about(self, method: str, given: Given) -> dict[str, Any]:
        if method != "POST" or given.get("method") != "get" or self.bearer != f"{APP_ID}|{APP_SECRET}":
            raise Refusal(190, "Invalid OAuth access token signature.")
        ends = int(datetime(2027, 3, 1, tzinfo=UTC).timestamp())
        scopes = sorted(PERMISSIONS - self.state.declined)
        return {"data": {"is_valid": True, "expires_at": 0, "data_access_expires_at": ends, "scopes": scopes}}

    # ------------------------------------------------------------ answers

    def refused(self, fault: str) -> bool:
        if fault.startswith("code:"):
            code, _, subcode = fault.removeprefix("code:").partition("/")
            raise Refusal(int(code), "(#) told to refuse", subcode=int(subcode or 0))
        return super().refused(fault)

    def misanswered(self, fault: str, accepted: Any) -> None:
        if fault == "500-accepted":
            self.send_json(Refusal(2, "Service temporarily unavailable").body, 500)
        elif fault == "transient-accepted":
            self.send_json({"error": {"code": 100, "message": "try later", "is_transient": True}}, 400)
        else:
            super().misanswered(fault, accepted)


def _form(content_type: str, body: bytes) -> tuple[Given, File | None]:
    if not content_type.startswith("multipart/"):
        return dict(parse_qsl(body.decode(), keep_blank_values=True)), None
    given, file = {}, None
    whole = message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    for part in whole.walk():
        content = part.get_payload(decode=True)
        if not isinstance(content, bytes):
            continue
        name, filename = part.get_param("name", header="content-disposition"), part.get_filename()
        if filename:
            file = File(filename, part.get_content_type(), content)
        else:
            given[str(name)] = content.decode()
    return given, file
