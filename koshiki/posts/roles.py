"""Who may write and approve a post: authors and approvers of its targets (§8(1)), never the same person."""

from __future__ import annotations

from django.db.models import Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce

from koshiki.guideline import Refused, guideline
from koshiki.organization.models import Person, Posting
from koshiki.posts.models import Approval, Post, Remark, Revision, RevisionTarget, has_findings
from koshiki.register.models import Account, Assignment
from koshiki.register.roles import APPROVER, decides_for, is_approver, is_author


def whole_latest(post: Post) -> Revision:
    """The post's latest revision with its targets and their accounts; these are kept with this object of the post.

    Raises Revision.DoesNotExist before the first was written.
    """
    latest = post.revisions.annotate(noted=has_findings()).prefetch_related(with_accounts()).latest("number")
    know_target_accounts(post, [target.account for target in latest.targets.all()])
    return latest


def with_accounts() -> Prefetch[str]:
    """A revision's targets, each with its account, in one query."""
    return Prefetch("targets", RevisionTarget.objects.select_related("account"))


def target_accounts(post: Post) -> list[Account]:
    """The accounts of the post's latest revision; kept with this object of the post."""
    if "target_accounts" not in post.__dict__:
        latest = Revision.objects.filter(post=post).order_by("-number").first()
        rows = latest.targets.select_related("account") if latest else []
        know_target_accounts(post, [row.account for row in rows])
    found: list[Account] = post.__dict__["target_accounts"]
    return found


def know_target_accounts(post: Post, accounts: list[Account]) -> None:
    """Keep with this object of the post what a page has read already."""
    post.__dict__["target_accounts"] = accounts


def writes(post: Post, person: Person) -> bool:
    """Is the person author of every target?"""
    accounts = target_accounts(post)
    return bool(accounts) and all(is_author(person, account) for account in accounts)


def approves_some(post: Post, person: Person) -> bool:
    """Is the person approver of a target, of sufficient rank today?"""
    return approves(person) and any(is_approver(person, account) for account in target_accounts(post))


def approves(person: Person) -> bool:
    """グループ長又は係長以上の職にある者 (§8(1)), whatever was named."""
    return person.standing.top_rank >= guideline().approver_rank()


def answers_for_some(post: Post, person: Person) -> bool:
    """Is the person approver of a target, or does the person decide for a target's division?"""
    return any(is_approver(person, a) or decides_for(person, a) for a in target_accounts(post))


def works_on_or_heads(post: Post, person: Person) -> bool:
    return writes(post, person) or answers_for_some(post, person)


def touched(revision: Revision) -> set[int]:
    """The people who may not approve this revision: who began the post, and who wrote since the last return.

    The database asks the same once more (migration `posts_never_change`). A revision never changes, nor do these:
    they are kept with this object of it.
    """
    if "touched" not in revision.__dict__:
        revision.__dict__["touched"] = _touched(revision)
    found: set[int] = revision.__dict__["touched"]
    return found


def _touched(revision: Revision) -> set[int]:
    if revision.number == 1:
        return {revision.author_id, revision.post.created_by_id}
    returned = Remark.objects.filter(post=revision.post_id, kind=Remark.Kind.RETURN, revision__number__lt=revision.number)
    last = returned.order_by("-revision__number").values("revision__number")[:1]
    wrote = Revision.objects.filter(post=revision.post_id, number__gt=Coalesce(Subquery(last), 0),
                                    number__lte=revision.number).values_list("author", flat=True)
    return {*wrote, revision.post.created_by_id}


def standing_approvals(post: Post) -> QuerySet[Approval]:
    """The approvals of the post that were not withdrawn."""
    return Approval.objects.filter(revision__post=post, withdrawn_at__isnull=True)


def refuse_if_stale(revision: Revision, digest: str) -> None:
    """Raises Refused §8(1) unless `digest`, which the person read, is that of the latest revision."""
    if revision.digest != digest:
        raise Refused("§8(1)", "読んでいる間に、新しい版が書かれました。今の版をもう一度読んでください。",
                      now="変わった所を確かめて、あらためて承認又は差戻しを行います。", who="発信先の情報発信責任者")


def eligible_approvers(revision: Revision, accounts: list[Account]) -> dict[Person, set[int]]:
    """Who could approve the revision today, with the accounts of `accounts` for which they could."""
    of_rank = Posting.objects.current().filter(position__in=_approver_positions()).values("person")
    held = Assignment.objects.current().filter(account__in=accounts, role=APPROVER, person__is_active=True, person__in=of_rank)
    wrote, found = touched(revision), dict[Person, set[int]]()
    for assignment in held.select_related("person"):
        if assignment.person_id not in wrote:
            found.setdefault(assignment.person, set()).add(assignment.account_id)
    return found


def _approver_positions() -> list[str]:
    return [p.name for p in guideline().positions.values() if p.rank >= guideline().approver_rank()]
