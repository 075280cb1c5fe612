"""What the tests about corrections have in common: something wrong that is out, and its way to being put right."""

from __future__ import annotations

import html
import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.test import Client

from koshiki import clock
from koshiki.organization.models import Person
from koshiki.posts.models import Correction, Delivery, Post
from koshiki.register.models import Account
from tests.cast import Cast
from tests.posts.delivering import approved_post, run
from tests.posts.writing import approved

SignedIn = Callable[[Person], Client]
WRONG, RIGHT = "断水は13日です。", "断水は23日です。"


def published(cast: Cast, *accounts: Account, text: str = WRONG) -> Post:
    post = approved_post(cast, *accounts, text=text)
    for row in post.deliveries.order_by("pk"):
        assert run(row).state == "sent"
    return post


def begin(browser: Client, wrong: Post, way: str, *accounts: Account, **more: Any) -> Any:
    """What a browser sends from the page on which a correction begins."""
    found = clock.now() - timedelta(minutes=20)
    said = {"reason": "断水の日が誤り。正しくは23日", "found_at": f"{found.astimezone():%Y-%m-%dT%H:%M}",
            "found_by": "市民からの電話", "once": str(uuid.uuid4()), **{f"way-{account.pk}": way for account in accounts}, **more}
    return browser.post(f"/posts/{wrong.pk}/correct/", said)


def form_of(page: str) -> dict[str, Any]:
    """The fields of a form as a browser fills them from its page: inputs, choices, texts."""
    fields: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", page):
        name, kind = re.search(r'name="([^"]+)"', tag), re.search(r'type="([^"]+)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name and kind and kind[1] in ("checkbox", "radio"):
            if "checked" in tag:
                fields.setdefault(name[1], []).append(html.unescape(value[1]) if value else "on")
        elif name:
            fields[name[1]] = html.unescape(value[1]) if value else ""
    for name, body in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', page, re.S):
        fields[name] = html.unescape(body).lstrip("\r\n")
    for name, body in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', page, re.S):
        chosen = re.search(r'value="([^"]*)" selected', body) or re.search(r'value="([^"]*)"', body)
        fields[name] = html.unescape(chosen[1]) if chosen else ""
    return fields


def corrected(cast: Cast, signed_in: SignedIn, wrong: Post, way: str, *accounts: Account, text: str = RIGHT) -> Post:
    """From 「訂正する」 to its approval by another person."""
    author = signed_in(cast.aoki)
    answer = begin(author, wrong, way, *accounts)
    assert answer.status_code == 302, answer.content.decode()
    post = Correction.objects.latest("pk").post
    if way == "take_down":
        author.post(f"/posts/{post.pk}/submit/")
    else:
        page = author.get(answer["Location"]).content.decode()
        sent = form_of(page) | {"text": text, "do": "submit"}
        answer = author.post(f"/posts/{post.pk}/edit/", sent)
        assert answer.status_code == 302, answer.content.decode()
    post.refresh_from_db()
    assert post.state == "submitted"
    approved(post, by=cast.baba)
    return post


def carried_out(post: Post) -> list[Delivery]:
    for _ in range(3):
        for row in post.deliveries.order_by("pk"):
            run(row)
    return list(post.deliveries.order_by("pk"))
