"""What the tests of YouTube do and answer again and again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from koshiki.networks.base import (
    Outgoing,
)
from koshiki.networks.youtube import YouTube
from tests.networks.contract import nothing
from tests.networks.service_server import Reply
from tests.networks.youtube_server import YouTubeServer

TITLE = "避難所の開き方"
SESSION = "/upload/youtube/v3/videos"


def sent(opened: YouTube, outgoing: Outgoing) -> Any:
    return opened.publish(outgoing, opened.prepare(outgoing, {}, lambda _: None, nothing), nothing)


def answering(server: YouTubeServer, call: tuple[str, str], reply: Reply) -> None:
    """From now on this call is answered so, whatever is asked."""
    server.routes = tuple(replace(route, act=lambda *_: reply) if (route.method, route.path) == call else route
                          for route in server.routes)
