"""Connecting a channel: a person of it allows it at Google, by the application that IT registered there once."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from django.views.decorators.debug import sensitive_variables

from koshiki.networks.addresses import same_account
from koshiki.networks.credentials import Secret
from koshiki.networks.http import NeverSent, NoAnswer, call
from koshiki.networks.judging import harmless, judged, outcome_of
from koshiki.networks.outcomes import Beginning, Identity, NotSent, Outcome, Rejected, TokenDead
from koshiki.networks.youtube.api import Api, Object, items, text

SCOPES = ("https://www.googleapis.com/auth/youtube.upload", "https://www.googleapis.com/auth/youtube.force-ssl")
_LONGEST_TOKEN = 4000
_LONGEST = 10 * 365 * 86400


@dataclass(frozen=True)
class Granted:
    """What Google gives: the refresh token only the first time."""

    access: Secret
    refresh: Secret | None
    until: str
    scopes: frozenset[str]


def begin(sign_in: str, app: Mapping[str, Secret], redirect_uri: str) -> Beginning:
    state, verifier = secrets.token_urlsafe(32), Secret(secrets.token_urlsafe(48))
    asked = {
        "response_type": "code",
        "client_id": _of_app(app, "client_id").reveal(),
        "redirect_uri": redirect_uri,
        "scope": " ".join(SCOPES),
        "state": state,
        "code_challenge": _challenge(verifier),
        "code_challenge_method": "S256",
        "access_type": "offline",
        "prompt": "consent",  # else there is no refresh token the second time
    }
    pending = {"state": Secret(state), "verifier": verifier, "redirect_uri": Secret(redirect_uri)}
    return Beginning(f"{sign_in}?{urlencode(asked)}", state, pending)


def exchanged(tokens: str, app: Mapping[str, Secret], pending: Mapping[str, Secret], code: str) -> Granted:
    """What a code opens. Raises Rejected also where the person did not allow everything, NotSent, TokenDead."""
    granted = _granted(tokens, app, {
        "grant_type": "authorization_code", "code": Secret(code), "redirect_uri": pending["redirect_uri"],
        "code_verifier": pending["verifier"]})
    if missing := set(SCOPES) - granted.scopes:
        raise Rejected(f"許可の画面で、すべての項目にチェックを入れてください（足りないもの：{'、'.join(sorted(missing))}）。")
    if granted.refresh is None:
        raise Rejected("Googleが更新用のトークンを渡しません。Googleアカウントで許可を取り消して、もう一度つないでください。")
    return granted


def renewed(tokens: str, app: Mapping[str, Secret], refresh: Secret) -> Granted:
    """A new access token. Raises NotSent, TokenDead where Google takes the refresh token no more."""
    try:
        return _granted(tokens, app, {"grant_type": "refresh_token", "refresh_token": refresh})
    except Rejected as refusal:
        raise TokenDead(f"接続が無効になっています。つなぎ直してください。{refusal.reason}") from None


def own_channel(api: Api) -> Object:
    """The channel that a token opens. Raises Rejected where there is none, NotSent, TokenDead."""
    found = items(api.get("channels", part="snippet,contentDetails,brandingSettings", mine="true"))
    if not found:
        raise Rejected("このGoogleアカウントに、YouTubeのチャンネルがありません。")
    if not text(found[0], "id") or not text(found[0], "snippet", "title"):
        raise NotSent("YouTubeの答えを読み取れません。")
    return found[0]


def identity_of(channel: Object, address: str) -> Identity:
    """Whose channel this is; its address is that of its handle if `address` is that too, else that of its id."""
    number, handle = text(channel, "id"), text(channel, "snippet", "customUrl")
    by_handle = f"https://www.youtube.com/{quote(handle, safe='@')}"
    url = by_handle if handle.startswith("@") and same_account(by_handle, address) else channel_address(number)
    return Identity(number, handle or text(channel, "snippet", "title"), url)


def channel_address(number: str) -> str:
    return f"https://www.youtube.com/channel/{quote(number, safe='')}"


@sensitive_variables("answer", "data", "access", "refresh")
def _granted(tokens: str, app: Mapping[str, Secret], asked: Mapping[str, str | Secret]) -> Granted:
    form = {**asked, "client_id": _of_app(app, "client_id"), "client_secret": _of_app(app, "client_secret")}
    data = _posted(tokens, form)
    access, refresh = (text(data, key, limit=_LONGEST_TOKEN) for key in ("access_token", "refresh_token"))
    seconds = data.get("expires_in")
    if not access or not access.isascii() or not access.isprintable() or not isinstance(seconds, int):
        raise NotSent("Googleの答えを読み取れません。")
    until = datetime.now(UTC) + timedelta(seconds=max(0, min(seconds, _LONGEST)))
    scopes = frozenset(text(data, "scope", limit=_LONGEST_TOKEN).split())
    return Granted(Secret(access), Secret(refresh) if refresh else None, until.isoformat(timespec="seconds"), scopes)


@sensitive_variables("data")
def _posted(tokens: str, form: Mapping[str, str | Secret]) -> Object:
    try:
        data: Any = judged(call("POST", tokens, form=form, private=True))
    except (NeverSent, NoAnswer) as failure:
        raise harmless(outcome_of(failure)) from None
    except Outcome as outcome:
        raise harmless(outcome) from None
    if not isinstance(data, dict):
        raise NotSent("Googleの答えを読み取れません。")
    return data


def _of_app(app: Mapping[str, Secret], key: str) -> Secret:
    if key not in app or not app[key].reveal().strip():
        raise Rejected("Googleに登録したアプリのクライアントIDとシークレットが、まだkoshikiに登録されていません。")
    return Secret(app[key].reveal().strip())


def _challenge(verifier: Secret) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.reveal().encode()).digest()).decode().rstrip("=")
