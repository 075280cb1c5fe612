"""The page on which a person takes a post over, posts it and gives its address; phone first."""

from __future__ import annotations

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from koshiki.guideline import Refused
from koshiki.networks.base import HandsOver
from koshiki.organization.models import Person
from koshiki.posts.content import handed_over
from koshiki.posts.delivery.hand_over import mending, taking
from koshiki.posts.delivery.hand_over.forms import AddressForm, GiveBackForm, MendForm
from koshiki.posts.delivery.hand_over.showing import file_name, page_of
from koshiki.posts.delivery.send import outgoing_of
from koshiki.posts.delivery.showing import card, may_hand_over
from koshiki.posts.models import Delivery, Post
from koshiki.posts.models.delivery import CHANGING
from koshiki.posts.showing import preview_of
from koshiki.posts.views.streaming import answer

RECORDED = "投稿を記録しました。koshiki がページを読み、承認した内容と比べます。"
MENDED = "アドレスを直しました。koshiki がページを読み、承認した内容と比べ直します。"
SAME = "記録されているアドレスと同じです。"


@require_http_methods(["GET", "HEAD", "POST"])
def delivery_hand_over(request: HttpRequest, pk: int) -> HttpResponse:
    """The approved content to take along, and the form for the address (K-handover)."""
    row = _row(request, pk)
    form = AddressForm(request.POST if request.method == "POST" else None, service=_service(row),
                       changes=row.verb in CHANGING)
    refusal = None
    if request.method == "POST" and form.is_valid():
        try:
            taking.record_address(row, by=_person(request), **form.cleaned_data)
        except Refused as refused:
            refusal = refused
        else:
            messages.success(request, RECORDED)
            return redirect("post_deliveries", row.post_id)
    return _page(request, row, form, refusal)


def _page(request: HttpRequest, row: Delivery, form: AddressForm, refusal: Refused | None) -> HttpResponse:
    """Where there is nothing to do by hand any more, the page of the deliveries says how it stands."""
    if not may_hand_over(row, _person(request)) and request.method != "POST" and row.state != row.State.TAKEN:
        return redirect("post_deliveries", row.post_id)
    outgoing = outgoing_of(row)
    page = page_of(row, outgoing, _person(request))
    preview = preview_of(row.account, outgoing.content, [a.picture for a in page.attachments], row.due_at)
    return render(request, "posts/hand_over.html", {
        "post": row.post, "row": row, "page": page, "form": form, "preview": preview, "refusal": refusal},
        status=_status(form, refusal))


def _status(form: Form, refusal: Refused | None) -> int:
    return 409 if refusal else 422 if form.errors else 200


@require_POST
def delivery_take(request: HttpRequest, pk: int) -> HttpResponse:
    """「投稿します」 (K-handover)."""
    row = taking.take(_row(request, pk), by=_person(request))
    messages.success(request, "引き受けました。文と画像を写してサービスで投稿し、そのアドレスを記録してください。")
    return redirect("delivery_hand_over", row.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def delivery_give_back(request: HttpRequest, pk: int) -> HttpResponse:
    """「投稿していません」 with a reason (K-handover)."""
    row = _row(request, pk)
    if request.method != "POST" and not taking.may_give_back(row, _person(request)):
        raise Http404
    form = GiveBackForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        taking.give_back(row, by=_person(request), **form.cleaned_data)
        messages.success(request, "投稿していないと記録しました。配信期限の内なら、もう一度、手渡し待ちになります。")
        return redirect("post_deliveries", row.post_id)
    return render(request, "posts/reason.html", {
        "post": row.post, "form": form, "title": "投稿していないと記録する", "clause_id": "K-handover",
        "lead": "投稿が出ていないことを確かめてから記録します。配信期限の内なら、もう一度、手渡し待ちになります。",
    }, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def delivery_mend_address(request: HttpRequest, pk: int) -> HttpResponse:
    """「アドレスを直す」 with a reason, where the recorded one is not the post's (K-handover)."""
    row = _row(request, pk)
    if request.method != "POST" and not mending.may_mend(row, _person(request)):
        raise Http404
    form, refusal = MendForm(request.POST if request.method == "POST" else None, service=_service(row)), None
    if request.method == "POST" and form.is_valid():
        try:
            mended = mending.mend_address(row, by=_person(request), **form.cleaned_data)
        except Refused as refused:
            refusal = refused
        else:
            messages.success(request, SAME if mended.epoch == row.epoch else MENDED)
            return redirect("post_deliveries", row.post_id)
    return render(request, "posts/mend_address.html", {
        "post": row.post, "form": form, "card": card(row, _person(request)), "refusal": refusal}, status=_status(form, refusal))


@require_safe
@cache_control(private=True, no_store=True)
def delivery_media(request: HttpRequest, pk: int, place: int) -> HttpResponseBase:
    """An approved picture or film, byte for byte, to be saved and attached."""
    row = _row(request, pk)
    media = outgoing_of(row).media
    if not 1 <= place <= len(media):
        raise Http404
    chosen = media[place - 1]
    return answer(request, chosen.path, chosen.mime, save_as=file_name(row, place, chosen))


def _person(request: HttpRequest) -> Person:
    assert isinstance(request.user, Person)  # noqa: S101  (LoginRequiredMiddleware)
    return request.user


def _service(row: Delivery) -> HandsOver:
    service = handed_over(row)
    assert service is not None  # noqa: S101  (_row)
    return service


def _row(request: HttpRequest, pk: int) -> Delivery:
    """A delivery by hand of an account that the person works on. Raises Http404."""
    related = ("account__division", "approval__revision", "post", "taken_by", "wrong")
    rows = Delivery.objects.select_related(*related).prefetch_related("account__connections")
    row = get_object_or_404(rows.filter(post__in=Post.objects.visible_to(_person(request))), pk=pk)
    if not taking.may_see(row, _person(request)):
        raise Http404
    return row
