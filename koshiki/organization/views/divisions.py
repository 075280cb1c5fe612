"""所属 — divisions with their people, deputies and absences."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from koshiki import clock
from koshiki.organization import actions
from koshiki.organization.flow import keeps_absences_of, sees_people, sees_staff_of
from koshiki.organization.forms import AbsenceForm, DeputyForm, DivisionForm, EndForm
from koshiki.organization.models import Absence, Deputy, Division, Person
from koshiki.organization.roles import heads, is_it
from koshiki.organization.sign_in import signed_in
from koshiki.organization.staff import members
from koshiki.organization.views.pages import form_page, keeper

_PAGE = 50


@require_safe
def divisions(request: HttpRequest) -> HttpResponse:
    """Every division with its telephone; a link to those whose people one may see."""
    by, today = signed_in(request), clock.today()
    posted = Q(postings__start__lte=today, postings__person__is_active=True) & (
        Q(postings__end__isnull=True) | Q(postings__end__gte=today))
    rows = Division.objects.annotate(people=Count("postings__person", filter=posted, distinct=True))
    present = rows.filter(Q(end__isnull=True) | Q(end__gte=today))
    seen = {d.pk for d in present} if sees_people(by) else set(by.standing.divisions)
    page = Paginator(present.order_by("code"), _PAGE).get_page(request.GET.get("page"))
    return render(request, "organization/divisions.html", {
        "divisions": page, "page": page, "seen": seen, "keeps": is_it(by), "ended": rows.filter(end__lt=today)})


@require_safe
def division(request: HttpRequest, pk: int) -> HttpResponse:
    """One division: its people and who has confirmed the guideline (§4(1)), deputies, absences."""
    by, shown = signed_in(request), get_object_or_404(Division, pk=pk)
    if not sees_staff_of(by, shown):
        raise Http404
    staff = members(shown)
    page = Paginator(staff, _PAGE).get_page(request.GET.get("page"))
    context = {
        "division": shown, "members": page, "page": page, "lapsed": sum(m.until is None for m in staff),
        "deputies": shown.deputies.current().select_related("person", "named_by")[:_PAGE],
        "heads_it": heads(by, shown), "keeps": is_it(by), "sees_people": sees_people(by),
        "absence_of": {m.person.pk for m in staff if m.head and keeps_absences_of(by, m.person)},
    }
    return render(request, "organization/division.html", context)


@require_http_methods(["GET", "POST"])
def division_new(request: HttpRequest) -> HttpResponse:
    """Enter a division."""
    by = keeper(request)
    form = DivisionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = actions.open_division(by=by, **form.cleaned_data)
        return _done(request, made, "所属を登録しました。")
    return form_page(request, form, "所属の登録", chapter=_chapter(),
                     back=reverse("divisions"), button="登録する")


@require_http_methods(["GET", "POST"])
def division_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct a division, or end it."""
    by, shown = keeper(request), get_object_or_404(Division, pk=pk)
    form = DivisionForm(request.POST or None, instance=shown)
    if request.method == "POST" and form.is_valid():
        actions.change_division(shown, by=by, **form.cleaned_data)
        return _done(request, shown, "所属の登録を直しました。")
    return form_page(request, form, f"{shown}の登録を直す", chapter=_chapter(),
                     back=_url(shown), button="保存する")


@require_http_methods(["GET", "POST"])
def deputy_new(request: HttpRequest, pk: int) -> HttpResponse:
    """The head names a deputy."""
    by, shown = signed_in(request), get_object_or_404(Division, pk=pk)
    if not heads(by, shown):
        raise Http404
    form = DeputyForm(request.POST or None, division=shown, by=by)
    if request.method == "POST" and form.is_valid():
        actions.name_deputy(shown, by=by, **form.cleaned_data)
        return _done(request, shown, "代決者を定めました。")
    return form_page(request, form, f"{shown}の代決者", chapter=_chapter(),
                     back=_url(shown), button="定める",
                     lead="不在の間、または期限を過ぎたときに、順位の順に代わって決裁します。")


@require_http_methods(["GET", "POST"])
def deputy_end(request: HttpRequest, pk: int) -> HttpResponse:
    """The head ends a deputyship."""
    by = signed_in(request)
    deputy = get_object_or_404(Deputy.objects.select_related("person", "division"), pk=pk)
    if not heads(by, deputy.division):
        raise Http404
    form = EndForm(request.POST or None, start=deputy.start)
    if request.method == "POST" and form.is_valid():
        actions.end_deputyship(deputy, by=by, **form.cleaned_data)
        return _done(request, deputy.division, "代決者の指定を終わりにしました。")
    return form_page(request, form, f"{deputy.person}さんを代決者から外す", chapter=_chapter(),
                     back=_url(deputy.division), button="終わりにする")


@require_http_methods(["GET", "POST"])
def absence_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Report a person's absence: the person, the head, IT."""
    by, person = signed_in(request), get_object_or_404(Person, pk=pk)
    _may_speak_of(by, person)
    form = AbsenceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.report_absence(person, by=by, **form.cleaned_data)
        messages.success(request, f"{person}さんの不在を届け出ました。")
        return redirect(_back(by, person))
    return form_page(request, form, f"{person}さんの不在", chapter=_chapter(),
                     back=_back(by, person), button="届け出る",
                     lead="所属長が不在の間は、代決者が決裁します。")


@require_http_methods(["GET", "POST"])
def absence_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End an absence."""
    by = signed_in(request)
    absence = get_object_or_404(Absence.objects.select_related("person"), pk=pk)
    _may_speak_of(by, absence.person)
    form = EndForm(request.POST or None, start=absence.start)
    if request.method == "POST" and form.is_valid():
        actions.end_absence(absence, by=by, **form.cleaned_data)
        messages.success(request, f"{absence.person}さんの不在を終わりにしました。")
        return redirect(_back(by, absence.person))
    return form_page(request, form, f"{absence.person}さんの不在を終わりにする", chapter=_chapter(),
                     back=_back(by, absence.person), button="終わりにする")


def _may_speak_of(by: Person, person: Person) -> None:
    """Who may not report and shares no division with the person doesn't see the page."""
    if not (keeps_absences_of(by, person) or by.standing.divisions & person.standing.divisions):
        raise Http404


def _back(by: Person, person: Person) -> str:
    """The person's page where one sees it, else the division that both belong to."""
    if by == person or sees_people(by):
        return reverse("person", args=[person.pk])
    return reverse("division", args=[min(by.standing.divisions & person.standing.divisions)])



def _url(shown: Division) -> str:
    return reverse("division", args=[shown.pk])


def _done(request: HttpRequest, shown: Division, words: str) -> HttpResponse:
    messages.success(request, words)
    return redirect("division", pk=shown.pk)


def _chapter() -> tuple[str, str]:
    return "所属", reverse("divisions")
