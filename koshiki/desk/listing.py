"""掲載の管理 — 情報政策課's pages: what is to be received and listed, and each account's page on the city's site."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import OuterRef, Prefetch, QuerySet, Subquery, prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from koshiki.desk.bars import copy_for
from koshiki.guideline import Way, guideline
from koshiki.organization.models import Person
from koshiki.organization.roles import IP, in_service, is_auditor
from koshiki.organization.sign_in import signed_in
from koshiki.public.fragment import fragment, image_name
from koshiki.register import actions
from koshiki.register.actions.page import newest_page_check, with_earlier_policy
from koshiki.register.address import cms_page, register_address
from koshiki.register.files import BadFile
from koshiki.register.flow import FLOW, State
from koshiki.register.forms.page import PageForm, SeenForm
from koshiki.register.models import Account, RegisterPage, RegisterPageCheck
from koshiki.register.rail import TONES
from koshiki.register.views.pages import bad_file, form_page, inside, opened

WAYS = {
    Way.STATIC: "市公式ホームページの中に置いた写しで掲載します。",
    Way.FRAGMENT: "市公式ホームページのCMSに職員が取り込んで掲載し、そのページのアドレスを記録します。",
    Way.PAGES: "koshikiの公開ページで掲載します。",
}
GROUPS = (State.NOTIFIED, State.RECEIVED, State.LISTED, State.NOTIFICATION_RETURNED, State.OFFICIAL)

IN_LIST = {State.LISTED: "listed", State.OFFICIAL: "official"}  # how the list of accounts calls them; else "opening"
OF_A_GROUP = 30


def _group(state: State, accounts: list[Account]) -> dict[str, Any]:
    """The accounts in one state: the first of them, and where the rest is found."""
    return {"label": state.label, "tone": TONES[state], "accounts": accounts[:OF_A_GROUP], "number": len(accounts),
            "more": max(0, len(accounts) - OF_A_GROUP), "state": IN_LIST.get(state, "opening")}


@require_safe
def register_management(request: HttpRequest) -> HttpResponse:
    """Notifications, listings, checks that are open, and what is listed; how the city lists, and how the copy stands."""
    by = signed_in(request)
    if not (in_service(by, IP) or is_auditor(by)):
        raise Http404
    found = _managed()
    groups = [_group(state, [account for account in found if account.state == state]) for state in GROUPS]
    return render(request, "register/management.html", {
        "groups": groups, "way": WAYS[guideline().way], "by_page": guideline().way is not Way.PAGES,
        "missing": "仮掲載" if guideline().way is Way.FRAGMENT else "確認前", "copy": copy_for(by)})


def _managed() -> QuerySet[Account]:
    looks = RegisterPageCheck.objects.filter(account=OuterRef("pk")).order_by("-at", "-pk").values("result")[:1]
    pages = Prefetch("register_pages", RegisterPage.objects.filter(ended_at=None))
    found = Account.objects.filter(state__in=GROUPS).select_related("division").prefetch_related(pages)
    return found.annotate(looked=Subquery(looks)).order_by("due_at", "pk")


@require_http_methods(["GET", "POST"])
def register_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The entry to be taken over, where it stands, what was found there; its address is recorded here (§6(3)イ)."""
    by, account = inside(request, pk)
    FLOW.check(account, "look_at_page", by=by)
    form = PageForm(request.POST if request.method == "POST" else None, initial={"url": register_address(account)})
    if request.method == "POST":
        FLOW.check(account, "record_page", by=by)
        if form.is_valid():
            return _recorded(request, account, form.cleaned_data["url"], by)
    return render(request, "register/page.html", _page(account, form, by), status=422 if form.errors else 200)


def _recorded(request: HttpRequest, account: Account, url: str, by: Person) -> HttpResponse:
    actions.record_page(account, url, by=by)
    messages.success(request, "掲載ページのアドレスを記録しました。")
    _say(request, actions.look_at_page(Account.objects.select_related("division").get(pk=account.pk), by=by))
    return redirect("register_page", account.pk)


def _say(request: HttpRequest, check: RegisterPageCheck) -> None:
    tell = messages.success if check.result == RegisterPageCheck.Result.SHOWN else messages.warning
    tell(request, f"掲載ページを確かめました。結果は「{check.get_result_display()}」です。{check.found}")


def _page(account: Account, form: PageForm, by: Person) -> dict[str, Any]:
    prefetch_related_objects([account], "applications")
    return {
        "account": account, "form": form, "way": WAYS[guideline().way], "cms": guideline().way is Way.FRAGMENT,
        "looks": guideline().way is not Way.PAGES, "page": cms_page(account), "address": register_address(account),
        "check": newest_page_check(account), "fragment": fragment(account), "image_name": image_name(account),
        "offered": {step.name for step in FLOW.open_to(account, by)},
        "outdated": with_earlier_policy(Account.objects.filter(pk=account.pk)).filter(outdated=True).exists(),
        "checks": account.register_page_checks.select_related("by", "evidence")[:10],
    }


@require_POST
def register_page_look(request: HttpRequest, pk: int) -> HttpResponse:
    """Let koshiki fetch the page now."""
    by, account = inside(request, pk)
    _say(request, actions.look_at_page(account, by=by))
    return redirect("register_page", pk)


@require_http_methods(["GET", "POST"])
def register_page_seen(request: HttpRequest, pk: int) -> HttpResponse:
    """A person has seen the page that koshiki can't reach."""
    by, account = opened(request, pk, "confirm_page")
    form = SeenForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
    if form.is_valid():
        try:
            actions.confirm_page(account, form.cleaned_data["evidence"], by=by)
        except BadFile as bad:
            bad_file(form, "evidence", bad.message)
        else:
            messages.success(request, "掲載ページを目で見て確かめたことを記録しました。")
            return redirect("register_page", pk)
    return form_page(request, account, form, "目で見て確かめる", button="確認を記録する", clause="§6(3)イ",
                     lead="koshiki から市のページを読み取れないときだけ、職員が見て、画面の写しを添えます。"
                          "アカウント名、アカウントのURL、所属が載っていることを確かめてください。",
                     back=reverse("register_page", args=[pk]))
