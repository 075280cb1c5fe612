"""The pages of deliveries: how each account's stands, the two buttons, going on after a stop."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.db.models import QuerySet
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from koshiki.organization.models import Person
from koshiki.posts.content import handed_over
from koshiki.posts.delivery import clocks, judge, restore
from koshiki.posts.delivery.forms import NotPostedForm, PostedForm, ReasonForm
from koshiki.posts.delivery.showing import card, is_moving
from koshiki.posts.models import Delivery, Post
from koshiki.posts.models.delivery import CHANGING
from koshiki.posts.showing import sender_of
from koshiki.register.models import Hold

CONFIRMS: dict[str, Callable[..., object]] = {
    Hold.Kind.RESTORE: restore.confirm, Hold.Kind.CLOCK: clocks.confirm}


@require_safe
def post_deliveries(request: HttpRequest, pk: int) -> HttpResponse:
    """Every account of the post; asked by htmx, only the part that changes."""
    found = get_object_or_404(Post.objects.visible_to(_person(request)), pk=pk)
    rows = list(_rows().filter(post=found))
    whole = "posts/deliveries.html" if not getattr(request, "htmx", False) else "posts/_delivery_cards.html"
    return render(request, whole, {
        "post": found, "cards": [card(row, _person(request)) for row in rows], "moving": is_moving(rows)})


@require_http_methods(["GET", "HEAD", "POST"])
def delivery_posted(request: HttpRequest, pk: int) -> HttpResponse:
    """「投稿済み」 with address and evidence (K-evidence)."""
    row = _row(request, pk, judge.may_say_posted)
    form = PostedForm(request.POST or None, service=handed_over(row), changes=row.verb in CHANGING)
    if request.method == "POST" and form.is_valid():
        judge.say_posted(row, by=_person(request), **form.cleaned_data)
        messages.success(request, "「投稿済み」と記録しました。")
        return redirect("post_deliveries", row.post_id)
    return _ask(request, row, form, "posts/delivery_posted.html")


@require_http_methods(["GET", "HEAD", "POST"])
def delivery_not_posted(request: HttpRequest, pk: int) -> HttpResponse:
    """「未投稿」 with evidence: it is then sent (K-evidence)."""
    row = _row(request, pk, judge.may_say_not_posted)
    form = NotPostedForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        judge.say_not_posted(row, by=_person(request), **form.cleaned_data)
        messages.success(request, f"「未投稿」と記録しました。配信期限の内なら、{sender_of([row.account])}。")
        return redirect("post_deliveries", row.post_id)
    return _ask(request, row, form, "posts/delivery_not_posted.html")


@require_POST
def delivery_release(request: HttpRequest, pk: int) -> HttpResponse:
    """「発信を進める」 after a stop (K-hold)."""
    row = _row(request, pk, lambda row, person: True)
    judge.release(row, by=_person(request))
    messages.success(request, "発信を進めました。")
    return redirect("post_deliveries", row.post_id)


@require_http_methods(["GET", "HEAD", "POST"])
def safety_stops(request: HttpRequest) -> HttpResponse:
    """What koshiki itself has stopped everything for: a copy (K-restore), a clock (K-clock)."""
    if not restore.may_confirm(_person(request)):
        raise Http404
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        act = CONFIRMS.get(request.POST.get("do", ""), clocks.confirm)
        act(reason=form.cleaned_data["reason"], by=_person(request))
        messages.success(request, "確認を記録し、停止を解きました。")
        return redirect("safety_stops")
    stops = Hold.objects.open().filter(kind__in=Hold.SAFETY)
    forms = {kind: form if request.POST.get("do") == kind else ReasonForm(auto_id=f"{kind}_%s") for kind in CONFIRMS}
    return render(request, "posts/safety_stops.html", {"forms": forms, "stops": {s.kind: s for s in stops}},
                  status=422 if form.errors else 200)


def _person(request: HttpRequest) -> Person:
    assert isinstance(request.user, Person)  # noqa: S101  (LoginRequiredMiddleware)
    return request.user


def _rows() -> QuerySet[Delivery]:
    related = ("account", "approval__revision", "released_by", "judged_by", "taken_by", "wrong")
    return Delivery.objects.select_related(*related).prefetch_related(
        "account__connections")


def _row(request: HttpRequest, pk: int, may: Callable[[Delivery, Person], bool]) -> Delivery:
    """A delivery of a post that the person may see; asking for its form, one that the person may judge."""
    row = get_object_or_404(_rows().filter(post__in=Post.objects.visible_to(_person(request))), pk=pk)
    if request.method != "POST" and not may(row, _person(request)):
        raise Http404
    return row


def _ask(request: HttpRequest, row: Delivery, form: Form, template: str) -> HttpResponse:
    shown = {"form": form, "card": card(row, _person(request)), "post": row.post}
    return render(request, template, shown, status=422 if form.errors else 200)
