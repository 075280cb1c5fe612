"""What the register's pages share: which account, for whom; the page with one form; what is said afterwards."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from koshiki.organization.models import Person
from koshiki.organization.roles import sees_division
from koshiki.organization.sign_in import signed_in
from koshiki.register.flow import FLOW
from koshiki.register.models import Account
from koshiki.register.turn import turn_of


def seen(request: HttpRequest, pk: int) -> tuple[Person, Account]:
    """The person and an account that this person may see; else the page is not there."""
    by = signed_in(request)
    accounts = Account.objects.visible_to(by).select_related("division", "created_by")
    return by, get_object_or_404(accounts, pk=pk)


def sees_inside(person: Person, account: Account) -> bool:
    """May the person see what is not on the register: the application, the decisions, evidence, history?"""
    return sees_division(person, account.division_id) or account.division_id in person.standing.deputy_of


def inside(request: HttpRequest, pk: int) -> tuple[Person, Account]:
    """The same, for pages that only the division, the two divisions of duty and auditors see."""
    by, account = seen(request, pk)
    if not sees_inside(by, account):
        raise Http404
    return by, account


def opened(request: HttpRequest, pk: int, step: str) -> tuple[Person, Account]:
    """The person and the account, when this person may take the step now. Raises Refused, so that the page says why."""
    by, account = seen(request, pk)
    FLOW.check(account, step, by=by)
    return by, account


def home_of(account: Account) -> str:
    return reverse("account", args=[account.pk])


def done(request: HttpRequest, account: Account, words: str) -> HttpResponse:
    """Back to the account, saying what happened and whose turn is next."""
    account = Account.objects.select_related("division", "created_by").get(pk=account.pk)
    turn = turn_of(account)
    follow = f"次は「{turn.what}」（{turn.who}）です。" if turn.what else ""
    messages.success(request, f"{words}{follow}")
    return redirect("account", account.pk)


def form_page(request: HttpRequest, account: Account, form: forms.BaseForm, title: str, **more: Any) -> HttpResponse:
    """A page with one form; `button`, `lead`, `clause`, `grave`, `template` as wanted. 422 where the form has errors."""
    template = more.pop("template", "register/form.html")
    context = {"account": account, "form": form, "title": title, "files": form.is_multipart(), **more}
    return render(request, template, context, status=422 if form.errors else 200)


def bad_file(form: forms.Form, field: str, message: str) -> None:
    """The message at the field; what was typed stays."""
    form.add_error(field, message)
