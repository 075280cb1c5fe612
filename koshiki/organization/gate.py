"""What stands between a signed-in person and a page: the first password, §4(1), and the note of a refusal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware, get_user
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render

from koshiki.audit.log import record
from koshiki.errors import SECRET_WORDS
from koshiki.guideline import Refused, guideline
from koshiki.organization.actions import confirm_guideline
from koshiki.organization.models import Person

Handler = Callable[[HttpRequest], HttpResponse]
CONFIRMING = "confirm_guideline"  # the button's name: the act that was refused goes on with it
FREE = {"password_change", "sign_out"}


class LoginRequired(LoginRequiredMiddleware):
    """Sign-in first, unless the view is open to everybody: then nobody asks who it is, and no cookie is read.

    From here on `request.user` is the person and not Django's stand-in: what is kept with a person for one request
    (`Person.afresh`) is kept in one place.
    """

    def process_view(
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase], view_args: Any, view_kwargs: Any
    ) -> HttpResponseBase | None:
        if not getattr(view_func, "login_required", True):
            return None
        answer = super().process_view(request, view_func, view_args, view_kwargs)
        if answer is None:
            request.user = get_user(request)
        return answer


class FirstPassword:
    """Whoever signed in with a password from somebody else's hand first changes it."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Sends to `password_change`; what everybody may see stays open."""
        open_to_all = not getattr(view, "login_required", True)
        name = request.resolver_match.url_name if request.resolver_match else None
        if open_to_all or name in FREE or not getattr(request.user, "must_change_password", False):
            return None
        return redirect("password_change")


class GuidelineFirst:
    """§4(1): an act that a lapsed confirmation stops asks for it, and goes on with one touch.

    The screen that asks carries everything that was typed, addressed to the act itself; the same request
    with the button's name confirms first. Files can't be carried: their form asks for them again.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        if request.method == "POST" and CONFIRMING in request.POST and isinstance(request.user, Person):
            confirm_guideline(by=request.user)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not _lapsed(request, exception):
            return None
        by_htmx = request.headers.get("HX-Request") == "true"
        context = {"clause": guideline().clauses["§4(1)"], "typed": list(_typed(request)), "files": bool(request.FILES),
                   "frame": "fragment.html" if by_htmx else "base.html", "button": CONFIRMING}
        response = render(request, "organization/confirm_first.html", context, status=409)
        if by_htmx:
            response["HX-Retarget"], response["HX-Reswap"] = "#main", "innerHTML"
        return response


class NoteRefusal:
    """Every refusal stands in the log too, by its clause; the act that it stopped was rolled back before."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        person = request.user
        if isinstance(exception, Refused) and isinstance(person, Person):
            with transaction.atomic():
                record("refused", person, by=person, clause=exception.clause.id, message=exception.message,
                       path=request.path)


def _lapsed(request: HttpRequest, exception: Exception) -> bool:
    """Was this refused because the person at the keyboard has to confirm first?"""
    ours = isinstance(exception, Refused) and exception.clause.id == "§4(1)"
    person = request.user
    return ours and isinstance(person, Person) and not person.afresh().standing.confirmed


def _typed(request: HttpRequest) -> Iterator[tuple[str, str]]:
    """All that was sent, but secrets and the token that every form has anew."""
    for name, values in request.POST.lists():
        if name != CONFIRMING and not any(word in name.lower() for word in SECRET_WORDS):
            yield from ((name, str(value)) for value in values)
