"""接続 — an account is connected as itself, by the service's own page or by a pasted token (K-identity)."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from koshiki.networks.base import Outcome
from koshiki.networks.credentials import DoesNotOpen, KeyRingTrouble
from koshiki.organization.sign_in import signed_in
from koshiki.register import actions
from koshiki.register.actions.connect import live_connection, signs_in, takes_key
from koshiki.register.forms.running import KeyForm, ServerForm
from koshiki.register.models import Account, Hold
from koshiki.register.views.pages import opened

_TROUBLE = (Outcome, KeyRingTrouble, DoesNotOpen)


@never_cache
@require_http_methods(["GET", "POST"])
def account_connect(request: HttpRequest, pk: int) -> HttpResponse:
    """The state of the connection; begin anew at the service. The next page leads there by a link."""
    by, account = opened(request, pk, "connect")
    form = _server_form(account, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            address = actions.begin_connection(account, form.cleaned_data.get("server", ""), session=_session(request),
                                               redirect_uri=_callback(), by=by)
            return render(request, "register/connect_go.html", {"account": account, "address": address})
        except _TROUBLE as trouble:
            form.add_error("server" if "server" in form.fields else None, _reason(trouble))
    return _page(request, account, form, _key_form(account))


@never_cache
@sensitive_post_parameters()
@require_POST
def account_token(request: HttpRequest, pk: int) -> HttpResponse:
    """Connect with what was made at the service and pasted."""
    by, account = opened(request, pk, "connect")
    form = _key_form(account, request.POST)
    if form.is_valid():
        try:
            actions.connect_with_key(account, form.given(), by=by)
            return _connected(request, account)
        except _TROUBLE as trouble:
            form.add_error(next(reversed(form.fields), None), _reason(trouble))
    return _page(request, account, _server_form(account), form)


@never_cache
@require_safe
def connect_callback(request: HttpRequest) -> HttpResponse:
    """Where the service sends the person back: state and code, once."""
    by, state, code = signed_in(request), request.GET.get("state", ""), request.GET.get("code", "")
    if not code:
        return render(request, "register/connect_failed.html", {"reason": "サービスの画面で、許可されませんでした。"}, status=422)
    try:
        connection = actions.finish_connection(state, code, session=_session(request), by=by)
    except _TROUBLE as trouble:
        return render(request, "register/connect_failed.html", {"reason": _reason(trouble)}, status=422)
    return _connected(request, connection.account)


@require_POST
def account_disconnect(request: HttpRequest, pk: int) -> HttpResponse:
    """End the connection."""
    by, account = opened(request, pk, "connect")
    actions.end_connection(account, by=by)
    messages.success(request, "接続を終了し、保存していた鍵を消しました。")
    return redirect("account", pk)


def _connected(request: HttpRequest, account: Account) -> HttpResponse:
    messages.success(request, f"接続しました（{account.handle or account.name}）。台帳のアカウント本人であることを確かめました。")
    return redirect("account", account.pk)


def _page(request: HttpRequest, account: Account, form: ServerForm, key_form: KeyForm) -> HttpResponse:
    context = {"account": account, "form": form, "key_form": key_form, "connection": live_connection(account),
               "signs_in": signs_in(account), "takes_key": takes_key(account),
               "dead": Hold.objects.open().filter(account=account, kind=Hold.Kind.TOKEN).first()}
    return render(request, "register/connect.html", context, status=422 if form.errors or key_form.errors else 200)


def _server_form(account: Account, data: QueryDict | None = None) -> ServerForm:
    """Which server, where the service has many."""
    form, kind = ServerForm(data, initial={"server": _server(account)}), signs_in(account)
    if kind is None or not kind.asks_server:
        del form.fields["server"]
    return form


def _key_form(account: Account, data: QueryDict | None = None) -> KeyForm:
    kind = takes_key(account)
    return KeyForm(data, fields=kind.key_fields if kind else (), initial={"server": _server(account)})


def _server(account: Account) -> str:
    """The registered account's own server, as it is to be typed."""
    parts = urlsplit(account.url)
    return parts.netloc if parts.scheme != "http" else f"http://{parts.netloc}"


def _reason(trouble: Exception) -> str:
    if isinstance(trouble, Outcome):
        return trouble.reason
    return "鍵束のファイルを読めないため、接続を保存できません。システム管理の職員に知らせてください。"


def _session(request: HttpRequest) -> str:
    return request.session.session_key or ""


def _callback() -> str:
    return urljoin(settings.KOSHIKI_URL, reverse("connect_callback"))


