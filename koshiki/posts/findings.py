"""The findings of a draft: what the checks see in everything that goes out, and whether the author has answered (§4, §5, §8(4)).

Each is answered by being changed, or by the reason why it may stay. What nobody answered is not submitted and not approved.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.utils import timezone

from koshiki import clock
from koshiki.networks.base import Content
from koshiki.posts.checks import Found, examine
from koshiki.posts.content import Draft, service_of, targets_in
from koshiki.posts.knowledge import OfTheCity
from koshiki.posts.models import Finding, Revision, findings_of
from koshiki.register.models import Account


@dataclass(frozen=True)
class Passage:
    """A text of a draft and where it stands. `alt`: it describes an image; `name`: it is a file's name."""

    place: str
    words: str
    alt: bool = False
    name: bool = False


def found_in(draft: Draft) -> list[Found]:
    """Everything that is seen in a draft, advice too; each thing once, with all its places."""
    media = [(attached.alt, attached.medium.name) for attached in draft.media]
    return look([*passages(draft.contents), *of_media(media)], day_of(draft.due_at))


def asked_in(draft: Draft) -> list[Found]:
    """What the author must answer."""
    return [one for one in found_in(draft) if one.asks]


def unanswered(draft: Draft) -> list[Found]:
    """What the author has still to answer."""
    return [one for one in asked_in(draft) if not draft.answers.get(one.key, "").strip()]


def asked_of(revision: Revision) -> list[Found]:
    """What must be answered of what would go out now, from the canonical text. Raises Altered."""
    texts = [Passage("", words) for target in targets_in(revision) for words in target["content"].values()]
    alts = [Passage("", medium["alt"], alt=True) for target in targets_in(revision) for medium in target["media"]]
    return [one for one in look([*texts, *alts], day_of(revision.due_at)) if one.asks]


def day_of(due_at: datetime | None) -> date:
    """The day on which it goes out; today where that is at once."""
    return timezone.localdate(max(due_at or clock.now(), clock.now()))


def passages(contents: Mapping[Account, Content]) -> Iterator[Passage]:
    """The texts of all targets; one that several share stands where they all have it."""
    for account, content in contents.items():
        for declared in service_of(account).fields:
            words = content.get(declared.key, "")
            if words.strip() and declared.kind != "choice":
                yield Passage(f"{account.name}：{declared.label}", words)


def of_media(media: Iterable[tuple[str, str]]) -> Iterator[Passage]:
    """The alt text and the file's name of each image and film."""
    for number, (alt, name) in enumerate(media, start=1):
        yield Passage(f"{number}番目の画像・動画の代替テキスト", alt, alt=True)
        yield Passage(f"{number}番目の画像・動画のファイル名", name[:200], name=True)  # as much of it as is kept


def look(texts: Iterable[Passage], day: date) -> list[Found]:
    """What is seen in these texts. Of a file's name only what tells of a person: it is not published."""
    known, places, found = OfTheCity(day), _places(texts), dict[str, Found]()
    for (words, alt, name), where in places.items():
        for one in examine(words, known, alt=alt):
            if not name or one.clause == "§4(2)":
                first = found.get(one.key, one)
                found[one.key] = replace(first, places=(*first.places, *where))
    return [replace(one, places=tuple(dict.fromkeys(one.places))) for one in found.values()]


def _places(texts: Iterable[Passage]) -> dict[tuple[str, bool, bool], list[str]]:
    """Each text once, with the places where it stands."""
    places: dict[tuple[str, bool, bool], list[str]] = {}
    for passage in texts:
        places.setdefault((passage.words, passage.alt, passage.name), []).append(passage.place)
    return places


# ---------------------------------------------------------------- kept with the revision


def kept_of(revision: Revision, draft: Draft, before: Revision | None) -> list[Finding]:
    """The rows of a new revision: what is asked with its answer, and what was asked before and is changed now."""
    asked = asked_in(draft)
    rows = [_row(revision, one, draft.answers.get(one.key, "").strip()) for one in asked]
    gone = {row.key: row for row in findings_of(before) if row.answer != Finding.Answer.CHANGED} if before else {}
    changed = [row for key, row in gone.items() if key not in {one.key for one in asked}]
    return rows + [_changed(revision, row) for row in changed]


def _row(revision: Revision, one: Found, said: str) -> Finding:
    answer = Finding.Answer.JUSTIFIED if said else Finding.Answer.OPEN
    return Finding(revision=revision, key=one.key, name=one.name, clause=one.clause, quote=one.quote[:500],
                   before=one.before, after=one.after, reason=one.reason[:300], advice=one.advice[:300],
                   place="、".join(one.places)[:500], answer=answer, said=said)


def _changed(revision: Revision, row: Finding) -> Finding:
    kept = {field: getattr(row, field) for field in (
        "key", "name", "clause", "quote", "before", "after", "reason", "advice", "place")}
    return Finding(revision=revision, answer=Finding.Answer.CHANGED, said="", **kept)


def answers_of(revision: Revision) -> dict[str, str]:
    """What the author said of each finding that may stay, by its key."""
    return {row.key: row.said for row in findings_of(revision) if row.said}


def as_logged(rows: Iterable[Finding]) -> list[str]:
    """For the log: clause, check, answer and reason; never what stood there, which may be personal data."""
    return [f"{row.clause} {row.name}：{row.get_answer_display()}" + (f"（{row.said}）" if row.said else "")
            for row in rows]
