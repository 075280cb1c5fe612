"""What the pages of people and divisions share: the page with one form, and who keeps them."""

from __future__ import annotations

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from koshiki.organization.models import Person
from koshiki.organization.roles import is_it
from koshiki.organization.sign_in import signed_in


def keeper(request: HttpRequest) -> Person:
    """The person at the keyboard, when they have the role IT; else the page is not there."""
    by = signed_in(request)
    if not is_it(by):
        raise Http404
    return by


def form_page(request: HttpRequest, form: forms.BaseForm, title: str, *, chapter: tuple[str, str], back: str,
              button: str, lead: str = "", grave: bool = False) -> HttpResponse:
    """A page with one form. `chapter`: name and address of the list it belongs to; `back`: where one came from."""
    context = {"form": form, "title": title, "chapter": chapter, "back": back, "button": button, "lead": lead,
               "grave": grave}
    return render(request, "organization/form.html", context, status=422 if form.errors else 200)
