"""A stand-in for Google's sign-in and the YouTube Data API, held against YouTube's own discovery document.

Whatever koshiki asks, and whatever the stand-in answers, that the document does not know is an error.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import secrets
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from koshiki.networks.base import Link, Secret
from koshiki.networks.youtube import YouTube
from tests.networks.discovery import wrong_data, wrong_request
from tests.networks.service_server import Act, Reply, Request, Route, ServiceServer

MARK = "canary-"
CHANNEL, UPLOADS = "UCabcdefghijklmnopqrstuv", "UUabcdefghijklmnopqrstuv"
BACK = "https://koshiki.example/accounts/1/connected"
WRITER = "UCwriter_writer_writer_1"
UNITS = {"videos.update": 50, "videos.delete": 50, "comments.insert": 50, "comments.setModerationStatus": 50}
BY_CALLS = frozenset({"videos.insert", "search.list"})  # these two count apart, by calls
READ_ONLY_PARTS = {"publishedAt", "channelId", "channelTitle", "thumbnails", "localized", "liveBroadcastContent"}


def told_at(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Video:
    id: str
    snippet: dict[str, Any]
    status: dict[str, Any]
    content: bytes
    uploaded: datetime
    public_since: datetime | None = None


@dataclass
class Session:
    video: dict[str, Any]
    size: int
    arrived: bytearray = field(default_factory=bytearray)
    made: str = ""


@dataclass
class Written:
    id: str
    video: str
    text: str
    writer: str
    at: datetime
    state: str = "published"
    parent: str = ""


def serves(name: str, schema: str = "") -> Any:
    """A method of the API: what is asked and what is answered must both be in the document; it costs its units."""

    def decorate(act: Act) -> Act:
        def checked(server: YouTubeServer, request: Request) -> Reply:
            if request.token not in server.tokens:
                return server.error(401, "Invalid Credentials", "authError")
            body = request.json() if request.body else None
            query = {key: values for key, values in request.query.items() if key != "uploadType"}
            if wrong := wrong_request(name, request.method, query, body):
                return server.error(400, f"{name}: {wrong}", "badRequest")
            if not server.pays(name):
                return server.error(403, "The request cannot be completed because you have exceeded your quota.", "quotaExceeded")
            reply = act(server, request)
            wrong_answer = list(wrong_data(schema, reply.data)) if schema and reply.status == 200 else []
            assert not wrong_answer, f"the stand-in's own answer to {name}: {wrong_answer}"
            return reply

        return checked

    return decorate


class YouTubeServer(ServiceServer):
    """One channel of one Google account."""

    def __init__(self) -> None:
        super().__init__()
        self.client_id, self.client_secret = "123.apps.example", f"{MARK}{secrets.token_urlsafe(16)}"
        self.handle, self.description = "@iwata-city", "磐田市の公式チャンネルです。"
        self.has_channel = True
        self.audited = True
        """Whether Google has audited the project; where not, videos stay private."""
        self.spent: Counter[str] = Counter()
        """Of the day's allowances: `units`, and calls of the methods that have an allowance of their own."""
        self.grants = "https://www.googleapis.com/auth/youtube.upload https://www.googleapis.com/auth/youtube.force-ssl"
        self.gives_refresh = True
        self.codes: dict[str, dict[str, str]] = {}
        self.tokens: set[str] = set()
        self.refresh_tokens: set[str] = set()
        self.sessions: dict[str, Session] = {}
        self.takes_at_most: int | None = None
        """Bytes of a piece; None for all."""
        self.videos: dict[str, Video] = {}
        self.written: dict[str, Written] = {}
        self.lag = 0.0
        self.page = 50
        self.list_answer: Any = None
        """Instead of the list of uploads."""
        self.pieces: Counter[int] = Counter()
        """How often a piece began at this byte."""
        self._ids = (f"vid{number:08d}" for number in itertools.count(1))

    @property
    def public(self) -> list[Video]:
        return [video for video in self.videos.values() if video.status["privacyStatus"] == "public"]

    def error(self, status: int, words: str, reason: str = "other") -> Reply:
        errors = [{"message": words, "domain": "youtube.api", "reason": reason}]
        return Reply({"error": {"code": status, "message": words, "errors": errors}}, status)

    def without_id(self, reply: Reply) -> Reply:
        return Reply({key: value for key, value in (reply.data or {}).items() if key != "id"}, reply.status)

    def pays(self, name: str) -> bool:
        """Takes what a call costs off the day's allowance; False where it is spent."""
        purse, cost, allowed = (name, 1, 100) if name in BY_CALLS else ("units", UNITS.get(name, 1), 10_000)
        self.spent[purse] += cost
        return self.spent[purse] <= allowed

    def allow(self, address: str) -> dict[str, str]:
        """What comes back with the person who allowed what the address asks for."""
        asked = dict(parse_qsl(urlsplit(address).query))
        code = f"{MARK}{secrets.token_urlsafe(8)}"
        self.codes[code] = asked
        return {"code": code, "state": asked["state"]}

    def comment(self, video: str, text: str, *, writer: str = WRITER, at: datetime | None = None, parent: str = "") -> Written:
        number = f"{parent}.r{len(self.written)}" if parent else f"Ug{len(self.written):022d}"
        made = Written(number, video, text, writer, at or datetime.now(UTC), parent=parent)
        self.written[number] = made
        return made

    # ------------------------------------------------------------ signing in

    def token(self, request: Request) -> Reply:
        form = request.form
        if (form.get("client_id"), form.get("client_secret")) != (self.client_id, self.client_secret):
            return Reply({"error": "invalid_client", "error_description": "The OAuth client was not found."}, 401)
        if form["grant_type"] == "refresh_token":
            known = form["refresh_token"] in self.refresh_tokens
            return self._granted({}) if known else Reply(
                {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}, 400)
        asked = self.codes.pop(form.get("code", ""), {})
        proof = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).decode().rstrip("=")
        if asked.get("code_challenge") != proof or asked.get("access_type") != "offline":
            return Reply({"error": "invalid_grant", "error_description": "Malformed auth code."}, 400)
        refresh = f"{MARK}{secrets.token_urlsafe(24)}"
        self.refresh_tokens.add(refresh)
        return self._granted({"refresh_token": refresh} if self.gives_refresh else {})

    def _granted(self, more: dict[str, str]) -> Reply:
        token = f"{MARK}{secrets.token_urlsafe(24)}"
        self.tokens.add(token)
        return Reply({"access_token": token, "expires_in": 3599, "scope": self.grants, "token_type": "Bearer", **more})

    @serves("channels.list", "ChannelListResponse")
    def channels(self, request: Request) -> Reply:
        channel = {
            "kind": "youtube#channel", "id": CHANNEL,
            "snippet": {"title": "磐田市公式チャンネル", "description": self.description[:1000], "customUrl": self.handle,
                        "thumbnails": {"high": {"url": "https://yt3.example/a.jpg", "width": 800, "height": 800}}},
            "contentDetails": {"relatedPlaylists": {"uploads": UPLOADS}},
            "brandingSettings": {"channel": {"title": "磐田市公式チャンネル", "description": self.description}},
        }  # fmt: skip
        parts = {"kind", "id", *request.query["part"][0].split(",")}
        shown = {key: value for key, value in channel.items() if key in parts}
        return self._list("channel", [shown] if self.has_channel and request.query.get("mine") == ["true"] else [])

    def _list(self, kind: str, items: list[Any], **more: Any) -> Reply:
        return Reply({"kind": f"youtube#{kind}ListResponse", "items": items, **more})

    # ------------------------------------------------------------ uploading

    @serves("videos.insert")
    def begin_upload(self, request: Request) -> Reply:
        sent, size = request.json(), int(request.headers["x-upload-content-length"])
        if not request.headers["x-upload-content-type"].startswith("video/") or request.query["uploadType"] != ["resumable"]:
            return self.error(400, "Media type is not supported", "mediaBodyRequired")
        if fault := _snippet_fault(sent["snippet"]):
            return self.error(400, fault, "invalidTitle")
        number = secrets.token_urlsafe(24)
        self.sessions[number] = Session(sent, size)
        query = urlencode({"uploadType": "resumable", "part": request.query["part"][0], "upload_id": number})
        return Reply(None, 200, {"Location": f"{self.base}/upload/youtube/v3/videos?{query}"})

    def take_piece(self, request: Request) -> Reply:
        session = self.sessions.get(request.query["upload_id"][0])
        if session is None:
            return self.error(404, "The upload session is not there", "notFound")
        stretch, _, size = request.headers["content-range"].removeprefix("bytes ").partition("/")
        if int(size) != session.size or request.token not in self.tokens:
            return self.error(400, "Invalid Content-Range", "badRequest")
        if stretch != "*":
            self._keep(session, stretch, request.body[: self.takes_at_most])
        return self._progress(session)

    def _keep(self, session: Session, stretch: str, body: bytes) -> None:
        start = int(stretch.partition("-")[0])
        self.pieces[start] += 1
        assert start == len(session.arrived), "pieces follow each other"
        session.arrived += body
        assert len(session.arrived) == session.size or len(session.arrived) % 262_144 == 0, "in whole 256 KiB"

    def _progress(self, session: Session) -> Reply:
        if len(session.arrived) < session.size:
            told = {"Range": f"bytes=0-{len(session.arrived) - 1}"} if session.arrived else {}
            return Reply(None, 308, told)
        if not session.made:
            session.made = next(self._ids)
            snippet = {"tags": [], **session.video["snippet"]}
            self.videos[session.made] = Video(session.made, snippet, {**session.video["status"], "uploadStatus": "uploaded"},
                                              bytes(session.arrived), datetime.now(UTC))
        return Reply(self._shown(self.videos[session.made]))

    def _shown(self, video: Video) -> dict[str, Any]:
        at = video.public_since or video.uploaded
        snippet = {**video.snippet, "publishedAt": told_at(at), "channelId": CHANNEL}
        return {"kind": "youtube#video", "id": video.id, "snippet": snippet, "status": video.status}

    # ------------------------------------------------------------ videos

    @serves("videos.update", "Video")
    def update(self, request: Request) -> Reply:
        sent = request.json()
        video = self.videos.get(sent.get("id", ""))
        if video is None:
            return self.error(404, "The video that you are trying to update cannot be found.", "videoNotFound")
        if "snippet" in request.query["part"][0]:
            if fault := _snippet_fault(sent["snippet"]):
                return self.error(400, fault, "invalidVideoMetadata")
            video.snippet = {"tags": [], **sent["snippet"]}
        if "status" in request.query["part"][0]:
            self._set_status(video, sent["status"])
        return Reply(self._shown(video))

    def _set_status(self, video: Video, status: dict[str, Any]) -> None:
        if status["privacyStatus"] == "public" and self.audited and video.public_since is None:
            video.public_since = datetime.now(UTC)
        privacy = status["privacyStatus"] if self.audited else "private"
        video.status = {**status, "privacyStatus": privacy, "uploadStatus": "processed"}

    @serves("videos.list", "VideoListResponse")
    def list_videos(self, request: Request) -> Reply:
        wanted = request.query["id"][0].split(",")
        assert len(wanted) <= 50
        return self._list("video", [self._shown(self.videos[number]) for number in wanted if number in self.videos])

    @serves("videos.delete")
    def delete(self, request: Request) -> Reply:
        gone = self.videos.pop(request.query["id"][0], None)
        return Reply(None, 204) if gone else self.error(404, "The video cannot be found.", "videoNotFound")

    @serves("playlistItems.list", "PlaylistItemListResponse")
    def uploads(self, request: Request) -> Reply:
        if self.list_answer is not None:
            return Reply(self.list_answer)
        if request.query["playlistId"] != [UPLOADS]:
            return self.error(404, "The playlist cannot be found.", "playlistNotFound")
        seen = datetime.now(UTC) - timedelta(seconds=self.lag)
        newest = sorted((v for v in self.videos.values() if v.uploaded <= seen), key=lambda v: v.uploaded, reverse=True)
        return self._paged("playlistItem", [_item(video) for video in newest], request)

    def _paged(self, kind: str, listed: list[Any], request: Request) -> Reply:
        start = int((request.query.get("pageToken") or [""])[0].removeprefix("page") or 0)
        end = start + min(self.page, int(request.query["maxResults"][0]))
        more = {"nextPageToken": f"page{end}"} if end < len(listed) else {}
        return self._list(kind, listed[start:end], **more)

    # ------------------------------------------------------------ comments

    @serves("commentThreads.list", "CommentThreadListResponse")
    def threads(self, request: Request) -> Reply:
        state = (request.query.get("moderationStatus") or ["published"])[0]
        tops = sorted((w for w in self.written.values() if not w.parent and w.state == state), key=lambda w: w.at, reverse=True)
        return self._paged("commentThread", [self._thread(top) for top in tops], request)

    def _thread(self, top: Written) -> dict[str, Any]:
        answers = [w for w in self.written.values() if w.parent == top.id and w.state == "published"]
        return {"kind": "youtube#commentThread", "id": top.id,
                "snippet": {"channelId": CHANNEL, "videoId": top.video, "topLevelComment": self._comment(top),
                            "totalReplyCount": len(answers)},
                "replies": {"comments": [self._comment(answer) for answer in answers[-2:]]}}  # fmt: skip

    def _comment(self, written: Written) -> dict[str, Any]:
        parent = {"parentId": written.parent} if written.parent else {}
        state = {} if written.state == "published" else {"moderationStatus": written.state}
        return {"kind": "youtube#comment", "id": written.id, "snippet": {
            "videoId": written.video, "textDisplay": written.text, "textOriginal": written.text,
            "authorDisplayName": "@shimin", "authorChannelId": {"value": written.writer},
            "publishedAt": told_at(written.at), "updatedAt": told_at(written.at), **parent, **state}}  # fmt: skip

    @serves("comments.list", "CommentListResponse")
    def answers(self, request: Request) -> Reply:
        parent = request.query["parentId"][0]
        return self._paged("comment", [self._comment(w) for w in self.written.values() if w.parent == parent], request)

    @serves("comments.setModerationStatus")
    def moderate(self, request: Request) -> Reply:
        written = self.written.get(request.query["id"][0])
        if written is None or written.state == "rejected":
            return self.error(404, "The comment cannot be found.", "commentNotFound")
        written.state = request.query["moderationStatus"][0]
        return Reply(None, 204)

    @serves("comments.insert", "Comment")
    def answer(self, request: Request) -> Reply:
        snippet = request.json()["snippet"]
        parent = self.written.get(snippet["parentId"])
        if parent is None or parent.parent:
            return self.error(404, "The parent comment cannot be found.", "parentCommentNotFound")
        made = self.comment(parent.video, snippet["textOriginal"], writer=CHANNEL, parent=parent.id)
        return Reply(self._comment(made))

    @serves("search.list", "SearchListResponse")
    def search(self, request: Request) -> Reply:
        words = request.query["q"][0]
        found = [{"kind": "youtube#searchResult", "id": {"kind": "youtube#channel", "channelId": f"UC{'x' * 22}"},
                  "snippet": {"title": f"{words}（非公式）", "description": "", "channelId": f"UC{'x' * 22}",
                              "thumbnails": {"default": {"url": "https://yt3.example/b.jpg"}}}}]  # fmt: skip
        return self._list("search", found if request.query["type"] == ["channel"] else [])

    routes = (
        Route("POST", "/token", token),
        Route("GET", "/youtube/v3/channels", channels),
        Route("POST", "/upload/youtube/v3/videos", begin_upload),
        Route("PUT", "/upload/youtube/v3/videos", take_piece, publishes=True),
        Route("PUT", "/youtube/v3/videos", update, publishes=True),
        Route("GET", "/youtube/v3/videos", list_videos),
        Route("DELETE", "/youtube/v3/videos", delete),
        Route("GET", "/youtube/v3/playlistItems", uploads),
        Route("GET", "/youtube/v3/commentThreads", threads),
        Route("GET", "/youtube/v3/comments", answers),
        Route("POST", "/youtube/v3/comments/setModerationStatus", moderate),
        Route("POST", "/youtube/v3/comments", answer, publishes=True),
        Route("GET", "/youtube/v3/search", search),
    )


def _item(video: Video) -> dict[str, Any]:
    resource = {"kind": "youtube#video", "videoId": video.id}
    return {"kind": "youtube#playlistItem", "id": f"P{video.id}",
            "snippet": {"publishedAt": told_at(video.uploaded), "resourceId": resource}}  # fmt: skip


def _snippet_fault(snippet: dict[str, Any]) -> str:
    """What YouTube would not take; title and category must be there whenever a snippet is sent."""
    if not snippet.get("title") or len(snippet["title"]) > 100 or not snippet.get("categoryId"):
        return "The request metadata specifies an invalid video title or category."
    if len(snippet.get("description", "").encode()) > 5000:
        return "The request metadata specifies an invalid video description."
    if {"<", ">"} & set(snippet["title"] + snippet.get("description", "")) or READ_ONLY_PARTS & set(snippet):
        return "The request metadata is invalid."
    return ""


def app_of(server: YouTubeServer) -> dict[str, Secret]:
    """What IT registered once at Google."""
    return {"client_id": Secret(server.client_id), "client_secret": Secret(server.client_secret)}


def connected(server: YouTubeServer, *, address: str = f"https://www.youtube.com/channel/{CHANNEL}") -> Link:
    """The connection that a person of the channel allowed."""
    app = app_of(server)
    beginning = YouTube.begin(app, "", BACK)
    back = server.allow(beginning.authorize_url)
    return YouTube.finish(app, beginning.pending, back["code"], account="42", address=address)
