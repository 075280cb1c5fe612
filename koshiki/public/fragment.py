"""掲載の断片 — one entry of the register, as HTML and as text, for a person to take over into the city's CMS (§6(3)イ).

It holds what the guideline asks for and nothing of koshiki's look: the city's own pages have theirs.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.template.loader import render_to_string
from django.utils import translation

from koshiki.public.register import Listed
from koshiki.register.models import Account
from koshiki.register.policy import public_policy, shown_items


@dataclass(frozen=True)
class Fragment:
    """断片 — the entry in both forms; `image` is the file of the account's image, to be uploaded to the CMS."""

    html: str
    text: str
    image: str


def fragment(account: Account) -> Fragment:
    """The entry of an account on the register, in Japanese, for the city's CMS."""
    listed, policy = Listed(account), public_policy(account)
    context = {"listed": listed, "account": account, "image_name": image_name(account),
               "items": shown_items(policy) if policy else []}
    with translation.override("ja"):
        html, text = (render_to_string(f"public/entry.{kind}", context) for kind in ("html", "txt"))
    return Fragment(html, text, listed.face)


def image_name(account: Account) -> str:
    """What the image is called when it is taken over."""
    return f"account-{account.pk}.jpg"
