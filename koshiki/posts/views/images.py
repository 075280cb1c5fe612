"""The bytes of images, to those who may see them."""

from __future__ import annotations

from django.core.signing import BadSignature
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from koshiki import images
from koshiki.posts.content import Altered, targets_in
from koshiki.posts.forms import kept_from
from koshiki.posts.views.reading import person_of, visible_post


@require_safe
@cache_control(private=True, max_age=3600, immutable=True)
def post_image(request: HttpRequest, pk: int, sha256: str) -> HttpResponse:
    """An image of a version of a post, as it goes to a service."""
    found = visible_post(request, pk)
    for revision in found.revisions.order_by("-number"):
        try:
            mimes = {m["sha256"]: m["mime"] for target in targets_in(revision) for m in target["media"]}
        except Altered:
            continue
        if sha256 in mimes:
            return _answer(sha256, mimes[sha256])
    raise Http404


@require_safe
@cache_control(private=True, max_age=3600)
def post_upload(request: HttpRequest, held: str) -> HttpResponse:
    """An image that this person has uploaded into a form that is not yet saved."""
    try:
        kept, _name = kept_from(held, person_of(request))
    except (BadSignature, ValueError) as bad:
        raise Http404 from bad
    return _answer(kept.sha256, kept.mime)


def _answer(sha256: str, mime: str) -> HttpResponse:
    try:
        data = images.path(sha256).read_bytes()
    except (FileNotFoundError, ValueError) as missing:
        raise Http404 from missing
    return HttpResponse(data, content_type=mime, headers={"X-Content-Type-Options": "nosniff",
                                                          "Content-Disposition": "inline"})
