"""Images and films in a form that is not yet saved: their bytes are in the store, the form carries a signed note of them.

So nothing uploaded is lost when something else has to be mended, and nobody names what another uploaded.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import IO

from django.core import signing
from django.core.files.uploadedfile import InMemoryUploadedFile, UploadedFile

from koshiki import films, images
from koshiki.images import BadImage
from koshiki.organization.models import Person
from koshiki.store import Kept


def held_by(kept: Kept, name: str, person: Person) -> str:
    """The note that a form carries for what this person uploaded."""
    return signing.dumps({**asdict(kept), "name": name}, salt=_salt(person))


def kept_from(held: str, person: Person) -> tuple[Kept, str]:
    """What was uploaded, and its name, out of the note. Raises BadSignature unless it was made for this person."""
    note = signing.loads(held, salt=_salt(person))
    name = note.pop("name")
    return Kept(**note), name


def take_in(file: UploadedFile[bytes], person: Person) -> str:
    """Keep an uploaded image or film; returns the note. Raises BadMedium."""
    kept = _film(file) if _is_film(file) else _image(file)
    return held_by(kept, shown_name(file.name or "無題"), person)


def _is_film(file: UploadedFile[bytes]) -> bool:
    """What it is called counts only where its first bytes say nothing: then the words of the refusal fit."""
    head = file.read(16)
    file.seek(0)
    return films.looks_like_one(head) or (file.content_type or "").startswith("video/")


def _image(file: UploadedFile[bytes]) -> Kept:
    if (file.size or 0) > images.MAX_BYTES:
        raise BadImage(f"画像は{images.MAX_BYTES // 1_000_000}MBまでです。小さくしてから選び直してください。")
    return images.keep(file.read())


def _film(file: UploadedFile[bytes]) -> Kept:
    if (file.size or 0) > films.max_bytes():
        raise films.too_large()
    with _on_disk(file) as film:
        return films.keep(film)


@contextmanager
def _on_disk(file: UploadedFile[bytes]) -> Iterator[IO[bytes]]:
    """A small file was received in memory; what takes films apart reads them from a disk."""
    if file.file is not None and not isinstance(file, InMemoryUploadedFile):
        yield file.file
        return
    with tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(file, copy)
        copy.flush()
        yield copy


def shown_name(name: str) -> str:
    """The file's name without what can't be shown: it is only a label."""
    return "".join(c for c in name if c.isprintable())[-100:] or "無題"


def _salt(person: Person) -> str:
    return f"koshiki.posts.upload:{person.pk}"
