"""The whole path, walked by eight people through the real pages: from the application to the post that citizens read.

A real web server and a real worker, a real browser for each person, a real server of the Mastodon API (snac).
Nobody here uses anything but what stands on the pages.
"""

from __future__ import annotations

import html
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import LazySettings
from playwright.sync_api import Browser, expect

from koshiki import clock
from koshiki.audit.log import verify
from koshiki.guideline import guideline
from koshiki.organization.models import Confirmation, Person, Posting
from koshiki.register.models import Account
from tests.browser.desks import Desk, Seat
from tests.browser.looking import look_at
from tests.cast import SINCE, Cast, official
from tests.guideline.opening import PICTURE
from tests.peers.snac import Snac
from tests.posts.writing import picture

pytestmark = [pytest.mark.peers, pytest.mark.django_db(transaction=True)]

TEXT = "あす午前9時から、総合防災訓練を行います🚒\nサイレンが鳴りますが、訓練です。"
TO_SAY = "御意見には個別に回答しません。お問い合わせは電話 0538-00-0110へ。"
ALT = "紺色の地に、訓練の日時が書かれたポスター。"
STEPS = ("申請する", "承認する", "取得を記録する", "運用ポリシーを完成する", "所属内で共有する", "運用ポリシーの明示を記録する",
         "届け出る", "受理する", "掲載する", "接続する", "認証アカウントについて記録する", "プロフィール欄を確認する",
         "公式とする", "担当者・責任者を指定する")


@dataclass(frozen=True)
class Players:
    """Who does what, in the order of the path."""

    officer: Person
    head: Person
    concurring: tuple[Person, ...]
    receiver: Person
    author: Person
    approver: Person
    auditor: Person


@dataclass(frozen=True)
class City:
    """Where it all happens: desks for people, the service, the address of the public pages and their copy."""

    seat: Seat
    snac: Snac
    browser: Browser
    public: str
    copy: Path


@pytest.fixture
def city(seat: Seat, snac: Snac, browser: Browser, settings: LazySettings, worker: Path) -> City:
    return City(seat, snac, browser, settings.KOSHIKI_PUBLIC_URL, Path(settings.KOSHIKI_PUBLIC_DIR) / "current")


@pytest.mark.clause("§4(1)", "§4(3)", "§6", "§6(1)", "§6(2)", "§6(3)ア", "§6(3)イ", "§6(3)ウ", "§6(3)エ", "§8(1)", "§別紙2")
def test_a_division_opens_an_account_by_the_book_and_what_it_posts_is_there(cast: Cast, city: City) -> None:
    feed = official(cast, name="防災課からのお知らせ")
    players = Players(cast.nishi, cast.chiba, (cast.hara, cast.kato), cast.hata, cast.aoki, cast.baba, cast.mori)
    officer = city.seat(players.officer)
    confirm_the_guideline(officer)
    walk(city, players, officer, "磐田市防災", also_to=feed.name)
    citizens_read(city, "feed/", "市の発信", *TEXT.splitlines(), feed.name)
    the_copy_holds(city, "feed/index.html", TEXT.splitlines()[0], feed.name)


@pytest.mark.clause("§6(1)")
def test_the_public_relations_division_opens_one_too_and_its_decision_stands_for_its_concurrence(
    cast: Cast, city: City
) -> None:
    approver = colleague(cast, "3103", "近藤 渚", "係長")
    players = Players(cast.kubo, cast.kato, (cast.hara,), cast.hata, cast.kubo, approver, cast.mori)
    officer = city.seat(players.officer)
    account = walk(city, players, officer, "磐田市公式")
    officer.open(f"/accounts/{account.pk}/").press("申請の内容と決裁・合議（1回）")
    officer.reads(guideline().fixed["own_concurrence"])


def colleague(cast: Cast, number: str, name: str, position: str) -> Person:
    """One more in 広報課, who has confirmed the guideline."""
    person = Person.objects.create(staff_number=number, name=name)
    Posting.objects.create(person=person, division=cast.koho, position=position, start=SINCE)
    Confirmation.objects.create(person=person, edition=guideline().edition, at=clock.now())
    return person


# ── the path ───────────────────────────────────────────────────────

def walk(city: City, players: Players, officer: Desk, name: str, *, also_to: str = "") -> Account:
    """§6 from end to end, then §8(1)."""
    apply(officer, name)
    account = Account.objects.get(name=name)
    page = f"/accounts/{account.pk}/"
    head = city.seat(players.head)
    decide(head, "所属長の決裁")
    others = [city.seat(person) for person in players.concurring]
    for desk in others:
        decide(desk, "合議")
    acquire(officer, name, city.snac)
    settle_the_policy(officer)
    notify(head)
    receive(receiver := city.seat(players.receiver))
    put_on_the_register(others[0])
    connect(head, page, city.snac)
    write_the_address_into_the_profile(officer, page, city)
    look_for_verification(officer, page)
    make_official(receiver)
    name_people(head, page, players)
    author = officer if players.author == players.officer else city.seat(players.author)
    write(author, name, also_to)
    approve_on_the_phone(city.seat(players.approver, phone=True))
    is_on_snac(city.snac)
    citizens_find(city, account)
    every_step_is_in_the_log(city.seat(players.auditor), account)
    return account


def confirm_the_guideline(desk: Desk) -> None:
    desk.follows("ガイドラインを確認").reads("いちばん下のボタンで").press("確認しました")
    desk.open("/")
    assert not desk.main.get_by_text("ガイドラインを確認してください").count()


def apply(desk: Desk, name: str) -> None:
    """The review of the service (§4(3)) and the policy (§6(2), 別紙1), then submit (§6(1))."""
    desk.open("/accounts/").press("開設を申請する")
    desk.choose("ソーシャルメディアのサービス", "Mastodon").write("アカウント名（予定）", name).press("保存して次へ")
    for item in guideline().review_items:
        desk.write(item.label, f"{item.label}を読み、確かめました。")
    desk.write("確認日", clock.today().isoformat()).press("保存して次へ")
    desk.write("情報発信を行う目的", "市民に情報を早く届けるため。").write("情報発信の内容", "避難情報、催しの案内。")
    desk.write("情報発信の時間", "平日の8時30分から17時15分まで。").write("情報発信の頻度", "週に2回程度。")
    desk.tick("意見や質問への対応方法", "個別には対応しない").write("問合せ先", "電話 0538-00-0110")
    desk.tick("そのまま載せる文").press("保存して次へ")
    desk.reads("足りないものはありません").press("申請する").reads("申請しました", "所属長の決裁")


def decide(desk: Desk, step: str) -> None:
    desk.follows(step).reads("申請の内容", "運用ポリシー").write("意見", "異議ありません。").press("承認する")
    desk.reads("承認しました")


def acquire(desk: Desk, name: str, snac: Snac) -> None:
    desk.follows("アカウントの取得").write("アカウント名", name).write("ユーザー名", "@city")
    desk.write("アカウントのURL", snac.account_url).press("記録する").reads("取得を記録しました")


def settle_the_policy(desk: Desk) -> None:
    """Completed with name and address, shared, shown in the account with evidence (§6(2))."""
    desk.follows("運用ポリシー").press("完成する").reads("完成しました").press("共有する").reads("共有しました")
    desk.press("明示について記録する")
    desk.write("明示した場所", "プロフィール欄のリンク").attach("画面の写し", PICTURE).press("記録する").reads("記録しました")


def notify(desk: Desk) -> None:
    desk.follows("届出").reads("別紙2")
    desk.write("市公式ホームページでの紹介文（100字以内）", "市からのお知らせをお届けします。").attach("アカウント画像", PICTURE)
    desk.press("届け出る").reads("届け出ました")


def receive(desk: Desk) -> None:
    desk.follows("届出の受理").reads("情報政策課長 様", "添付1", "添付2").press("受理する").reads("受理しました")


def put_on_the_register(desk: Desk) -> None:
    desk.follows("市ホームページへの掲載").reads("職員の氏名は載りません").press("掲載する").reads("掲載しました")


def connect(desk: Desk, page: str, snac: Snac) -> None:
    """The service's own page asks for its password; koshiki never sees it."""
    desk.open(page).press("接続する").press("接続を始める").press("サービスの画面へ進む")
    assert desk.page.url.startswith(snac.base)
    desk.page.locator("input[name=login]").fill(snac.user)
    desk.page.locator("input[name=passwd]").fill(snac.password)
    desk.page.locator("input[type=submit], button[type=submit]").click()
    desk.reads("接続しました", "台帳のアカウント本人")


def write_the_address_into_the_profile(desk: Desk, page: str, city: City) -> None:
    """As whoever keeps the account does it: the register page's address, copied into snac's own settings."""
    address = desk.open(page).main.locator("strong.address").inner_text()
    snac = city.snac
    context = city.browser.new_context(http_credentials={"username": snac.user, "password": snac.password})
    settings = context.new_page()
    settings.goto(f"{snac.base}/{snac.user}/admin")
    settings.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    settings.locator("textarea[name=bio]").fill(f"市の公式アカウントです。\n{TO_SAY}\n{address}")
    settings.locator("form[action$=user-setup] input[type=submit]").click()
    settings.wait_for_load_state()
    context.close()


def look_for_verification(desk: Desk, page: str) -> None:
    desk.open(page).press("認証について記録する").tick("このサービスは認証アカウントを発行していますか", "ない")
    desk.write("確かめた日", clock.today().isoformat()).press("記録する").reads("発行されていません")


def make_official(desk: Desk) -> None:
    desk.follows("プロフィール欄の確認").press("いま読み取って確認する").reads("記載あり")
    desk.press("公式とする").reads("公式アカウントになりました")


def name_people(desk: Desk, page: str, players: Players) -> None:
    desk.open(page).press("指定する・終える")
    for person, role in ((players.author, "情報発信担当者"), (players.approver, "情報発信責任者")):
        desk.tick("役割", role).choose("職員", person.name).press("指定する").reads(f"{person.name}さんを指定しました")


def write(desk: Desk, *targets: str) -> None:
    desk.open("/posts/").press("投稿を起案する")
    desk.write("件名", "総合防災訓練のお知らせ").write("根拠", "防災第45号 総合防災訓練実施要領")
    for name in filter(None, targets):
        desk.tick("発信先", name)
    desk.write("本文（すべての発信先に共通）", TEXT)
    expect(desk.main.locator(".preview").first).to_contain_text("サイレンが鳴ります")
    desk.attach("画像・動画を加える", picture(), "ポスター.jpg", "image/jpeg")
    desk.write("代替テキスト", ALT).tick("だれの画像ですか", "市の職員が")
    desk.tick("だれかと分かる人が写っていますか", "だれかと分かる人は")
    desk.press("提出する").reads("提出しました", "承認待ち")


def approve_on_the_phone(desk: Desk) -> None:
    """Read, confirm the nine and that it is permanent, one touch; then watch it go."""
    desk.follows("の承認").reads(TEXT.splitlines()[1], ALT, "公開すると、取り消せません")
    look_at(desk.page)
    desk.tick("どれにも当たらない")
    desk.field(guideline().fixed["permanence"]).check()
    desk.press("この内容を承認する").reads("承認しました")
    desk.press("配信のようすと、読み返した内容を見る").reads("配信済み", "承認したとおりです")
    assert "配信待ち" not in desk.main.inner_text()
    assert desk.heard == []


# ── what is there afterwards ───────────────────────────────────────

def is_on_snac(snac: Snac) -> None:
    """The server itself is asked."""
    [status] = snac.statuses(snac.token())
    assert all(line in html.unescape(str(status["content"])) for line in TEXT.splitlines())
    [media] = status["media_attachments"]  # type: ignore[misc, has-type]
    assert media["description"] == ALT  # type: ignore[index]


def citizens_find(city: City, account: Account) -> None:
    citizens_read(city, "", "公式アカウント一覧", account.name)
    citizens_read(city, f"accounts/{account.pk}/", account.name, "市の公式アカウントです", "市からのお知らせを")
    the_copy_holds(city, f"accounts/{account.pk}/index.html", account.name, "市の公式アカウントです")


def citizens_read(city: City, path: str, title: str, *words: str) -> None:
    """Without signing in, in a browser that holds nothing."""
    page = city.browser.new_page()
    page.goto(city.public + path)
    expect(page.locator("h1")).to_contain_text(title)
    for one in words:
        expect(page.locator("main")).to_contain_text(one)
    assert page.context.cookies() == []
    page.close()


def the_copy_holds(city: City, path: str, *words: str) -> None:
    """The static copy follows within ten seconds."""
    file, until = city.copy / path, time.monotonic() + 10
    while not (file.exists() and all(one in file.read_text() for one in words)):
        assert time.monotonic() < until, f"{path}: {words}"
        time.sleep(0.2)


def every_step_is_in_the_log(desk: Desk, account: Account) -> None:
    desk.open("/").page.get_by_role("link", name="記録", exact=True).first.click()
    desk.write("対象（例 post:12）", f"account:{account.pk}").press("絞り込む").reads(*STEPS)
    desk.open("/log/").reads("投稿を起案", "提出する", "承認する", "配信", "配信したものを読み返し")
    desk.press("いま確かめる").reads("正しくつながっています")
    assert verify().holds
