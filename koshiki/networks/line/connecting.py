"""Connecting an official account: a channel's id and secret become a token that runs 30 days.

Of LINE's kinds of tokens this is the one that suits a server which must be able to speak in a disaster: the one
of 15 minutes would put a second call before almost every message, the one that never runs out is lost for good
when it leaks, and the one signed with a key of one's own asks IT to make keys. A renewal does not end the token
before it (LINE keeps 30 of a channel alive), so that one which is killed half way through costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from django.views.decorators.debug import sensitive_variables

from koshiki.networks.addresses import same_account
from koshiki.networks.credentials import Secret
from koshiki.networks.line.api import Api, Object, text
from koshiki.networks.outcomes import Identity, Link, NotSent, Outcome, Rejected, TokenDead

_LONGEST_TOKEN = 4000
_LONGEST = 10 * 365 * 86400


def connected(base: str, given: Mapping[str, Secret], *, account: str, address: str) -> Link:
    """The connection that a channel's id and secret open. Raises NotSent, Rejected, TokenDead."""
    channel = {name: _pasted(given[name], label) for name, label in
               (("channel_id", "チャネルID"), ("channel_secret", "チャネルシークレット"))}
    token, until = issued(Api(base), channel)
    api = Api(base, token)
    own = identity_of(api.get("/v2/bot/info"), address)
    facts = {"remote_account_id": own.remote_account_id, "handle": own.handle, "url": own.url, "expires_at": until}
    return Link(account=account, secrets={**channel, "access_token": token}, facts=facts | quota(api))


@sensitive_variables("answer")
def issued(api: Api, channel: Mapping[str, Secret]) -> tuple[Secret, str]:
    """A new token of this channel, and when it runs out. Raises NotSent, TokenDead."""
    form: dict[str, str | Secret] = {"grant_type": "client_credentials", "client_id": channel["channel_id"],
            "client_secret": channel["channel_secret"]}
    try:
        answer = api.issue(form)
    except Rejected as refusal:
        raise TokenDead(f"チャネルIDかチャネルシークレットが違います。{refusal.reason}") from None
    token, seconds = text(answer, "access_token", _LONGEST_TOKEN), _number(answer, "expires_in")
    if not token or not token.isascii() or not token.isprintable() or seconds is None:
        raise NotSent("アクセストークンの答えを読み取れません。")
    until = datetime.now(UTC) + timedelta(seconds=min(seconds, _LONGEST))
    return Secret(token), until.isoformat(timespec="seconds")


def identity_of(bot: Object, address: str) -> Identity:
    """Whose channel this is; its address is that of its basic id, or of the premium id if `address` is that one's."""
    user_id, basic, premium = text(bot, "userId"), text(bot, "basicId"), text(bot, "premiumId")
    if not user_id or not basic:
        raise NotSent("LINEの答えを読み取れません。")
    handle = premium if premium and same_account(_address(premium), address) else basic
    return Identity(user_id, handle, _address(handle))


def quota(api: Api) -> Object:
    """How many messages may be sent this month (None: no limit), and were. Empty where LINE does not tell."""
    try:
        allowed, used = api.get("/v2/bot/message/quota"), api.get("/v2/bot/message/quota/consumption")
    except Outcome:
        return {}
    limited = text(allowed, "type") == "limited"
    return {"month_limit": _number(allowed, "value") if limited else None, "month_used": _number(used, "totalUsage")}


def _address(handle: str) -> str:
    return f"https://line.me/R/ti/p/{quote(handle, safe='@')}"


def _number(data: Object, key: str) -> int | None:
    value = data.get(key)
    return value if isinstance(value, int) and value >= 0 else None


@sensitive_variables("plain")
def _pasted(secret: Secret, label: str) -> Secret:
    plain = secret.reveal().strip()
    if not plain.isascii() or not plain.isalnum():
        raise Rejected(f"{label}として正しくありません。")
    return Secret(plain)
