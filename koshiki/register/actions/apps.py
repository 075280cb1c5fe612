"""koshiki as the services know it: IT registers an app there once for all accounts, and records its keys here, sealed."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from koshiki import clock
from koshiki.audit.log import record
from koshiki.guideline import Refused
from koshiki.networks import SERVICES
from koshiki.networks.base import KeyField, Secret, SignsIn
from koshiki.networks.credentials import seal
from koshiki.organization.models import Person
from koshiki.organization.roles import is_it
from koshiki.register.link import APP
from koshiki.register.models import ServiceApp

IT = "システム管理の担当"


def app_fields(service: str) -> tuple[KeyField, ...]:
    """What is to be recorded of the app; empty for a service that needs none."""
    kind = SERVICES[service].adapter if service in SERVICES else None
    return kind.app_fields if kind is not None and issubclass(kind, SignsIn) else ()


def live_app(service: str) -> ServiceApp | None:
    """The app in use."""
    return ServiceApp.objects.filter(service=service, ended_at=None).select_related("registered_by").first()


@transaction.atomic
def register_app(service: str, given: Mapping[str, Secret], *, by: Person) -> ServiceApp:
    """Record the app's keys; those of an earlier app are destroyed. Raises Refused K-connection; KeyRingTrouble."""
    _require_it(by)
    fields = app_fields(service)
    if not fields or any(not given.get(field.key) for field in fields):
        raise Refused("K-connection", "このサービスのアプリとして記録するものが、足りません。", who=IT)
    _end(service)
    app = ServiceApp.objects.create(service=service, registered_by=by, registered_at=clock.now(),
                                    sealed=seal(given, account=APP, service=service))
    record("service_app.register", app, by=by, clause="K-connection", service=service)
    return app


@transaction.atomic
def end_app(service: str, *, by: Person) -> None:
    """The app is used no more: its keys are destroyed; what is connected stays connected as long as its own keys hold."""
    _require_it(by)
    if (app := live_app(service)) is None:
        raise Refused("K-connection", "このサービスには、アプリが記録されていません。", who=IT)
    _end(service)
    record("service_app.end", app, by=by, clause="K-connection", service=service)


def _end(service: str) -> None:
    ServiceApp.objects.filter(service=service, ended_at=None).update(ended_at=clock.now(), sealed=b"")


def _require_it(by: Person) -> None:
    if not is_it(by.afresh()):
        raise Refused("K-connection", "アプリを記録できるのは、システム管理の担当です。", who=IT)
