"""What the workers of a run get to send: official accounts, connected, and posts by an author and an approver."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.faults.service import Service


class Stock:
    """Posts yet to be written and approved, each to an account of every service.

    Most are due at once, every third a little later; every tenth has pictures, every seventh is long.
    """

    def __init__(self, remotes: list[Service], posts: int, accounts: int) -> None:
        from django.conf import settings

        from koshiki.networks.credentials import ensure_key_ring
        from koshiki.posts.media import register_image
        from tests.cast import make_cast, official
        from tests.posts.delivering import install
        from tests.posts.writing import picture

        install(settings.KOSHIKI_HOME)
        ensure_key_ring(Path(settings.KOSHIKI_KEY_RING))
        self.remotes, self.cast, self.left, self.written, self.again = remotes, make_cast(), posts, 0, 0
        self.accounts = [[official(self.cast, service=remote.key, name=f"配信{n}")
                          for n in range(min(accounts, remote.most_accounts or accounts))] for remote in remotes]
        self.targets = [account for of_one in self.accounts for account in of_one]
        for account in self.targets:
            self.reconnect(account)
        self.threads = any(self._splits(account) for account, *_ in self.accounts)
        self.pictures = [register_image(picture(colour=colour), f"{colour}.jpg", division=self.cast.bosai,
                                        by=self.cast.aoki) for colour in ("navy", "olive")]

    def remote_of(self, account: Any) -> Service:
        return next(remote for remote in self.remotes if remote.key == account.service)

    def tell(self, **wishes: Any) -> None:
        """The services that can be told behave so; None: as usual."""
        for remote in (remote for remote in self.remotes if remote.told):
            remote.tell(**{wish: remote.usual[wish] if value is None else value for wish, value in wishes.items()})

    def reconnect(self, account: Any) -> None:
        self.remote_of(account).connect(account, self.cast)

    def _splits(self, account: Any) -> bool:
        """Does a long text go out to it as a thread?"""
        from koshiki.networks.base import Threads
        from koshiki.posts.content import service_of

        service = service_of(account)
        return isinstance(service, Threads) and len(service.segments({"text": long(0)})) > 1

    def approve(self, count: int, *, pictured: bool = False, at_length: bool = False, plainly: bool = False) -> None:
        """Through the acts of an author and an approver. `plainly`: all short, without pictures, due at once."""
        for _ in range(min(count, self.left)):
            self.left, self.written = self.left - 1, self.written + 1
            if plainly:
                self._approve(pictured=False, at_length=False, later=False)
            else:
                self._approve(pictured=pictured or self.written % 10 == 0, at_length=at_length or self.written % 7 == 0,
                              later=self.written % 3 == 0)

    def _approve(self, *, pictured: bool, at_length: bool, later: bool) -> None:
        from koshiki import clock
        from koshiki.posts.content import Attached
        from tests.posts.writing import approved, submitted

        more: dict[str, Any] = {"due_at": clock.now() + timedelta(seconds=5)} if later else {}
        if pictured or any(remote.pictured for remote in self.remotes):
            several = self.pictures if pictured else self.pictures[:1]
            more["media"] = [Attached(medium, f"訓練のようす {n}") for n, medium in enumerate(several, 1)]
        text = long(self.written) if at_length else unlike(self.written)
        targets = [of_one[self.written % len(of_one)] for of_one in self.accounts]
        contents = {account: self.remote_of(account).content(text) for account in targets}
        post = submitted(self.cast.aoki, contents=contents, **more)
        if self.again:
            self._press_again(post)
        else:
            approved(post, by=self.cast.baba)

    def _press_again(self, post: Any) -> None:
        """Both approvers press the button twice, at once; one of the four is taken."""
        from django.db import connection

        from koshiki.guideline import Refused
        from tests.posts.writing import approved

        def press(approver: Any) -> None:
            for _ in range(self.again):
                with contextlib.suppress(Refused):
                    approved(post, by=approver)
            connection.close()

        hands = [threading.Thread(target=press, args=(person,)) for person in (self.cast.baba, self.cast.bando)]
        for hand in hands:
            hand.start()
        for hand in hands:
            hand.join()


def unlike(n: int) -> str:
    """A text that no other is similar to: what a look-up can't tell apart it rightly leaves to a person."""
    return f"お知らせ 第{n}号 {hashlib.sha256(str(n).encode()).hexdigest()}"


def long(n: int) -> str:
    """A text of three posts where a post is short; no part is similar to another."""
    parts = (hashlib.sha512(f"{n} {part}".encode()).hexdigest() for part in (1, 2, 3))
    return "\n\n".join(f"お知らせ 第{n}号の{part} {(word + word)[:236]}" for part, word in enumerate(parts, 1))
