"""受け口 — where a service tells what people wrote: signed by it, committed before it is answered; and IT's page about it.

The one address that takes a request without sign-in and without a form's token: whoever does not know its path, or
whose signature does not fit, leaves nothing behind.
"""

from __future__ import annotations

import logging
from urllib.parse import urljoin

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.db.models import Count, Max, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from koshiki.networks import service_label
from koshiki.networks.base import Forged, Receives
from koshiki.organization.sign_in import address_of
from koshiki.organization.views.pages import keeper
from koshiki.register.actions.inlets import make_inlet
from koshiki.register.incoming import MOST_BYTES, inlet_at, receives, take_in
from koshiki.register.link import NotConnected
from koshiki.register.models import Account, Inlet
from koshiki.register.throttle import Throttle

_PAGE = 50
strangers = Throttle()
log = logging.getLogger(__name__)


@csrf_exempt
@login_not_required
@require_POST
def incoming(request: HttpRequest, service: str, path: str) -> HttpResponse:
    """What a service tells. 200 when it is kept; whatever else is answered, nothing is."""
    asking = address_of(request) or ""
    if strangers.shuts_out(asking):
        return HttpResponse(status=429, headers={"Retry-After": "60"})
    status = _taken(request, service, path)
    if 400 <= status < 500:
        strangers.wrong(asking)
    return HttpResponse(status=status)


def _taken(request: HttpRequest, service: str, path: str) -> int:
    kind = receives(service)
    inlet = inlet_at(service, path) if kind else None
    if kind is None or inlet is None:
        return 404
    if request.content_type != "application/json":
        return 415
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
        return 413
    return _kept(request, kind, inlet)


def _kept(request: HttpRequest, kind: type[Receives], inlet: Inlet) -> int:
    try:
        take_in(inlet, request.body, request.headers.get(kind.signature_header, ""))
    except Forged:
        return 401
    except (ValueError, UnreadablePostError):
        return 400
    except NotConnected as trouble:
        log.error("Nothing can be taken in for account %s: %s", inlet.account_id, trouble.reason)
        return 503
    return 200


@never_cache
@require_safe
def service_incoming(request: HttpRequest, key: str) -> HttpResponse:
    """The addresses for IT to enter at the service, and how much came in; nothing of what."""
    keeper(request)
    if receives(key) is None:
        raise Http404
    page = Paginator(_connected(key), _PAGE).get_page(request.GET.get("page"))
    paths = dict(Inlet.objects.filter(account__in=list(page), ended_at=None).values_list("account", "path"))
    return render(request, "register/service_incoming.html", {
        "page": page, "label": service_label(key), "key": key,
        "rows": [(account, _address(key, paths.get(account.pk, ""))) for account in page]})


@require_POST
def inlet_make(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """A new address for one account; the old one ends."""
    by = keeper(request)
    if receives(key) is None:
        raise Http404
    account = get_object_or_404(Account, pk=pk, service=key)
    make_inlet(account, by=by)
    messages.success(request, f"{account}の受け口を作りました。サービスの画面に、新しいアドレスを入れてください。")
    return redirect("service_incoming", key)


def _connected(service: str) -> QuerySet[Account]:
    accounts = Account.objects.filter(service=service, connections__ended_at=None, connections__isnull=False)
    return accounts.annotate(count=Count("incoming"), last=Max("incoming__received_at")).order_by("name", "pk")


def _address(service: str, path: str) -> str:
    outside = settings.KOSHIKI_INCOMING_URL or settings.KOSHIKI_URL
    return urljoin(outside, reverse("incoming", args=[service, path]).lstrip("/")) if path else ""
