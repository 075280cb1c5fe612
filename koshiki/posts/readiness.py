"""What a draft still lacks before it can be submitted: shown at the fields, and refused with its clause."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils import timezone

from koshiki import clock
from koshiki.guideline import Refused
from koshiki.posts.content import Draft, outside_addresses, publishes, service_of
from koshiki.posts.corrections.ways import hindrances
from koshiki.posts.delivery.staging import is_reachable
from koshiki.posts.findings import unanswered
from koshiki.posts.media import fitted, going
from koshiki.posts.models import Medium, Way
from koshiki.register.models import Account
from koshiki.store import BadMedium

URL_LONGEST, HOST_LONGEST = 500, 255


@dataclass(frozen=True)
class Lack:
    """足りないこと — which field ("text", "media", "basis" …), of which account (None: of the post)."""

    field: str
    clause: str
    message: str
    account: Account | None = None
    finding: str = ""  # which finding has no answer


def lacking(draft: Draft) -> list[Lack]:
    """Everything for which the draft can't be submitted, in the order of the page."""
    return [*_basis(draft), *_targets(draft), *_corrections(draft), *_consents(draft), *_outside_links(draft), *_findings(draft),
            *_time(draft)]


def refuse_unless_ready(draft: Draft) -> None:
    """Raises Refused with the clause of the first lack."""
    for lack in lacking(draft):
        of = f"{lack.account}: " if lack.account else ""
        raise Refused(lack.clause, of + lack.message, now="投稿を書き直してから、提出してください。",
                      who="情報発信担当者")


def _basis(draft: Draft) -> Iterator[Lack]:
    if not draft.basis.strip():
        yield Lack("basis", "§4(4)", "根拠（要綱、通知、決裁番号、担当への確認など）を書いてください。")


def _targets(draft: Draft) -> Iterator[Lack]:
    for account, content in draft.contents.items():
        if account.state in Account.GONE:
            yield Lack("targets", "§7(2)", "廃止の手続で掲載が削除されたため、発信できません。", account)
        elif account.state != Account.State.OFFICIAL:
            yield Lack("targets", "§6", "公式アカウントではないため、発信できません。", account)
        if draft.way(account) == Way.TAKE_DOWN:
            continue
        if publishes(account):
            yield from _service_limits(account, content, draft)
        else:
            yield Lack("targets", "K-limit", "このサービスへは、koshiki から発信できません。", account)


def _corrections(draft: Draft) -> Iterator[Lack]:
    """A correction goes the ways that the services leave, to where the wrong post is out (§8(3))."""
    for account, why in hindrances(draft):
        yield Lack("way", "§8(3)", why, account)


def _service_limits(account: Account, content: object, draft: Draft) -> Iterator[Lack]:
    service = service_of(account)
    try:
        media = [going(fitted(m.medium, service.media_rules), m.alt) for m in draft.media]
    except BadMedium as bad:
        yield Lack("media", "K-limit", bad.message, account)
        media = []
    if media and service.fetches_media and not is_reachable():
        yield Lack("media", "K-limit", f"{service.label}は画像や動画を市の公開ページから取りに来ますが、公開ページが https で"
                   "公開されていないため、付けられません。外すか、システム管理の担当に相談してください。", account)
    for problem in service.problems(draft.contents[account], media):
        yield Lack(problem.field, "K-limit", problem.message, account)


def _consents(draft: Draft) -> Iterator[Lack]:
    """The consent of the people to be seen must hold on the day of the publication (§4(2))."""
    day = timezone.localdate(draft.due_at) if draft.due_at else clock.today()
    for place, attached in enumerate(draft.media, start=1):
        what = f"{'動画' if attached.medium.kept.is_film else '画像'}{place}"
        if not attached.alt.strip():
            yield Lack("media", "§4(2)", f"{what}に、代替テキストを書いてください。")
        medium = attached.medium
        ended = medium.people == Medium.People.CONSENTED and medium.consent_until and medium.consent_until < day
        if ended:
            yield Lack("media", "§4(2)", f"{what}に写っている人の同意は、発信する日には期限が切れています。")


def _outside_links(draft: Draft) -> Iterator[Lack]:
    for link in outside_addresses(draft.contents.values()):
        if len(link.url) > URL_LONGEST or len(link.host) > HOST_LONGEST:
            yield Lack("links", "K-limit", "アドレスが長すぎます。500字までにしてください。")
        elif not draft.reasons.get(link.url, "").strip():
            yield Lack("links", "§8(4)", f"市以外のページ（{link.display_host}）へリンクする理由を書いてください。")


def _findings(draft: Draft) -> Iterator[Lack]:
    """A suspicion is answered: by changing what stands there, or by the reason why it may stay (§4, §5, §8(4))."""
    for one in unanswered(draft):
        asked = f"「{one.quote[:40]}」について、直すか、そのままでよい理由を書いてください。"
        yield Lack("findings", one.clause, asked + one.reason, finding=one.key)


def _time(draft: Draft) -> Iterator[Lack]:
    if draft.due_at and draft.due_at <= clock.now():
        yield Lack("due_at", "K-late", "発信日時が過ぎています。これからの日時にしてください。")
