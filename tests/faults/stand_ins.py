"""The stand-ins of tests/networks as the harness's services: what of each is its own (of_stand_in.py has the rest)."""

from __future__ import annotations

import re
import secrets
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.faults.of_stand_in import OfStandIn
from tests.faults.service import Opened

if TYPE_CHECKING:
    from tests.networks.stand_in import StandIn

PUBLIC = "https://www.city.example.jp/official/"
"""The city's public address in a run: https, since services that fetch pictures ask for it."""


class WithKeys(OfStandIn):
    """Mastodon itself, which honours its keys."""

    key = "mastodon"
    publishes = re.compile(rb"POST /api/v1/statuses$")

    def make(self) -> StandIn:
        from tests.networks.mastodon_server import MastodonServer

        return MastodonServer()

    def add(self, name: str) -> Any:
        return self.state.add_account(name)

    def opened(self, account: Any) -> Opened:
        account.token = f"canary-{secrets.token_urlsafe(24)}"
        self.state.accounts[account.token] = account
        address = f"{self.state.base}/@{account.username}"
        return Opened(address, {"server": self.state.base, "access_token": account.token})

    def shut(self, account: Any) -> None:
        self.state.revoke(account)

    def listed(self) -> Iterable[tuple[str, str, float]]:
        return [(s.text, s.account.username, s.at.timestamp()) for s in self.state.statuses]


class WithoutKeys(WithKeys):
    """Another server of the same interface."""

    def make(self) -> StandIn:
        from tests.networks.mastodon_server import MastodonServer

        made = MastodonServer()
        made.software, made.honours_keys = "other", False
        return made


class Bluesky(OfStandIn):
    key = "bluesky"
    publishes = re.compile(rb"POST /xrpc/com\.atproto\.repo\.putRecord$")
    short_lived = True

    def make(self) -> StandIn:
        from tests.networks.bluesky_server import BlueskyServer

        return BlueskyServer()

    def aims(self, base: str) -> Iterable[tuple[Any, str, str]]:
        from koshiki.networks.bluesky.connecting import Directories

        return (Directories, "names", base), (Directories, "accounts", base)

    def add(self, name: str) -> Any:
        return self.state.add_account(f"{name}.test")

    def opened(self, account: Any) -> Opened:
        account.app_password = f"canary-{secrets.token_hex(8)}"
        return Opened(f"https://bsky.app/profile/{account.handle}", {"app_password": account.app_password})

    def shut(self, account: Any) -> None:
        self.state.sessions = {t: known for t, known in self.state.sessions.items() if known[1] != account.did}

    def listed(self) -> Iterable[tuple[str, str, float]]:
        from tests.networks.bluesky_server import POSTS

        return [(value["text"], account.handle.removesuffix(".test"), self.state.first_seen[uri])
                for account, uri, _, value in self.state.everything() if POSTS in uri]


class X(OfStandIn):
    key = "x"
    publishes = re.compile(rb"POST /2/tweets$")
    short_lived = True

    def make(self) -> StandIn:
        from tests.networks.x_server import XServer

        return XServer()

    def aims(self, base: str) -> Iterable[tuple[Any, str, str]]:
        return (self.adapter, "api", base), (self.adapter, "authorize_url", f"{base}/i/oauth2/authorize")

    def app(self) -> Mapping[str, str]:
        found: Mapping[str, str] = self._ask("_app")
        return found

    def _app(self) -> dict[str, str]:
        return {key: value.reveal() for key, value in self.state.app.items()}

    def add(self, name: str) -> Any:
        return self.state.add_account(name)

    def opened(self, account: Any) -> Opened:
        return Opened(f"https://x.com/{account.username}", login=account.username)

    def shut(self, account: Any) -> None:
        for tokens in (self.state.tokens, self.state.refresh_tokens):
            for token in [t for t, kept in tokens.items() if kept.account is account]:
                del tokens[token]

    def listed(self) -> Iterable[tuple[str, str, float]]:
        return [(p.text, p.account.username, p.at.timestamp()) for p in self.state.posts]


class OnGraph(OfStandIn):
    def aims(self, base: str) -> Iterable[tuple[Any, str, str]]:
        from koshiki.networks.graph import VERSION

        return (self.adapter, "api", f"{base}/{VERSION}"), (self.adapter, "dialog", f"{base}/{VERSION}/dialog/oauth")

    def app(self) -> Mapping[str, str]:
        from tests.networks.graph.server import APP_ID, APP_SECRET

        return {"app_id": APP_ID, "app_secret": APP_SECRET}

    def shut(self, account: Any) -> None:
        page = self.page(account)
        for token in [t for t, node in self.state.tokens.items() if node is page]:
            del self.state.tokens[token]

    def opened(self, account: Any) -> Opened:
        self.page(account).at -= timedelta(minutes=1)  # long there: what lags is what is published
        return Opened(self.address(account), login=account.data["username"])

    @abstractmethod
    def address(self, account: Any) -> str: ...

    @abstractmethod
    def page(self, account: Any) -> Any:
        """The page that the account is, or is connected with."""


class Facebook(OnGraph):
    key = "facebook"
    publishes = re.compile(rb"POST /v[0-9.]+/[0-9]+_[0-9]+$")

    def make(self) -> StandIn:
        from tests.networks.graph.facebook import FacebookServer

        return FacebookServer()

    def add(self, name: str) -> Any:
        return self.state.add_page(name, name)

    def address(self, account: Any) -> str:
        return str(account.data["link"])

    def page(self, account: Any) -> Any:
        return account

    def listed(self) -> Iterable[tuple[str, str, float]]:
        return [(post.data["message"], self.state.nodes[post.data["page"]].data["username"], post.at.timestamp())
                for post in self.state.visible]


class Instagram(OnGraph):
    key = "instagram"
    publishes = re.compile(rb"POST /v[0-9.]+/[0-9]+/media_publish$")
    pictured = True

    def make(self) -> StandIn:
        from tests.networks.graph.instagram import InstagramServer

        made = InstagramServer()
        made.city_shows = (f"{PUBLIC}m/", f"file://{self.folder}/public/staging/")
        return made

    def add(self, name: str) -> Any:
        return self.state.add_account(name, name)

    def address(self, account: Any) -> str:
        return f"https://www.instagram.com/{account.data['username']}/"

    def page(self, account: Any) -> Any:
        return next(page for page in self.state.of("page")
                    if page.data.get("instagram_business_account", {}).get("id") == account.id)

    def listed(self) -> Iterable[tuple[str, str, float]]:
        return [(media.data["caption"], self.state.nodes[media.data["owner"]].data["username"], media.at.timestamp())
                for media in self.state.visible]


class Line(OfStandIn):
    key = "line"
    publishes = re.compile(rb"POST /v2/bot/message/broadcast$")
    uploads = False
    short_lived = True

    def make(self) -> StandIn:
        from tests.networks.line_server import LineServer

        made = LineServer()
        made.limit = None
        return made

    def aims(self, base: str) -> Iterable[tuple[Any, str, str]]:
        return ((self.adapter, "api", base),)

    def add(self, name: str) -> Any:
        return self.state.add_channel(f"@{name}")

    def opened(self, account: Any) -> Opened:
        pasted = {"channel_id": account.id, "channel_secret": account.secret}
        return Opened(f"https://line.me/R/ti/p/{account.basic_id}", pasted)

    def shut(self, account: Any) -> None:
        for token in [t for t, (channel, _) in self.state.tokens.items() if channel is account]:
            del self.state.tokens[token]

    def listed(self) -> Iterable[tuple[str, str, float]]:
        return [(made.messages[0]["text"], made.channel.basic_id.removeprefix("@"), made.at)
                for made in self.state.broadcasts]
