"""Images and films of posts: kept with whose they are and who is to be seen (§4(2)), and made fit for each service."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date

from django.db import transaction

from koshiki import images, store
from koshiki.audit.log import record
from koshiki.guideline import Refused
from koshiki.networks.base import Media, MediaRules
from koshiki.organization.models import Division, Person
from koshiki.posts.models import Medium, Rendition
from koshiki.store import Kept


@dataclass(frozen=True)
class Statement:
    """権利と同意 — whose the image or film is, and who may be recognised in it (§4(2))."""

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
            found["rights"] = "だれのものかを選んでください。"
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
    """What is in the store becomes material of the division. Raises Refused §4(2)."""
    if lacks := statement.lacks():
        raise Refused("§4(2)", f"{'動画' if kept.is_film else '画像'}「{name}」: {next(iter(lacks.values()))}",
                      now="権利の根拠と、写っている人の同意を書いてください。", who="情報発信担当者")
    medium, made = Medium.objects.get_or_create(
        division=division, uploaded_by=by, name=name[:200], **asdict(kept), **asdict(statement))
    if made:
        record("medium.register", medium, by=by, clause="§4(2)", sha256=kept.sha256, rights=medium.rights,
               people=medium.people)
    return medium


def rendition(medium: Medium, service: str, rules: MediaRules) -> Rendition:
    """The bytes of the medium as the service takes them; made once for each set of rules. Raises BadMedium."""
    named = f"{'|'.join(rules.mimes)} {rules.max_bytes} {rules.max_pixels}"
    found = Rendition.objects.filter(medium=medium, service=service, rules=named).first()
    if found:
        return found
    kept = fitted(medium, rules)
    made, _ = Rendition.objects.get_or_create(medium=medium, service=service, rules=named, defaults=asdict(kept))
    return made


def fitted(medium: Medium, rules: MediaRules) -> Kept:
    """An image as the service takes it; a film as it is, and an image too where the service takes none: then its adapter says so.

    Raises BadMedium where an image can't be made to fit.
    """
    if medium.kept.is_film or not rules.mimes:
        return medium.kept
    return images.fitted(medium.kept, rules.mimes, rules.max_bytes, rules.max_pixels)


def going(kept: Kept, alt: str) -> Media:
    """What is in the store, as the adapters take it."""
    return Media(store.path(kept.sha256), kept.mime, alt, kept.width, kept.height, kept.milliseconds / 1000)
