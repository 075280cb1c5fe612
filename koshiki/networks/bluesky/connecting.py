"""Connecting an account: whose the registered name is, where it lives, and a session there by its app password.

The person names no server. Bluesky itself says whose the registered name is, the directory says which server keeps
that account, and only that server gets the password: nobody can put a server of their own in its place.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from django.views.decorators.debug import sensitive_variables

from koshiki.networks.addresses import Kind, read_address
from koshiki.networks.answers import Object, as_object, objects, server_address, text
from koshiki.networks.bluesky.api import Api, Expired
from koshiki.networks.credentials import Secret
from koshiki.networks.http import NeverSent, NoAnswer, call
from koshiki.networks.judging import harmless, judged, outcome_of
from koshiki.networks.outcomes import Link, NotSent, Outcome, Rejected, TokenDead

PROFILE = "https://bsky.app/profile/"

_LONGEST_TOKEN = 8000
_WHOLE_ACCOUNT = "com.atproto.access"
_NO_NAME = "handle.invalid"


class Directories:
    """Where names are looked up: Bluesky's own view of them, and the directory of accounts."""

    names: ClassVar[str] = "https://public.api.bsky.app"
    accounts: ClassVar[str] = "https://plc.directory"


@sensitive_variables("session")
def connected(password: Secret, address: str, *, account: str) -> Link:
    """The connection that an app password opens to the account with this address. Raises NotSent, Rejected."""
    name = _name_in(address)
    did = name if name.startswith("did:") else _owner_of(name)
    server, handle = _home_of(did)
    session = _signed_in(Api(server), did, password)
    if text(session, "did") != did:
        raise Rejected("サーバーの答えたアカウントが、台帳のアカウントと違います。")
    facts = {"remote_account_id": did, "handle": f"@{handle or _NO_NAME}", "url": PROFILE + name}
    return _link(account, server, session, facts)


@sensitive_variables("session")
def refreshed(link: Link) -> Link:
    """The same connection with new tokens. Raises NotSent, TokenDead."""
    api = Api(link.server, link.secrets.get("refresh_token"))
    try:
        session = api.post("com.atproto.server.refreshSession")
    except (Expired, Rejected) as over:
        raise TokenDead(f"接続の期限が切れたか、取り消されています。つなぎ直してください。{over.reason}") from None
    if text(session, "did") != link.facts.get("remote_account_id"):
        raise TokenDead("サーバーの答えたアカウントが違います。つなぎ直してください。")
    return _link(link.account, link.server, session, link.facts)


def _name_in(address: str) -> str:
    """The handle or DID in the registered account's address."""
    read = read_address(address)
    if read.kind is not Kind.ACCOUNT or not read.key.startswith("bluesky:"):
        raise Rejected("台帳のアカウントのURLが、Blueskyのプロフィールのものではありません。")
    return read.key.removeprefix("bluesky:")


def _owner_of(handle: str) -> str:
    """Whose page citizens see at bsky.app under this name."""
    asked = f"{Directories.names}/xrpc/com.atproto.identity.resolveHandle?handle={handle}"
    did = text(_told(asked, f"ハンドル「{handle}」のアカウントが見つかりません。"), "did")
    if not did.startswith("did:"):
        raise NotSent("ハンドルの持ち主を読み取れません。")
    return did


def _home_of(did: str) -> tuple[str, str]:
    """The server that keeps the account, and its handle, as its own document says."""
    document = _told(_document_of(did), "アカウントの登録が見つかりません。")
    if text(document, "id") != did:
        raise NotSent("アカウントの登録を読み取れません。")
    homes = [text(service, "serviceEndpoint") for service in objects(document.get("service"))
             if text(service, "id").endswith("#atproto_pds")]
    if not homes:
        raise Rejected("アカウントのサーバーが登録されていません。")
    names = document.get("alsoKnownAs")
    handles = [name[5:] for name in (names if isinstance(names, list) else []) if str(name).startswith("at://")]
    return server_address(homes[0]), handles[0] if handles else ""


def _document_of(did: str) -> str:
    if re.fullmatch(r"did:plc:[a-z2-7]+", did):
        return f"{Directories.accounts}/{did}"
    if web := re.fullmatch(r"did:web:([a-z0-9.-]+)", did):
        return f"https://{web[1]}/.well-known/did.json"
    raise Rejected("アカウントの番号（DID）の種類が分かりません。")


def _told(address: str, nobody: str) -> Object:
    """What a directory says, in the open. Raises NotSent, or Rejected with these words where it knows nobody."""
    try:
        return as_object(judged(call("GET", address)))
    except (NeverSent, NoAnswer) as failure:
        raise harmless(outcome_of(failure)) from None
    except Rejected as refusal:
        raise Rejected(f"{nobody}{refusal.reason}") from None
    except Outcome as outcome:
        raise harmless(outcome) from None


@sensitive_variables("password", "session")
def _signed_in(api: Api, did: str, password: Secret) -> Object:
    """A session by an app password. The account's main password would open everything, and is sent away."""
    asked = {"identifier": did, "password": Secret(password.reveal().strip())}
    try:
        session = api.post("com.atproto.server.createSession", asked)
    except TokenDead:
        raise Rejected("サインインできません。アプリパスワードが正しいか、取り消されていないか、"
                       "アカウントが停止されていないかを確かめてください。") from None
    if _claims(text(session, "accessJwt", _LONGEST_TOKEN)).get("scope") == _WHOLE_ACCOUNT:
        _end(api.server, session)
        raise Rejected("アカウント本来のパスワードは使えません。Blueskyの設定で作ったアプリパスワードを入れてください。")
    return session


@sensitive_variables("session")
def _end(server: str, session: Object) -> None:
    """A session that is not wanted is ended, if the server lets itself be told."""
    try:
        Api(server, Secret(text(session, "refreshJwt", _LONGEST_TOKEN))).post("com.atproto.server.deleteSession")
    except Outcome:
        return


@sensitive_variables("session", "access", "refresh")
def _link(account: str, server: str, session: Object, facts: Mapping[str, Any]) -> Link:
    access, refresh = (text(session, name, _LONGEST_TOKEN) for name in ("accessJwt", "refreshJwt"))
    if not (_plain(access) and _plain(refresh)):
        raise NotSent("サーバーの答えを読み取れません。")
    return Link(account=account, server=server, facts={**facts, **_expiry(access)},
                secrets={"access_token": Secret(access), "refresh_token": Secret(refresh)})


def _plain(token: str) -> bool:
    return bool(re.fullmatch(r"[\x21-\x7e]+", token))


def _expiry(token: str) -> Object:
    runs_out = _claims(token).get("exp")
    if not isinstance(runs_out, int):
        return {}
    return {"expires_at": datetime.fromtimestamp(runs_out, UTC).isoformat()}


@sensitive_variables("token", "claims")
def _claims(token: str) -> Object:
    """What a token says of itself. It is read, not believed: it came from the server that it is for."""
    try:
        claims = token.split(".")[1]
        return as_object(json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4))))
    except (IndexError, ValueError, NotSent):
        return {}
