"""A film goes up in pieces, each told where it begins, so that whatever stops it costs one piece.

Nothing of it can be seen: the video is private from its first byte.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from koshiki.networks.content import Media
from koshiki.networks.credentials import DoesNotOpen, seal, unseal
from koshiki.networks.file_part import FilePart
from koshiki.networks.http import Answer
from koshiki.networks.judging import harmless
from koshiki.networks.outcomes import NotSent, Outcome
from koshiki.networks.youtube.api import Api, Object, meant, text

PIECE = 32 * 256 * 1024
"""YouTube wants whole 256 KiB; 8 MiB go up in 7 seconds at 10 Mbit/s."""
VIDEO_ID = re.compile(r"[\w-]{6,64}", re.ASCII)

_SEALED_FOR = "youtube upload"
_SECONDS = 300.0
_LONGEST_ADDRESS = 4000
_UNFINISHED = 308


def begun(api: Api, film: Media, video: Object, last_check: Callable[[], None]) -> str:
    """The address at which this film's pieces are taken, for about a week. Raises NotSent, Rejected, TokenDead."""
    query = urlencode({"uploadType": "resumable", "part": "snippet,status"})
    headers = {"X-Upload-Content-Length": str(film.size), "X-Upload-Content-Type": film.mime}
    try:
        answer = api.answer("POST", f"{api.base}/upload/youtube/v3/videos?{query}", last_check, json=video, headers=headers)
        if answer.status != 200:
            meant(answer)
    except Outcome as outcome:
        raise harmless(outcome) from None
    session = str(answer.headers.get("location", ""))
    if not _is_at(api.base, session):
        raise NotSent("YouTubeがアップロード先を答えません。")
    return session


def sealed(session: str, account: str) -> str:
    """The address as it may lie in a delivery's row: who has it can put another film in this one's place."""
    return b64encode(seal({"session": session}, account=account, service=_SEALED_FOR)).decode()


def unsealed(kept: str, account: str) -> str:
    """The address; empty where there is none, or no key opens it any more: then the upload begins anew."""
    try:
        return unseal(b64decode(kept), account=account, service=_SEALED_FOR)["session"].reveal()
    except (DoesNotOpen, ValueError):
        return ""


class Upload:
    """One film on its way to the address that was given for it."""

    def __init__(self, api: Api, session: str, film: Media) -> None:
        self._api, self._session, self._film, self._size = api, session, film, film.size
        self.video: str = ""
        """Its id, as soon as all of it has arrived."""

    def arrived(self, last_check: Callable[[], None]) -> int:
        """Asks how many bytes are there. Raises NotSent, Gone (the address is used up), Rejected, TokenDead."""
        return self._put(f"bytes */{self._size}", b"", last_check)

    def send(self, start: int, last_check: Callable[[], None]) -> int:
        """Sends the next piece; returns how many bytes are there now. Raises as `arrived`."""
        length = min(PIECE, self._size - start)
        part = FilePart(self._film.path, start, length)
        there = self._put(f"bytes {start}-{start + length - 1}/{self._size}", part, last_check)
        if not self.video and there <= start:
            raise NotSent("YouTubeが動画の続きを受け取りません。", 30)
        return there

    def _put(self, stretch: str, content: bytes | FilePart, last_check: Callable[[], None]) -> int:
        headers = {"Content-Range": stretch, "Content-Type": self._film.mime}
        try:
            answer = self._api.answer(
                "PUT", self._session, last_check, content=content, headers=headers, seconds=_SECONDS)
            if answer.status == _UNFINISHED:
                return self._told(answer)
            self.video = _video_in(meant(answer))
        except Outcome as outcome:
            raise harmless(outcome) from None
        return self._size

    def _told(self, answer: Answer) -> int:
        """How far it came, by the answer's Range; without one, nothing has arrived."""
        stretch = str(answer.headers.get("range", "bytes=0--1"))
        told = re.fullmatch(r"bytes=0-(-1|[0-9]{1,15})", stretch, re.ASCII)
        if not told or int(told[1]) >= self._size or "location" in answer.headers:
            raise NotSent("YouTubeの答えを読み取れません。")
        return int(told[1]) + 1


def _video_in(data: object) -> str:
    video = text(data, "id")
    if not VIDEO_ID.fullmatch(video):
        raise NotSent("YouTubeは動画を受け取りましたが、番号を答えません。")
    return video


def _is_at(base: str, address: str) -> bool:
    """The bytes of a film go nowhere but to YouTube."""
    one, other = urlsplit(base), urlsplit(address)
    return (one.scheme, one.netloc) == (other.scheme, other.netloc) and len(address) <= _LONGEST_ADDRESS
