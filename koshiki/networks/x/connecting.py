"""Connecting an account: a person allows it at X, a code becomes two tokens, and these are renewed every two hours.

The refresh token is worth one renewal: what comes back must be kept before it is used.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.views.decorators.debug import sensitive_variables

from koshiki.networks.content import KeyField
from koshiki.networks.credentials import Secret
from koshiki.networks.outcomes import Beginning, Identity, Link, NotSent, Rejected, TokenDead
from koshiki.networks.x.api import Api, Object, part, text
from koshiki.networks.x.posts import SITE, is_id

APP_FIELDS = (
    KeyField("client_id", "クライアントID", secret=False, help="Xの開発者向け画面の「OAuth 2.0 Client ID」。"),
    KeyField("client_secret", "クライアントシークレット", help="同じ画面の「OAuth 2.0 Client Secret」。"),
)
SCOPES = "tweet.read tweet.write tweet.moderate.write users.read media.write offline.access"
_LONGEST_TOKEN = 4000
_USUAL_SECONDS = 7200


def begin(app: Mapping[str, Secret], authorize_url: str, redirect_uri: str) -> Beginning:
    if lacking := lacks(app):
        raise Rejected(lacking)
    state, verifier = secrets.token_urlsafe(32), Secret(secrets.token_urlsafe(48))
    asked = {
        "response_type": "code",
        "client_id": app["client_id"].reveal(),
        "redirect_uri": redirect_uri,
        "scope": SCOPES,
        "state": state,
        "code_challenge": _challenge(verifier),
        "code_challenge_method": "S256",
    }
    pending = {"verifier": verifier, "redirect_uri": Secret(redirect_uri)}
    return Beginning(f"{authorize_url}?{urlencode(asked)}", state, pending)


def finish(api: str, app: Mapping[str, Secret], pending: Mapping[str, Secret], code: str, *, account: str) -> Link:
    if lacking := lacks(app):
        raise Rejected(lacking)
    form: dict[str, str | Secret] = {
        "grant_type": "authorization_code",
        "code": Secret(code),
        "redirect_uri": pending["redirect_uri"],
        "code_verifier": pending["verifier"],
    }
    try:
        tokens, expires_at = _granted(api, app, form)
    except TokenDead as refusal:
        raise Rejected(f"クライアントIDかクライアントシークレットが、Xに登録したものと違います。{refusal.reason}") from None
    if "refresh_token" not in tokens:
        raise Rejected("Xが更新のためのトークンを渡しませんでした。アプリの設定を確かめてください。")
    own = identity_of(own_account(Api(api, tokens["access_token"])))
    facts = {"remote_account_id": own.remote_account_id, "handle": own.handle, "url": own.url, "expires_at": expires_at}
    return Link(account=account, secrets=tokens, facts=facts, app=app)


def renewed(api: str, link: Link) -> Link:
    """The same connection with new tokens. Raises NotSent, TokenDead."""
    if lacking := lacks(link.app):
        raise NotSent(lacking)
    if "refresh_token" not in link.secrets:
        raise TokenDead("更新のためのトークンがありません。つなぎ直してください。")
    form: dict[str, str | Secret] = {"grant_type": "refresh_token", "refresh_token": link.secrets["refresh_token"]}
    try:
        tokens, expires_at = _granted(api, link.app, form)
    except Rejected as refusal:  # a refresh token that was used, or taken back
        raise TokenDead(f"接続が無効になっています。つなぎ直してください。{refusal.reason}") from None
    return replace(link, secrets={**link.secrets, **tokens}, facts={**link.facts, "expires_at": expires_at})


def lacks(app: Mapping[str, Secret]) -> str:
    """What of the app that IT registers at X is not there, in words; empty if nothing."""
    missing = [declared.label for declared in APP_FIELDS if declared.key not in app or not app[declared.key].reveal()]
    return f"Xに登録したアプリの{'と'.join(missing)}が、設定されていません。" if missing else ""


def own_account(api: Api, fields: str = "") -> Object:
    """The account that a token opens. Raises NotSent, Rejected, TokenDead."""
    own = part(api.get("/2/users/me", {"user.fields": fields} if fields else None), "data")
    if not is_id(text(own, "id")) or not text(own, "username"):
        raise NotSent("Xの答えを読み取れません。")
    return own


def identity_of(own: Object) -> Identity:
    name = text(own, "username")
    return Identity(text(own, "id"), f"@{name}", f"{SITE}/{name}")


@sensitive_variables("granted", "login")
def _granted(api: str, app: Mapping[str, Secret], form: Mapping[str, str | Secret]) -> tuple[dict[str, Secret], str]:
    """The tokens that are given, and when the first of them runs out. Raises NotSent, Rejected, TokenDead."""
    login = ":".join(app[key].reveal() for key in ("client_id", "client_secret"))
    basic = Secret(f"Basic {base64.b64encode(login.encode()).decode()}")
    granted = Api(api).harmlessly("POST", "/2/oauth2/token", form=form, headers={"Authorization": basic})
    tokens = {key: Secret(given) for key in ("access_token", "refresh_token") if (given := text(granted, key, _LONGEST_TOKEN))}
    if "access_token" not in tokens:
        raise NotSent("Xの答えを読み取れません。")
    return tokens, _expiry(granted.get("expires_in"))


def _expiry(seconds: Any) -> str:
    lasts = min(seconds, _USUAL_SECONDS) if isinstance(seconds, int) and seconds > 0 else _USUAL_SECONDS
    return (datetime.now(UTC) + timedelta(seconds=lasts)).isoformat()


def _challenge(verifier: Secret) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.reveal().encode()).digest()).decode().rstrip("=")
