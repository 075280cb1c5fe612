"""The address of what a person posted: that of a post, on this service, of this account as far as it tells."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from koshiki.networks.addresses import Address, Kind, read_address
from koshiki.networks.base import Posted, Rejected

LONGEST_ID, LONGEST_URL = 300, 500
_OTHER = "「{label}」の投稿のアドレスではありません。"
_OPEN = "投稿そのものを開いて、そのアドレスを写してください。"


@dataclass(frozen=True)
class Forms:
    """How the addresses of posts look beyond `address_rules.py`.

    `service`: its key there; empty where anybody may host one, so that a post lies below its account's address.
    `owners`: path of a post's address → address of the account that it names; `names`: whether the service itself
    goes by that name (else it may be anybody's). `kept`: parameters that are part of an address. `never`: paths
    that only staff see.
    """

    service: str = ""
    owners: tuple[tuple[str, str], ...] = ()
    names: bool = False
    kept: tuple[str, ...] = ()
    never: str = ""


def posted_at(address: str, account_url: str, forms: Forms, label: str) -> Posted:
    """The post at this address. Raises Rejected with the reason why it can't be this account's."""
    read = read_address(address)
    if read.kind is Kind.SHORT:
        raise Rejected(f"短縮されたアドレスでは、どの投稿か分かりません。{_OPEN}")
    plain = _plain(address, forms)
    posted = _below(read, plain, account_url, forms, label) if not forms.service else _on_service(
        read, plain, account_url, forms, label)
    if len(posted.remote_id) > LONGEST_ID or len(posted.url) > LONGEST_URL:
        raise Rejected("アドレスが長すぎます。")
    return posted


def _on_service(read: Address, plain: str, account_url: str, forms: Forms, label: str) -> Posted:
    if read.service != forms.service or not (read.key or read.kind is Kind.NONE):
        raise Rejected(_OTHER.format(label=label))
    if read.kind is not Kind.POST:
        raise Rejected(f"アカウントなど、投稿ではないページのアドレスです。{_OPEN}")
    told = _names_account(plain, account_url, forms)
    number = read.key.partition(":post/")[2]
    return Posted(number.rpartition("/")[2] if forms.names else number, plain, told and forms.names)


def _names_account(plain: str, account_url: str, forms: Forms) -> bool:
    """Does the address name this account? Raises Rejected where it names another."""
    owner, account = read_address(_owner(plain, forms)).key, read_address(account_url).key
    if owner and owner == account:
        return True
    if owner and account and _numbered(owner) == _numbered(account):
        raise Rejected(f"別のアカウント（{owner.partition(':')[2]}）の投稿のアドレスです。")
    return False


def _owner(plain: str, forms: Forms) -> str:
    path = urlsplit(plain).path
    for pattern, account in forms.owners:
        if match := re.fullmatch(pattern, path, re.I):
            return account.format(*match.groups())
    return ""


def _numbered(key: str) -> bool:
    """Is the account named by its number, which can't be compared with a name?"""
    return bool(re.match(r"[a-z]+:(id:|did:)", key))


def _below(read: Address, plain: str, account_url: str, forms: Forms, label: str) -> Posted:
    """A page below the account's own address, such as a post of a blog."""
    account = read_address(account_url).key
    inside = read.key.startswith((f"{account}/", f"{account}?")) if account else False
    if read.service or not inside:
        raise Rejected("このアカウントのページではありません。" if read.key != account else
                       f"アカウントの最初のページのアドレスです。{_OPEN}")
    if re.fullmatch(forms.never, urlsplit(plain).path, re.I) or re.search(r"[?&]preview=", read.key):
        raise Rejected("職員だけが見られるページのアドレスです。公開された投稿のアドレスを写してください。")
    return Posted(read_address(plain).key, plain, told=True)


def _plain(address: str, forms: Forms) -> str:
    """The address without what only decorates it. Nothing for what is no address of the web: it was read as none."""
    text = unicodedata.normalize("NFKC", address).strip()
    parts = urlsplit(text if "://" in text else f"https://{text.lstrip('/')}")
    kept = [(name, value) for name, value in parse_qsl(parts.query) if name in forms.kept]
    return urlunsplit((parts.scheme.lower(), parts.netloc.lower(), parts.path, urlencode(kept), ""))
