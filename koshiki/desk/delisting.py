"""掲載の削除 — 別紙3 before 情報政策課長, with what citizens will no longer see and what will no longer go out (§7(2))."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from koshiki.guideline import Way, guideline
from koshiki.posts.models import Post, Slot
from koshiki.posts.stages import STAGES as OF_POSTS
from koshiki.posts.stages import WAITING, open_counts
from koshiki.register import actions
from koshiki.register.actions.closing import form as paper_form
from koshiki.register.gone import page_address
from koshiki.register.models import Account
from koshiki.register.views.closing import closing_at
from koshiki.register.views.pages import done


@require_http_methods(["GET", "POST"])
def account_delist(request: HttpRequest, pk: int) -> HttpResponse:
    """Read what was handed in, see what stops, and delist."""
    by, account, closing = closing_at(request, pk, "delist")
    if request.method == "POST":
        actions.delist(account, by=by)
        return done(request, account, "市ホームページから削除しました。")
    form = closing.notification
    rows = form.content if form else {}
    return render(request, "desk/delist.html", {
        "account": account, "notification": form, "waiting": _waiting(account),
        "rows": [(row.label, rows.get(row.key, "")) for row in paper_form().field],
        "address": page_address(account) if account.listed_at else "", "cms": guideline().way is Way.FRAGMENT})


def _waiting(account: Account) -> list[tuple[str, int]]:
    """How many posts for this account are at each stage at which they still wait."""
    counts = open_counts(Post.objects.filter(pk__in=Slot.objects.filter(account=account).values("post")))
    return [(OF_POSTS[key].label, counts[key]) for key in WAITING if counts[key]]
