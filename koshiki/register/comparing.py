"""プロフィール欄の比べ — what a profile says, against what the register says of the account (§6(3)ウ, §6(3)エ, §8(2)ア).

Nothing here is kept: `actions/watch.py` keeps what was found.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from koshiki import images, store
from koshiki.guideline import guideline
from koshiki.networks.base import Profile
from koshiki.networks.http import NeverSent, NoAnswer, fetch, trail
from koshiki.networks.shown import skeleton
from koshiki.register.address import is_shortened, on_the_citys_site
from koshiki.register.models import Account, Policy, ProfileCheck, ProfileFinding
from koshiki.register.policy import Items, public_policy
from koshiki.register.verification import newest_verification
from koshiki.text import links

Kind = ProfileFinding.Kind
Result = ProfileCheck.Result
FOLLOWED = 3  # links of one profile that are followed to where they lead
PICTURE_BYTES = 5_000_000
_SENTENCE = re.compile(r"[。．！？!?\n]+")
_NUMBER = re.compile(r"0\d(?:[-–‐−ー()（）\s]{0,2}\d){8,9}")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


@dataclass(frozen=True)
class Verdict:
    """判定 — of one thing in a profile: right, or what was seen instead. What can't be told has none."""

    kind: Kind
    right: bool
    seen: str = ""


@dataclass(frozen=True)
class Reading:
    """読み取り — what a look at a profile found, with the words that stand there."""

    result: Result
    found: str
    verdicts: tuple[Verdict, ...] = ()
    picture: str = ""
    compared_with: str = ""


def read(account: Account, profile: Profile, address: str, before: ProfileCheck | None) -> Reading:
    """What this profile says, against the register; `before` is the reading before, whose picture need not be fetched."""
    result, found = compared(profile, address)
    known = before is not None and (before.picture, before.compared_with) == (profile.image_url, account.image)
    picture = [] if known else list(_of_picture(account, profile))
    verdicts = (Verdict(Kind.ADDRESS, result == Result.HOLDS, Result(result).label), *_of_answers(account, profile),
                *_of_name(account, profile), *picture, *_of_verification(account, profile))
    judged = (profile.image_url, account.image) if known or picture else ("", "")
    return Reading(result, found, verdicts, *judged)


# ── the register page's address, §6(3)ウ ────────────────────────────

def compared(profile: Profile, address: str) -> tuple[Result, str]:
    """What a profile says of the register page's address, with the words that were found, and where its links lead."""
    words = words_of(profile)
    if profile.holds(address):
        return Result.HOLDS, words
    shown = list(dict.fromkeys([*profile.links, *(link.url for link in links(words))]))
    short = [url for url in shown if is_shortened(url)]
    others = [url for url in shown if url not in short and not on_the_citys_site(url)]
    trails = {url: trail(url) for url in (*short, *others)[:FOLLOWED]}
    leads = [url for url, hops in trails.items() if _bare(hops[-1]) == _bare(address)]
    told = [" → ".join(hops) for url, hops in trails.items() if len(hops) > 1 and (url in short or url in leads)]
    return (Result.SHORTENED if short or leads else Result.MISSING), "\n".join([words, *told])


def words_of(profile: Profile) -> str:
    """All that the profile says."""
    return "\n".join([profile.text, *(f"{f.name}: {f.value}" for f in profile.fields)])


def _bare(url: str) -> str:
    return re.sub(r"^https?://", "", url).rstrip("/")


# ── opinions are not answered, §8(2)ア ──────────────────────────────

def answers_nobody(policy: Policy | None) -> bool:
    """Does the policy in force say that opinions are not answered one by one?"""
    return policy is not None and policy.content.get("answers") == guideline().profile["no_answers"]


def words_for_profile(policy: Policy | None) -> str:
    """The guideline file's sentence for the profile, with the policy's contact; empty where opinions are answered."""
    if policy is None or not answers_nobody(policy):
        return ""
    return guideline().fixed["no_individual_answer"].format(contact=str(policy.content.get("contact", "")).strip())


def newly_unsaid(before: Items, after: Items, words: str, telephone: str) -> list[str]:
    """What of §8(2)ア a profile of these words lacks for a policy that newly answers nobody, or names another contact."""
    said = ("answers", "contact")
    if after.get("answers") != guideline().profile["no_answers"] or all(before.get(key) == after.get(key) for key in said):
        return []
    words = unicodedata.normalize("NFKC", words)
    there = {Kind.NO_ANSWERS: says_no_answers(words), Kind.CONTACT: says_contact(words, str(after.get("contact", "")), telephone)}
    return [kind.label for kind, found in there.items() if not found]


def _of_answers(account: Account, profile: Profile) -> Iterator[Verdict]:
    policy = public_policy(account)
    wanted = answers_nobody(policy)
    words = unicodedata.normalize("NFKC", words_of(profile))
    contact = str(policy.content.get("contact", "")) if policy else ""
    yield Verdict(Kind.NO_ANSWERS, not wanted or says_no_answers(words), "書かれていません")
    yield Verdict(Kind.CONTACT, not wanted or says_contact(words, contact, account.division.telephone), "書かれていません")


def says_no_answers(words: str) -> bool:
    """Does one of these sentences say, in the file's ways of saying it, that nobody is answered one by one?"""
    ways = guideline().profile
    return any(any(word in sentence for word in ways["answering"]) and any(word in sentence for word in ways["refusing"])
               for sentence in _SENTENCE.split(words))


def says_contact(words: str, contact: str, telephone: str) -> bool:
    """Does the text name one of the ways to reach the division: a number, a mail address, a page, or all the words?"""
    contact = unicodedata.normalize("NFKC", contact)
    numbers = {_digits(number) for number in (*_NUMBER.findall(contact), telephone) if number}
    if numbers & {_digits(number) for number in _NUMBER.findall(words)}:
        return True
    plain = [*_MAIL.findall(contact), *(_bare(link.url) for link in links(contact))]
    return any(way in words for way in plain) or (skeleton(contact) != "" and skeleton(contact) in skeleton(words))


def _digits(number: str) -> str:
    return re.sub(r"\D", "", unicodedata.normalize("NFKC", number))


# ── as registered: name, picture, verification ─────────────────────

def _of_name(account: Account, profile: Profile) -> Iterator[Verdict]:
    if profile.name:
        yield Verdict(Kind.NAME, skeleton(profile.name) == skeleton(account.name), profile.name[:200])


def _of_picture(account: Account, profile: Profile) -> Iterator[Verdict]:
    """The registered image against the service's, which every service encodes anew; none where it can't be had."""
    if not profile.image_url or not account.image:
        return
    try:
        shown = images.outline(fetch(profile.image_url, max_bytes=PICTURE_BYTES).body)
        registered = images.outline(store.path(account.image).read_bytes())
    except (NeverSent, NoAnswer, images.BadImage, OSError):
        return
    yield Verdict(Kind.IMAGE, images.alike(shown, registered), f"台帳と違う画像（照合の値 {images.mark(shown)}）")


def _of_verification(account: Account, profile: Profile) -> Iterator[Verdict]:
    if profile.verified is None:
        return
    newest = newest_verification(account)
    granted = newest is not None and newest.granted_on is not None
    seen = "認証されていますが、台帳に記録がありません" if profile.verified else "台帳では認証済みですが、認証が見えません"
    yield Verdict(Kind.VERIFICATION, profile.verified == granted, seen)


def lacking(kinds: Iterable[str], result: Result) -> tuple[Verdict, ...]:
    """What a person saw: these are wrong, all others right; the address by its result."""
    wrong = set(kinds)
    return (Verdict(Kind.ADDRESS, result == Result.HOLDS, Result(result).label),
            *(Verdict(kind, kind not in wrong, "職員が見て、不備を確かめました") for kind in Kind if kind is not Kind.ADDRESS))
