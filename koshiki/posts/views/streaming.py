"""The bytes of images and films: an image at once, a film while it is read from the store, from where the browser asks."""

from __future__ import annotations

import re
from pathlib import Path

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from koshiki.networks.file_part import FilePart

_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})", re.ASCII)


def answer(request: HttpRequest, path: Path, mime: str, *, save_as: str = "") -> HttpResponseBase:
    """A file of the store, to be shown, or to be saved under a name. Raises Http404 where it is gone."""
    headers = {"X-Content-Type-Options": "nosniff",
               "Content-Disposition": f'attachment; filename="{save_as}"' if save_as else "inline"}
    try:
        if mime.startswith("video/"):
            return _stretched(request, path, mime, headers)
        return HttpResponse(path.read_bytes(), content_type=mime, headers=headers)
    except FileNotFoundError as missing:
        raise Http404 from missing


def _stretched(request: HttpRequest, path: Path, mime: str, headers: dict[str, str]) -> HttpResponseBase:
    """The file, or the one stretch of it that is asked for: players jump by such stretches. Raises FileNotFoundError."""
    size = path.stat().st_size
    headers["Accept-Ranges"] = "bytes"
    asked = _RANGE.fullmatch(request.headers.get("Range", ""))
    if asked is None or asked[0] == "bytes=-":
        return _part(FilePart(path, 0, size), mime, headers, 200)
    start, end = _stretch(asked[1], asked[2], size)
    if start >= end:
        return HttpResponse(status=416, headers={**headers, "Content-Range": f"bytes */{size}"})
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return _part(FilePart(path, start, end - start), mime, headers, 206)


def _stretch(first: str, last: str, size: int) -> tuple[int, int]:
    """From which byte to before which; without a first one it is the file's end of that length."""
    if not first:
        return max(0, size - int(last)), size
    return int(first), min(size, int(last) + 1) if last else size


def _part(part: FilePart, mime: str, headers: dict[str, str], status: int) -> HttpResponseBase:
    return StreamingHttpResponse(part, status=status, content_type=mime,
                                 headers={**headers, "Content-Length": str(part.length)})
