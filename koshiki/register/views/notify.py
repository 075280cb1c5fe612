"""届出と掲載 — 別紙2 by the head; received or returned; listed by 情報政策課長 (§6(3)ア, §6(3)イ)."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from koshiki.organization.models import Person
from koshiki.organization.roles import heads
from koshiki.organization.sign_in import signed_in
from koshiki.register import actions
from koshiki.register.actions.notify import form as paper_form
from koshiki.register.actions.notify import known_fields
from koshiki.register.address import register_address
from koshiki.register.files import BadFile
from koshiki.register.flow import FLOW
from koshiki.register.forms.opening import CommentForm, NotificationForm
from koshiki.register.models import Account, Notification
from koshiki.register.policy import newest_policy, public_policy, shown_items
from koshiki.register.turn import head_title
from koshiki.register.views.pages import bad_file, done, form_page, inside, on_paper, opened


@require_http_methods(["GET", "POST"])
def account_notify(request: HttpRequest, pk: int) -> HttpResponse:
    """Fill in 別紙2: what the register knows stands there; the rest is typed."""
    by, account = opened(request, pk, "notify")
    last = account.notifications.filter(form="opening").order_by("-version").first()
    form = NotificationForm(request.POST or None, request.FILES or None, has_image=last is not None,
                            initial=_initial(account, last, by))
    if request.method == "POST" and form.is_valid() and _notified(form, account, by):
        return done(request, account, "届け出ました。")
    labels = {row.key: row.label for row in paper_form().field}
    known = [(labels[key], value) for key, value in known_fields(account).items()]
    return form_page(request, account, form, paper_form().title, template="register/notify.html", known=known,
                     returned=last if last and last.returned_at else None, policy=public_policy(account),
                     as_deputy=not heads(by, account.division_id))


def _initial(account: Account, last: Notification | None, by: Person) -> dict[str, str]:
    if last:
        return dict(last.content)
    policy = newest_policy(account)
    content = str(policy.content.get("content", "")) if policy else ""
    return {"content": content, "person_in_charge": account.created_by.name,
            "contact": f"{account.division} {account.division.telephone}"}


def _notified(form: NotificationForm, account: Account, by: Person) -> bool:
    try:
        actions.notify(account, form.typed(), form.cleaned_data["image"], by=by)
    except BadFile as bad:
        bad_file(form, "image", bad.message)
        return False
    return True


@require_safe
def account_notification(request: HttpRequest, pk: int) -> HttpResponse:
    """The newest notification of an account."""
    by, account = inside(request, pk)
    newest = account.notifications.order_by("-version").first()
    if newest is None:
        raise Http404
    return _paper(request, newest, by)


@require_safe
def notification(request: HttpRequest, pk: int) -> HttpResponse:
    """One notification, as the guideline's form, to be printed with its attachments."""
    by, found = _found(request, pk)
    return _paper(request, found, by)


def _found(request: HttpRequest, pk: int) -> tuple[Person, Notification]:
    by = signed_in(request)
    rows = Notification.objects.select_related("account__division", "policy", "image", "submitted_by", "received_by",
                                               "returned_by")
    found = get_object_or_404(rows, pk=pk)
    inside(request, found.account_id)
    return by, found


def _paper(request: HttpRequest, found: Notification, by: Person) -> HttpResponse:
    paper, rows = paper_form(), found.content
    newest = not Notification.objects.filter(account=found.account, form=found.form, version__gt=found.version).exists()
    offered = {step.name for step in FLOW.open_to(found.account, by)} if newest else set()
    return render(request, "register/notification.html", {
        "account": found.account, "notification": found, "paper": paper, "offered": offered,
        "rows": [(row.label, rows.get(row.key, "")) for row in paper.field],
        "footer": [(row.label, rows.get(row.key, "")) for row in paper.footer],
        "head_title": head_title(found.account.division), "dated": on_paper(found.submitted_at),
        "items": shown_items(found.policy) if found.policy else [],
    })


@require_POST
def notification_receive(request: HttpRequest, pk: int) -> HttpResponse:
    """情報政策課 receives it."""
    by, found = _found(request, pk)
    actions.receive(found, by=by)
    return done(request, found.account, "届出を受理しました。")


@require_http_methods(["GET", "POST"])
def notification_return(request: HttpRequest, pk: int) -> HttpResponse:
    """情報政策課 sends it back."""
    by, found = _found(request, pk)
    FLOW.check(found.account, "return_notification", by=by)
    form = CommentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.return_notification(found, form.cleaned_data["comment"], by=by)
        return done(request, found.account, "届出を差し戻しました。")
    return form_page(request, found.account, form, "届出の差戻し", button="差し戻す", clause="§6(3)ア",
                     back=reverse("notification", args=[pk]))


@require_http_methods(["GET", "POST"])
def account_list(request: HttpRequest, pk: int) -> HttpResponse:
    """What citizens will read, and the button that lists it."""
    by, account = opened(request, pk, "list")
    if request.method == "POST":
        actions.list_account(account, by=by)
        return done(request, account, "市ホームページに掲載しました。")
    received = account.notifications.filter(form="opening", received_at__isnull=False).select_related("image").latest("version")
    policy = public_policy(account)
    return render(request, "register/list.html", {
        "account": account, "notification": received, "address": register_address(account), "fields": received.content,
        "items": shown_items(policy) if policy else []})
