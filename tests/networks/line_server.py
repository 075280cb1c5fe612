"""A stand-in for LINE's Messaging API. Every request is held against LINE's own published models, to the letter."""

from __future__ import annotations

import itertools
import re
import secrets
import time
import uuid
from dataclasses import dataclass
from typing import Any

from linebot.v3.messaging.models import (
    BotInfoResponse,
    BroadcastRequest,
    ErrorResponse,
    ImageMessage,
    MessageQuotaResponse,
    QuotaConsumptionResponse,
    TextMessage,
)
from linebot.v3.oauth.models import IssueShortLivedChannelAccessTokenResponse

from koshiki.networks.base import Link, Secret
from koshiki.networks.line import Line
from tests.networks.service_server import Reply, Request, Route, ServiceServer

MARK = "canary-"
KEY_SECONDS = 24 * 3600


@dataclass
class Channel:
    """An official account, and what opens it."""

    id: str
    secret: str
    user_id: str
    basic_id: str
    premium_id: str | None = None


@dataclass(frozen=True)
class Broadcast:
    """What was accepted, once."""

    channel: Channel
    at: float
    number: str
    messages: list[dict[str, Any]]
    key: str


class LineServer(ServiceServer):
    """A city's channels; each has the same friends, and all one allowance for the month."""

    def __init__(self) -> None:
        super().__init__()
        self.channels: list[Channel] = []
        self.city = self.add_channel("@012abcde")
        self.token_seconds = 30 * 86400
        self.friends, self.used = 100, 0
        self.limit: int | None = 5000
        self.tokens: dict[str, tuple[Channel, float]] = {}
        self.accepted: dict[str, tuple[Broadcast, float]] = {}
        self.later = 0.0
        """How many seconds have passed since, in the tests' telling."""
        self.plan_allows = True
        self.bot_answer: Any = None
        """Instead of what it says of the bot."""
        self._numbers = itertools.count(1)

    def add_channel(self, basic_id: str) -> Channel:
        number, secret = len(self.channels), MARK.rstrip("-") + secrets.token_hex(13)
        made = Channel(str(1_234_567_890 + number), secret, "U" + f"{10 + number:x}".rjust(32, "a"), basic_id)
        self.channels.append(made)
        return made

    @property
    def broadcasts(self) -> list[Broadcast]:
        return [broadcast for broadcast, _ in self.accepted.values()]

    def error(self, status: int, words: str) -> Reply:
        headers = {"x-line-request-id": self._request_id()}
        return Reply(ErrorResponse(message=words).to_dict(), status, headers)

    def without_id(self, reply: Reply) -> Reply:
        return Reply(reply.data, reply.status)

    def _request_id(self) -> str:
        return str(uuid.UUID(int=next(self._numbers)))

    def _now(self) -> float:
        return time.monotonic() + self.later

    def _opened(self, request: Request) -> Channel | None:
        channel, ends = self.tokens.get(request.token, (None, 0.0))
        return channel if ends > self._now() else None

    # ------------------------------------------------------------ connecting

    def issue(self, request: Request) -> Reply:
        form = request.form
        if form.pop("grant_type", "") != "client_credentials" or set(form) != {"client_id", "client_secret"}:
            return Reply({"error": "invalid_request", "error_description": "bad form"}, 400)
        opened = [c for c in self.channels if (c.id, c.secret) == (form["client_id"], form["client_secret"])]
        if not opened:
            return Reply({"error": "invalid_client", "error_description": "invalid client_secret"}, 400)
        token, seconds = f"{MARK}{secrets.token_urlsafe(40)}=", self.token_seconds
        self.tokens[token] = opened[0], self._now() + seconds
        issued = IssueShortLivedChannelAccessTokenResponse(access_token=token, expires_in=seconds, token_type="Bearer")
        return Reply(issued.to_dict())

    def info(self, request: Request) -> Reply:
        if (channel := self._opened(request)) is None:
            return self.error(401, "Authentication failed due to the expired access token")
        if self.bot_answer is not None:
            return Reply(self.bot_answer)
        return Reply(BotInfoResponse(
            user_id=channel.user_id, basic_id=channel.basic_id, premium_id=channel.premium_id, display_name="磐田市",
            chat_mode="chat", mark_as_read_mode="manual").to_dict())

    def quota(self, request: Request) -> Reply:
        if not self._opened(request):
            return self.error(401, "Authentication failed")
        kind = "none" if self.limit is None else "limited"
        return Reply(MessageQuotaResponse(type=kind, value=self.limit).to_dict())

    def consumption(self, request: Request) -> Reply:
        if not self._opened(request):
            return self.error(401, "Authentication failed")
        return Reply(QuotaConsumptionResponse(total_usage=self.used).to_dict())

    # ------------------------------------------------------------ publishing

    def broadcast(self, request: Request) -> Reply:
        key = request.headers.get("x-line-retry-key", "")
        if refusal := self._refusal(request, key):
            return self.error(*refusal)
        known, at = self.accepted.get(key, (None, 0.0))
        if known and self._now() - at < KEY_SECONDS:
            reply = self.error(409, "The retry key is already accepted")
            return Reply(reply.data, 409, {**reply.headers, "x-line-accepted-request-id": known.number})
        if self.limit is not None and self.used + self.friends > self.limit:
            return self.error(429, "You have reached your monthly limit.")
        return self._accept(self.tokens[request.token][0], key, request.json()["messages"])

    def _refusal(self, request: Request, key: str) -> tuple[int, str] | None:
        if not self._opened(request):
            return 401, "Authentication failed due to the expired access token"
        if not self.plan_allows:
            return 403, "Access to this API is not available for your account"
        if not re.fullmatch(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", key):
            return 400, "The value of the retry key is invalid"
        fault = _fault_of(request.json())
        return (400, fault) if fault else None

    def _accept(self, channel: Channel, key: str, messages: list[dict[str, Any]]) -> Reply:
        number = self._request_id()
        made = Broadcast(channel, time.time(), number, messages, key)
        self.accepted[key if key not in self.accepted else f"{key} again"] = made, self._now()
        self.used += self.friends
        return Reply({}, 200, {"x-line-request-id": number})

    routes = (
        Route("POST", "/v2/oauth/accessToken", issue),
        Route("GET", "/v2/bot/info", info),
        Route("GET", "/v2/bot/message/quota", quota),
        Route("GET", "/v2/bot/message/quota/consumption", consumption),
        Route("POST", "/v2/bot/message/broadcast", broadcast, publishes=True),
    )


def _fault_of(sent: dict[str, Any]) -> str:
    """What LINE's model does not know, or its reference forbids; empty where it would be taken."""
    try:
        model = BroadcastRequest.from_dict(sent)
    except ValueError as error:
        return str(error)
    if {"notificationDisabled": False} | sent != model.to_dict():
        return "The request body has properties that are not known"
    return next(filter(None, map(_message_fault, model.messages)), "")


def _message_fault(message: Any) -> str:
    if isinstance(message, TextMessage):
        return "" if 0 < len(message.text.encode("utf-16-le")) // 2 <= 5000 else "Length must be between 0 and 5000"
    if isinstance(message, ImageMessage):
        addresses = (message.original_content_url, message.preview_image_url)
        fine = all(address.startswith("https://") and len(address) <= 2000 for address in addresses)
        return "" if fine else "invalid uri scheme"
    return "not a message that koshiki sends"


def pasted(server: LineServer) -> dict[str, Secret]:
    """What a person pastes to connect this channel."""
    return {"channel_id": Secret(server.city.id), "channel_secret": Secret(server.city.secret)}


def connected(server: LineServer, *, account: str = "42", address: str = "https://line.me/R/ti/p/@012abcde") -> Link:
    """The connection that the channel's id and secret open."""
    return Line.with_key(pasted(server), account=account, address=address)
