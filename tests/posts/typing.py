"""What a browser sends from the form in which posts are written."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from koshiki.posts.models import Post
from koshiki.register.models import Account
from tests.posts.writing import TEXT


def typed(*accounts: Account, do: str = "submit", **more: Any) -> dict[str, Any]:
    """The fields as an author fills them in, ready to be submitted."""
    return {"title": "防災訓練のお知らせ", "basis": "防災第45号", "targets": [a.pk for a in accounts], "text": TEXT,
            "due_at": "", "expires_after": "30", "once": str(uuid.uuid4()), "image_count": "0", "do": do, **more}


def image_file(data: bytes, name: str = "photo.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, "image/jpeg")


def held_in(page: str, number: int = 0) -> str:
    """The note of an uploaded image, as it stands in the form that came back."""
    import html
    import re

    found = re.search(rf'name="image-{number}-held" value="([^"]+)"', page)
    assert found, "the form holds no image"
    return html.unescape(found[1])


def uploaded(browser: Client, account: Account, data: bytes, **more: Any) -> str:
    """Upload one image into the form; its note."""
    answer = browser.post("/posts/write/", typed(account, do="upload", images=image_file(data), **more))
    return held_in(answer.content.decode())


def one_image(held: str, **more: Any) -> dict[str, Any]:
    """The fields of one image with a whole statement (§4(2))."""
    fields = {"held": held, "alt": "訓練で放水する消防団員", "rights": "own", "rights_evidence": "", "people": "none",
              "consent_who": "", "consent_purpose": "", "consent_until": "", **more}
    return {"image_count": "1", **{f"image-0-{name}": value for name, value in fields.items()}}


def the_post() -> Post:
    return Post.objects.get()


def film_file(data: bytes, name: str = "訓練.mp4") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, "video/mp4")


def uploaded_film(browser: Client, account: Account, data: bytes) -> str:
    """Upload one film into the form; its note."""
    answer = browser.post("/posts/write/", typed(account, do="upload", images=film_file(data)))
    return held_in(answer.content.decode())
