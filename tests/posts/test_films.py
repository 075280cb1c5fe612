"""Films that people upload: taken apart in a process of its own, and a message at the field whatever they are (K-media)."""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from koshiki import films, store
from koshiki.organization.models import Person
from koshiki.posts.models import Medium, Post
from koshiki.register.models import Account
from tests.cast import Cast, official
from tests.posts.films import film, turned, with_box
from tests.posts.typing import film_file, held_in, image_file, one_image, the_post, typed, uploaded_film
from tests.posts.writing import picture

pytestmark = pytest.mark.clause("K-media")
Door = Callable[[Person], Client]


@pytest.fixture
def channel(cast: Cast) -> Account:
    """An account on a service that takes films."""
    return official(cast, service="mastodon", name="磐田市広報")


def kept(data: bytes, folder: Path) -> store.Kept:
    (folder / "given").write_bytes(data)
    with (folder / "given").open("rb") as file:
        return films.keep(file)


def that_claims(size: int) -> Callable[[bytes], bytes]:
    """The film whose table of pictures promises so many."""
    def lying(data: bytes) -> bytes:
        at = data.index(b"stsz") + 12
        return data[:at] + struct.pack(">I", size) + data[at + 4:]

    return lying


def noisy(data: bytes) -> bytes:
    """Its index is whole, what it leads to is rubbish."""
    at, end = data.index(b"mdat") + 4, data.index(b"moov") - 4
    return data[:at] + bytes(byte ^ 0x5A for byte in data[at:end]) + data[end:]


BAD: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "nothing": (lambda _: b"", "読み取れません"),
    "a text": (lambda _: b"#EXTM3U\nfile:///etc/passwd\n", "読み取れません"),
    "a list of other files in a film's clothes": (lambda _: b"\0\0\0\x10ftypisom\0\0\0\0#EXTM3U\nfile:///etc/passwd\n", ""),
    "half of it": (lambda data: data[: len(data) // 2], "途中で切れて"),
    "all but its last byte": (lambda data: data[:-1], "途中で切れて"),
    "its head alone": (lambda data: data[:24], ""),
    "without an index": (lambda data: data[: data.index(b"moov") - 4], "読み取れません"),
    "rubbish in its index": (lambda data: data[: data.index(b"mvhd")] + os.urandom(len(data) - data.index(b"mvhd")), ""),
    "a promise of four thousand million pictures": (that_claims(0xFFFFFFFF), ""),
    "rubbish for pictures": (noisy, ""),
    "a part that claims to be endless": (lambda data: data + b"\0\0\0\x01free" + b"\xff" * 8, "途中で"),
}


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_film_is_said_at_the_field_and_what_was_typed_stays(
    cast: Cast, channel: Account, signed_in: Door, tmp_path: Path, bad: str
) -> None:
    spoil, words = BAD[bad]
    data = spoil(film(tmp_path))
    with pytest.raises(films.BadFilm, match=words or "動画|映像"):
        kept(data, tmp_path)
    for do in ("upload", "submit"):
        answer = signed_in(cast.aoki).post("/posts/write/", typed(channel, do=do, images=film_file(data)))
        page = answer.content.decode()
        assert answer.status_code in {200, 422}
        assert "訓練.mp4：" in page or not data
        assert words in page or not data
        assert "総合防災訓練" in page
        assert not Medium.objects.exists()
    assert left_over() == []


def left_over() -> list[str]:
    return [path.name for path in store.path("0" * 64).parent.parent.rglob(".new-*")]


WRONG_KIND = {
    "another picture": ({"codec": "mpeg4"}, "映像の形式（mpeg4）は使えません"),
    "another sound": ({"sound": "libmp3lame"}, "音声の形式（mp3"),
    "other colours": ({"pixels": "yuv444p"}, "色の形式（yuv444p）"),
    "another container": ({"form": "mkv"}, "MP4又はMOVの動画"),
}


@pytest.mark.parametrize("wrong", WRONG_KIND)
def test_a_film_of_another_kind_is_told_what_to_do(
    cast: Cast, channel: Account, signed_in: Door, tmp_path: Path, wrong: str
) -> None:
    made, words = WRONG_KIND[wrong]
    answer = signed_in(cast.aoki).post("/posts/write/", typed(channel, images=film_file(film(tmp_path, **made))))
    assert answer.status_code == 422
    assert words in answer.content.decode()


@pytest.mark.parametrize("large", [900_000, 3_500_000], ids=["received in memory", "received on disk"])
def test_a_film_beyond_the_limit_is_refused_with_it_and_its_rest_is_not_kept(
    cast: Cast, channel: Account, signed_in: Door, settings: LazySettings, large: int
) -> None:
    settings.KOSHIKI_FILM_MB = 0.5
    answer = signed_in(cast.aoki).post("/posts/write/", typed(channel, images=film_file(b"\0\0\0\x10ftypisom" + b"\0" * large)))
    assert answer.status_code == 422
    assert "動画は0.5MBまでです" in answer.content.decode()


def test_a_film_whose_cleaning_has_no_end_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    endless = tmp_path / "endless.py"
    endless.write_text("while True: pass")
    monkeypatch.setattr(films, "_CLEANING", endless)
    monkeypatch.setattr(films, "SECONDS", 0.5)
    with pytest.raises(films.BadFilm, match="時間内に終わりません"):
        kept(film(tmp_path), tmp_path)


def test_a_film_that_kills_what_takes_it_apart_is_an_unreadable_film(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deadly = tmp_path / "deadly.py"
    deadly.write_text("import os; os.abort()")
    monkeypatch.setattr(films, "_CLEANING", deadly)
    with pytest.raises(films.BadFilm, match="読み取れません"):
        kept(film(tmp_path), tmp_path)
    assert left_over() == []


def test_what_takes_films_apart_is_bounded_and_knows_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KOSHIKI_SECRET_KEY", "hush")
    asking = tmp_path / "asking.py"
    cleaning = Path(films.__file__).with_name("cleaning.py")
    asking.write_text(f"""
import importlib.util, os, resource, json, sys
spec = importlib.util.spec_from_file_location("cleaning", {str(cleaning)!r})
cleaning = importlib.util.module_from_spec(spec); spec.loader.exec_module(cleaning)
cleaning.bound(int(sys.argv[3]))
limits = [resource.getrlimit(getattr(resource, n))[0] for n in ("RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_FSIZE")]
print(json.dumps({{"bad": repr([sorted(os.environ), [limit > 0 for limit in limits], "koshiki" in sys.modules])}}))
""")
    monkeypatch.setattr(films, "_CLEANING", asking)
    with pytest.raises(films.BadFilm) as told:
        kept(b"x", tmp_path)
    assert "KOSHIKI" not in told.value.message
    assert "[True, True, True], False]" in told.value.message


def test_a_full_disk_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = tmp_path / "full.py"
    full.write_text('print(\'{"errno": 28}\')')
    monkeypatch.setattr(films, "_CLEANING", full)
    with pytest.raises(films.BadFilm, match="ディスクの空きがありません。システム管理"):
        kept(film(tmp_path), tmp_path)
    assert left_over() == []


GOOD = {"MP4": {}, "MOV": {"form": "mov"}, "without sound": {"sound": ""}, "short": {"seconds": 0.2},
        "odd sides": {"size": (322, 182)}}


@pytest.mark.parametrize("good", GOOD)
def test_a_good_film_is_kept_as_it_is_seen(tmp_path: Path, good: str) -> None:
    made = kept(film(tmp_path, **GOOD[good]), tmp_path)
    size = GOOD[good].get("size", (320, 180))
    assert (made.mime, (made.width, made.height)) == ("video/mp4", size)
    assert made.milliseconds == pytest.approx(GOOD[good].get("seconds", 2.0) * 1000, abs=30)
    data = store.path(made.sha256).read_bytes()
    assert len(data) == made.size
    assert data.index(b"moov") < data.index(b"mdat"), "players begin before all of it is there"
    with Image.open(store.path(made.poster)) as poster:
        assert poster.size == size
    assert store.path(made.sha256).stat().st_mode & 0o777 == 0o600


def test_a_film_from_a_telephone_that_was_held_upright_stands_upright(tmp_path: Path) -> None:
    made = kept(turned(film(tmp_path)), tmp_path)
    assert (made.width, made.height) == (180, 320)
    with Image.open(store.path(made.poster)) as poster:
        red, _green, blue = poster.convert("RGB").getpixel((175, 160))  # type: ignore[misc]
    assert red > 150 > blue, "the red edge is now on the right"


def test_the_way_of_a_film(cast: Cast, channel: Account, signed_in: Door, tmp_path: Path) -> None:
    """Uploaded, looked at in the form, described, saved, looked at by the approver."""
    browser = signed_in(cast.aoki)
    held = uploaded_film(browser, channel, film(tmp_path, seconds=3))
    page = browser.post("/posts/write/", typed(channel, do="check", **one_image(held))).content.decode()
    assert "このまま提出できます" in page
    assert "だれの動画ですか" in page
    assert "動画を見られない人" in page
    assert "（3秒、" in page
    assert page.count("<video ") == 2, "in its row and in the preview"
    assert browser.post("/posts/write/", typed(channel, **one_image(held))).status_code == 302
    shown = signed_in(cast.baba).get(f"/posts/{the_post().pk}/approve/").content.decode()
    medium = Medium.objects.get()
    assert f'/posts/{the_post().pk}/images/{medium.sha256}/' in shown
    assert 'preload="none"' in shown
    poster = signed_in(cast.baba).get(f"/posts/{the_post().pk}/images/{medium.poster}/")
    assert (poster.status_code, poster["Content-Type"]) == (200, "image/jpeg")
    assert signed_in(cast.fujita).get(f"/posts/{the_post().pk}/images/{medium.sha256}/").status_code == 404


def test_the_browser_may_play_films_of_these_pages_alone(cast: Cast, channel: Account, signed_in: Door) -> None:
    assert "media-src 'self'" in signed_in(cast.aoki).get("/posts/write/")["Content-Security-Policy"]


def test_a_film_is_read_from_where_the_player_asks(
    cast: Cast, channel: Account, signed_in: Door, tmp_path: Path
) -> None:
    browser = signed_in(cast.aoki)
    held = uploaded_film(browser, channel, film(tmp_path))
    address = f"/posts/uploads/{held}/"
    whole = b"".join(browser.get(address).streaming_content)  # type: ignore[attr-defined]
    size = len(whole)
    for asked, status, stretch in (("bytes=0-", 206, whole), ("bytes=10-19", 206, whole[10:20]), ("bytes=-7", 206, whole[-7:]),
                                   (f"bytes=5-{size * 9}", 206, whole[5:]), ("bytes=0-1,5-9", 200, whole),
                                   ("bytes=-", 200, whole), ("lines=1-2", 200, whole)):
        answer = browser.get(address, headers={"Range": asked})
        assert (answer.status_code, b"".join(answer.streaming_content)) == (status, stretch), asked  # type: ignore[attr-defined]
        assert int(answer["Content-Length"]) == len(stretch)
        assert answer["Content-Type"] == "video/mp4"
    assert browser.get(address, headers={"Range": "bytes=10-19"})["Content-Range"] == f"bytes 10-19/{size}"
    for beyond in (f"bytes={size}-", "bytes=9-3", "bytes=-0"):
        answer = browser.get(address, headers={"Range": beyond})
        assert (answer.status_code, answer["Content-Range"]) == (416, f"bytes */{size}")


@pytest.mark.clause("K-limit")
def test_a_service_says_its_own_limit_while_the_post_is_written(
    cast: Cast, channel: Account, account: Account, signed_in: Door, tmp_path: Path
) -> None:
    x = official(cast, service="x", name="磐田市")
    x.connections.create(sealed=b"x", remote_id="1", handle="@x", connected_by=cast.noda, server="{}")
    browser = signed_in(cast.aoki)
    held = uploaded_film(browser, channel, film(tmp_path, seconds=141, size=(16, 16)))
    page = browser.post("/posts/write/", typed(channel, account, x, do="check", **one_image(held))).content.decode()
    assert "磐田市：動画1：2分20秒までです（いま2分21秒）" in page
    assert "動画を発信できません" in page, "the city's feed takes none"
    assert "磐田市広報：" not in page, "it takes longer ones"


@pytest.mark.clause("K-limit")
def test_a_film_goes_alone(cast: Cast, channel: Account, signed_in: Door, tmp_path: Path) -> None:
    browser = signed_in(cast.aoki)
    held = uploaded_film(browser, channel, film(tmp_path))
    page = browser.post("/posts/write/", typed(channel, do="upload", images=image_file(picture()), **one_image(held)))
    second = {key.replace("image-0", "image-1"): value for key, value in
              one_image(held_in(page.content.decode(), 1)).items()}
    answer = browser.post("/posts/write/", typed(channel, **{**one_image(held), **second, "image_count": "2"}))
    assert answer.status_code == 422
    assert "動画は1本だけで発信します" in answer.content.decode()
    assert not Post.objects.exists()


def test_a_large_film_is_never_held_whole(tmp_path: Path) -> None:
    """A film of 150 MB is cleaned and kept, and this process grew by a few."""
    import resource

    filler = with_box(film(tmp_path), b"free", b"\0" * 150_000_000)
    (tmp_path / "given").write_bytes(filler)
    del filler
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with (tmp_path / "given").open("rb") as file:
        assert films.keep(file).size < 20_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000 * (1024 if sys.platform == "darwin" else 1)


def test_a_picture_in_a_films_box_is_told_as_a_picture(cast: Cast, channel: Account, signed_in: Door) -> None:
    """HEIC, as telephones take pictures, begins like a film."""
    heic = SimpleUploadedFile("写真.heic", b"\0\0\0\x18ftypheic" + b"\0" * 100, "image/heic")
    answer = signed_in(cast.aoki).post("/posts/write/", typed(channel, images=heic))
    assert "画像として読み取れません" in answer.content.decode()
