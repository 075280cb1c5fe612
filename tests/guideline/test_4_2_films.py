"""§4(2): every film comes with whose it is and with the consent of those to be seen; nothing hidden in it is kept."""

from __future__ import annotations

import struct
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import av
import pytest
from django.test import Client

from koshiki import clock, store
from koshiki.audit.models import Entry
from koshiki.organization.models import Person
from koshiki.posts.content import going_out
from koshiki.posts.models import Medium, Post
from koshiki.register.models import Account
from tests.cast import Cast, official
from tests.posts.films import HIDDEN, film, with_box
from tests.posts.typing import held_in, one_image, the_post, typed, uploaded_film

pytestmark = pytest.mark.clause("§4(2)")
Door = Callable[[Person], Client]
PLACE = b"34.71"
ASS = """[Script Info]
ScriptType: v4.00+
[V4+ Styles]
Format: Name, Fontname, Fontsize
Style: Default,Arial,16
[Events]
Format: Layer, Start, End, Style, Text
"""
"""The head that ffmpeg wants of subtitles."""


@pytest.fixture
def channel(cast: Cast) -> Account:
    return official(cast, service="mastodon", name="磐田市広報")


LACKS = {
    "the rights of others without evidence": ({"rights": "licensed"}, "利用できる根拠"),
    "nothing said about whose it is": ({"rights": ""}, "だれの動画かを選んでください"),
    "people without consent": ({"people": "consented", "consent_purpose": "広報"}, "同意した人を書いてください"),
    "nothing said about people": ({"people": ""}, "写っている人について選んでください"),
    "no words for those who cannot see it": ({"alt": "　"}, "代替テキストを書いてください"),
}


@pytest.mark.parametrize("lack", LACKS)
def test_the_form_says_at_the_field_what_the_film_lacks(
    cast: Cast, channel: Account, signed_in: Door, tmp_path: Path, lack: str
) -> None:
    given, words = LACKS[lack]
    browser = signed_in(cast.aoki)
    held = uploaded_film(browser, channel, film(tmp_path))
    answer = browser.post("/posts/write/", typed(channel, **one_image(held, **given)))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert held_in(page) == held, "the film stays"
    assert not Post.objects.exists()


def test_consent_to_be_seen_in_a_film_must_hold_on_the_day_of_the_publication(
    cast: Cast, channel: Account, signed_in: Door, tmp_path: Path
) -> None:
    browser = signed_in(cast.aoki)
    held = uploaded_film(browser, channel, film(tmp_path))
    until = clock.today() - timedelta(days=1)
    consented = one_image(held, people="consented", consent_who="消防団員", consent_purpose="広報", consent_until=f"{until}")
    answer = browser.post("/posts/write/", typed(channel, **consented))
    assert answer.status_code == 422
    assert "動画1に写っている人の同意は、発信する日には期限が切れています" in answer.content.decode()


def test_the_statement_is_recorded_and_read_by_the_approver(
    cast: Cast, channel: Account, signed_in: Door, tmp_path: Path
) -> None:
    browser = signed_in(cast.aoki)
    held = uploaded_film(browser, channel, film(tmp_path))
    sent = typed(channel, **one_image(held, rights="permitted", rights_evidence="磐田ケーブルテレビの許可（7月1日）"))
    assert browser.post("/posts/write/", sent).status_code == 302
    assert Entry.objects.get(verb="medium.register").clause == "§4(2)"
    page = signed_in(cast.baba).get(f"/posts/{the_post().pk}/approve/").content.decode()
    assert "磐田ケーブルテレビの許可（7月1日）" in page
    assert '<th scope="row">動画1' in page


def telling(folder: Path) -> bytes:
    """A film that tells where, when, by whom and with what it was made, in every place in which cameras do."""
    box = struct.pack(">I4s", 16 + 12, b"udta") + struct.pack(">I4sHH", 20, b"\xa9xyz", 8, 0) + b"+34.7178"
    return with_box(with_box(film(folder), b"uuid", b"\xbe\x7a\xcf\xcb" * 4 + HIDDEN.encode()), b"free", box)


def test_nothing_of_the_films_metadata_survives(
    cast: Cast, channel: Account, signed_in: Door, tmp_path: Path
) -> None:
    original = telling(tmp_path)
    assert original.count(HIDDEN.encode()) > 4
    assert original.count(PLACE) > 2
    assert b"x264 - core" in original, "the encoder's own words, among the pictures"
    browser = signed_in(cast.aoki)
    browser.post("/posts/write/", typed(channel, **one_image(uploaded_film(browser, channel, original))))
    medium = Medium.objects.get()
    for path in (store.path(medium.sha256), going_out(the_post().latest, channel).media[0].path):
        data = path.read_bytes()
        assert not [mark for mark in (HIDDEN.encode(), PLACE, b"\xa9xyz", b"x264", b"uuid", b"Lavf") if mark in data]
    with av.open(str(store.path(medium.sha256))) as opened:
        assert not {"title", "location", "make", "comment", "creation_time", "encoder"} & set(opened.metadata)
        assert [stream.type for stream in opened.streams] == ["video", "audio"]


def test_words_and_data_beside_picture_and_sound_are_left_out(
    cast: Cast, channel: Account, signed_in: Door, tmp_path: Path
) -> None:
    """A second track of sound, and one of subtitles: cameras put their positions into such."""
    with av.open(str(tmp_path / "many.mp4"), "w") as out, av.open(_written(tmp_path, film(tmp_path))) as source:
        kinds = [source.streams.video[0], source.streams.audio[0]]
        tracks = {stream: [out.add_stream_from_template(stream) for _ in range(copies)]
                  for stream, copies in zip(kinds, (1, 2), strict=True)}
        words = out.add_stream("mov_text")
        words.codec_context.subtitle_header = ASS.encode()
        for packet in source.demux(*kinds):
            for track in tracks[packet.stream] if packet.dts is not None else ():
                packet.stream = track
                out.mux(packet)
        spoken = av.Packet(struct.pack(">H", len(HIDDEN)) + HIDDEN.encode())
        spoken.stream, spoken.pts, spoken.dts, spoken.duration, spoken.time_base = words, 0, 0, 1000, words.time_base
        out.mux(spoken)
    many = (tmp_path / "many.mp4").read_bytes()
    assert HIDDEN.encode() in many
    browser = signed_in(cast.aoki)
    browser.post("/posts/write/", typed(channel, **one_image(uploaded_film(browser, channel, many))))
    kept = store.path(Medium.objects.get().sha256)
    assert HIDDEN.encode() not in kept.read_bytes()
    with av.open(str(kept)) as opened:
        assert [stream.type for stream in opened.streams] == ["video", "audio"]


def _written(folder: Path, data: bytes) -> str:
    (folder / "one.mp4").write_bytes(data)
    return str(folder / "one.mp4")


def test_pictures_and_sound_are_the_ones_that_were_given(
    cast: Cast, channel: Account, signed_in: Door, tmp_path: Path
) -> None:
    original = _written(tmp_path, film(tmp_path))
    browser = signed_in(cast.aoki)
    browser.post("/posts/write/", typed(channel, **one_image(uploaded_film(browser, channel, Path(original).read_bytes()))))
    for kind in ("video", "audio"):
        before, after = (_decoded(path, kind) for path in (original, str(store.path(Medium.objects.get().sha256))))
        assert before == after
        assert len(before) > 10


def _decoded(path: str, kind: str) -> list[bytes]:
    with av.open(path) as opened:
        return [b"".join(bytes(plane) for plane in frame.planes) for frame in opened.decode(**{kind: 0})]


def test_what_is_seen_on_the_page_are_the_very_bytes_that_go_out(
    cast: Cast, channel: Account, signed_in: Door, tmp_path: Path
) -> None:
    browser = signed_in(cast.aoki)
    browser.post("/posts/write/", typed(channel, **one_image(uploaded_film(browser, channel, film(tmp_path)))))
    post = the_post()
    (media,) = going_out(post.latest, channel).media
    answer = signed_in(cast.baba).get(f"/posts/{post.pk}/images/{media.path.name}/")
    assert b"".join(answer.streaming_content) == media.bytes  # type: ignore[attr-defined]
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("video/mp4", "nosniff")


def test_a_film_in_the_form_is_seen_by_who_uploaded_it_alone(
    cast: Cast, channel: Account, signed_in: Door, tmp_path: Path
) -> None:
    held = uploaded_film(signed_in(cast.aoki), channel, film(tmp_path))
    for query in ("", "?poster"):
        assert signed_in(cast.aoki).get(f"/posts/uploads/{held}/{query}").status_code == 200
        assert signed_in(cast.baba).get(f"/posts/uploads/{held}/{query}").status_code == 404
