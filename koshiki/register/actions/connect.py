"""Connecting an account to its service: only as itself, only by who began it, once, within ten minutes.

No transaction is open while the service is asked; no secret leaves the sealing (K-identity, K-connection).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta

from django.db import transaction

from koshiki import clock
from koshiki.audit.log import record
from koshiki.guideline import Refused
from koshiki.networks import adapter, network
from koshiki.networks.base import Identifies, Identity, Link, Secret, SignsIn, TakesKey
from koshiki.networks.credentials import seal, unseal
from koshiki.organization.models import Person
from koshiki.register.address import is_registered
from koshiki.register.flow import FLOW
from koshiki.register.link import NotConnected, app_of, kept
from koshiki.register.models import Account, Connection, ConnectionAttempt, Hold
from koshiki.register.moves import locked_for, pass_on

TIME = timedelta(minutes=10)


def signs_in(account: Account) -> type[SignsIn] | None:
    """The adapter, when the account's service has a sign-in by which koshiki connects."""
    kind = adapter(account.service)
    return kind if kind is not None and issubclass(kind, SignsIn) else None


def takes_key(account: Account) -> type[TakesKey] | None:
    """The adapter, when the account's service is connected by what a person made there and pastes."""
    kind = adapter(account.service)
    return kind if kind is not None and issubclass(kind, TakesKey) else None


def connects(account: Account) -> bool:
    """Is there any way to connect the account?"""
    return signs_in(account) is not None or takes_key(account) is not None


def live_connection(account: Account) -> Connection | None:
    """The connection in use, dead or not."""
    return account.connections.filter(ended_at__isnull=True).select_related("connected_by").first()


def begin_connection(account: Account, server: str, *, session: str, redirect_uri: str, by: Person) -> str:
    """Begin the code flow; returns the service's own address, where the person allows it.

    Raises Refused; NotSent, Rejected with words for the person. `session` names the person's session.
    """
    FLOW.check(account, "connect", by=by)
    kind = _sign_in(account)
    beginning = kind.begin(_app(account, kind), server, redirect_uri)
    with transaction.atomic():
        locked = locked_for(account, "connect", by=by)
        ConnectionAttempt.objects.create(
            account=locked, person=by, state_digest=_digest(beginning.state), session_digest=_digest(session),
            sealed=seal(beginning.pending, account=_bound(locked), service=locked.service), begun_at=clock.now())
        pass_on(locked, "connect", by=by, part="接続の手続を開始")
    return beginning.authorize_url


def finish_connection(state: str, code: str, *, session: str, by: Person) -> Connection:
    """What came back from the service: exchanged, compared, kept. Raises Refused K-connection, K-identity; Outcome."""
    attempt = _used_up(state, session, by)
    account = attempt.account
    FLOW.check(account, "connect", by=by)
    pending = unseal(attempt.sealed, account=_bound(account), service=account.service)
    kind = _sign_in(account)
    link = kind.finish(_app(account, kind), pending, code, account=str(account.pk), address=account.url)
    return _connected(account, link, by=by)


def connect_with_key(account: Account, given: Mapping[str, Secret], *, by: Person) -> Connection:
    """Connect with what the person made at the service and pasted, by the adapter's `key_fields`.

    Raises Refused K-identity, K-connection; Outcome.
    """
    FLOW.check(account, "connect", by=by)
    if (kind := takes_key(account)) is None:
        raise _unconnectable(account)
    return _connected(account, kind.with_key(given, account=str(account.pk), address=account.url), by=by)


@transaction.atomic
def end_connection(account: Account, *, by: Person) -> None:
    """End the connection: its secrets are destroyed."""
    locked = locked_for(account, "connect", by=by)
    if end_live(locked) == 0:
        raise Refused("K-connection", "このアカウントは接続されていません。", now="アカウントのページを確かめてください。")
    pass_on(locked, "connect", by=by, part="接続を終了")


def _sign_in(account: Account) -> type[SignsIn]:
    if (kind := signs_in(account)) is None:
        raise _unconnectable(account)
    return kind


def _app(account: Account, kind: type[SignsIn]) -> dict[str, Secret]:
    """What IT registered at the service for all accounts. Raises Refused K-connection where it is missing."""
    try:
        app = app_of(account.service) if kind.app_fields else {}
    except NotConnected as closed:
        raise Refused("K-connection", closed.reason, who="システム管理の担当") from None
    if any(field.key not in app for field in kind.app_fields):
        raise Refused("K-connection", f"{account.get_service_display()}に、koshiki をアプリとしてまだ登録していません。",
                      now="システム管理の担当が、サービスの画面でアプリを登録し、「サービス」のページに記録すると、接続できます。",
                      who="システム管理の担当")
    return app


def _unconnectable(account: Account) -> Refused:
    return Refused("K-connection", f"{account.get_service_display()}には、この方法では接続できません。",
                   now="接続のページで、ほかの方法を確かめてください。なければ、承認された投稿を職員がサービスの画面で発信します。")


def _used_up(state: str, session: str, by: Person) -> ConnectionAttempt:
    """The attempt that this state belongs to, used from now on. Raises Refused K-connection."""
    mine = ConnectionAttempt.objects.filter(
        state_digest=_digest(state), session_digest=_digest(session), person=by, used_at__isnull=True,
        begun_at__gt=clock.now() - TIME)
    if mine.update(used_at=clock.now()) != 1:
        raise Refused("K-connection", "この接続の手続は、使えません（期限切れ、使用済み、又は別の画面で始めたもの）。",
                      now="接続のページから、もう一度始めてください。何も保存していません。")
    return ConnectionAttempt.objects.select_related("account__division").get(state_digest=_digest(state))


def _connected(account: Account, link: Link, *, by: Person) -> Connection:
    opened = network(account.service, link)
    identity = opened.identity() if isinstance(opened, Identifies) else None
    with transaction.atomic():
        locked = locked_for(account, "connect", by=by)
        if identity is None or not is_registered(locked, identity):
            raise _other(locked, identity)
        return _keep(locked, link, identity, by)


def _other(account: Account, identity: Identity | None) -> Refused:
    shown = identity.handle if identity else "分からないアカウント"
    return Refused("K-identity", f"許可されたのは「{shown}」で、台帳の「{account.handle or account.url}」ではありません。"
                    "何も保存していません。", now="台帳のアカウントでサービスにログインし直してから、もう一度接続してください。")


def _keep(account: Account, link: Link, identity: Identity, by: Person) -> Connection:
    end_live(account)
    connection = Connection.objects.create(
        account=account, remote_id=identity.remote_account_id, handle=identity.handle, connected_by=by,
        connected_at=clock.now(), **kept(link, service=account.service))
    account.remote_id = identity.remote_account_id
    account.handle = account.handle or identity.handle
    account.save(update_fields=["remote_id", "handle"])
    dead = Hold.objects.open().filter(account=account, kind=Hold.Kind.TOKEN)
    for hold in dead:
        hold.until, hold.lifted_by, hold.lift_reason = clock.now(), by, "接続し直しました。"
        hold.save(update_fields=["until", "lifted_by", "lift_reason"])
    pass_on(account, "connect", by=by, part="接続", handle=identity.handle, remote_id=identity.remote_account_id)
    for hold in dead:
        record("hold.lift", hold, by=by, clause="K-hold", reason=hold.lift_reason)
    return connection


def end_live(account: Account) -> int:
    """End what is connected and destroy its secrets; says how many there were."""
    return account.connections.filter(ended_at__isnull=True).update(ended_at=clock.now(), sealed=b"")


def _bound(account: Account) -> str:
    return f"attempt:{account.pk}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


