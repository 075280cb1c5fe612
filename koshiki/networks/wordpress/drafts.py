"""The draft of a delivery: found by its name or made, its pictures, its text. Nothing of it is seen."""

from __future__ import annotations

import mimetypes
from typing import Any

from koshiki.networks.answers import Object, as_object, text
from koshiki.networks.content import Content, Media
from koshiki.networks.outcomes import NotSent, Outgoing, Rejected
from koshiki.networks.verbs import LastCheck, SaveStage, Stage
from koshiki.networks.wordpress import html
from koshiki.networks.wordpress.api import Api, listed, number

POSTS, MEDIA = "wp/v2/posts", "wp/v2/media"
UNSEEN = frozenset({"draft", "pending"})
_ANY = "publish,future,draft,pending,private,trash"
_UPLOAD_SECONDS = 120.0


def prepared(api: Api, outgoing: Outgoing, stage: Stage, save_stage: SaveStage, last_check: LastCheck) -> Stage:
    """The stage with which it can be published. A picture belongs to the draft, and is listed nowhere before it."""
    done: dict[str, Any] = {"post": 0, "media": [], "written": False, **stage}
    if not done["post"]:
        draft = _found(api, outgoing.key) or _made(api, outgoing, last_check)
        done |= {"post": number(draft, "id"), "written": text(draft, "status") == "publish"}
        save_stage(dict(done))
    if done["written"]:
        return done
    there = _uploaded(api, done["post"]) if outgoing.media else {}
    for place in range(len(done["media"]), len(outgoing.media)):
        name = f"{_name(outgoing.key)}-{place + 1}"
        picture = there.get(name) or _upload(api, done["post"], name, outgoing.media[place], last_check)
        done["media"] = [*done["media"], {"id": number(picture, "id"), "address": _source(picture)}]
        save_stage(dict(done))
    _write(api, outgoing, done, last_check)
    save_stage(done | {"written": True})
    return done | {"written": True}


def named(api: Api, key: str) -> list[Object]:
    """Every post of this delivery, wherever the site's people moved it. Raises NotSent, Rejected, TokenDead."""
    names = f"{_name(key)},{_name(key)}__trashed"  # what is thrown away is renamed so
    asked = {"slug": names, "status": _ANY, "context": "edit", "_fields": "id,slug,status,link,date_gmt"}
    try:
        return listed(api.get(POSTS, **asked))
    except Rejected:
        api.get("wp/v2/users/me")  # to strangers the site says that there is no such status, not who they are
        raise


def written(content: Content, figures: list[str]) -> Object:
    """A content as it is given to the site."""
    category = {"categories": [int(content["category"])]} if content.get("category") else {}
    return {"title": html.escaped(content["title"]), "content": html.blocks(content["text"], figures), **category}


def pictures_of(api: Api, post: int) -> list[Object]:
    """The pictures that belong to a post."""
    return api.all(MEDIA, parent=post, context="edit", _fields="id,slug,source_url")


def _name(key: str) -> str:
    return f"koshiki-{key}"


def _found(api: Api, key: str) -> Object | None:
    return next((post for post in named(api, key) if text(post, "slug") == _name(key)), None)


def _made(api: Api, outgoing: Outgoing, last_check: LastCheck) -> Object:
    """Raises NotSent where the site gave it another name: it could not be found again by that."""
    asked = {"slug": _name(outgoing.key), "status": "draft", "title": html.escaped(outgoing.content["title"])}
    draft = as_object(api.harmlessly("POST", POSTS, json=asked, last_check=last_check))
    if number(draft, "id") and text(draft, "slug") == asked["slug"] and text(draft, "status") == "draft":
        return draft
    raise NotSent("サイトが、下書きの名前（スラッグ）を変えました。スラッグを書き換えるプラグインを確かめてください。")


def _uploaded(api: Api, post: int) -> dict[str, Object]:
    return {text(picture, "slug"): picture for picture in pictures_of(api, post)}


def _upload(api: Api, post: int, name: str, media: Media, last_check: LastCheck) -> Object:
    """One call for the picture and its alternative text, so that none is left without."""
    file = (f"{name}{mimetypes.guess_extension(media.mime) or ''}", media.bytes, media.mime)
    form = {"post": str(post), "slug": name, "title": name, "alt_text": media.alt}
    picture = as_object(api.harmlessly("POST", MEDIA, files={"file": file}, form=form, last_check=last_check,
                                       seconds=_UPLOAD_SECONDS))
    if not number(picture, "id"):
        raise NotSent("画像の番号を読み取れません。")
    return picture


def _source(picture: Object) -> str:
    address = text(picture, "source_url")
    if not address.startswith(("https://", "http://")):
        raise NotSent("画像のアドレスを読み取れません。")
    return address


def _write(api: Api, outgoing: Outgoing, done: dict[str, Any], last_check: LastCheck) -> None:
    figures = [html.figure(picture["id"], picture["address"], media.alt)
               for picture, media in zip(done["media"], outgoing.media, strict=True)]
    draft = as_object(api.harmlessly("POST", f"{POSTS}/{done['post']}", json=written(outgoing.content, figures),
                                     last_check=last_check))
    if number(draft, "id") != done["post"]:
        raise NotSent("下書きを書けたか確かめられません。")
