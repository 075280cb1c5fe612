"""Services that are not our own: real servers (tests/peers) and the city's feed, a folder. None can be told to misbehave."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Self

import httpx

from tests.faults.service import Accepted, Opened, Service, squeezed


class CityFeed(Service):
    """The city's own feed: entries in a folder."""

    key = "city_feed"

    def connect(self, account: Any, cast: Any) -> None:
        """There is nothing to connect."""

    def accepted(self) -> list[Accepted]:
        found = []
        for path in (self.folder / "feed/entries").glob("*.json"):
            entry = json.loads(path.read_text("utf-8"))
            found.append(Accepted(entry["content"]["text"], entry["account"], path.stat().st_mtime))
        return found


class Snac(Service):
    """A server of the Mastodon API that honours no key; a user for each account."""

    key = "mastodon"
    publishes = re.compile(rb"POST /api/v1/statuses$")

    @classmethod
    def is_installed(cls) -> bool:
        from tests.peers.snac import PROGRAM

        return PROGRAM.exists()

    @contextmanager
    def running(self) -> Iterator[Self]:
        from tests.peers.snac import running_snac

        with running_snac(self.folder / "snac") as self.snac:
            self.tokens = dict[str, str]()
            yield self

    def open(self, name: str) -> Opened:
        token = self.snac.token(name, self.snac.add_user(name))
        self.tokens[name] = token
        self.secrets.append(token)
        return Opened(f"{self.snac.base}/{name}", {"server": self.snac.base, "access_token": token})

    def as_listed(self, text: str) -> str:
        return squeezed(text)

    def accepted(self) -> list[Accepted]:
        return [Accepted(plain(str(status["content"])), name.removeprefix("city"),
                         datetime.fromisoformat(str(status["created_at"])).timestamp() + 1)
                for name, token in self.tokens.items() for status in self.snac.statuses(token)]


class RealBluesky(Service):
    """An account server with its directory."""

    key = "bluesky"
    publishes = re.compile(rb"POST /xrpc/com\.atproto\.repo\.putRecord$")

    @classmethod
    def is_installed(cls) -> bool:
        from tests.peers.bluesky import FOLDER

        return (FOLDER / "ready-1").exists()

    @contextmanager
    def running(self) -> Iterator[Self]:
        from koshiki.networks.bluesky.connecting import Directories
        from tests.peers.bluesky import running_bluesky

        with running_bluesky(self.folder) as self.network:
            Directories.names, Directories.accounts = self.network.server, self.network.directory
            self.people = dict[str, Any]()
            yield self

    def open(self, name: str) -> Opened:
        made = self.people[name] = self.network.add_account()
        self.secrets += [made.app_password, made.main_password]
        return Opened(made.url, {"app_password": made.app_password})

    def accepted(self) -> list[Accepted]:
        return [Accepted(value["text"], name.removeprefix("city"), datetime.fromisoformat(value["createdAt"]).timestamp())
                for name, account in self.people.items() for value in self._posts(account.did)]

    def _posts(self, did: str) -> Iterator[dict[str, Any]]:
        cursor: dict[str, str] = {}
        while True:
            page = self.network.get("com.atproto.repo.listRecords", repo=did, collection="app.bsky.feed.post", limit=100,
                                    **cursor)
            yield from (record["value"] for record in page["records"])
            if "cursor" not in page:
                return
            cursor = {"cursor": page["cursor"]}


class RealWordPress(Service):
    """One site, which is one account."""

    key = "blog"
    publishes = re.compile(rb"POST .*wp/v2/posts/[0-9]+[?&]_fields")
    most_accounts = 1

    @classmethod
    def is_installed(cls) -> bool:
        from tests.peers.wordpress import PHP

        return PHP.exists()

    @contextmanager
    def running(self) -> Iterator[Self]:
        from tests.peers.wordpress import made_wordpress, running_wordpress

        made = made_wordpress(self.folder / "wordpress-made")
        with running_wordpress(self.folder / "wordpress", made) as self.site:
            self.secrets = [self.site.password.replace(" ", "")]
            yield self

    def content(self, text: str) -> dict[str, str]:
        return {"title": text[:30], "text": text}

    def open(self, name: str) -> Opened:
        self.name = name
        pasted = {"site": self.site.base, "user": self.site.user, "password": self.site.password}
        return Opened(self.site.base, pasted)

    def as_listed(self, text: str) -> str:
        return squeezed(text)

    def accepted(self) -> list[Accepted]:
        return [Accepted(plain(post["content"]["rendered"]), self.name.removeprefix("city"),
                         datetime.fromisoformat(post["date_gmt"]).replace(tzinfo=UTC).timestamp() + 1)
                for post in self._posts()]

    def _posts(self) -> Iterator[dict[str, Any]]:
        address, page = f"{self.site.base}/?rest_route=/wp/v2/posts&_fields=content,date_gmt&per_page=100", 1
        while (answer := httpx.get(f"{address}&page={page}", timeout=60)).status_code == 200:
            yield from answer.json()
            page += 1


def plain(content: str) -> str:
    return squeezed(html.unescape(re.sub(r"<[^>]+>", "", content)))
