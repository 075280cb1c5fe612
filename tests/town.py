"""A town in which every page has its thing: accounts at each stage of §6, posts at each stage of §8(1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from io import BytesIO
from typing import Any

from django.conf import settings
from PIL import Image

from koshiki import clock
from koshiki.organization.models import Absence, Import
from koshiki.posts import actions as posts
from koshiki.posts.delivery.hand_over.taking import record_address
from koshiki.posts.models import Delivery
from koshiki.register import actions
from koshiki.register.actions.decide import Paper
from koshiki.register.actions.notify import Upload
from koshiki.register.models import Account, Decision, ProfileCheck, StoredFile
from koshiki.register.policy import fixed_words
from tests.cast import Cast, official
from tests.guideline import closing, policy
from tests.posts.delivering import install
from tests.posts.writing import approved, draft, submitted

STAGES = ("preparing", "deciding", "approved", "acquired", "completed", "ready", "notified", "received", "listed")
REVIEW = dict.fromkeys(("terms", "mechanism", "privacy", "security"), "確かめました。")
POLICY = {"purpose": "防災の情報を伝える", "content": "避難情報と訓練の案内", "hours": "平日8時30分から17時15分まで",
          "frequency": "週に1回程度", "answers": "none", "contact": "防災課 0538-00-0110", "use": ""}
FORM = {"content": "避難情報と訓練の案内", "introduction": "防災の情報をお知らせします。",
        "person_in_charge": "青木 葵", "contact": "0538-00-0110"}


def png(colour: str = "navy") -> bytes:
    out = BytesIO()
    Image.new("RGB", (400, 400), colour).save(out, "PNG")
    return out.getvalue()


def opened_to(stage: str, cast: Cast, name: str = "防災だより") -> Account:
    """防災課's account on its way to official, as far as `stage`."""
    account = actions.begin(cast.bosai, "blog", name, by=cast.aoki)
    steps = STAGES[:STAGES.index(stage)]
    if "preparing" in steps:
        actions.save_review(account, REVIEW, clock.today(), by=cast.aoki)
        actions.save_policy(account, POLICY, [words.clause for words in fixed_words()], by=cast.aoki)
        actions.submit(account, by=cast.aoki)
    if "deciding" in steps:
        for head in (cast.chiba, cast.hara, cast.kato):
            application = account.applications.get()
            actions.approve_application(application, digest=application.digest, by=head)
    if "approved" in steps:
        actions.record_acquisition(account, name=name, acquired_on=clock.today(), by=cast.aoki,
                                   url=f"https://blog.example/{account.pk}/")
    if "acquired" in steps:
        actions.complete_policy(account, by=cast.aoki)
    if "completed" in steps:
        actions.share_policy(account.policies.get(), by=cast.aoki)
    if "ready" in steps:
        actions.notify(account, FORM, Upload(png(), "account.png"), by=cast.chiba)
    if "notified" in steps:
        actions.receive(account.notifications.get(), by=cast.hata)
    if "received" in steps:
        actions.list_account(account, by=cast.hara)
    account.refresh_from_db()
    return account


@dataclass
class Town:
    """The things of the pages, by the name that `tests/permissions.py` gives them."""

    cast: Cast
    things: dict[str, tuple[Any, ...]] = field(default_factory=dict)


def make_town(cast: Cast) -> Town:
    """Everything in 防災課's hands, so that 水道課 stands for the others."""
    town = Town(cast)
    install(settings.KOSHIKI_HOME)
    accounts = {stage: opened_to(stage, cast, f"防災だより{n}") for n, stage in enumerate(STAGES)}
    town.things.update({stage: (account.pk,) for stage, account in accounts.items()})
    live = official(cast)
    official(cast, name="磐田市水道", division=cast.suido)
    town.things["official"] = (live.pk,)
    _organization(town, live)
    _register(town, accounts)
    _policies(town)
    _closing(town)
    _posts(town, live)
    return town


def _organization(town: Town, account: Account) -> None:
    cast = town.cast
    handed_in = Import.objects.create(kind="person", name="職員.csv", content="職員番号,氏名\n5001,新田 新\n".encode(),
                                      by=cast.noda)
    absence = Absence.objects.create(person=cast.goto, start=date(2020, 1, 1), end=date(2020, 1, 2), reason="出張")
    town.things |= {
        "import": (handed_in.pk,), "kind": ("person",), "service": ("x",), "receiving": ("line",), "incoming": ("line", "A" * 43),
        "division": (cast.bosai.pk,), "person": (cast.abe.pk,), "oneself": (cast.noda.pk,),
        "inactive": (cast.nishi.pk,), "head": (cast.chiba.pk,), "absence": (absence.pk,),
        "posting": (cast.abe.postings.get().pk,), "role": (cast.mori.role_grants.get().pk,),
        "deputy": (cast.bosai.deputies.get().pk,), "assignment": (account.assignments.filter(role="author").get().pk,),
    }


def _register(town: Town, accounts: dict[str, Account]) -> None:
    cast = town.cast
    deciding = opened_to("deciding", cast, "紙の決裁")
    application = deciding.applications.get()
    paper = Paper("防災第1号", clock.today(), png(), "決裁文書.png")
    decision = actions.record_paper_decision(application, Decision.Outcome.APPROVE, paper, decided_by=cast.chiba,
                                             digest=application.digest, by=cast.aoki)
    line = official(cast, service="line", name="磐田市LINE", url="https://line.me/R/ti/p/@iwata")
    stop = actions.stop("見本の停止", service="x", by=cast.kubo)
    _watch(town)
    town.things |= {
        "inlet": ("line", line.pk),
        "decision": (decision.pk,), "hold": (stop.pk,), "scan": (StoredFile.objects.get(kind=StoredFile.Kind.SCAN).pk,),
        "notification": (accounts["notified"].notifications.get().pk,),
    }


def _policies(town: Town) -> None:
    """A policy's change at each of its steps: written, handed in, decided by the deputy."""
    cast = town.cast
    for step, number in (("new_version", 1), ("change", 2), ("deputised", 3)):
        account = policy.live(cast, name=f"ポリシー{number}", url=f"https://blog.example/policy-{number}/")
        by = cast.chiba if step == "deputised" else cast.aoki
        change = getattr(policy, "drafted" if step == "new_version" else "submitted")(cast, account, by=by)
        town.things[step] = (change.pk,)
    decision = actions.approve_change(change, digest=change.digest, by=cast.doi)
    town.things |= {"deputised": (decision.pk,), "version": (policy.in_force(account).pk,)}


def _watch(town: Town) -> None:
    """A profile that is not as registered, and a service that has changed."""
    cast, account = town.cast, opened_to("listed", town.cast, "防災だより 見守り")
    check = actions.record_profile(account, ProfileCheck.Result.HOLDS, "", Upload(png(), "profile.png"), wrong=["name"],
                                   by=cast.aoki)
    change = actions.mark_changed(account, "規約が変わりました。", by=cast.aoki)
    town.things |= {"finding": (account.pk, check.findings.get().pk), "changed_service": (account.pk, change.pk)}


def _closing(town: Town) -> None:
    """An account at each step of its closing."""
    for step in ("notified", "delisted", "confirmed", "closed"):
        live = closing.live(town.cast, name=f"廃止 {step}", url=f"https://blog.example/{step}/")
        account = getattr(closing, step)(town.cast, live)
        town.things["closing" if step == "notified" else step] = (account.pk,)
        if step == "notified":
            town.things["closing_form"] = (account.notifications.get().pk,)


def _posts(town: Town, account: Account) -> None:
    cast = town.cast
    written = posts.write(draft(account), by=cast.aoki)
    town.things |= {"draft": (written.pk,), "image": (written.pk, "0" * 64), "upload": ("0" * 32,)}
    town.things |= {"public_page": ("register/",), "asset": ("tokens.css",), "picture": ("none.png",),
                    "well_known": (".well-known/atproto-did",)}
    waiting = submitted(cast.aoki, account)
    town.things["submitted"] = (waiting.pk,)
    posts.suggest(waiting, "こう直してはどうでしょう。", {account.pk: {"text": "別の文"}}, by=cast.baba,
                  digest=waiting.latest.digest)
    town.things["remark"] = (waiting.remarks.get().pk,)
    planned = submitted(cast.aoki, account)
    approval = approved(planned, by=cast.baba)
    town.things |= {"planned": (planned.pk,), "approval": (approval.pk,)}
    told, held = _delivered(cast, account, "person"), _delivered(cast, account, "held")
    by_hand = official(cast, name="防災ブログ", service="blog", url="https://blog.example/bosai/")
    handed, taken = _handed(cast, by_hand, "offered"), _handed(cast, by_hand, "taken")
    out = _handed(cast, by_hand, "taken")
    record_address(out, address="https://blog.example/bosai/kunren/", by=cast.aoki)
    town.things |= {"sent_by_hand": (out.pk,), "out": (out.post_id,)}
    town.things |= {"handed": (handed.pk,), "taken": (taken.pk,), "pictured": (handed.pk, 1)}
    town.things |= {"told": (told.post_id,), "delivery": (told.pk,), "held": (held.pk,)}


def _handed(cast: Cast, account: Account, state: str) -> Delivery:
    """A post that a person is to post, or has taken."""
    content = {account: {"title": "防災訓練", "text": "あす訓練を行います。"}}
    post = submitted(cast.aoki, account, contents=content)
    approved(post, by=cast.baba)
    taken = {"taken_by": cast.aoki, "intent_at": clock.now()} if state == "taken" else {}
    Delivery.objects.filter(post=post).update(state=state, **taken)
    return Delivery.objects.get(post=post)


def _delivered(cast: Cast, account: Account, state: str) -> Delivery:
    """A post on its way, whose delivery came to this state."""
    post = submitted(cast.aoki, account)
    approved(post, by=cast.baba)
    Delivery.objects.filter(post=post).update(state=state, intent_at=clock.now() if state == "person" else None)
    return Delivery.objects.get(post=post)
