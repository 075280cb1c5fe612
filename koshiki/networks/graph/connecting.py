"""Signing in at Facebook: a code becomes a lasting token, and that opens the pages that the person manages."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.views.decorators.debug import sensitive_variables

from koshiki.networks.answers import Object, part, text
from koshiki.networks.content import KeyField
from koshiki.networks.credentials import Secret
from koshiki.networks.graph.api import Graph
from koshiki.networks.outcomes import Beginning, Outcome, Rejected

APP_FIELDS = (
    KeyField("app_id", "アプリID", secret=False, help="Meta for Developers の「アプリの設定」の「ベーシック」にある数字。"),
    KeyField("app_secret", "app secret", help="同じ画面にある、アプリのシークレット。"),
)
_LONGEST_TOKEN = 4000
_PAGE = "id,name,username,link,tasks,access_token,instagram_business_account{id,username}"


def begin(dialog: str, app: Mapping[str, Secret], scopes: Sequence[str], redirect_uri: str) -> Beginning:
    """The address of Facebook's own dialog. Raises Rejected where IT has registered no app."""
    if not all(app.get(field.key) for field in APP_FIELDS):
        raise Rejected("Metaのアプリが登録されていません。システム管理者に、登録を頼んでください。")
    state = secrets.token_urlsafe(32)
    asked = {
        "client_id": app["app_id"].reveal(),
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": ",".join(scopes),
        "state": state,
    }
    return Beginning(f"{dialog}?{urlencode(asked)}", state, {"redirect_uri": Secret(redirect_uri)})


def pages(api: str, app: Mapping[str, Secret], redirect_uri: Secret, code: str) -> list[Object]:
    """The pages that the person manages and allowed, each with a token that lasts. Raises NotSent, Rejected, TokenDead."""
    short = _granted(api, app, {"code": Secret(code), "redirect_uri": redirect_uri})
    lasting = _granted(api, app, {"grant_type": "fb_exchange_token", "fb_exchange_token": short})
    return Graph(api, opened_by(lasting, app)).all("me", "accounts", fields=_PAGE)


def page_token(page: Object) -> Secret:
    """Raises Rejected where the person did not allow the page, or may not publish on it."""
    token = text(page, "access_token", _LONGEST_TOKEN)
    if not token or "CREATE_CONTENT" not in (page.get("tasks") or ()):
        raise Rejected(f"「{text(page, 'name', 100)}」に投稿する権限がありません。ページの管理者に頼んでください。")
    return Secret(token)


def opened_by(token: Secret, app: Mapping[str, Secret]) -> dict[str, Secret]:
    """What is kept of a token: itself, and the proof that it is used by the app that it was given to."""
    proof = hmac.new(app["app_secret"].reveal().encode(), token.reveal().encode(), hashlib.sha256).hexdigest()
    return {"access_token": token, "proof": Secret(proof)}


def lifetime(api: str, app: Mapping[str, Secret], token: Secret, scopes: Sequence[str]) -> Object:
    """Until when the token opens, as facts; nothing where Facebook doesn't tell.

    Raises Rejected where permissions are missing: better now than at the first publication.
    """
    about = _about(api, app, token)
    granted = about.get("scopes")
    if isinstance(granted, list) and (missing := [scope for scope in scopes if scope not in granted]):
        raise Rejected(f"許可されていない権限があります（{'、'.join(missing)}）。すべてを許可して、つなぎ直してください。")
    found = {key: _until(about.get(key)) for key in ("expires_at", "data_access_expires_at")}
    return {key: at for key, at in found.items() if at}


def _about(api: str, app: Mapping[str, Secret], token: Secret) -> Object:
    """What Facebook says of a token. Asked by POST with the method named beside, so that it stands in no address."""
    own = Secret(f"{app['app_id'].reveal()}|{app['app_secret'].reveal()}")
    try:
        return part(Graph(api, {"access_token": own}).ready("debug_token", form={"method": "get", "input_token": token}), "data")
    except Outcome:
        return {}


def _until(seconds: Any) -> str:
    """ISO, UTC; empty for 0, which is Facebook's word for never."""
    return datetime.fromtimestamp(seconds, UTC).isoformat() if isinstance(seconds, int) and seconds > 0 else ""


@sensitive_variables("granted")
def _granted(api: str, app: Mapping[str, Secret], asked: Mapping[str, str | Secret]) -> Secret:
    """The token that is given for what is shown."""
    form = {"client_id": app["app_id"], "client_secret": app["app_secret"], **asked}
    granted = text(Graph(api, {}).ready("oauth", "access_token", form=form), "access_token", _LONGEST_TOKEN)
    if not granted:
        raise Rejected("Facebookの答えを読み取れません。もう一度つないでください。")
    return Secret(granted)
