"""Images of posts: kept with whose they are and who is to be seen (§4(2)), and made fit for each service."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date

from django.db import transaction

from koshiki import images
from koshiki.audit.log import record
from koshiki.guideline import Refused
from koshiki.images import BadImage, Kept
from koshiki.networks.base import Media, MediaRules
from koshiki.organization.models import Division, Person
from koshiki.posts.models import Medium, Rendition


@dataclass(frozen=True)
class Statement:
    """権利と同意 — whose the image is, and who may be recognised on it (§4(2))."""

    rights: str = Medium.Rights.OWN
    rights_evidence: str = ""
    people: str = Medium.People.NONE
    consent_who: str = ""
    consent_purpose: str = ""
    consent_until: date | None = None

    def lacks(self) -> dict[str, str]:
        """What is still to be said, by field; empty when the statement is whole."""
        found = {}
        if self.rights not in Medium.Rights.values:
            found["rights"] = "だれの画像かを選んでください。"
        elif self.rights != Medium.Rights.OWN and not self.rights_evidence.strip():
            found["rights_evidence"] = "利用できる根拠（許諾の条件、許可した人と日付など）を書いてください。"
        if self.people not in Medium.People.values:
            found["people"] = "だれかと分かる人が写っているかを選んでください。"
        elif self.people == Medium.People.CONSENTED:
            found |= self._consent_lacks()
        return found

    def _consent_lacks(self) -> dict[str, str]:
        asked = {"consent_who": "同意した人を書いてください。", "consent_purpose": "何のための同意かを書いてください。"}
        return {name: words for name, words in asked.items() if not getattr(self, name).strip()}


def register_image(data: bytes, name: str, *, division: Division, by: Person, **statement: object) -> Medium:
    """Keep an uploaded image with its statement (§4(2)). Raises BadImage, Refused §4(2).

    `statement`: the fields of `Statement`.
    """
    return register(images.keep(data), name, Statement(**statement), division=division, by=by)  # type: ignore[arg-type]


@transaction.atomic
def register(kept: Kept, name: str, statement: Statement, *, division: Division, by: Person) -> Medium:
    """An image that is in the store becomes material of the division. Raises Refused §4(2)."""
    if lacks := statement.lacks():
        raise Refused("§4(2)", f"画像「{name}」: {next(iter(lacks.values()))}",
                      now="権利の根拠と、写っている人の同意を書いてください。", who="情報発信担当者")
    medium, made = Medium.objects.get_or_create(
        division=division, uploaded_by=by, name=name[:200], **asdict(kept), **asdict(statement))
    if made:
        record("medium.register", medium, by=by, clause="§4(2)", sha256=kept.sha256, rights=medium.rights,
               people=medium.people)
    return medium


def kept_of(medium: Medium | Rendition) -> Kept:
    return Kept(medium.sha256, medium.mime, medium.width, medium.height, medium.size)


def rendition(medium: Medium, service: str, rules: MediaRules) -> Rendition:
    """The bytes of the medium as the service takes them; made once for each set of rules. Raises BadImage."""
    named = f"{'|'.join(rules.mimes)} {rules.max_bytes} {rules.max_pixels}"
    found = Rendition.objects.filter(medium=medium, service=service, rules=named).first()
    if found:
        return found
    kept = images.fitted(kept_of(medium), rules.mimes, rules.max_bytes, rules.max_pixels)
    made, _ = Rendition.objects.get_or_create(medium=medium, service=service, rules=named, defaults=asdict(kept))
    return made


def as_media(rows: Iterable[tuple[Rendition | Medium, str]]) -> tuple[Media, ...]:
    """Rows with their alt text, as the adapters take them."""
    return tuple(Media(images.path(r.sha256), r.mime, alt, r.width, r.height) for r, alt in rows)


__all__ = ["BadImage", "Kept", "Statement", "as_media", "kept_of", "register", "register_image", "rendition"]
