"""部品見本 — every component on one page, with words as an office writes them."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.template import engines

from koshiki import clock
from koshiki.guideline import guideline
from koshiki.look import Bar, Entry, GuideStep, Moment, Picture, Preview, RailStep, Tone, WhereItStands
from koshiki.organization.duties import Duty

PAGE = Path(__file__).with_name("showcase.html")
HEAVY_RAIN = (
    "【大雨への備え】本日18時から明日の明け方にかけて、市内で激しい雨が降る見込みです。"
    "川や用水路には近づかず、早めに御家族で避難先を確かめてください。"
    "開設している避難所は、市のページで御覧いただけます。\nhttps://www.city.iwata.shizuoka.jp/bousai/"
)
BEFORE = "図書館まつりを11月23日(月)午前10時から開きます。参加費は300円です。申込みは不要です。"
AFTER = "図書館まつりを11月23日(月・祝)午前10時から開きます。参加費は無料です。申込みは不要です。"


class ServiceForm(forms.Form):
    """A form with one field of each kind."""

    service = forms.ChoiceField(label="利用するサービス", choices=[("", "選んでください"), ("x", "X"), ("line", "LINE")])
    purpose = forms.CharField(
        label="情報発信を行う目的", widget=forms.Textarea(attrs={"rows": 4}), max_length=400,
        help_text="だれに、何のために伝えるのかを、400字以内で書きます。",
    )
    account_name = forms.CharField(label="アカウント名", required=False, help_text="取得の後で記入できます。")
    start = forms.DateField(
        label="利用を始める予定日", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    answers = forms.ChoiceField(
        label="意見や質問への対応", widget=forms.RadioSelect,
        choices=[("each", "個別に回答する"), ("none", "個別には回答せず、問合せ先を案内する")],
    )
    image = forms.FileField(label="アカウント画像", required=False, help_text="PNG または JPEG、5MB まで")
    agreed = forms.BooleanField(label="サービスの規約と設定を確認しました", help_text="多要素認証を有効にしていること")


def _nine() -> list[tuple[str, str]]:
    return [(c.id, f"{c.cite} {c.text}") for c in guideline().clauses.values() if c.id.startswith("§5(")]


class ProhibitedForm(forms.Form):
    prohibited = forms.MultipleChoiceField(
        label="次のいずれにも当たらないことを、一つずつ確認します", widget=forms.CheckboxSelectMultiple, choices=_nine,
    )


class FilterForm(forms.Form):
    state = forms.ChoiceField(label="状態", required=False, choices=[("", "すべて"), ("waiting", "承認待ち")])
    words = forms.CharField(label="言葉", required=False)


@login_not_required
def showcase(request: HttpRequest) -> HttpResponse:
    """The page itself."""
    page = engines["django"].from_string(PAGE.read_text(encoding="utf-8"))
    return HttpResponse(page.render(_frame() | _states() | _forms(request) | _posts(), request))


def _frame() -> dict[str, Any]:
    words = [("ホーム", "home"), ("投稿", "post"), ("予定表", "calendar"), ("アカウント", "account"),
             ("届出", "notification"), ("掲載", "register"), ("職員", "people"), ("記録", "log")]
    return {
        "person": {"name": "水野 恵子"}, "divisions": "市民課 主査", "sample": True,
        "navigation": [Entry(word, f"#{icon}", icon, current=icon == "post") for word, icon in words],
        "bars": [
            Bar("emergency", "「見本市防災」の発信を停止しています。理由: 覚えのない投稿があったため", "#holds", "停止の一覧"),
            Bar("info", "メールの設定がないため、番が来ても知らせは届きません。ホームで確かめてください。"),
        ],
        "tones": [
            ("下書き", "draft"), ("承認待ち", "waiting"), ("予約済み", "planned"), ("発信済み", "done"),
            ("差戻し", "returned"), ("結果の確認が必要", "unknown"), ("発信できませんでした", "failed"),
            ("停止中", "stopped"), ("廃止", "ended"),
        ],
    }


def _states() -> dict[str, Any]:
    now = clock.now()
    day = timedelta(days=1)
    return {
        "where": WhereItStands("合議待ち", Tone.WAITING, "広報広聴シティプロモーション課長", now + 2 * day, "§6(1)"),
        "late": WhereItStands("届出待ち", Tone.RETURNED, "市民課長", now - day, "§6(3)ア",
                              "アカウント画像が添付されていないため、差し戻されました。"),
        "steps": _steps(now), "moments": _moments(now), "duties": _duties(now),
    }


def _steps(now: datetime) -> list[RailStep]:
    day = timedelta(days=1)
    return [
        RailStep("申請", "done", "市民課", now - 9 * day),
        RailStep("所属長の決裁", "done", "市民課長補佐", now - 8 * day, mark="代決"),
        RailStep("情報政策課の合議", "done", "情報政策課長", now - 6 * day),
        RailStep("広報課の合議", "current", "広報広聴シティプロモーション課長", due=now + 2 * day, clause="§6(1)"),
        RailStep("取得", "upcoming", "市民課"),
        RailStep("運用ポリシー", "upcoming", "市民課"),
        RailStep("届出", "upcoming", "市民課長"),
        RailStep("掲載", "upcoming", "情報政策課長"),
        RailStep("公式", "upcoming"),
    ]


def _moments(now: datetime) -> list[Moment]:
    day = timedelta(days=1)
    comment = "更新の頻度が「随時」だけでは市民に伝わりません。週に何回かを書いてください。"
    return [
        Moment(now - day, "合議を求めました", "情報政策課長", "§6(1)", tone=Tone.WAITING),
        Moment(now - 2 * day, "差し戻しました", "市民課長", "§6(1)", comment, Tone.RETURNED),
        Moment(now - 3 * day, "申請しました", "水野 恵子", "§6(1)"),
    ]


def _duties(now: datetime) -> list[Duty]:
    day = timedelta(days=1)
    soon = now + timedelta(minutes=20)
    return [
        Duty("避難所開設のお知らせ", "#1", "§8(1)", "読んで承認する", "見本市防災（X・LINE）", now, soon, urgent=True),
        Duty("図書館まつりの案内", "#2", "§8(1)", "読んで承認する", "見本市立図書館", now - 2 * day, now - day),
        Duty("市民課公式の届出書", "#3", "§6(3)ア", "届出書を作る", "取得から1日たちました", now - day, now + 2 * day),
    ]


def _forms(request: HttpRequest) -> dict[str, Any]:
    return {
        "form": ServiceForm({"purpose": "市民課の窓口の混み具合を知らせるため", "answers": ""}), "prohibited": ProhibitedForm(),
        "fresh": ServiceForm(prefix="fresh"), "filter": FilterForm(request.GET or None),
        "page": Paginator(list(range(230)), 20).get_page(3),
        "guide": [GuideStep("サービスの確認", "#a", True), GuideStep("運用ポリシー"), GuideStep("内容の確認"), GuideStep("申請")],
        "pairs": [("サービス", "X"), ("アカウント名", "磐田市民課"), ("担当所属", "市民課", "§6(2)イ"), ("紹介文", "")],
    }


def _posts() -> dict[str, Any]:
    preview = Preview("X", "磐田市防災", "@iwata_bousai.example", HEAVY_RAIN, at=clock.now(),
                      pictures=[Picture("/static/mark.svg", "避難所の場所を示した地図。市内に12か所あります。")])
    linked = "詳しくは https://city.iwata.shizuoka.jp@example.com/ を御覧ください。"
    return {"preview": preview, "before": BEFORE, "after": AFTER, "odd_link": linked}
