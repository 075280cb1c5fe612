"""The two pages for machines: `/healthz` for everybody, `/metrics` for whom the settings name."""

from __future__ import annotations

import ipaddress
import logging
import secrets
from typing import Any

import psycopg
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from koshiki.desk.health import facts, metrics
from koshiki.organization.sign_in import address_of

log = logging.getLogger(__name__)


@login_not_required
@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """200 while all is well, else 503, with what is not. `?of=web`: only whether this web server can do its work."""
    try:
        now = facts.health()
    except psycopg.Error as error:
        log.warning("The database does not answer: %s", type(error).__name__)
        return JsonResponse({"ok": False, "database": {"ok": False}}, status=503)
    if request.GET.get("of") == "web":
        return JsonResponse({"ok": True, "database": {"ok": True}})
    return JsonResponse(_told(now), status=200 if now.ok else 503)


def _told(now: facts.Health) -> dict[str, Any]:
    return {
        "ok": now.ok,
        "database": {"ok": True},
        "worker": {"ok": now.worker_ok, "alive": now.workers, "heartbeat_seconds": _rounded(now.heartbeat)},
        "delivery": {"ok": now.delivery_ok, "oldest_overdue_seconds": _rounded(now.overdue or 0)},
        "public_copy": {"ok": now.copy_ok, "written_seconds": _rounded(now.copy_written),
                        "behind_seconds": _rounded(now.copy_behind or 0)},
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)


@login_not_required
@require_safe
@never_cache
def metrics_page(request: HttpRequest) -> HttpResponse:
    """The figures; for anybody else there is no such page."""
    if not (_shows_token(request) or _from_inside(request)):
        raise Http404
    try:
        found = facts.figures()
    except psycopg.Error as error:
        log.warning("The database does not answer: %s", type(error).__name__)
        found = None
    return HttpResponse(metrics.text(found), content_type=metrics.CONTENT_TYPE)


def _shows_token(request: HttpRequest) -> bool:
    token = str(settings.KOSHIKI_METRICS_TOKEN)
    shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return bool(token) and secrets.compare_digest(shown.encode(), token.encode())


def _from_inside(request: HttpRequest) -> bool:
    """Asked from a network that may. Through a web server in front that nobody vouched for, nobody knows from where."""
    if "X-Forwarded-For" in request.headers and not settings.KOSHIKI_TRUSTED_PROXY:
        return False
    try:
        address = ipaddress.ip_address(address_of(request) or "")
    except ValueError:
        return False
    return any(address in ipaddress.ip_network(network) for network in settings.KOSHIKI_METRICS_NETWORKS)
