"""Addresses: of the register's page, that profiles must hold (§6(3)ウ), and of the account itself (§6(2)イ)."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from django.conf import settings

from koshiki.guideline import Way, guideline
from koshiki.networks import adapter
from koshiki.networks.address_rules import RULES
from koshiki.networks.addresses import Kind, read_address, same_account
from koshiki.networks.base import Identity
from koshiki.register.models import Account, RegisterPage
from koshiki.text import links, outside

_WITH_HOSTS = frozenset(rules["service"] for rules in RULES["services"])


def register_address(account: Account) -> str:
    """The account's page in the public register, which its profile must hold (§6(3)ウ).

    Fixed from the acquisition on; where the city lists by its CMS, empty until a person has recorded it.
    """
    if guideline().way is not Way.FRAGMENT:
        return urljoin(settings.KOSHIKI_PUBLIC_URL, f"accounts/{account.pk}/")
    page = cms_page(account)
    return page.url if page else ""


def cms_page(account: Account) -> RegisterPage | None:
    """The page of the city's CMS that shows the account; fetched beforehand, it asks nothing again."""
    return next((page for page in account.register_pages.all() if page.ended_at is None), None)


def on_the_citys_site(url: str) -> bool:
    """Does the address lie on the city's own domains?"""
    found = links(url)
    return (len(found) == 1 and found[0].url == url and urlsplit(url).scheme in ("http", "https")
            and not outside(found, guideline().city["domains"]))


def account_address(account: Account) -> str:
    """Where citizens find the account: on its service, or, for the city's own feed, on the city's pages."""
    return account.url or (urljoin(settings.KOSHIKI_PUBLIC_URL, "feed/") if the_citys_own(account) else "")


def the_citys_own(account: Account) -> bool:
    """Does the account live on the city's own pages? Then there is nothing to connect, and no profile elsewhere."""
    kind = adapter(account.service)
    return kind is not None and kind.lives_here


def fits(account: Account, url: str) -> bool:
    """Is this the address of an account on the service that was decided on?"""
    read = read_address(url)
    if read.kind is not Kind.ACCOUNT or not read.key:
        return False
    if account.service in _WITH_HOSTS or read.service in _WITH_HOSTS:
        return read.service == account.service
    return True


def account_with(url: str, *, besides: Account) -> Account | None:
    """Another account of the register that already has this address, however it is spelled."""
    others = Account.objects.exclude(pk=besides.pk).exclude(state__in=Account.ENDED).exclude(url="")
    return next((o for o in others.select_related("division") if same_account(o.url, url)), None)


def is_registered(account: Account, identity: Identity) -> bool:
    """Is the identity that a connection opens the registered account itself (K-identity)?

    The address in the register must be its own, and, once the service's own id is known, that must be the same.
    """
    if account.remote_id and account.remote_id != identity.remote_account_id:
        return False
    return same_account(account.url, identity.url)


def is_shortened(url: str) -> bool:
    """Does the address belong to a service that hides where it leads?"""
    return read_address(url).kind is Kind.SHORT
