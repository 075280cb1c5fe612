"""Files that people upload: limits before decoding, and a message at the field instead of a broken page (K-media)."""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Callable

import pytest
from django.test import Client
from PIL import Image

from koshiki import images, store
from koshiki.images import BadImage
from koshiki.organization.models import Person
from koshiki.posts import actions
from koshiki.posts.content import Attached, going_out
from koshiki.posts.media import register_image
from koshiki.posts.models import Medium, Rendition
from koshiki.register.models import Account
from tests.cast import Cast, make_cast, official
from tests.posts.typing import image_file, typed
from tests.posts.writing import draft, picture

pytestmark = pytest.mark.clause("K-media")


def saved(image: Image.Image, form: str, **more: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **more)
    return out.getvalue()


def png_that_claims(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header promises an enormous picture."""
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


def moving(form: str) -> bytes:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue", "green")]
    return saved(frames[0], form, save_all=True, append_images=frames[1:])


BAD = {
    "nothing": (b"", "読み取れません"),
    "a text": (b"<script>alert(1)</script>", "読み取れません"),
    "a drawing in SVG": (b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "読み取れません"),
    "a TIFF": (saved(Image.new("RGB", (10, 10)), "TIFF"), "読み取れません"),
    "a BMP": (saved(Image.new("RGB", (10, 10)), "BMP"), "読み取れません"),
    "half a photograph": (picture((2000, 2000))[:5000], "読み取れません"),
    "a header alone": (picture()[:20], "読み取れません"),
    "rubbish after the mark": (b"\x89PNG\r\n\x1a\n" + os.urandom(500), "読み取れません"),
    "a promise of 10 gigapixels": (png_that_claims(100_000, 100_000), "画素まで"),
    "a promise of 90 megapixels": (png_that_claims(9000, 10_000), "画素まで"),
    "a strip": (png_that_claims(30_000, 1), "画素まで"),
    "a moving GIF": (moving("GIF"), "動く画像"),
    "a moving PNG": (moving("PNG"), "動く画像"),
    "a moving WebP": (moving("WEBP"), "動く画像"),
    "more than 20 MB": (picture() + b"\0" * 20_000_001, "20MBまで"),
}


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_file_is_said_at_the_field_and_what_was_typed_stays(
    cast: Cast, account: Account, signed_in: Callable[[Person], Client], bad: str
) -> None:
    data, words = BAD[bad]
    with pytest.raises(BadImage, match=words):
        images.keep(data)
    for do in ("upload", "submit"):
        answer = signed_in(cast.aoki).post("/posts/write/", typed(account, do=do, images=image_file(data)))
        page = answer.content.decode()
        assert answer.status_code in {200, 422}
        assert words in page or "選んだファイルが空" in page or not data
        assert "総合防災訓練" in page
        assert not Medium.objects.exists()


GOOD = {
    "JPEG": picture(), "progressive": picture(progressive=True), "CMYK": saved(Image.new("CMYK", (50, 50)), "JPEG"),
    "grey": saved(Image.new("L", (50, 50), 99), "JPEG"), "PNG": saved(Image.new("RGB", (50, 50)), "PNG"),
    "palette": saved(Image.new("P", (50, 50)), "PNG"), "16 bit": saved(Image.new("I;16", (50, 50)), "PNG"),
    "one bit": saved(Image.new("1", (50, 50)), "PNG"), "clear": saved(Image.new("RGBA", (50, 50)), "PNG"),
    "grey and clear": saved(Image.new("LA", (50, 50)), "PNG"), "GIF": saved(Image.new("P", (50, 50)), "GIF"),
    "WebP": saved(Image.new("RGB", (50, 50)), "WEBP"), "one pixel": saved(Image.new("RGB", (1, 1)), "PNG"),
}


@pytest.mark.parametrize("good", GOOD)
def test_a_good_file_is_kept_as_a_plain_picture(good: str) -> None:
    kept = images.keep(GOOD[good])
    with Image.open(store.path(kept.sha256)) as opened:
        opened.load()
        assert opened.mode in {"RGB", "RGBA"}
        assert opened.size == (kept.width, kept.height)
        assert opened.format in {"JPEG", "PNG"}


def test_it_lies_under_its_digest_for_koshiki_alone_and_half_files_never() -> None:
    kept = images.keep(picture(colour="teal"))
    path = store.path(kept.sha256)
    assert path.stat().st_mode & 0o777 == 0o600
    assert store.whole(kept.sha256)
    assert images.keep(picture(colour="teal")) == kept
    assert not list(path.parent.parent.rglob(".new-*"))


@pytest.mark.parametrize("name", ["../../etc/passwd", "x" * 64, "", "A" * 64])
def test_no_path_leads_out_of_the_store(name: str) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        store.path(name)


def noise(width: int, height: int) -> bytes:
    return saved(Image.frombytes("RGB", (width, height), os.urandom(width * height * 3)), "PNG")


def test_a_picture_is_made_to_fit_what_the_service_takes() -> None:
    kept = images.keep(noise(1200, 900))
    assert kept.size > 2_000_000
    fitted = images.fitted(kept, ("image/jpeg",), 300_000, 1_000_000)
    assert fitted.mime == "image/jpeg"
    assert fitted.size <= 300_000
    assert fitted.width * fitted.height <= 1_000_000
    with pytest.raises(BadImage):
        images.fitted(kept, ("image/jpeg",), 100, 1_000_000)


def test_a_clear_picture_stands_on_white_where_there_is_only_jpeg() -> None:
    kept = images.keep(saved(Image.new("RGBA", (50, 50), (0, 0, 0, 0)), "PNG"))
    with Image.open(store.path(images.fitted(kept, ("image/jpeg",), 10_000_000, 10_000_000).sha256)) as opened:
        assert opened.getpixel((9, 9)) == (255, 255, 255)


def test_each_service_gets_its_own_bytes_and_the_approval_binds_them(cast: Cast, account: Account) -> None:
    sns = official(cast, service="mastodon", name="磐田市防災 Mastodon")
    sns.connections.create(sealed=b"x", remote_id="1", handle="@x", connected_by=cast.noda,
                           server='{"max_pixels": 100000, "mimes": ["image/jpeg"]}')
    medium = register_image(noise(640, 480), "noise.png", division=cast.bosai, by=cast.aoki)
    post = actions.write(draft(account, sns, media=[Attached(medium, "砂嵐")]), by=cast.aoki)
    feed, small = (going_out(post.latest, a).media[0] for a in (account, sns))
    assert feed.path.name == medium.sha256
    assert small.width * small.height <= 100_000
    assert small.mime == "image/jpeg"
    assert Rendition.objects.count() == 2
    for media in (feed, small):
        assert media.path.name in post.latest.canonical


def test_the_way_of_an_image_works_where_transactions_commit(committed_db: None) -> None:
    cast = make_cast()
    account = official(cast)
    medium = register_image(picture(), "umi.jpg", division=cast.bosai, by=cast.aoki)
    post = actions.submit(actions.write(draft(account, media=[Attached(medium, "海")]), by=cast.aoki), by=cast.aoki)
    assert going_out(post.latest, account).media[0].alt == "海"
