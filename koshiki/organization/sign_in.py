"""サインイン — who is at the keyboard: the form, whose attempts are counted, whose sessions end.

Attempts are counted by person and address together (django-axes), so that a stranger can shut out nobody but
the stranger's own address.
"""

from __future__ import annotations

import secrets
import unicodedata
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.sessions.models import Session
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from koshiki.organization.models import Person
from koshiki.organization.standing import read_with_standing

_WRONG = "職員番号かパスワードが違います。パスワードが分からないときは、システム管理の担当に再発行を頼んでください。"
_READABLE = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that is mistaken when read from paper


class Backend(ModelBackend):
    """Django's own, which reads the person at the keyboard together with where they stand: every page asks for it."""

    def get_user(self, user_id: int) -> Person | None:
        return read_with_standing(user_id)


def signed_in(request: HttpRequest) -> Person:
    """The person at the keyboard; views behind the sign-in ask here."""
    if not isinstance(request.user, Person):
        raise PermissionDenied("sign-in required")
    return request.user


def staff_number(typed: str) -> str:
    """The one way to write a 職員番号: half width, capitals, no spaces. People are compared by it (K-person)."""
    return "".join(unicodedata.normalize("NFKC", typed).split()).upper()


def one_time_password() -> str:
    """A password to be handed over once and changed at the first sign-in: 80 bits, in groups of four."""
    return "-".join("".join(secrets.choice(_READABLE) for _ in range(4)) for _ in range(4))


def waiting_for_password() -> QuerySet[Person]:
    """Who was taken in from a file and never had a password: nobody can sign in as they."""
    return Person.objects.filter(is_active=True, password__startswith=UNUSABLE_PASSWORD_PREFIX)


def end_sessions(person: Person) -> int:
    """Sign the person out everywhere, now. Gives the number of sessions that ended."""
    own = [s.pk for s in Session.objects.iterator() if s.get_decoded().get(SESSION_KEY) == str(person.pk)]
    return Session.objects.filter(pk__in=own).delete()[0]


def address_of(request: HttpRequest) -> str | None:
    """The address that attempts are counted by; behind the city's own proxy, what that proxy saw."""
    seen: str | None = request.META.get("REMOTE_ADDR")
    if settings.KOSHIKI_TRUSTED_PROXY:
        forwarded = request.headers.get("X-Forwarded-For", "").split(",")[-1].strip()
        return forwarded or seen
    return seen


class SignInForm(AuthenticationForm):
    """職員番号とパスワード。The answer is the same for unknown, deactivated and mistyped."""

    error_messages = {"invalid_login": _WRONG, "inactive": _WRONG}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "職員番号"
        self.fields["password"].label = "パスワード"

    def clean_username(self) -> str:
        """The number as people are told by it; one that is too long is nobody's (Django only marks the field)."""
        number = staff_number(self.cleaned_data["username"])
        if len(number) > (self.username_field.max_length or 0):
            raise ValidationError("職員番号が長すぎます。", code="max_length")
        return number


class NewPasswordForm(PasswordChangeForm):
    """パスワードの変更 — the present one, and a new one twice."""

    field_order = ("old_password", "new_password1", "new_password2")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in (("old_password", "いまのパスワード"), ("new_password1", "新しいパスワード"),
                            ("new_password2", "新しいパスワード（もう一度）")):
            self.fields[name].label = label
        self.fields["new_password1"].help_text = (
            "12文字以上にしてください。よく使われる語や、職員番号・氏名に似たものは使えません。"
        )
        self.fields["new_password2"].help_text = ""

    def clean_new_password1(self) -> str:
        new: str = self.cleaned_data["new_password1"]
        if new == self.cleaned_data.get("old_password"):
            raise ValidationError("いまと違うパスワードにしてください。", code="same")
        return new
