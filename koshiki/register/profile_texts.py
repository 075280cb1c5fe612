"""The policy in the lengths that profiles take, with the page on which it stands, for a person to copy (§6(2), §6(3)ウ)."""

from __future__ import annotations

from dataclasses import dataclass

from koshiki.guideline import guideline
from koshiki.networks import SERVICES
from koshiki.register.address import register_address, the_citys_own
from koshiki.register.comparing import words_for_profile
from koshiki.register.models import Account, Policy
from koshiki.register.policy import shown_items
from koshiki.text import graphemes

LENGTHS = (("profile_whole", "長い文"), ("profile_half", "短い文"), ("profile_least", "アドレスだけの文"))


@dataclass(frozen=True)
class ProfileText:
    """プロフィール欄の文 — one text to copy, and how many characters it has."""

    key: str
    label: str
    text: str

    @property
    def length(self) -> int:
        return graphemes(self.text)


def profile_limit(account: Account) -> int:
    """How many characters the service's profile takes; 0 where none is known."""
    service = SERVICES.get(account.service)
    return service.adapter.profile_limit if service and service.adapter else 0


def profile_texts(account: Account, policy: Policy) -> list[ProfileText]:
    """The texts that fit the service's profile, the longest first; none before the register's page has its address."""
    address = register_address(account)
    if not address or the_citys_own(account):
        return []
    limit = profile_limit(account)
    texts = [ProfileText(key, label, _written(key, account, policy, address)) for key, label in LENGTHS]
    return [text for text in texts if not limit or text.length <= limit]


def _written(key: str, account: Account, policy: Policy, address: str) -> str:
    words = guideline().fixed[key]
    said = {"{division}": account.division.name, "{answers}": _answers(policy), "{url}": address}
    for place, text in said.items():
        words = words.replace(place, text)
    return words


def _answers(policy: Policy) -> str:
    """How opinions are answered; where they are not, whom to ask instead (§8(2)ア)."""
    answered = (item.text for item in shown_items(policy) if item.key == "answers")
    return words_for_profile(policy) or next(answered, "")
