"""サインイン、サインアウト、パスワードの変更."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.views import LoginView
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from koshiki.audit.log import record
from koshiki.organization.actions import change_password
from koshiki.organization.sign_in import NewPasswordForm, SignInForm, signed_in


class SignIn(LoginView):
    """Django's own sign-in: new session, new token, `next` only within koshiki."""

    template_name = "organization/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    @transaction.atomic
    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        record("person.sign_in", form.get_user(), by=form.get_user())
        return response


@never_cache
@sensitive_post_parameters()
def password_change(request: HttpRequest) -> HttpResponse:
    """The person's own password; forced after one from another's hand."""
    person = signed_in(request)
    form = NewPasswordForm(person, request.POST or None)
    if request.method == "POST" and form.is_valid():
        change_password(person, form.cleaned_data["new_password1"])
        update_session_auth_hash(request, person)
        messages.success(request, "パスワードを変更しました。")
        return redirect("home")
    return render(request, "organization/password_change.html", {"form": form},
                  status=422 if form.errors else 200)
