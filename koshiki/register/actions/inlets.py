"""The address at which a service tells what people wrote to an account: IT makes it, and a new one when it became known."""

from __future__ import annotations

import secrets

from django.db import transaction

from koshiki import clock
from koshiki.audit.log import record
from koshiki.guideline import Refused
from koshiki.organization.models import Person
from koshiki.organization.roles import is_it
from koshiki.register.actions.apps import IT
from koshiki.register.incoming import receives
from koshiki.register.models import Account, Inlet


@transaction.atomic
def make_inlet(account: Account, *, by: Person) -> Inlet:
    """A new address; the one before takes nothing any more. Raises Refused K-connection."""
    if not is_it(by.afresh()):
        raise Refused("K-connection", "受け口を作れるのは、システム管理の担当です。", who=IT)
    locked = Account.objects.select_for_update().get(pk=account.pk)
    if receives(locked.service) is None or not locked.connections.filter(ended_at=None).exists():
        raise Refused("K-connection", "受け口を作れるのは、届いたものを知らせるサービスに接続したアカウントだけです。",
                      now="アカウントを接続してから、もう一度作ってください。", who=IT)
    Inlet.objects.filter(account=locked, ended_at=None).update(ended_at=clock.now())
    inlet = Inlet.objects.create(account=locked, path=secrets.token_urlsafe(32), made_by=by, made_at=clock.now())
    record("inlet.make", locked, by=by, clause="K-connection")
    return inlet
