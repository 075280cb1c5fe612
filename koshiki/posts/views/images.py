"""Images and films, to those who may see them."""

from __future__ import annotations

from typing import Any

from django.core.signing import BadSignature
from django.http import Http404, HttpRequest, HttpResponseBase
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from koshiki import store
from koshiki.posts.content import Altered, targets_in
from koshiki.posts.forms import kept_from
from koshiki.posts.models import Revision
from koshiki.posts.views.reading import person_of, visible_post
from koshiki.posts.views.streaming import answer

POSTER = "image/jpeg"


@require_safe
@cache_control(private=True, max_age=3600, immutable=True)
def post_image(request: HttpRequest, pk: int, sha256: str) -> HttpResponseBase:
    """An image or film of a version of a post, as it goes to a service; or a film's poster."""
    found = visible_post(request, pk)
    for revision in found.revisions.order_by("-number"):
        try:
            mimes = _mimes(revision)
        except Altered:
            continue
        if sha256 in mimes:
            return answer(request, store.path(sha256), mimes[sha256])
    raise Http404


def _mimes(revision: Revision) -> dict[str, str]:
    """What may be asked for, by its digest. Raises Altered."""
    media: list[dict[str, Any]] = [medium for target in targets_in(revision) for medium in target["media"]]
    posters = {medium["poster"]: POSTER for medium in media if medium.get("poster")}
    return posters | {medium["sha256"]: medium["mime"] for medium in media}


@require_safe
@cache_control(private=True, max_age=3600)
def post_upload(request: HttpRequest, held: str) -> HttpResponseBase:
    """What this person has uploaded into a form that is not yet saved; with `?poster`, a picture of a film."""
    try:
        kept, _name = kept_from(held, person_of(request))
        sha256, mime = (kept.poster, POSTER) if "poster" in request.GET else (kept.sha256, kept.mime)
        return answer(request, store.path(sha256), mime)
    except (BadSignature, ValueError) as bad:
        raise Http404 from bad
