"""Images from people: limits before decoding, re-encoded so that only the picture is left, kept by content (K-media).

A leaf: it knows neither the guideline nor the database. What goes in are bytes that somebody uploaded; what is
kept is a new image made from the pixels alone, upright, in sRGB. Nothing of EXIF, GPS, XMP, comments, colour
profiles or thumbnails is carried over (§4(2)).
"""

from __future__ import annotations

import hashlib
import io
import struct
from collections.abc import Iterator

from PIL import Image, ImageCms, ImageOps

from koshiki.store import BadMedium, Kept, path, put, unwritten

MAX_BYTES = 20_000_000
MAX_PIXELS = 50_000_000
MAX_SIDE = 20_000
KEPT_SIDE = 4096  # what is kept is no larger: every service takes less
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
ACCEPT = "image/jpeg,image/png,image/webp,image/gif"

_BROKEN = (OSError, ValueError, SyntaxError, EOFError, MemoryError, struct.error, IndexError, TypeError, KeyError,
           OverflowError, ZeroDivisionError, AttributeError)
_TOO_MANY = f"画像は{MAX_PIXELS // 10_000}万画素までです。小さくしてから選び直してください。"
_SRGB = ImageCms.createProfile("sRGB")


class BadImage(BadMedium):
    """An image that is not taken."""


def keep(data: bytes) -> Kept:
    """Decode, re-encode and store an uploaded image. Raises BadImage."""
    picture = _decoded(data)
    picture.thumbnail((KEPT_SIDE, KEPT_SIDE))
    return _stored(picture, "image/png" if _was_drawn(data) or picture.mode == "RGBA" else "image/jpeg")


def fitted(kept: Kept, mimes: tuple[str, ...], max_bytes: int, max_pixels: int) -> Kept:
    """The kept image as a service takes it: the same bytes where they fit, else re-encoded or made smaller.

    Raises BadImage where it cannot be made to fit.
    """
    if kept.mime in mimes and kept.size <= max_bytes and kept.width * kept.height <= max_pixels:
        return kept
    with Image.open(path(kept.sha256)) as opened:
        picture = _scaled(opened.copy(), max_pixels)
    for candidate, mime, quality in _attempts(picture, mimes):
        data = _encoded(candidate, mime, quality)
        if len(data) <= max_bytes:
            return _kept(data, mime, candidate.size)
    raise BadImage("このサービスが受け付ける大きさにできません。別の画像にしてください。")


def _stored(picture: Image.Image, mime: str) -> Kept:
    """Encode a picture and keep it."""
    return _kept(_encoded(picture, mime, 90), mime, picture.size)


# ---------------------------------------------------------------- comparing

_GRID = 8  # squares on a side
_APART = 24  # of 255, on the average of all squares


def outline(data: bytes) -> bytes:
    """The picture in a few coloured squares, by which it is known again however it was encoded. Raises BadImage."""
    picture = _on_white(_decoded(data))
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    square = picture.crop((left, top, left + side, top + side))  # as services cut accounts' pictures
    return square.resize((_GRID, _GRID), Image.Resampling.BOX).tobytes()


def alike(one: bytes, other: bytes) -> bool:
    """Whether two outlines are those of one picture, as far as eyes tell."""
    return sum(abs(a - b) for a, b in zip(one, other, strict=True)) <= _APART * len(one)


def mark(outlined: bytes) -> str:
    """A short word for an outline, the same for the same picture."""
    return hashlib.sha256(outlined).hexdigest()[:12]


# ---------------------------------------------------------------- decoding


def _decoded(data: bytes) -> Image.Image:
    """The picture alone, upright, RGB or RGBA. Raises BadImage."""
    if len(data) > MAX_BYTES:
        raise BadImage(f"画像は{MAX_BYTES // 1_000_000}MBまでです。小さくしてから選び直してください。")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            _measure(opened)
            return _plain(opened)
    except BadImage:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as huge:
        raise BadImage(_TOO_MANY) from huge
    except _BROKEN as broken:
        raise BadImage("画像として読み取れません。JPEG・PNG・WebP・GIFの画像を選んでください。") from broken


def _measure(opened: Image.Image) -> None:
    """What the header says, before anything is decoded."""
    width, height = opened.size
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise BadImage(_TOO_MANY)
    if opened.format != "MPO" and getattr(opened, "is_animated", False):
        raise BadImage("動く画像は使えません。静止画を選んでください。")


def _plain(opened: Image.Image) -> Image.Image:
    """Pixels only: upright by its orientation, in sRGB, on a new image that holds nothing else."""
    profile = opened.info.get("icc_profile")
    upright = ImageOps.exif_transpose(opened)
    mode = "RGBA" if upright.has_transparency_data else "RGB"
    coloured = _in_srgb(upright, profile) if profile and mode == "RGB" else upright
    clean = Image.new(mode, upright.size)
    clean.paste(coloured.convert(mode))
    return clean


def _in_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    """The same colours without the profile; a profile that can't be read is left aside."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(picture, source, _SRGB, outputMode="RGB") or picture
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return picture


def _was_drawn(data: bytes) -> bool:
    """Drawings (PNG, GIF) stay without loss; photographs don't gain by it."""
    return data.startswith((b"\x89PNG", b"GIF8"))


# ---------------------------------------------------------------- encoding


def _attempts(picture: Image.Image, mimes: tuple[str, ...]) -> Iterator[tuple[Image.Image, str, int]]:
    """The best first: unharmed, then lower quality, then smaller."""
    if picture.mode == "RGBA" and "image/png" in mimes:
        yield picture, "image/png", 0
    lossy = next((mime for mime in ("image/jpeg", "image/webp") if mime in mimes), None)
    for share in (1.0, 0.75, 0.5, 0.35, 0.25):
        size = (max(1, int(picture.width * share)), max(1, int(picture.height * share)))
        smaller = picture if share == 1.0 else picture.resize(size)
        if lossy is None:
            yield smaller, "image/png", 0
        else:
            yield from ((_on_white(smaller), lossy, quality) for quality in (90, 80, 70))


def _scaled(picture: Image.Image, max_pixels: int) -> Image.Image:
    share = (max_pixels / (picture.width * picture.height)) ** 0.5
    if share >= 1:
        return picture
    return picture.resize((max(1, int(picture.width * share)), max(1, int(picture.height * share))))


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode != "RGBA":
        return picture
    white = Image.new("RGB", picture.size, "white")
    white.paste(picture, mask=picture.getchannel("A"))
    return white


def _encoded(picture: Image.Image, mime: str, quality: int) -> bytes:
    out = io.BytesIO()
    if mime == "image/png":
        picture.save(out, "PNG", optimize=False)
    elif mime == "image/webp":
        picture.save(out, "WEBP", quality=quality)
    else:
        picture.save(out, "JPEG", quality=quality, optimize=True, progressive=True)
    return out.getvalue()


def _kept(data: bytes, mime: str, size: tuple[int, int]) -> Kept:
    try:
        return Kept(put(data), mime, size[0], size[1], len(data))
    except OSError as error:
        raise BadImage(unwritten("画像", error)) from error
