"""Connecting a site: where its interface is, whose it is, and what the user may do there.

A host may carry several sites, of several owners. A site is believed to be at an address only if that address
itself leads to the same interface.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from django.views.decorators.debug import sensitive_variables

from koshiki.networks.answers import Object, as_object, part, server_address, text
from koshiki.networks.credentials import Secret
from koshiki.networks.http import Fetched, NeverSent, NoAnswer, fetch
from koshiki.networks.outcomes import Link, NotSent, Rejected
from koshiki.networks.shown import text_of
from koshiki.networks.wordpress.api import Api, number

_NEEDED = {
    "publish_posts": "投稿の公開",
    "edit_published_posts": "公開した投稿の編集",
    "delete_published_posts": "公開した投稿の削除",
    "upload_files": "画像のアップロード",
    "moderate_comments": "コメントの管理",
}
_ROOT = re.compile(r"""<([^>]+)>\s*;\s*rel="?https://api\.w\.org/"?""")
_HOME_BYTES = 5_000_000
_LONGEST_PASSWORD = 200


def connected(given: Mapping[str, Secret], *, account: str) -> Link:
    """The connection of the site at the typed address. Raises NotSent, Rejected, TokenDead."""
    password, user = _password(given["password"]), given["user"].reveal().strip()
    typed = _address(given["site"].reveal())
    root = _root_of(typed)
    api = Api(root, user, password)
    home = text(site_index(api), "home").rstrip("/")
    if home != typed and (not home.startswith(("https://", "http://")) or _root_of(home) != root):
        raise Rejected("サイトが名乗るアドレスと、入力されたアドレスが違います。サイトのアドレスを確かめてください。")
    facts = {"root": root, "user": user, "user_id": _user(api), "categories": _categories(api)}
    return Link(account=account, server=home, secrets={"password": password}, facts=facts)


def site_index(api: Api) -> Object:
    """What the site says of itself."""
    return as_object(api.get("", _fields="name,description,home,site_icon_url"))


def front_page(address: str) -> Fetched:
    """The site's first page as everybody sees it. Raises NotSent, Rejected."""
    try:
        page = fetch(address, max_bytes=_HOME_BYTES)
    except (NeverSent, NoAnswer) as failure:
        raise NotSent(failure.reason) from None
    if page.status != 200:
        raise Rejected(f"サイトの答えは{page.status}でした。サイトのアドレスを確かめてください。")
    if _origin(page.final_url) != _origin(address):
        raise Rejected(f"サイトは {_origin(page.final_url)} に転送されます。そのアドレスで接続してください。")
    return page


def name_of(home: str) -> str:
    """A site's name among all sites: its address without https://."""
    return home.partition("://")[2]


def _root_of(home: str) -> str:
    """Where the site at this address has its interface: as its page says, else where every site has it."""
    page = front_page(home)
    found = _ROOT.search(page.headers.get("link", ""))
    root = found[1] if found else f"{page.final_url.partition('?')[0].rstrip('/')}/?rest_route=/"
    if _origin(root) != _origin(home):
        raise Rejected("サイトの接続口（REST API）が、別のサーバーにあります。")
    return root


def _address(typed: str) -> str:
    """The site's address as it was typed, path included. Raises Rejected."""
    path = urlsplit(typed.strip() if "://" in typed else f"https://{typed.strip()}").path
    return server_address(typed) + path.rstrip("/")


def _origin(address: str) -> str:
    return server_address(address).lower()


@sensitive_variables("plain")
def _password(given: Secret) -> Secret:
    """Sites show it in groups of four; the spaces are not part of it."""
    plain = "".join(given.reveal().split())
    if not (plain.isascii() and plain.isalnum() and len(plain) <= _LONGEST_PASSWORD):
        raise Rejected("アプリケーションパスワードとして正しくありません。")
    return Secret(plain)


def _user(api: Api) -> int:
    """The user's number there. Raises Rejected where the user may not do what koshiki needs."""
    own = as_object(api.get("wp/v2/users/me", context="edit", _fields="id,capabilities"))
    may = part(own, "capabilities")
    if missing := [label for key, label in _NEEDED.items() if may.get(key) is not True]:
        raise Rejected(f"この利用者には、次の権限がありません：{'、'.join(missing)}。権限グループを「編集者」にしてください。")
    return number(own, "id")


def _categories(api: Api) -> list[list[str]]:
    found = api.all("wp/v2/categories", _fields="id,name")
    return [[str(category["id"]), text_of(text(category, "name", 100))] for category in found]
