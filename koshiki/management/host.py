"""May this host work? Asked by every worker when it starts, and again and again while it works.

A host that lacks what the others have sends nothing itself and says so; it stops nobody else.
"""

from __future__ import annotations

import socket
from datetime import timedelta

from django.conf import settings
from django.db.models.functions import Now
from procrastinate.contrib.django.models import ProcrastinateWorker

from koshiki.database import identity
from koshiki.database.startup import NotFit
from koshiki.networks.credentials import KeyRingTrouble
from koshiki.posts.delivery.times import times
from koshiki.register.link import refuse_foreign_ring

BEATING = timedelta(seconds=6)  # procrastinate's workers tell every two seconds that they live


def refuse_unfit_host() -> None:
    """Raises NotFit where this host's key ring, identity or spans are not those of the installation."""
    _refuse_unknown_spans()
    _refuse_other_identity()
    try:
        refuse_foreign_ring()
    except KeyRingTrouble as trouble:
        raise NotFit(f"この機械（{socket.gethostname()}）の鍵束 {settings.KOSHIKI_KEY_RING} では発信できません（{trouble}）。"
                     "最初の機械の鍵束を、同じ利用者だけが読める権限（0600）で置いてください。このワーカーは何も発信しません。"
                     ) from trouble


def _refuse_unknown_spans() -> None:
    try:
        times()
    except ValueError as unknown:
        raise NotFit(f"配信の時間の名前が違います（{unknown}）。名前は koshiki/posts/delivery/times.py にあります。") from unknown


def _refuse_other_identity() -> None:
    """A host that was added without its identity must not stop the others, as a restored copy stops itself.

    Where nobody else works and the database is this host's own, nothing is refused here: that is a restored copy,
    the worker's first sweep holds everything, and the pages say so and ask a person (K-restore).
    """
    there = identity.note().is_file()
    if not (why := identity.doubt()) or (_works_alone() and (settings.KOSHIKI_EMBEDDED or there)):
        return
    found = why if there else f"{identity.note()} がありません。"
    raise NotFit(f"この機械（{socket.gethostname()}）: {found}このワーカーは何も発信しません。機械を増やすときは、最初の機械の "
                 "installation（installation.seen は置かない）を、同じ利用者だけが読める権限（0600）で置いてください。")


def _works_alone() -> bool:
    return not ProcrastinateWorker.objects.filter(last_heartbeat__gt=Now() - BEATING).exists()
