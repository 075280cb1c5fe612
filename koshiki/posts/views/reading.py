"""The list of posts, and the page of one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from koshiki.guideline import Refused
from koshiki.organization.models import Person
from koshiki.posts.content import Altered
from koshiki.posts.delivery.showing import is_moving
from koshiki.posts.flow import FLOW
from koshiki.posts.models import Delivery, Post, Remark, Revision
from koshiki.posts.roles import know_target_accounts, touched
from koshiki.posts.showing import accounts_of, base_of, changes, moments, previews, suggested, where
from koshiki.posts.stages import STAGES, counts, stage_of
from koshiki.register.models import Account
from koshiki.register.roles import AUTHOR, is_author
from koshiki.register.roles import accounts_of as accounts_of_person

PER_PAGE = 30


def person_of(request: HttpRequest) -> Person:
    """Who is signed in; the pages of posts are for nobody else."""
    assert isinstance(request.user, Person)  # noqa: S101  (LoginRequiredMiddleware)
    return request.user


def visible_post(request: HttpRequest, pk: int) -> Post:
    """The post, when the person may see it. Raises Http404."""
    posts = Post.objects.visible_to(person_of(request)).select_related("division", "created_by")
    return get_object_or_404(posts, pk=pk)


class Filter(forms.Form):
    """絞込み — by account; the states stand above the list with their numbers."""

    account = forms.ModelChoiceField(Account.objects.none(), label="アカウント", required=False,
                                     empty_label="すべてのアカウント")
    words = forms.CharField(label="件名", required=False, max_length=100)

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["account"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101
        field.queryset = Account.objects.visible_to(person).select_related("division")


@require_safe
def post_list(request: HttpRequest) -> HttpResponse:
    person = person_of(request)
    form = Filter(request.GET or None, person=person)
    posts = Post.objects.visible_to(person)
    if form.is_valid():
        posts = _filtered(posts, form.cleaned_data)
    chosen = STAGES.get(request.GET.get("stage", ""))
    page = Paginator(posts.filter(chosen.condition) if chosen else posts, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "posts/list.html", {
        "form": form, "page": page, "rows": _rows(page), "chosen": chosen, "stages": _links(request, counts(posts)),
        "writes": bool(accounts_of_person(person, AUTHOR)),
    })


def _filtered(posts: Any, chosen: dict[str, Any]) -> Any:
    if chosen["account"]:
        posts = posts.filter(pk__in=Revision.objects.filter(targets__account=chosen["account"]).values("post"))
    if chosen["words"]:
        posts = posts.filter(title__icontains=chosen["words"])
    return posts


def _links(request: HttpRequest, numbers: dict[str, int]) -> list[tuple[str, str, int, bool]]:
    """Each stage as label, query, number, and whether it is the chosen one."""
    chosen = request.GET.get("stage", "")
    links = [("すべて", _query(request, ""), sum(numbers.values()), not chosen)]
    return links + [(s.label, _query(request, s.key), numbers[s.key], chosen == s.key) for s in STAGES.values()]


def _query(request: HttpRequest, stage: str) -> str:
    query = request.GET.copy()
    query.pop("page", None)
    query["stage"] = stage
    return query.urlencode()


def _rows(page: Page[Post]) -> list[dict[str, Any]]:
    """The posts of one page with their latest revisions and deliveries, in four queries."""
    posts = list(page.object_list)
    newest = (Revision.objects.filter(post__in=posts).order_by("post_id", "-number").distinct("post_id")
              .defer("canonical").select_related("author").prefetch_related("targets__account"))
    latest = {revision.post_id: revision for revision in newest}
    deliveries: dict[int, list[Delivery]] = {}
    for delivery in Delivery.objects.filter(post__in=posts).exclude(state=Delivery.State.CANCELLED):
        deliveries.setdefault(delivery.post_id, []).append(delivery)
    return [{"post": p, "revision": latest.get(p.pk), "stage": stage_of(p, deliveries.get(p.pk, []))} for p in posts]


@require_safe
def post(request: HttpRequest, pk: int) -> HttpResponse:
    found = visible_post(request, pk)
    return render(request, "posts/post.html", page_of(found, person_of(request)))


def page_of(found: Post, person: Person, read: Revision | None = None) -> dict[str, Any]:
    """What the page of a post shows to a person. Raises Refused §8(1) where what is stored was tampered with."""
    try:
        return _page_of(found, person, read)
    except Altered as altered:
        raise Refused("§8(1)", str(altered), now="情報システム担当に知らせ、記録を検証してください。",
                      who="情報システム担当、監査") from altered


def _page_of(found: Post, person: Person, read: Revision | None = None) -> dict[str, Any]:
    """`read`: the version to compare with, when the person had read another than the latest."""
    whole = found.revisions.select_related("author").prefetch_related("outside_links", "targets")
    revision = whole.latest("number")
    base = read or base_of(revision)
    accounts = accounts_of(revision, *([base] if base else []))
    targets = {target.account_id for target in revision.targets.all()}
    current = {pk: account for pk, account in accounts.items() if pk in targets}
    know_target_accounts(found, list(current.values()))
    deliveries = list(found.deliveries.select_related("account"))
    live = [d for d in deliveries if d.state != Delivery.State.CANCELLED]
    remarks = list(found.remarks.select_related("by", "revision").prefetch_related("revision__targets").order_by("-at"))
    return {
        "post": found, "revision": revision, "where": where(found, revision, live, current),
        "previews": previews(revision, current), "base": base,
        "changes": changes(base, revision, accounts) if base else [],
        "remarks": [(r, suggested(r, accounts), _takeable(r, revision, found, person)) for r in remarks],
        "links": list(revision.outside_links.all()), "media": list(revision.media.select_related("medium")),
        "approvals": list(revision.approvals.select_related("approver").prefetch_related("targets__account")),
        "deliveries": deliveries, "moving": is_moving(live), "moments": moments(found, {r.pk: r for r in remarks}),
        "copies": bool(current) and all(is_author(person, account) for account in current.values()),
        "may": {step.name for step in FLOW.open_to(found, person)} - _own(revision, person),
    }


def _own(revision: Revision, person: Person) -> set[str]:
    return {"approve", "approve_part"} if person.pk in touched(revision) else set()


def _takeable(remark: Remark, revision: Revision, found: Post, person: Person) -> bool:
    return bool(remark.suggestion and not remark.taken_at and remark.revision_id == revision.pk
                and FLOW.allows(found, "take_over", person))
