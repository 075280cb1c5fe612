"""What the tests' Graph API answers for Facebook pages: photos and posts not yet published, lists, comments."""

from __future__ import annotations

import json
from typing import Any

from tests.networks.graph.door import Door
from tests.networks.graph.server import File, Given, GraphServer, Node, Refusal, picked, stamp


class FacebookServer(GraphServer):
    def __init__(self) -> None:
        super().__init__()
        self.publishing_again = "accepted"
        """What publishing a published post is answered with; "refused" as an invalid parameter."""
        self.reading_breaks = False
        self.city = self.add_page("city.iwata.test", "見本市")

    def add_page(self, username: str, name: str, **more: Any) -> Node:
        page = self.add("page", username=username, name=name, tasks=["CREATE_CONTENT", "MODERATE"], **more)
        page.data |= {"link": f"https://www.facebook.com/{username or page.id}", **more}
        return page

    def faulty_everywhere(self) -> None:
        """Faults befall every call, not those alone that make a publication seen."""
        self.faulty = lambda _call, _given: True

    def lists_break(self) -> None:
        """From the next call on nothing can be read: what is asked for answers with an error of the server."""
        self.reading_breaks = True

    @property
    def visible(self) -> list[Node]:
        return self.of("post", is_published=True)

    def comment_on(self, post: Node, message: str, *, parent: Node | None = None, writer: str = "市民",
                   writer_id: str = "") -> Node:
        number = self.new_id()
        comment = self.add("comment", f"{post.id.partition('_')[2]}_{number}", post=post.id, message=message,
                           parent=parent.id if parent else "", writer=writer, writer_id=writer_id or self.new_id())
        post.data["updated"] = comment.at
        return comment


# ------------------------------------------------------------ pages


def accounts(state: GraphServer, _user: Node, given: Given, _file: File | None) -> Any:
    def shown(page: Node) -> dict[str, Any]:
        return {"id": page.id, **page.data, "access_token": state.token_for(page)}
    return state.listed(state.of("page"), shown, given)


def page(_state: GraphServer, node: Node, given: Given, _file: File | None) -> Any:
    return picked({"id": node.id, **node.data}, given)


def upload(state: GraphServer, node: Node, given: Given, file: File | None) -> Any:
    if file is None or file.kind not in ("image/jpeg", "image/png"):
        raise Refusal(324, "(#324) Missing or invalid image file")
    assert given["published"] == "false"
    photo = state.add("photo", page=node.id, alt_text_custom=given.get("alt_text_custom", ""), bytes=file.bytes)
    return {"id": photo.id}


def photo(_state: GraphServer, node: Node, given: Given, _file: File | None) -> Any:
    return picked({"id": node.id, "alt_text_custom": node.data["alt_text_custom"]}, given)


# ------------------------------------------------------------ posts


def create(state: GraphServer, node: Node, given: Given, _file: File | None) -> Any:
    photos = [item["media_fbid"] for item in json.loads(given.get("attached_media", "[]"))]
    if any(state.nodes[number].data["page"] != node.id for number in photos):
        raise Refusal(100, "Invalid parameter")
    published = given.get("published", "true") == "true"
    post = state.add("post", f"{node.id}_{state.new_id()}", page=node.id, message=given["message"], photos=photos,
                     is_published=published)
    return {"id": post.id}


def update(state: GraphServer, post: Node, given: Given, _file: File | None) -> Any:
    if "is_published" in given:
        if post.data["is_published"] and isinstance(state, FacebookServer) and state.publishing_again == "refused":
            raise Refusal(100, "(#100) The post is published already")
        if given["is_published"] == "true" and not post.data["is_published"]:
            post.data["is_published"], post.at = True, type(post.at).now(post.at.tzinfo)
    if "message" in given:
        post.data["message"] = given["message"]
    return {"success": True}


def delete(state: GraphServer, node: Node, _given: Given, _file: File | None) -> Any:
    del state.nodes[node.id]
    return {"success": True}


def one_post(state: GraphServer, post: Node, given: Given, _file: File | None) -> Any:
    if isinstance(state, FacebookServer) and state.reading_breaks:
        raise Refusal(2, "Service temporarily unavailable", status=500)
    if state.read_answer is not None:
        return state.read_answer
    return picked(_post(post), given)


def published_posts(state: GraphServer, node: Node, given: Given, _file: File | None) -> Any:
    if state.list_answer is not None:
        return state.list_answer
    return state.listed(state.of("post", page=node.id, is_published=True), _post, given)


def _post(post: Node) -> dict[str, Any]:
    attached = [{"type": "photo", "target": {"id": number}} for number in post.data["photos"]]
    several = [{"type": "album", "target": {"id": "1"}, "subattachments": {"data": attached}}]
    data = {"id": post.id, "message": post.data["message"], "is_published": post.data["is_published"],
            "created_time": stamp(post.at), "updated_time": stamp(post.data.get("updated", post.at)),
            "permalink_url": f"https://www.facebook.com/{post.data['page']}/posts/pfbid0AbC"}
    if attached:
        data["attachments"] = {"data": several if len(attached) > 1 else attached}
    return data | ({"parent_id": post.data["parent_id"]} if "parent_id" in post.data else {})


# ------------------------------------------------------------ comments


def comments(state: GraphServer, post: Node, given: Given, _file: File | None) -> Any:
    assert (given["filter"], given["order"]) == ("stream", "reverse_chronological")
    return state.listed(state.of("comment", post=post.id), _comment, given)


def reply(state: GraphServer, node: Node, given: Given, _file: File | None) -> Any:
    post = state.nodes[node.data["post"]]
    assert isinstance(state, FacebookServer)
    own = post.data["page"]
    return {"id": state.comment_on(post, given["message"], parent=node, writer="見本市", writer_id=own).id}


def update_comment(_state: GraphServer, node: Node, given: Given, _file: File | None) -> Any:
    node.data["is_hidden"] = given["is_hidden"] == "true"
    return {"success": True}


def _comment(node: Node) -> dict[str, Any]:
    data = {"id": node.id, "message": node.data["message"], "created_time": stamp(node.at),
            "from": {"id": node.data["writer_id"], "name": node.data["writer"]},
            "is_hidden": node.data.get("is_hidden", False),
            "permalink_url": f"https://www.facebook.com/{node.data['post']}?comment_id={node.id.partition('_')[2]}"}
    return data | ({"parent": {"id": node.data["parent"]}} if node.data["parent"] else {})


FacebookServer.handler = Door
FacebookServer.acts = {
    ("user", "GET", "/accounts"): accounts,
    ("page", "GET", "/"): page,
    ("page", "POST", "/photos"): upload,
    ("page", "POST", "/feed"): create,
    ("page", "GET", "/published_posts"): published_posts,
    ("photo", "GET", "/"): photo,
    ("post", "GET", "/"): one_post,
    ("post", "POST", "/"): update,
    ("post", "DELETE", "/"): delete,
    ("post", "GET", "/comments"): comments,
    ("comment", "POST", "/"): update_comment,
    ("comment", "DELETE", "/"): delete,
    ("comment", "POST", "/comments"): reply,
}
FacebookServer.faulty = staticmethod(lambda call, given: call[:2] == ("post", "POST") or call == ("comment", "POST", "/comments"))
