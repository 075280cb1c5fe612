"""What the tests' Graph API answers for Instagram: containers whose pictures it really fetches, publications, comments."""

from __future__ import annotations

import io
import re
import urllib.request
from datetime import timedelta
from typing import Any
from urllib.error import URLError

from PIL import Image

from tests.networks.graph.door import Door
from tests.networks.graph.facebook import accounts
from tests.networks.graph.server import File, Given, GraphServer, Node, Refusal, picked, stamp

_DAY = timedelta(days=1)


class InstagramServer(GraphServer):
    def __init__(self) -> None:
        super().__init__()
        self.processing = 0
        """How many times a container is said to be in work yet."""
        self.fails_with = ""
        """What a container's status says when its picture could not be used."""
        self.city_shows = ("", "")
        """Where the city's public pictures really are, for an address that only the internet knows: its head, and that."""
        self.city = self.add_account("iwata.test", "見本市")

    def add_account(self, username: str, name: str) -> Node:
        account = self.add("ig_user", username=username, name=name, biography="")
        self.add("page", name=f"{name}のページ", tasks=["CREATE_CONTENT"],
                 instagram_business_account={"id": account.id, "username": username})
        return account

    @property
    def visible(self) -> list[Node]:
        return self.of("ig_media", child=False)

    @property
    def containers(self) -> list[Node]:
        return self.of("container")

    def grow_old(self) -> None:
        """A day goes by for every container."""
        for container in self.containers:
            container.at -= _DAY

    def comment_on(self, media: Node, text: str, *, parent: str = "", username: str = "shimin") -> Node:
        media.data["comments_count"] = media.data.get("comments_count", 0) + 1
        return self.add("ig_comment", media=media.id, text=text, parent=parent, username=username, hidden=False)


# ------------------------------------------------------------ containers


def contain(state: GraphServer, own: Node, given: Given, _file: File | None) -> Any:
    assert isinstance(state, InstagramServer)
    if len(given.get("caption", "")) > 2200:
        raise Refusal(36004, "The caption is too long", subcode=2_207_010)
    if given.get("media_type") == "CAROUSEL":
        children = given["children"].split(",")
        if not 2 <= len(children) <= 10 or any(_status(state.nodes[child]) != "FINISHED" for child in children):
            raise Refusal(9004, "The children are not ready", subcode=2_207_035)
    else:
        _fetched(given["image_url"].replace(*state.city_shows, 1))
        children = []
    made = state.add("container", owner=own.id, caption=given.get("caption", ""), alt_text=given.get("alt_text", ""),
                     children=children, item=given.get("is_carousel_item") == "true", waits=state.processing,
                     error=state.fails_with)
    return {"id": made.id}


def _fetched(url: str) -> None:
    """The picture from the city's own place, as Instagram takes it."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310
            content = answer.read(9_000_000)
    except (URLError, OSError, ValueError):
        raise Refusal(9004, "Only photo or video can be accepted as media type.", subcode=2_207_052) from None
    picture = Image.open(io.BytesIO(content))
    if picture.format != "JPEG":
        raise Refusal(36001, "The image format is not supported", subcode=2_207_005)
    if not 4 / 5 <= picture.width / picture.height <= 1.91:
        raise Refusal(36003, "The aspect ratio is not supported.", subcode=2_207_009)


def _status(container: Node) -> str:
    if container.data.get("published"):
        return "PUBLISHED"
    if stamp(container.at) <= stamp(Node("", "").at - _DAY):
        return "EXPIRED"
    if container.data["error"]:
        return "ERROR"
    return "IN_PROGRESS" if container.data["waits"] > 0 else "FINISHED"


def container(_state: GraphServer, node: Node, given: Given, _file: File | None) -> Any:
    status = _status(node)
    node.data["waits"] -= 1
    return picked({"id": node.id, "status_code": status, "status": node.data["error"] or status}, given)


def publish(state: GraphServer, own: Node, given: Given, _file: File | None) -> Any:
    made = state.nodes.get(given["creation_id"])
    if made is None or made.data["item"]:
        raise Refusal(24, "The requested resource does not exist", subcode=2_207_006)
    if (status := _status(made)) != "FINISHED":
        raise Refusal(100 if status == "PUBLISHED" else 9007, f"The media is {status}",
                      subcode=0 if status == "PUBLISHED" else 2_207_027)
    made.data["published"] = True
    children = [_picture(state, state.nodes[child], own, child=True).id for child in made.data["children"]]
    media = _picture(state, made, own, child=False)
    media.data["children"] = children
    return {"id": media.id}


def _picture(state: GraphServer, made: Node, own: Node, *, child: bool) -> Node:
    return state.add("ig_media", owner=own.id, caption=made.data["caption"], alt_text=made.data["alt_text"], children=[],
                     child=child)


# ------------------------------------------------------------ publications


def account(_state: GraphServer, own: Node, given: Given, _file: File | None) -> Any:
    return picked({"id": own.id, **own.data}, given)


def media(state: GraphServer, own: Node, given: Given, _file: File | None) -> Any:
    if state.list_answer is not None:
        return state.list_answer
    return state.listed(state.of("ig_media", owner=own.id, child=False), lambda node: _media(state, node), given)


def one_media(state: GraphServer, node: Node, given: Given, _file: File | None) -> Any:
    if state.read_answer is not None:
        return state.read_answer
    return picked(_media(state, node), given)


def _media(state: GraphServer, node: Node) -> dict[str, Any]:
    """A caption comes back without its @, as for an app that does not manage the account."""
    data = {"id": node.id, "caption": re.sub("@", "", node.data["caption"]), "timestamp": stamp(node.at),
            "comments_count": node.data.get("comments_count", 0), "permalink": f"https://www.instagram.com/p/C{node.id}/"}
    if not node.data["children"]:
        return data | {"media_type": "IMAGE", "alt_text": node.data["alt_text"]}
    children = [{"id": child, "media_type": "IMAGE", "alt_text": state.nodes[child].data["alt_text"]}
                for child in node.data["children"]]
    return data | {"media_type": "CAROUSEL_ALBUM", "children": {"data": children}}


def delete(state: GraphServer, node: Node, _given: Given, _file: File | None) -> Any:
    del state.nodes[node.id]
    return {"success": True}


# ------------------------------------------------------------ comments


def comments(state: GraphServer, node: Node, given: Given, _file: File | None) -> Any:
    def shown(comment: Node) -> dict[str, Any]:
        replies = [_comment(reply) for reply in state.of("ig_comment", parent=comment.id)]
        return _comment(comment) | ({"replies": {"data": replies}} if replies else {})
    return state.listed(state.of("ig_comment", media=node.id, parent=""), shown, given)


def _comment(node: Node) -> dict[str, Any]:
    data = {"id": node.id, "text": node.data["text"], "timestamp": stamp(node.at), "username": node.data["username"],
            "from": {"id": f"9{node.id}", "username": node.data["username"]}, "hidden": node.data["hidden"]}
    return data | ({"parent_id": node.data["parent"]} if node.data["parent"] else {})


def hide(_state: GraphServer, node: Node, given: Given, _file: File | None) -> Any:
    node.data["hidden"] = given["hide"] == "true"
    return {"success": True}


def reply(state: GraphServer, node: Node, given: Given, _file: File | None) -> Any:
    assert isinstance(state, InstagramServer)
    under = state.nodes[node.data["media"]]
    parent = node.data["parent"] or node.id
    return {"id": state.comment_on(under, given["message"], parent=parent, username=state.city.data["username"]).id}


InstagramServer.handler = Door
InstagramServer.acts = {
    ("user", "GET", "/accounts"): accounts,
    ("ig_user", "GET", "/"): account,
    ("ig_user", "POST", "/media"): contain,
    ("ig_user", "POST", "/media_publish"): publish,
    ("ig_user", "GET", "/media"): media,
    ("container", "GET", "/"): container,
    ("ig_media", "GET", "/"): one_media,
    ("ig_media", "DELETE", "/"): delete,
    ("ig_media", "GET", "/comments"): comments,
    ("ig_comment", "POST", "/"): hide,
    ("ig_comment", "DELETE", "/"): delete,
    ("ig_comment", "POST", "/replies"): reply,
}
InstagramServer.faulty = staticmethod(lambda call, _given: call[1] == "POST" and call[2] in ("/media_publish", "/replies"))
