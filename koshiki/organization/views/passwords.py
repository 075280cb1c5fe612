"""最初のパスワード — for people who were taken in from a file: a list for each division, shown once, to be handed out."""

from __future__ import annotations

from collections import Counter

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from koshiki.organization.actions import give_first_passwords
from koshiki.organization.models import Division, Person, Posting
from koshiki.organization.sign_in import waiting_for_password
from koshiki.organization.views.pages import keeper

_TOGETHER = 40  # each password is made slow to guess, and so slow to make; and so many are handed out by one person


@never_cache
@sensitive_variables("given")
@require_http_methods(["GET", "POST"])
def first_passwords(request: HttpRequest) -> HttpResponse:
    """Who waits for a first password, by division; chosen, the passwords of a division are shown once."""
    by = keeper(request)
    if request.method == "GET":
        return render(request, "organization/first_passwords.html", {"rows": _waiting(), "most": _TOGETHER})
    division = _division(request.POST.get("division", ""))
    people = list(_of(division)[:_TOGETHER])
    given = give_first_passwords(people, by=by)
    return render(request, "organization/passwords_once.html", {
        "given": given, "division": division, "left": _of(division).count(), "address": settings.KOSHIKI_URL})


def _waiting() -> list[tuple[Division | None, int]]:
    """The divisions with the number of their people who wait; at the end those who are posted nowhere."""
    waiting = waiting_for_password()
    posted = Posting.objects.current().filter(person__in=waiting).values_list("person", "division").distinct()
    counts = Counter(division for _, division in posted)
    rows: list[tuple[Division | None, int]] = [(d, counts[d.pk]) for d in Division.objects.filter(pk__in=counts)]
    nowhere = _of(None).count()
    return [*rows, (None, nowhere)] if nowhere else rows


def _of(division: Division | None) -> QuerySet[Person]:
    waiting = waiting_for_password().order_by("staff_number")
    posted = Posting.objects.current()
    if division is None:
        return waiting.exclude(pk__in=posted.values("person"))
    return waiting.filter(pk__in=posted.filter(division=division).values("person"))


def _division(chosen: str) -> Division | None:
    return Division.objects.filter(pk=int(chosen)).first() if chosen.isascii() and chosen.isdigit() and len(chosen) < 18 else None
