"""What the tests about posts have in common: a good draft, and its way to the approver."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from PIL import Image

from koshiki.organization.models import Person
from koshiki.posts import actions
from koshiki.posts.actions import Confirmed
from koshiki.posts.content import Draft
from koshiki.posts.models import Approval, Post
from koshiki.register.models import Account

TEXT = "あす午前9時から、総合防災訓練を行います。サイレンが鳴りますが、訓練です。"


def draft(*accounts: Account, text: str = TEXT, **more: Any) -> Draft:
    """A draft that may be submitted as it stands."""
    written = Draft(title="防災訓練のお知らせ", basis="防災第45号 総合防災訓練実施要領",
                    contents={account: {"text": text} for account in accounts})
    return replace(written, **more)


def submitted(by: Person, *accounts: Account, **more: Any) -> Post:
    return actions.submit(actions.write(draft(*accounts, **more), by=by), by=by)


def approved(post: Post, *, by: Person, confirmed: Confirmed | None = None) -> Approval:
    return actions.approve(post, post.latest.digest, by=by, confirmed=confirmed or Confirmed.everything(post))


def picture(size: tuple[int, int] = (640, 480), colour: str = "navy", **save: Any) -> bytes:
    """A JPEG."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG", **save)
    return out.getvalue()


def without(mapping: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in mapping.items() if key not in names}
