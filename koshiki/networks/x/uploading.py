"""Pictures and films of a post: uploaded and described before it, seen by nobody until then."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from koshiki.networks.content import Media
from koshiki.networks.outcomes import NotSent, Outgoing, Rejected
from koshiki.networks.verbs import LastCheck, SaveStage, Stage
from koshiki.networks.x.api import Api, Object, part, text
from koshiki.networks.x.posts import is_id

_SECONDS = 120.0
_CHUNK = 4_000_000
_KEPT_SECONDS = 20 * 3600  # X keeps what was uploaded for 24 hours
_PROCESSING_TRIES = 120
_LONGEST_WAIT = 30


def uploaded(api: Api, outgoing: Outgoing, stage: Stage, save_stage: SaveStage, last_check: LastCheck) -> Stage:
    """Goes on from `stage`: `media` are the ids so far, the first `ready` of them described, `until` their end."""
    now = int(time.time())
    ids, ready, until = list(stage.get("media", ())), int(stage.get("ready", 0)), int(stage.get("until", 0))
    if until < now:
        ids, ready, until = [], 0, now + _KEPT_SECONDS
    for place, item in enumerate(outgoing.media):
        if place >= len(ids):
            ids.append(_upload(api, item, last_check))
            save_stage({"media": list(ids), "ready": ready, "until": until})
        if place >= ready:
            _describe(api, ids[place], item, last_check)
            ready = place + 1
            save_stage({"media": list(ids), "ready": ready, "until": until})
    return {"media": ids, "ready": ready, "until": until}


def _upload(api: Api, item: Media, last_check: LastCheck) -> str:
    return (_upload_film if item.is_video else _upload_picture)(api, item, last_check)


def _upload_picture(api: Api, item: Media, last_check: LastCheck) -> str:
    files = {"media": (f"image.{item.mime.rpartition('/')[2]}", item.bytes, item.mime)}
    form = {"media_category": "tweet_image"}
    return _id_of(api.harmlessly("POST", "/2/media/upload", files=files, form=form, last_check=last_check, seconds=_SECONDS))


def _upload_film(api: Api, item: Media, last_check: LastCheck) -> str:
    """In parts, then waits until X has worked on it."""
    begun = {"media_category": "tweet_video", "media_type": item.mime, "total_bytes": item.size}
    media_id = _id_of(api.harmlessly("POST", "/2/media/upload/initialize", json=begun, last_check=last_check))
    for number, chunk in enumerate(_chunks(item)):
        files = {"media": ("part", chunk, "application/octet-stream")}
        api.harmlessly("POST", f"/2/media/upload/{media_id}/append", files=files, form={"segment_index": str(number)},
                       last_check=last_check, seconds=_SECONDS)
    state = api.harmlessly("POST", f"/2/media/upload/{media_id}/finalize", last_check=last_check)
    _wait(state, lambda: api.get("/2/media/upload", {"media_id": media_id, "command": "STATUS"}))
    return media_id


def _chunks(item: Media) -> Iterator[bytes]:
    with item.path.open("rb") as film:
        while chunk := film.read(_CHUNK):
            yield chunk


def _wait(state: Object, ask: Callable[[], Object]) -> None:
    """Raises Rejected where X can't use the film, NotSent where it is not ready in time."""
    for _ in range(_PROCESSING_TRIES):
        work = part(part(state, "data"), "processing_info")
        if not work or work.get("state") == "succeeded":
            return
        if work.get("state") == "failed":
            raise Rejected("Xがこの動画を処理できませんでした。")
        again = work.get("check_after_secs")
        time.sleep(min(again, _LONGEST_WAIT) if isinstance(again, int) and again > 0 else 1)
        state = ask()
    raise NotSent("動画の処理が終わりません。", 60)


def _describe(api: Api, media_id: str, item: Media, last_check: LastCheck) -> None:
    metadata = {"id": media_id, "metadata": {"alt_text": {"text": item.alt}}}
    api.harmlessly("POST", "/2/media/metadata", json=metadata, last_check=last_check)


def _id_of(answer: Object) -> str:
    media_id = text(part(answer, "data"), "id")
    if not is_id(media_id):
        raise NotSent("画像の番号を読み取れません。")
    return media_id
