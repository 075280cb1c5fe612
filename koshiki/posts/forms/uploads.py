"""Images in a form that is not yet saved: their bytes are in the store, the form carries a signed note of them.

So nothing uploaded is lost when something else has to be mended, and nobody names an image that another uploaded.
"""

from __future__ import annotations

from dataclasses import asdict

from django.core import signing
from django.core.files.uploadedfile import UploadedFile

from koshiki import images
from koshiki.images import BadImage, Kept
from koshiki.organization.models import Person


def held_by(kept: Kept, name: str, person: Person) -> str:
    """The note that a form carries for an image this person uploaded."""
    return signing.dumps({**asdict(kept), "name": name}, salt=_salt(person))


def kept_from(held: str, person: Person) -> tuple[Kept, str]:
    """The image and its name out of the note. Raises BadSignature unless it was made for this person."""
    note = signing.loads(held, salt=_salt(person))
    name = note.pop("name")
    return Kept(**note), name


def take_in(file: UploadedFile[bytes], person: Person) -> str:
    """Keep an uploaded image; returns the note. Raises BadImage."""
    if (file.size or 0) > images.MAX_BYTES:
        raise BadImage(f"画像は{images.MAX_BYTES // 1_000_000}MBまでです。小さくしてから選び直してください。")
    return held_by(images.keep(file.read()), shown_name(file.name or "画像"), person)


def shown_name(name: str) -> str:
    """The file's name without what can't be shown: it is only a label."""
    return "".join(c for c in name if c.isprintable())[-100:] or "画像"


def _salt(person: Person) -> str:
    return f"koshiki.posts.upload:{person.pk}"
