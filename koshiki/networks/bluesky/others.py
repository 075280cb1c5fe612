"""What others wrote and who they are: known to Bluesky's own service, which the account's server passes us on to."""

from __future__ import annotations

from datetime import datetime

from koshiki import clock
from koshiki.networks.answers import Object, moment, objects, part, text
from koshiki.networks.bluesky.api import Api, Swapped
from koshiki.networks.bluesky.connecting import PROFILE
from koshiki.networks.bluesky.keys import GATES, POSTS, Uri, read_uri
from koshiki.networks.bluesky.record import said, told_time
from koshiki.networks.outcomes import Candidate, Comment, Gone, NotSent, OutcomeUnknown, Rejected

_MOST_HIDDEN = 300


def replies(api: Api, did: str, since: datetime) -> list[Comment]:
    """What others wrote under the account's posts since then. Raises NotSent, Rejected, TokenDead."""
    hidden, found = _hidden(api, did), []
    for told in api.entries("app.bsky.notification.listNotifications", "notifications", beyond=True, reasons=["reply"]):
        if (at := moment(told, "indexedAt")) is None:
            raise NotSent("返信の一覧を読み取れません。")
        if at < since:
            break
        if text(told, "reason") == "reply" and (comment := _comment(told, at, did, hidden)):
            found.append(comment)
    return found


def place_to_answer(api: Api, uri: str) -> Object:
    """Where an answer to this post belongs: the first post of its thread, and itself. Raises Gone, NotSent …"""
    post = _post(api, uri)
    here = {"uri": text(post, "uri"), "cid": text(post, "cid")}
    root = part(part(part(post, "record"), "reply"), "root")
    return {"root": {"uri": text(root, "uri"), "cid": text(root, "cid")} if root else here, "parent": here}


def hide(api: Api, did: str, uri: str, *, hidden: bool) -> None:
    """Folds an answer away in our thread, or unfolds it. Raises NotSent, Gone, Rejected, TokenDead."""
    root = read_uri(text(part(place_to_answer(api, uri), "root"), "uri"))
    if root is None or root.did != did or root.collection != POSTS:
        raise Rejected("市の投稿への返信ではないので、非表示にできません。")
    gate = Uri(did, GATES, root.key)
    value, cid = _gate(api, gate, root)
    folded = [each for each in _folded(value) if each != uri]
    if (uri in _folded(value)) == hidden:
        return
    if hidden and len(folded) >= _MOST_HIDDEN:
        raise Rejected(f"1つの投稿で非表示にできる返信は{_MOST_HIDDEN}件までです。")
    try:
        api.put(gate, {**value, "hiddenReplies": [*folded, uri] if hidden else folded}, cid, None)
    except (Swapped, OutcomeUnknown) as doubt:  # read anew, it is seen what is still to be done
        raise NotSent(doubt.reason, 5) from None


def accounts(api: Api, words: str) -> list[Candidate]:
    """Accounts that are found by these words."""
    answer = api.get("app.bsky.actor.searchActors", beyond=True, q=words, limit=100)
    if not isinstance(answer.get("actors"), list):
        raise NotSent("検索の答えを読み取れません。")
    return [_candidate(actor) for actor in objects(answer["actors"]) if read_uri(f"at://{text(actor, 'did')}/a/a")]


def is_verified(api: Api, did: str) -> bool | None:
    """Whether Bluesky marks the account as verified (§6(3)エ); None where it doesn't say."""
    try:
        answer = api.get("app.bsky.actor.getProfile", beyond=True, actor=did)
    except (NotSent, Rejected):
        return None
    return text(part(answer, "verification"), "verifiedStatus") == "valid" if text(answer, "did") == did else None


def _comment(told: Object, at: datetime, did: str, hidden: frozenset[str]) -> Comment | None:
    """None for what is no answer to a post of ours."""
    uri, writer = read_uri(text(told, "uri")), part(told, "author")
    place = part(part(told, "record"), "reply")
    parent, root = (read_uri(text(part(place, end), "uri")) for end in ("parent", "root"))
    ours = next((post for post in (parent, root) if post and post.did == did), None)
    if uri is None or ours is None:
        return None
    return Comment(remote_id=str(uri), on=ours.key, answers="" if parent == ours else str(parent or ""),
                   writer_id=uri.did, writer=f"@{text(writer, 'handle')}", text=said(part(told, "record")),
                   url=f"{PROFILE}{uri.did}/post/{uri.key}", at=at, hidden=str(uri) in hidden)


def _post(api: Api, uri: str) -> Object:
    found = objects(api.get("app.bsky.feed.getPosts", beyond=True, uris=[uri]).get("posts"))
    if not found:
        raise Gone("その返信は、サービスに見当たりません。")
    if text(found[0], "uri") != uri or not text(found[0], "cid"):
        raise NotSent("サーバーの答えを読み取れません。")
    return found[0]


def _gate(api: Api, gate: Uri, root: Uri) -> tuple[Object, str | None]:
    """What is folded away under a post so far, with the cid of that record; None where there is none yet."""
    try:
        record = api.record(gate)
    except Gone:
        return {"$type": GATES, "post": str(root), "createdAt": told_time(clock.now())}, None
    return part(record, "value"), text(record, "cid")


def _hidden(api: Api, did: str) -> frozenset[str]:
    """All answers that are folded away in the account's threads."""
    gates = api.entries("com.atproto.repo.listRecords", "records", repo=did, collection=GATES)
    return frozenset(uri for record in gates for uri in _folded(part(record, "value")))


def _folded(gate: Object) -> list[str]:
    folded = gate.get("hiddenReplies")
    return [uri for uri in folded if isinstance(uri, str)] if isinstance(folded, list) else []


def _candidate(actor: Object) -> Candidate:
    avatar = text(actor, "avatar")
    handle = text(actor, "handle")
    return Candidate(remote_account_id=text(actor, "did"), handle=f"@{handle}", name=text(actor, "displayName"),
                     url=PROFILE + handle, text=text(actor, "description"),
                     image_url=avatar if avatar.startswith("https://") else "")
