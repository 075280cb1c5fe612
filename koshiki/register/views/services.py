"""設定: サービス — by what means each service is reached, what is connected, and the app that IT registered there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin

from django.conf import settings
from django.contrib import messages
from django.db.models import Count, Min, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from koshiki.networks import SERVICES, Service, service_label
from koshiki.networks.credentials import KeyRingTrouble
from koshiki.organization.models import Person
from koshiki.organization.roles import is_it
from koshiki.organization.sign_in import signed_in
from koshiki.register import budget
from koshiki.register.actions import apps
from koshiki.register.actions.budgets import set_allowances
from koshiki.register.forms.running import BudgetForm, KeyForm
from koshiki.register.incoming import receives
from koshiki.register.models import Allowance, Connection, ServiceApp


@dataclass(frozen=True)
class Row:
    """One service as the page shows it."""

    service: Service
    needs_app: bool
    receives: bool
    app: ServiceApp | None
    uses: list[budget.Use]
    connected: int = 0
    dead: int = 0
    expires_at: datetime | None = None  # the first of its connections to run out


@require_safe
def services(request: HttpRequest) -> HttpResponse:
    """Every service, by what means posts get there, and what is connected."""
    _it(request)
    return render(request, "register/services.html", {"rows": _rows()})


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def service_app(request: HttpRequest, key: str) -> HttpResponse:
    """Record what was registered at the service once for all accounts."""
    by, fields = _it(request), apps.app_fields(key)
    if not fields:
        raise Http404
    form = KeyForm(request.POST if request.method == "POST" else None, fields=fields)
    if form.is_valid():
        try:
            apps.register_app(key, form.given(), by=by)
            messages.success(request, f"{service_label(key)}のアプリを記録しました。アカウントのページから接続できます。")
            return redirect("services")
        except KeyRingTrouble:
            form.add_error(None, "鍵束のファイルを読めないため、保存できません。鍵束のファイルを確かめてください。")
    return render(request, "register/service_app.html", {
        "form": form, "label": service_label(key), "key": key, "app": apps.live_app(key),
        "callback": urljoin(settings.KOSHIKI_URL, reverse("connect_callback"))},
        status=422 if form.errors else 200)


@require_POST
def service_app_end(request: HttpRequest, key: str) -> HttpResponse:
    """The app is used no more."""
    by = _it(request)
    if not apps.app_fields(key):
        raise Http404
    apps.end_app(key, by=by)
    messages.success(request, f"{service_label(key)}のアプリの鍵を消しました。")
    return redirect("services")


@require_http_methods(["GET", "HEAD", "POST"])
def service_budget(request: HttpRequest, key: str) -> HttpResponse:
    """How much of the service's budgets koshiki may use."""
    by, budgets = _it(request), budget.budgets_of(key)
    if not budgets:
        raise Http404
    chosen = dict(Allowance.objects.filter(service=key, ended_at=None).values_list("budget", "amount"))
    form = BudgetForm(request.POST if request.method == "POST" else None, budgets=budgets, chosen=chosen)
    if form.is_valid():
        set_allowances(key, form.cleaned_data, by=by)
        messages.success(request, f"{service_label(key)}の回数の枠を決めました。次の呼出しから使います。")
        return redirect("services")
    return render(request, "register/service_budget.html", {"form": form, "label": service_label(key)},
                  status=422 if form.errors else 200)


def _it(request: HttpRequest) -> Person:
    by = signed_in(request)
    if not is_it(by):
        raise Http404
    return by


def _rows() -> list[Row]:
    live = {app.service: app for app in ServiceApp.objects.filter(ended_at=None).select_related("registered_by")}
    counted = Connection.objects.filter(ended_at=None).values("account__service").annotate(
        connected=Count("pk"), dead=Count("pk", filter=Q(dead_at__isnull=False)),
        expires_at=Min("expires_at", filter=Q(dead_at=None)))
    found = {service: numbers for service, *numbers in counted.values_list(
        "account__service", "connected", "dead", "expires_at")}
    uses = budget.uses()
    return [Row(service, bool(apps.app_fields(key)), receives(key) is not None, live.get(key), uses[key], *found.get(key, ()))
            for key, service in SERVICES.items()]
