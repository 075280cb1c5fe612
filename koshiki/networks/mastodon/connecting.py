"""Connecting an account: koshiki is registered at the server, a person allows it, a code becomes a token."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.views.decorators.debug import sensitive_variables

from koshiki.networks.answers import Object, as_object, server_address, text
from koshiki.networks.credentials import Secret
from koshiki.networks.mastodon.api import Api, own_address
from koshiki.networks.outcomes import Beginning, Link, Outcome, Rejected, TokenDead

CLIENT_NAME = "koshiki"
SCOPES = "read:accounts read:notifications read:search read:statuses write:media write:statuses"
FILM = "video/mp4"
USUAL_FILM_BYTES, USUAL_FILM_PIXELS = 41_943_040, 2_304_000  # of older servers: newer ones say what they take
_LONGEST_TOKEN = 4000


def begin(server: str, redirect_uri: str) -> Beginning:
    api = Api(server_address(server))
    client_id, client_secret = _register(api, redirect_uri)
    state, verifier = secrets.token_urlsafe(32), Secret(secrets.token_urlsafe(48))
    asked = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": SCOPES,
        "state": state,
    }
    if _offers_pkce(api):
        asked |= {"code_challenge": _challenge(verifier), "code_challenge_method": "S256"}
    pending: dict[str, str | Secret] = {
        "server": api.server,
        "client_id": client_id,
        "client_secret": client_secret,
        "redirect_uri": redirect_uri,
        "state": state,
        "verifier": verifier if "code_challenge" in asked else "",
    }
    address = f"{api.server}/oauth/authorize?{urlencode(asked)}"
    return Beginning(address, state, {key: _secret(value) for key, value in pending.items()})


def finish(pending: Mapping[str, Secret], code: str, *, account: str) -> Link:
    api = Api(pending["server"].reveal())
    form: dict[str, str | Secret] = {
        "grant_type": "authorization_code",
        "code": code,
        "client_id": pending["client_id"],
        "client_secret": pending["client_secret"],
        "redirect_uri": pending["redirect_uri"],
    }
    if pending["verifier"].reveal():
        form["code_verifier"] = pending["verifier"]
    return connected(api.server, _granted(api, form), account=account)


@sensitive_variables("granted")
def _granted(api: Api, form: Mapping[str, str | Secret]) -> Secret:
    """The token that is given for a code."""
    _, granted = api.harmlessly("POST", "/oauth/token", form=form)
    return Secret(text(as_object(granted), "access_token", _LONGEST_TOKEN))


def connected(server: str, token: Secret, *, account: str) -> Link:
    """The connection that a token opens, with all that is to be known of its server and account."""
    token = Secret(token.reveal().strip())
    if not token.reveal() or not token.reveal().isascii() or not token.reveal().isprintable():
        raise Rejected("アクセストークンとして正しくありません。")
    api = Api(server_address(server), token)
    facts = _account_facts(api) | _software(api) | _limits(api)
    return Link(account=account, server=api.server, secrets={"access_token": token}, facts=facts)


def own_account(api: Api) -> Object:
    """The account that a token opens. Raises TokenDead also for 422, as some servers say it, NotSent."""
    try:
        return as_object(api.get("/api/v1/accounts/verify_credentials"))
    except Rejected as refusal:
        raise TokenDead(f"接続が無効になっています。つなぎ直してください。{refusal.reason}") from None


def handle_of(own: Object, server: str) -> str:
    """The account's full name, @user@server."""
    return f"@{text(own, 'username') or text(own, 'acct')}@{server.split('://', 1)[1]}"


def _secret(value: str | Secret) -> Secret:
    return value if isinstance(value, Secret) else Secret(value)


@sensitive_variables("application")
def _register(api: Api, redirect_uri: str) -> tuple[str, Secret]:
    """koshiki as the server knows it from now on: its id there, and its secret."""
    form = {"client_name": CLIENT_NAME, "redirect_uris": redirect_uri, "scopes": SCOPES}
    _, application = api.harmlessly("POST", "/api/v1/apps", form=form)
    if not text(as_object(application), "client_id"):
        raise Rejected("このサーバーにはつなげません（登録の答えを読み取れません）。")
    return text(application, "client_id"), Secret(text(application, "client_secret"))


def _offers_pkce(api: Api) -> bool:
    methods = _gladly(api, "/.well-known/oauth-authorization-server").get("code_challenge_methods_supported")
    return isinstance(methods, list) and "S256" in methods


def _challenge(verifier: Secret) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.reveal().encode()).digest()).decode().rstrip("=")


def _account_facts(api: Api) -> Object:
    own = own_account(api)
    return {
        "remote_account_id": text(own, "id"),
        "handle": handle_of(own, api.server),
        "url": own_address(api.server, own, "url", "uri"),
    }


def _software(api: Api) -> Object:
    """What the server says it runs; whether its keys may be trusted depends on that (repeatable_for)."""
    index = _gladly(api, "/.well-known/nodeinfo").get("links")
    for link in index if isinstance(index, list) else []:
        address = text(link, "href") if isinstance(link, dict) else ""
        if "nodeinfo" in text(link, "rel") and address.startswith(f"{api.server}/"):
            software = _gladly(api, address.removeprefix(api.server)).get("software")
            if isinstance(software, dict):
                return {"software": text(software, "name", 100), "version": text(software, "version", 100)}
    return {"software": "", "version": ""}


def _limits(api: Api) -> Object:
    """What this server allows, by its own account of it; what it does not say is Mastodon's usual."""
    instance = _gladly(api, "/api/v2/instance") or _gladly(api, "/api/v1/instance")
    configuration = _part(instance, "configuration")
    statuses, media = _part(configuration, "statuses"), _part(configuration, "media_attachments")
    return {
        "max_characters": _number(statuses.get("max_characters"), 500, 100_000),
        "url_characters": _number(statuses.get("characters_reserved_per_url"), 23, 1000),
        "max_media": _number(statuses.get("max_media_attachments"), 4, 32),
        "max_bytes": _number(media.get("image_size_limit"), 16_777_216, 100_000_000),
        "max_pixels": _number(media.get("image_matrix_limit"), 33_177_600, 100_000_000),
        "max_alt": _number(media.get("description_limit"), 1500, 10_000),
        "mimes": _mimes(media.get("supported_mime_types")),
        "films": FILM in (media.get("supported_mime_types") or [FILM]),
        "max_film_bytes": _number(media.get("video_size_limit"), USUAL_FILM_BYTES, 2_000_000_000),
        "max_film_pixels": _number(media.get("video_matrix_limit"), USUAL_FILM_PIXELS, 100_000_000),
    }


def _gladly(api: Api, path: str) -> Object:
    """What a server tells if it does; empty where it doesn't."""
    try:
        data = api.get(path)
    except Outcome:
        return {}
    return data if isinstance(data, dict) else {}


def _part(data: Object, key: str) -> Object:
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def _number(value: Any, usual: int, most: int) -> int:
    return min(value, most) if isinstance(value, int) and value > 0 else usual


def _mimes(value: Any) -> list[str]:
    taken = {mime for mime in value if isinstance(mime, str)} if isinstance(value, list) else set()
    return [mime for mime in ("image/jpeg", "image/png", "image/webp") if mime in taken] or [
        "image/jpeg",
        "image/png",
    ]
