"""§4(2): every image comes with whose it is and with the consent of those to be seen; nothing hidden in it is kept."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from koshiki import clock, store
from koshiki.audit.models import Entry
from koshiki.guideline import Refused
from koshiki.organization.models import Person
from koshiki.posts import actions
from koshiki.posts.content import Attached, going_out
from koshiki.posts.media import register_image
from koshiki.posts.models import Medium, Post
from koshiki.register.models import Account
from tests.cast import Cast
from tests.posts.typing import held_in, image_file, one_image, the_post, typed, uploaded
from tests.posts.writing import draft, picture

pytestmark = pytest.mark.clause("§4(2)")
Door = Callable[[Person], Client]

LACKS = {
    "the rights of others without evidence": {"rights": "licensed"},
    "an unknown kind of right": {"rights": "mine"},
    "people without consent": {"people": "consented", "consent_purpose": "広報"},
    "consent for nothing": {"people": "consented", "consent_who": "消防団員の皆さん"},
    "nothing said about people": {"people": ""},
}


@pytest.mark.parametrize("lack", LACKS)
def test_an_image_is_not_taken_without_its_statement(cast: Cast, lack: str) -> None:
    with pytest.raises(Refused) as refused:
        register_image(picture(), "umi.jpg", division=cast.bosai, by=cast.aoki, **LACKS[lack])
    assert refused.value.clause.id == "§4(2)"
    assert not Medium.objects.exists()


@pytest.mark.parametrize("lack", LACKS)
def test_the_form_says_at_the_field_what_the_image_lacks(
    cast: Cast, account: Account, signed_in: Door, lack: str
) -> None:
    browser = signed_in(cast.aoki)
    held = uploaded(browser, account, picture())
    answer = browser.post("/posts/write/", typed(account, **one_image(held, **LACKS[lack])))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "§4(2)" in page or "選び" in page
    assert held_in(page) == held, "the image stays"
    assert "訓練で放水する消防団員" in page
    assert not Post.objects.exists()


def test_an_image_without_alt_text_is_not_submitted(cast: Cast, account: Account, signed_in: Door) -> None:
    browser = signed_in(cast.aoki)
    held = uploaded(browser, account, picture())
    answer = browser.post("/posts/write/", typed(account, **one_image(held, alt="　")))
    assert answer.status_code == 422
    assert "代替テキストを書いてください" in answer.content.decode()
    medium = register_image(picture(), "umi.jpg", division=cast.bosai, by=cast.aoki)
    with pytest.raises(Refused) as refused:
        actions.write(draft(account, media=[Attached(medium, " ")]), by=cast.aoki)
    assert refused.value.clause.id == "§4(2)"


def test_consent_must_hold_on_the_day_of_the_publication(cast: Cast, account: Account) -> None:
    medium = register_image(
        picture(), "umi.jpg", division=cast.bosai, by=cast.aoki, people="consented", consent_who="消防団員",
        consent_purpose="訓練の広報", consent_until=clock.today() + timedelta(days=3))
    soon, later = (draft(account, media=[Attached(medium, "放水")], due_at=clock.now() + timedelta(days=d))
                   for d in (2, 5))
    with pytest.raises(Refused, match="同意") as refused:
        actions.submit(actions.write(later, by=cast.aoki), by=cast.aoki)
    assert refused.value.clause.id == "§4(2)"
    assert actions.submit(actions.write(soon, by=cast.aoki), by=cast.aoki).state == "submitted"


def test_the_statement_is_recorded_and_read_by_the_approver(cast: Cast, account: Account, signed_in: Door) -> None:
    browser = signed_in(cast.aoki)
    held = uploaded(browser, account, picture())
    sent = typed(account, **one_image(held, rights="permitted", rights_evidence="磐田写真クラブの許可（7月1日）"))
    assert browser.post("/posts/write/", sent).status_code == 302
    assert Entry.objects.get(verb="medium.register").clause == "§4(2)"
    page = signed_in(cast.baba).get(f"/posts/{the_post().pk}/approve/").content.decode()
    assert "磐田写真クラブの許可（7月1日）" in page


# -- what is hidden in an image


def _photograph() -> bytes:
    """A photograph from a telephone, lying on its side, that tells where and by whom it was taken."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turned to the right
    exif[0x010E] = "SECRET description"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (34.0, 43.0, 0.0)
    out = io.BytesIO()
    thumbnail = b"SECRET thumbnail"
    image = Image.new("RGB", (400, 200), "navy")
    image.paste("red", (0, 0, 400, 20))  # the upper edge as it lies
    image.save(out, "JPEG", exif=exif.tobytes() + thumbnail, comment=b"SECRET comment",
               xmp=b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>SECRET xmp GPSLatitude</x:xmpmeta>")
    return out.getvalue()


def _png() -> bytes:
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("Comment", "SECRET text")
    info.add_itxt("XML:com.adobe.xmp", "SECRET xmp", zip=False)
    out = io.BytesIO()
    Image.new("RGBA", (100, 100), (0, 0, 255, 128)).save(out, "PNG", pnginfo=info, icc_profile=b"SECRET profile")
    return out.getvalue()


@pytest.mark.parametrize("original", [_photograph(), _png()], ids=["jpeg", "png"])
def test_nothing_of_the_files_metadata_survives(
    cast: Cast, account: Account, signed_in: Door, original: bytes
) -> None:
    assert b"SECRET" in original
    browser = signed_in(cast.aoki)
    held = uploaded(browser, account, original)
    browser.post("/posts/write/", typed(account, **one_image(held)))
    medium = Medium.objects.get()
    kept = [store.path(medium.sha256), *(m.path for m in going_out(the_post().latest, account).media)]
    for data in [path.read_bytes() for path in kept]:
        assert not [mark for mark in (b"SECRET", b"Exif", b"GPS", b"xmp", b"XMP", b"8BIM") if mark in data]
        assert not _opened(data).getexif()
        assert "icc_profile" not in _opened(data).info


def test_a_photograph_that_lay_on_its_side_stands_upright(cast: Cast) -> None:
    medium = register_image(_photograph(), "photo.jpg", division=cast.bosai, by=cast.aoki)
    assert (medium.width, medium.height) == (200, 400)
    upright = _opened(store.path(medium.sha256).read_bytes())
    red, _green, blue = upright.convert("RGB").getpixel((195, 200))  # type: ignore[misc]
    assert red > 150 > blue, "the red edge is now on the right"


def _opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def test_what_is_seen_on_the_page_are_the_very_bytes_that_go_out(
    cast: Cast, account: Account, signed_in: Door
) -> None:
    medium = register_image(_photograph(), "photo.jpg", division=cast.bosai, by=cast.aoki)
    post = actions.write(draft(account, media=[Attached(medium, "海")]), by=cast.aoki)
    (media,) = going_out(post.latest, account).media
    answer = signed_in(cast.baba).get(f"/posts/{post.pk}/images/{media.path.name}/")
    assert answer.content == media.bytes
    assert answer["Content-Type"] == media.mime
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert signed_in(cast.fujita).get(f"/posts/{post.pk}/images/{media.path.name}/").status_code == 404


def test_an_image_in_the_form_is_seen_by_who_uploaded_it_alone(
    cast: Cast, account: Account, signed_in: Door
) -> None:
    held = uploaded(signed_in(cast.aoki), account, picture())
    assert signed_in(cast.aoki).get(f"/posts/uploads/{held}/").status_code == 200
    for other, note in ((cast.baba, held), (cast.aoki, held[:-1]), (cast.aoki, "x")):
        assert signed_in(other).get(f"/posts/uploads/{note}/").status_code == 404


def test_a_note_made_for_another_brings_no_image_into_a_post(cast: Cast, account: Account, signed_in: Door) -> None:
    held = uploaded(signed_in(cast.aoki), account, picture())
    answer = signed_in(cast.endo).post("/posts/write/", typed(account, **one_image(held)))
    assert answer.status_code == 422
    assert not Medium.objects.exists()


UNTIL: dict[str, Any] = {"people": "consented", "consent_who": "団員", "consent_purpose": "広報"}


def test_a_statement_that_was_changed_is_a_new_record_and_the_old_one_stays(
    cast: Cast, account: Account, signed_in: Door
) -> None:
    browser = signed_in(cast.aoki)
    held = uploaded(browser, account, picture())
    browser.post("/posts/write/", typed(account, do="save", **one_image(held)))
    post = the_post()
    page = browser.get(f"/posts/{post.pk}/edit/").content.decode()
    again = typed(account, do="save", based_on="1", **one_image(held_in(page), consent_until="2030-03-31", **UNTIL))
    assert browser.post(f"/posts/{post.pk}/edit/", again).status_code == 302
    assert [m.consent_until for m in Medium.objects.order_by("pk")] == [None, date(2030, 3, 31)]
    assert len({m.sha256 for m in Medium.objects.all()}) == 1
    assert post.latest.media.get().medium.people == "consented"


def test_an_image_that_is_chosen_and_submitted_at_once_waits_in_the_form(
    cast: Cast, account: Account, signed_in: Door
) -> None:
    answer = signed_in(cast.aoki).post("/posts/write/", typed(account, images=image_file(picture())))
    assert answer.status_code == 422
    assert held_in(answer.content.decode())
