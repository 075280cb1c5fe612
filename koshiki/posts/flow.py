"""The steps of a post up to its approval (§8(1)): from where, to where, by whom."""

from __future__ import annotations

from koshiki.posts.models import Post
from koshiki.posts.roles import answers_for_some, approves_some, works_on_or_heads, writes
from koshiki.workflow import Step, Workflow

DRAFT, SUBMITTED, RETURNED = Post.State.DRAFT, Post.State.SUBMITTED, Post.State.RETURNED
APPROVED, WITHDRAWN = Post.State.APPROVED, Post.State.WITHDRAWN

AUTHORS = "すべての発信先の情報発信担当者"
APPROVERS = "発信先の情報発信責任者"
ANSWERABLE = "発信先の情報発信責任者又は所属長"

FLOW: Workflow[Post] = Workflow(
    Step("revise", "書き直す", (DRAFT, SUBMITTED, RETURNED, APPROVED), DRAFT, writes, "§8(1)", AUTHORS),
    Step("submit", "提出する", (DRAFT, RETURNED), SUBMITTED, writes, "§8(1)", AUTHORS),
    Step("take_over", "提案された文を取り入れる", (SUBMITTED, RETURNED), SUBMITTED, writes, "§8(1)", AUTHORS),
    Step("send_back", "差し戻す", (SUBMITTED,), RETURNED, approves_some, "§8(1)", APPROVERS),
    Step("suggest", "文案を示す", (SUBMITTED,), SUBMITTED, approves_some, "§8(1)", APPROVERS),
    Step("approve", "承認する", (SUBMITTED,), APPROVED, approves_some, "§8(1)", APPROVERS),
    Step("approve_part", "一部の発信先について承認する", (SUBMITTED,), SUBMITTED, approves_some, "§8(1)", APPROVERS),
    Step("withdraw_approval", "承認を取り消す", (SUBMITTED, APPROVED), SUBMITTED, answers_for_some, "§8(1)", ANSWERABLE),
    Step("withdraw", "取り下げる", (DRAFT, SUBMITTED, RETURNED), WITHDRAWN, writes, "§8(1)", AUTHORS),
    Step("cancel", "発信を取りやめる", (APPROVED,), WITHDRAWN, works_on_or_heads, "§8(1)",
         "発信先の情報発信担当者、情報発信責任者又は所属長"),
)
