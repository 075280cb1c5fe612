"""アカウント — the list, and one account's page: where it stands, who is next, what is known, what happened."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.core.paginator import Paginator
from django.db.models import (
    Count,
    Exists,
    F,
    FilteredRelation,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    prefetch_related_objects,
)
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from koshiki.guideline import Way, guideline
from koshiki.look import passed
from koshiki.organization.models import Person, Posting
from koshiki.organization.roles import IP, in_service, is_auditor
from koshiki.organization.sign_in import signed_in
from koshiki.register.actions.connect import connects
from koshiki.register.actions.holds import may_lift, may_stop
from koshiki.register.actions.terms import may_take_back
from koshiki.register.address import account_address, register_address, the_citys_own
from koshiki.register.closing import CLOSING, PEOPLE, closing_of, may_begin, standing, under_way
from koshiki.register.comparing import words_for_profile
from koshiki.register.flow import FLOW, State, decides_as, may_enter_paper, open_application
from koshiki.register.forms.running import AccountFilter
from koshiki.register.keeping import open_changes, terms_due, with_terms
from koshiki.register.models import (
    Account,
    Application,
    Assignment,
    Closing,
    Decision,
    Hold,
    Notification,
    Policy,
    PolicyChange,
    PolicyReading,
    ProfileCheck,
    Review,
    Verification,
)
from koshiki.register.rail import NEWEST, TONES, history, rail_name, rail_of, where_it_stands
from koshiki.register.turn import turn_of
from koshiki.register.views.pages import sees_inside

_PAGE = 50
_CHANGES = 5  # of a service, on an account's page
_OPENING = (State.PREPARING, State.DECIDING, State.RETURNED, State.APPROVED, State.ACQUIRED, State.NOTIFIED,
            State.NOTIFICATION_RETURNED, State.RECEIVED)
_TO_BE_RECORDED = "（CMSへの掲載の後に決まります）"
_BESIDE = {"account_paper": "outline", "account_withdraw": "text danger", "closing_withdraw": "text",
           "account_closing": "text danger"}  # never what the page asks for
_TO_CLOSE = {  # what the person may do of §7: the word, the page, and whether it is what the page asks for
    "delist": ("届出を読んで掲載を削除する", "account_delist"), "confirm": ("削除されたことを確認する", "closing_page"),
    "close": ("廃止したことを記録する", "account_close"), "withdraw": ("廃止の届出を取り下げる", "closing_withdraw"),
}
_ENDING = {"submit", "notify", "list", "make_official"}  # steps to official, that nobody takes while it is closed
_GROUPS = {"opening": _OPENING, "listed": (State.LISTED,), "official": (State.OFFICIAL,), "ended": Account.ENDED}


@require_safe
def accounts(request: HttpRequest) -> HttpResponse:
    """The accounts this person may see, to filter by state, service, division and name."""
    by = signed_in(request)
    form = AccountFilter(request.GET or None)
    page = Paginator(_filtered(form, by), _PAGE).get_page(request.GET.get("page"))
    rows = [(account, TONES[State(account.state)]) for account in page]
    context = {"rows": rows, "form": form, "page": page, "may_apply": bool(by.standing.divisions), "may_stop_all": may_stop(by),
               "keeps_register": in_service(by, IP) or is_auditor(by)}
    return render(request, "register/accounts.html", context)


def _filtered(form: AccountFilter, by: Person) -> QuerySet[Account]:
    chosen = form.cleaned_data if form.is_valid() else {}
    stops = Hold.objects.open().filter(
        Q(account=OuterRef("pk")) | Q(account__isnull=True, service=OuterRef("service"))
        | Q(account__isnull=True, service=""))
    found = Account.objects.visible_to(by).select_related("division").annotate(held=Exists(stops))
    if chosen.get("state") == "held":
        found = found.filter(held=True)
    elif chosen.get("state") == "closing":
        found = found.filter(closings__state__in=Closing.UNDER_WAY)
    elif states := _GROUPS.get(chosen.get("state", "")):
        found = found.filter(state__in=states)
    if chosen.get("service"):
        found = found.filter(service=chosen["service"])
    if chosen.get("division"):
        found = found.filter(division=chosen["division"])
    if chosen.get("q"):
        found = found.filter(Q(name__icontains=chosen["q"]) | Q(handle__icontains=chosen["q"]))
    return found.order_by(F("due_at").asc(nulls_last=True), "division__code", "service", "pk")


@require_safe
def account(request: HttpRequest, pk: int) -> HttpResponse:
    """One account."""
    by = signed_in(request)
    shown = get_object_or_404(_with_last_known(Account.objects.visible_to(by)), pk=pk)
    shown.__dict__.setdefault("standing", None)
    _read(shown)
    within, turn, policy = sees_inside(by, shown), turn_of(shown), next(iter(shown.policies.all()), None)
    offered = {step.name for step in FLOW.open_to(shown, by)} - (_ENDING if under_way(shown) else set())
    holds = list(Hold.objects.ever_on(shown).select_related("account__division", "by"))
    open_holds = [hold for hold in holds if hold.until is None]
    context = {
        "account": shown, "inside": within, "gone": shown.state in Account.GONE, "posting": (*Account.PUBLIC, *Account.GONE),
        "where": where_it_stands(shown, turn), "rail": rail_of(shown, turn), "rail_name": rail_name(shown),
        "doings": sorted([*_closing_doings(shown, by), *_doings(shown, by, offered, policy)], key=_is_quiet),
        "facts": _facts(shown), "policy": policy,
        **_shortened("people", [held for held in shown.assignments.all() if held.holds], 20),
        **_shortened("holds", [(hold, may_lift(hold, by)) for hold in open_holds], 3),
        "may_stop": may_stop(by, shown) and shown.state in Account.ACQUIRED_ON, "may_name": "name_people" in offered,
        **_state_of_profile(shown, offered, policy), **_state_of_connection(shown, offered),
        **_state_of_terms(shown, by, offered),
    }
    findings = list(shown.profile_findings.all()[:NEWEST]) if shown.listed_at else []
    context["findings"] = [finding for finding in findings[::-1] if finding.ended_at is None and shown.state in Account.PUBLIC]
    if within:
        changes = [PolicyChange(pk=pk) for pk in shown.changes]
        others = [*findings, *changes, *(hold for hold in holds if hold.account_id)]
        context |= {"newest": NEWEST, "history": history(shown, others),
                    "rounds": len(shown.applications.all()),
                    "readings": ({"read": shown.policy_read or 0, "of": shown.policy_for or 0}
                                 if policy and policy.shared_at else {}),
                    **_shortened("forms", list(shown.notifications.all())[::-1], 10)}
    return render(request, "register/account.html", context)


def _pages_of_a_cms() -> list[str]:
    """What else is read of an account where the city lists by its CMS."""
    return ["register_pages"] if guideline().way is Way.FRAGMENT else []


def _facts(account: Account) -> list[tuple[str, Any] | tuple[str, Any, str]]:
    facts: list[tuple[str, Any] | tuple[str, Any, str]] = [
        ("サービス", account.get_service_display()),
        ("アカウント名", account.name if account.acquired_on else f"{account.name}（予定）"),
        ("担当所属", f"{account.division}（電話 {account.division.telephone}）"),
    ]
    if account.state in (*Account.ACQUIRED_ON, *Account.GONE):
        facts += [("ユーザー名", account.handle or "なし"), ("アカウントのURL", account_address(account))]
    if account.state in Account.ACQUIRED_ON:
        facts.append(("掲載ページのURL", register_address(account) or _TO_BE_RECORDED, "§6(3)ウ"))
    if account.introduction:
        facts.append(("紹介文", account.introduction, "§6(3)イ"))
    return facts


def _state_of_profile(account: Account, offered: set[str], policy: Policy | None) -> dict[str, Any]:
    return {"check": _last(account, "newest_check"), "exception": _last(account, "open_exception"),
            "verification": _last(account, "newest_verification"), "own": the_citys_own(account),
            "may_check": "check_profile" in offered, "may_verify": "verify" in offered,
            "address": register_address(account), "to_say": words_for_profile(policy), "may_see_page": "look_at_page" in offered}


def _state_of_terms(account: Any, by: Person, offered: set[str]) -> dict[str, Any]:
    """When the service's terms were read last, until when they are read again, and what changed since (§4(3))."""
    public = account.state in Account.PUBLIC
    changes = list(open_changes(account).select_related("by")[:_CHANGES]) if public and account.changed_due else []
    due = terms_due(account) if account.reviewed_on else None
    return {"review": _last(account, "newest_review"), "terms_due": due, "late_terms": passed(due), "changes": changes,
            "own_changes": {change.pk for change in changes if may_take_back(change, by)},
            "may_review": "review_terms" in offered, "may_mark": "mark_changed" in offered}


def _state_of_connection(account: Account, offered: set[str]) -> dict[str, Any]:
    connecting = connects(account) and account.state in Account.ACQUIRED_ON
    return {"connects": connecting, "connection": _last(account, "live_connection"),
            "may_connect": "connect" in offered}


def _shortened(name: str, rows: list[Any], most: int) -> dict[str, Any]:
    """The first rows for the page, and how many more there are."""
    return {name: rows[:most], f"more_{name}": max(0, len(rows) - most)}


def _with_last_known(accounts: QuerySet[Any]) -> QuerySet[Any]:
    """Each account with the last of what is known of it beside, where there is any: one query for all of it."""
    checks, findings = (model.objects.filter(account=OuterRef("pk")).order_by("-at", "-pk").values("pk")[:1]
                        for model in (ProfileCheck, Verification))
    reviews = Review.objects.filter(account=OuterRef("pk"), reviewed_on__isnull=False).order_by("-saved_at", "-pk")
    found: QuerySet[Any] = with_terms(accounts).alias(
        check=Subquery(checks), finding=Subquery(findings), last_review=Subquery(reviews.values("pk")[:1])).annotate(
        **_readers(), changes=ArraySubquery(PolicyChange.objects.filter(account=OuterRef("pk")).order_by("pk").values("pk")),
        newest_review=FilteredRelation("reviews", condition=Q(reviews__pk=F("last_review"))),
        newest_check=FilteredRelation("profile_checks", condition=Q(profile_checks__pk=F("check"))),
        newest_verification=FilteredRelation("verifications", condition=Q(verifications__pk=F("finding"))),
        open_exception=FilteredRelation("profile_exceptions", condition=Q(profile_exceptions__ended_at__isnull=True)),
        live_connection=FilteredRelation("connections", condition=Q(connections__ended_at__isnull=True)), standing=standing(),
    ).select_related("division", "created_by", "newest_check__by", "newest_review__by", "newest_verification",
                     "open_exception__by", "live_connection__connected_by", *(f"standing__{name}" for name in PEOPLE))
    return found


def _last(account: Account, name: str) -> Any:
    """What `_with_last_known` found, or None."""
    return getattr(account, name, None)


def _read(account: Account) -> None:
    """What the page shows of the account's past, a query for each kind."""
    prefetch_related_objects(
        [account], *_pages_of_a_cms(),
        Prefetch("applications", Application.objects.select_related("submitted_by").prefetch_related(
            Prefetch("decisions", Decision.objects.select_related("by")))),
        "policies",
        Prefetch("notifications", Notification.objects.select_related("submitted_by", "closing")),
        Prefetch("assignments", Assignment.objects.select_related("person")))


def _readers() -> dict[str, Subquery]:
    """How many have read the account's newest policy, and how many are in its division: columns of the account."""
    newest = Policy.objects.filter(account=OuterRef(OuterRef("pk"))).order_by("-version").values("pk")[:1]
    read = PolicyReading.objects.filter(policy=Subquery(newest)).order_by().values("policy")
    members = Posting.objects.current().filter(division=OuterRef("division")).order_by().values("division")
    return {"policy_read": Subquery(read.annotate(n=Count("pk")).values("n")),
            "policy_for": Subquery(members.annotate(n=Count("person", distinct=True)).values("n"))}


def _closing_doings(account: Account, by: Person) -> list[tuple[str, str, str]]:
    """What this person may do of the closing (§7), drawn from its own table; the form, while it may be handed in."""
    closing = closing_of(account)
    offered = {step.name for step in CLOSING.open_to(closing, by)} if closing else set()
    found = [page for name, page in _TO_CLOSE.items() if name in offered]
    blank = closing is None and account.state in Account.ACQUIRED_ON and may_begin(account, by)
    if blank or offered & {"draft", "notify"}:
        found.append(("廃止届出書（別紙3）を作る" if blank else "廃止届出書（別紙3）の続き", "account_closing"))
    return [(word, reverse(name, args=[account.pk]), _BESIDE.get(name, "solid")) for word, name in found]


def _is_quiet(doing: tuple[str, str, str]) -> bool:
    return doing[2].startswith("text")


def _doings(account: Account, by: Person, offered: set[str], policy: Policy | None) -> list[tuple[str, str, str]]:
    """What this person may do now, as (word, address, button), the most pressing first: drawn from the flow itself."""
    pages = {
        "submit": ("申請を続ける", "account_apply"), "acquire": ("取得を記録する", "account_acquire"),
        "notify": ("届出書（別紙2）を作る", "account_notify"), "receive": ("届出を読む", "account_notification"),
        "list": ("掲載する", "account_list"), "make_official": ("確認して公式とする", "account_profile"),
        "check_profile": ("プロフィール欄を確認する", "account_profile"), "withdraw": ("取り下げる", "account_withdraw"),
    }
    found = [pages[name] for name in pages if name in offered]
    application = open_application(account)
    if application and decides_as(application, by):
        found.insert(0, ("申請を読んで決裁・合議する", "account_decide"))
    elif application and may_enter_paper(account, by):
        found.append(("紙の決裁を入力する", "account_paper"))
    if "complete_policy" in offered and policy and policy.completed_at is None:
        found.insert(0, ("運用ポリシーを完成する", "account_policy"))
    if "look_at_page" in offered and not register_address(account):  # 仮掲載: nothing goes on before its address is known
        found = [page for page in found if page[1] != "account_profile"]
        if "record_page" in offered:
            found.insert(0, ("CMSに掲載してアドレスを記録する", "register_page"))
    if account.state == State.OFFICIAL or "make_official" in offered:
        found = [page for page in found if page != pages["check_profile"]]
    found.sort(key=lambda page: [*_BESIDE].index(page[1]) if page[1] in _BESIDE else -1)
    return [(word, reverse(name, args=[account.pk]), _BESIDE.get(name, "outline" if place else "solid"))
            for place, (word, name) in enumerate(found)]


