"""届出と掲載 — 別紙2 by the head; received or returned; listed by 情報政策課長 (§6(3)ア, §6(3)イ)."""

from __future__ import annotations

from urllib.parse import quote

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from koshiki.guideline import guideline
from koshiki.organization.models import Person
from koshiki.organization.roles import heads
from koshiki.organization.sign_in import signed_in
from koshiki.register import actions
from koshiki.register.actions.notify import form as paper_form
from koshiki.register.actions.notify import known_fields
from koshiki.register.address import register_address
from koshiki.register.closing import CLOSING, closing_of
from koshiki.register.files import BadFile
from koshiki.register.flow import FLOW
from koshiki.register.forms.opening import CommentForm, NotificationForm
from koshiki.register.models import Account, Notification
from koshiki.register.paper import pdf, sheet_of
from koshiki.register.policy import newest_policy, public_policy, shown_items
from koshiki.register.views.pages import bad_file, done, form_page, inside, opened


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
    newest = account.notifications.order_by("-submitted_at").first()
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
    return render(request, "register/notification.html", {
        "account": found.account, "notification": found, "sheet": sheet_of(found), "offered": _offered(found, by)})


@require_safe
def notification_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The form with its attachments as one PDF."""
    _, found = _found(request, pk)
    return _file(found, pdf(sheet_of(found)), "application/pdf", "pdf")


@require_safe
def notification_docx(request: HttpRequest, pk: int) -> HttpResponse:
    """The same for Word."""
    from koshiki.register.word import docx  # noqa: PLC0415  (17 MB and 0.2 s of every process, for a page seldom asked)

    _, found = _found(request, pk)
    return _file(found, docx(sheet_of(found)), "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
                 "docx")


def _file(found: Notification, content: bytes, kind: str, ending: str) -> HttpResponse:
    """Saved under the form's own words: 別紙3_磐田市防災_第1回.pdf."""
    name = f"{guideline().forms[found.form].clause.removeprefix('§')}_{found.account.name}_第{found.version}回.{ending}"
    return HttpResponse(content, content_type=kind, headers={
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}", "Cache-Control": "private, no-store"})


def _offered(found: Notification, by: Person) -> set[str]:
    """What the person may do with this form: only with the newest of its kind."""
    if Notification.objects.filter(account=found.account, form=found.form, version__gt=found.version).exists():
        return set()
    if found.form == Notification.Form.OPENING:
        return {step.name for step in FLOW.open_to(found.account, by)} & {"receive", "return_notification"}
    closing = closing_of(found.account)
    return {step.name for step in CLOSING.open_to(closing, by)} & {"delist", "return"} if closing else set()


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
