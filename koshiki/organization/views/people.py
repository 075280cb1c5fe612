"""職員 — the pages on which IT keeps people, their postings and roles."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Prefetch, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from koshiki.organization import actions
from koshiki.organization.flow import keeps_absences_of, sees_people
from koshiki.organization.forms import (
    EndForm,
    NewPersonForm,
    PeopleFilter,
    PersonForm,
    PostingForm,
    ReasonForm,
    RoleForm,
)
from koshiki.organization.models import Person, Posting, RoleGrant
from koshiki.organization.roles import confirmed_until, is_it
from koshiki.organization.sign_in import signed_in, waiting_for_password
from koshiki.organization.views.pages import form_page, keeper

_PAGE = 50
_NEWEST = 30  # postings, roles and accounts on one person's page


@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """Everybody, to search and filter; for IT, auditors and the two divisions of duty."""
    by = signed_in(request)
    if not sees_people(by):
        raise Http404
    form = PeopleFilter(request.GET or None)
    postings = Prefetch("postings", Posting.objects.current().select_related("division"), to_attr="present")
    roles = Prefetch("role_grants", RoleGrant.objects.current(), to_attr="held")
    found = _filtered(form).prefetch_related(postings, roles)
    page = Paginator(found, _PAGE).get_page(request.GET.get("page"))
    waiting = waiting_for_password().count() if is_it(by) else 0
    return render(request, "organization/people.html",
                  {"form": form, "page": page, "keeps": is_it(by), "waiting": waiting})


def _filtered(form: PeopleFilter) -> QuerySet[Person]:
    chosen = form.cleaned_data if form.is_valid() else {}
    found = Person.objects.all()
    if words := chosen.get("q"):
        found = found.filter(Q(name__icontains=words) | Q(kana__icontains=words) | Q(staff_number__istartswith=words))
    if division := chosen.get("division"):
        found = found.filter(pk__in=Posting.objects.current().filter(division=division).values("person"))
    if chosen.get("active") != "all":
        found = found.filter(is_active=chosen.get("active") != "no")
    return found.order_by("staff_number")


@require_safe
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """One person: postings, roles, confirmation; one's own page, and for who sees all people."""
    by, shown = signed_in(request), get_object_or_404(Person, pk=pk)
    if not (by == shown or sees_people(by)):
        raise Http404
    keeps = is_it(by)
    context = {
        "shown": shown, "keeps": keeps and by != shown, "corrects": keeps, "self": by == shown,
        "postings": shown.postings.select_related("division").order_by("-start")[:_NEWEST],
        "grants": shown.role_grants.select_related("granted_by").order_by("-start")[:_NEWEST],
        "absences": shown.absences.order_by("-start")[:5], "until": confirmed_until(shown),
        "assignments": shown.assignments.current().select_related("account")[:_NEWEST],
        "reports_absence": keeps_absences_of(by, shown),
    }
    return render(request, "organization/person.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
def person_new(request: HttpRequest) -> HttpResponse:
    """Enter a person; the one-time password is shown once."""
    by = keeper(request)
    form = NewPersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        fields = dict(form.cleaned_data)
        made, password = actions.add_person(fields.pop("number"), fields.pop("name"), by=by, **fields)
        return _password_page(request, made, password, "職員を登録しました")
    return form_page(request, form, "職員の登録", chapter=_chapter(),
                     back=reverse("people"), button="登録する",
                     lead="登録すると、最初の一度だけ使うパスワードが表示されます。")


@require_http_methods(["GET", "POST"])
def person_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct a person's name and how to reach them."""
    by, shown = keeper(request), get_object_or_404(Person, pk=pk)
    given = {name: getattr(shown, name) for name in PersonForm.base_fields}
    form = PersonForm(request.POST or None, initial=given)
    if request.method == "POST" and form.is_valid():
        actions.change_person(shown, by=by, **form.cleaned_data)
        return _done(request, shown, "職員の登録を直しました。")
    return form_page(request, form, f"{shown}さんの登録を直す", chapter=_chapter(),
                     back=_url(shown), button="保存する")


@require_http_methods(["GET", "POST"])
def person_post(request: HttpRequest, pk: int) -> HttpResponse:
    """Post a person to a division."""
    by, shown = keeper(request), get_object_or_404(Person, pk=pk)
    form = PostingForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.post(shown, by=by, **form.cleaned_data)
        return _done(request, shown, "配属を登録しました。")
    return form_page(request, form, f"{shown}さんの配属", chapter=_chapter(),
                     back=_url(shown), button="登録する",
                     lead="兼務のときは、配属をもう一つ登録します。異動のときは、前の配属も終わりにしてください。")


@require_http_methods(["GET", "POST"])
def posting_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a posting on a day."""
    by, posting = keeper(request), get_object_or_404(Posting.objects.select_related("person", "division"), pk=pk)
    form = EndForm(request.POST or None, start=posting.start)
    if request.method == "POST" and form.is_valid():
        actions.end_posting(posting, by=by, **form.cleaned_data)
        return _done(request, posting.person, "配属を終わりにしました。")
    return form_page(request, form, f"{posting.person}さんの{posting.division}の配属を終わりにする", chapter=_chapter(),
                     back=_url(posting.person), button="終わりにする")


@require_http_methods(["GET", "POST"])
def person_role(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the role of auditor or IT."""
    by, shown = keeper(request), get_object_or_404(Person, pk=pk)
    form = RoleForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.grant_role(shown, by=by, **form.cleaned_data)
        return _done(request, shown, "役割を与えました。")
    return form_page(request, form, f"{shown}さんに役割を与える", chapter=_chapter(),
                     back=_url(shown), button="与える",
                     lead="監査は、すべてを見られますが、何も変えられません。システム管理は、職員と所属を登録しますが、決裁も承認もできません。")


@require_http_methods(["GET", "POST"])
def role_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a role on a day."""
    by, grant = keeper(request), get_object_or_404(RoleGrant.objects.select_related("person"), pk=pk)
    form = EndForm(request.POST or None, start=grant.start)
    if request.method == "POST" and form.is_valid():
        actions.end_role(grant, by=by, **form.cleaned_data)
        return _done(request, grant.person, "役割を終わりにしました。")
    return form_page(request, form, f"{grant.person}さんの役割「{grant.get_role_display()}」を終わりにする", chapter=_chapter(),
                     back=_url(grant.person), button="終わりにする")


@require_http_methods(["GET", "POST"])
def person_deactivate(request: HttpRequest, pk: int) -> HttpResponse:
    """Shut a person out at once."""
    by, shown = keeper(request), get_object_or_404(Person, pk=pk)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.deactivate(shown, by=by, **form.cleaned_data)
        return _done(request, shown, f"{shown}さんのログインを停止しました。")
    return form_page(request, form, f"{shown}さんのログインを停止する", chapter=_chapter(),
                     back=_url(shown), button="停止する",
                     lead="開いている画面からも、すぐに締め出されます。記録はすべて残ります。",
                     grave=True)


@never_cache
@require_http_methods(["GET", "POST"])
def person_reactivate(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a deactivated person in again; the one-time password is shown once."""
    by, shown = keeper(request), get_object_or_404(Person, pk=pk)
    if request.method == "POST":
        back, password = actions.reactivate(shown, by=by)
        return _password_page(request, back, password, "ログインを有効に戻しました")
    return form_page(request, forms.Form(), f"{shown}さんのログインを有効に戻す", chapter=_chapter(),
                     back=_url(shown), button="有効に戻す",
                     lead="新しい、一度だけ使うパスワードが表示されます。")


@never_cache
@require_http_methods(["GET", "POST"])
def person_reset_password(request: HttpRequest, pk: int) -> HttpResponse:
    """A new one-time password, shown once."""
    by, shown = keeper(request), get_object_or_404(Person, pk=pk)
    if request.method == "POST":
        password = actions.reset_password(shown, by=by)
        return _password_page(request, shown, password, "パスワードを再発行しました")
    return form_page(request, forms.Form(), f"{shown}さんのパスワードを再発行する", chapter=_chapter(),
                     back=_url(shown), button="再発行する",
                     lead="本人であることを確かめてから行ってください。いまのパスワードは使えなくなり、開いている画面からも締め出されます。")



def _url(shown: Person) -> str:
    return reverse("person", args=[shown.pk])


def _done(request: HttpRequest, shown: Person, words: str) -> HttpResponse:
    messages.success(request, words)
    return redirect("person", pk=shown.pk)



def _password_page(request: HttpRequest, shown: Person, password: str, title: str) -> HttpResponse:
    return render(request, "organization/one_time_password.html",
                  {"shown": shown, "password": password, "title": title})


def _chapter() -> tuple[str, str]:
    return "職員", reverse("people")
