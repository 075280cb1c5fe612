"""What a visitor of 見本SNS sees."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

from koshiki.sample.sns.store import Store

STYLE = """
body{font:16px/1.7 "Hiragino Sans","Noto Sans CJK JP",sans-serif;margin:0;background:#f4f1fb;color:#222}
header{background:#4b2e83;color:#fff;padding:.5rem 1rem}header a{color:#fff;font-weight:700;font-size:1.2rem}
main{max-width:40rem;margin:1rem auto;padding:0 1rem}article,form,section{background:#fff;border-radius:.5rem;
padding:1rem;margin:0 0 1rem;border:1px solid #d9d0ea}p{margin:0 0 .5rem;overflow-wrap:anywhere}
.text{white-space:pre-wrap}.quiet{color:#555;font-size:.9rem}img{max-width:100%;border-radius:.5rem}
label{display:block;font-weight:700}input,textarea{font:inherit;width:100%;padding:.5rem;box-sizing:border-box}
button{font:inherit;font-weight:700;background:#4b2e83;color:#fff;border:0;border-radius:.5rem;
padding:.6rem 1.2rem;margin:.5rem .5rem 0 0;min-height:44px}a{color:#4b2e83}
"""


def page(title: str, body: str) -> str:
    """A whole page; `body` is HTML already."""
    return (f'<!doctype html><html lang="ja"><meta charset="utf-8"><meta name="robots" content="noindex">'
            f'<meta name="viewport" content="width=device-width"><title>{escape(title)} | 見本SNS</title>'
            f'<style>{STYLE}</style><header><a href="/">見本SNS</a> '
            f'<span>koshiki の見本が投稿を送る、このコンピューターの中だけのサービスです。</span></header>'
            f'<main><h1>{escape(title)}</h1>{body}</main></html>')


def home(store: Store) -> str:
    links = "".join(f'<li><a href="/@{escape(a["handle"])}">{escape(a["name"])}</a></li>' for a in store.accounts())
    make = _profile_form("/accounts", "アカウントを作る", handle="", name="", note="", with_handle=True)
    return page("見本SNS", f"{posts(store, store.timeline())}<section><h2>アカウント</h2><ul>{links}</ul></section>{make}")


def profile(store: Store, account: sqlite3.Row) -> str:
    handle = account["handle"]
    form = _profile_form(f"/@{escape(handle)}/profile", "プロフィール欄を直す", handle=handle, name=account["name"],
                         note=account["note"])
    return page(account["name"], f'<p class="quiet">@{escape(handle)}</p><section><p class="text">'
                                 f'{linked(account["note"]) or "プロフィール欄はまだありません。"}</p></section>'
                                 f'{posts(store, store.statuses(handle))}{form}')


def single(store: Store, status: sqlite3.Row) -> str:
    return page("投稿", posts(store, [status]))


def authorize(store: Store, asked: dict[str, str]) -> str:
    """Who shall koshiki be allowed to publish for?"""
    hidden = "".join(f'<input type="hidden" name="{escape(k)}" value="{escape(v)}">' for k, v in asked.items())
    buttons = "".join(f'<button name="handle" value="{escape(a["handle"])}">{escape(a["name"])}'
                      f'（@{escape(a["handle"])}）で許可する</button>' for a in store.accounts())
    return page("連携の許可", f'<form method="post" action="/oauth/authorize">{hidden}<p>公式（koshiki）に、'
                              f'このアカウントで投稿することを許可しますか。</p>{buttons}</form>')


def posts(store: Store, found: Iterable[sqlite3.Row]) -> str:
    return "".join(_post(store, status) for status in found) or "<section><p>まだ投稿はありません。</p></section>"


def linked(text: str) -> str:
    """The text as HTML, its addresses as links."""
    words = [f'<a href="{escape(w)}" rel="me nofollow">{escape(w)}</a>' if w.startswith(("http://", "https://"))
             else escape(w) for w in _words(text)]
    return "".join(words)


def _words(text: str) -> list[str]:
    found, word = [], ""
    for character in text:
        if character.isspace():
            found += [word, character]
            word = ""
        else:
            word += character
    return [w for w in (*found, word) if w]


def _post(store: Store, status: sqlite3.Row) -> str:
    account = store.account(status["handle"])
    name = account["name"] if account else status["handle"]
    at = datetime.fromisoformat(status["at"]).astimezone(ZoneInfo("Asia/Tokyo"))
    pictures = "".join(_picture(store, number) for number in status["media"].split(",") if number)
    return (f'<article><p><b>{escape(name)}</b> <span class="quiet">@{escape(status["handle"])}</span></p>'
            f'<p class="text">{linked(status["text"])}</p>{pictures}'
            f'<p class="quiet"><a href="/@{escape(status["handle"])}/{status["id"]}">'
            f'{at:%Y年%-m月%-d日 %H時%M分}</a></p></article>')


def _picture(store: Store, number: str) -> str:
    media = store.media(int(number))
    return f'<p><img src="/media/{number}" alt="{escape(media["alt"])}"></p>' if media else ""


def _profile_form(action: str, title: str, *, handle: str, name: str, note: str, with_handle: bool = False) -> str:
    own = ('<p><label>ユーザー名（半角の英数字）<input name="handle" required pattern="[a-z0-9_]{1,30}"></label></p>'
           if with_handle else "")
    return (f'<form method="post" action="{action}"><h2>{title}</h2>{own}'
            f'<p><label>名前<input name="name" required maxlength="100" value="{escape(name)}"></label></p>'
            f'<p><label>プロフィール欄<textarea name="note" rows="4" maxlength="1000">{escape(note)}</textarea></label></p>'
            f'<button>保存する</button></form>')
