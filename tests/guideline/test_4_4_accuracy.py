"""§4(4): what in a text is likely to be wrong is pointed out; what is right is left in peace. Written on 28 November 2026."""

from __future__ import annotations

import time
from datetime import date

import pytest

from tests.posts.checking import seen

pytestmark = pytest.mark.clause("§4(4)")


@pytest.mark.parametrize(("words", "quote"), [
    ("12月23日(土)に開きます。", "12月23日(土)"),
    ("１２月２３日（土）に開きます。", "１２月２３日（土）"),
    ("12月23日土曜日に開きます。", "12月23日土曜日"),
    ("令和9年1月10日(土)の成人式", "令和9年1月10日(土)"),
    ("2027年1月10日（土・祝）", "2027年1月10日（土・祝）"),
    ("会期：12/5(日)まで", "12/5(日)"),
    ("12月5日(土)、6日(月)", "6日(月)"),
    ("11月30日(月)～2日(木)", "2日(木)"),
    ("来年1月10日(土)", "来年1月10日(土)"),
    ("あす30日(日)に放送します。", "30日(日)"),
])
def test_a_weekday_that_is_not_that_days(words: str, quote: str) -> None:
    assert ("日付と曜日", quote) in seen(words)


@pytest.mark.parametrize("words", [
    "12月23日(水)に開きます。", "令和9年1月10日(日)の成人式", "2027年1月11日（月・祝）", "会期：12/5(土)まで",
    "12月5日(土)、6日(日)・12日(土)", "11月30日(月)～2日(水)", "12月29日(火)から1月3日(日)まで。28日(月)はあいています。",
    "来年6月20日(日)", "6月20日(土)に開催しました。", "昨年11月23日(日)の様子です。", "11月23日(月・祝)は勤労感謝の日でした。",
    "24時間365日受け付けます。", "3日間で12月分の申込み", "月額100円、日曜は休み", "1/2(半分)を補助",
    "電話 0538-00-0110（土日を除く）",
    "11月15日(日)まで", "明治5年12月3日",
])
def test_right_days_are_left_in_peace(words: str) -> None:
    assert [check for check, _ in seen(words) if check in {"日付と曜日", "ない日付", "元号と西暦", "過ぎた日"}] == []


@pytest.mark.parametrize("words", ["2月30日", "11月31日", "13月1日まで", "12月0日", "令和9年2月29日", "2027年2月29日",
                                   "11/31(火)", "2026/11/31"])
def test_days_that_no_calendar_has(words: str) -> None:
    assert [check for check, _ in seen(words)] == ["ない日付"]


def test_a_leap_day_is_one_in_its_year_only() -> None:
    assert seen("令和10年2月29日") == seen("2028年2月29日") == []


@pytest.mark.parametrize(("words", "quote"), [
    ("令和8年(2025年)に始めます。", "令和8年(2025年)"), ("2026年（令和7年）", "2026年（令和7年）"), ("2026年度(令和9年度)",
    "2026年度(令和9年度)"),
    ("２０２６（Ｒ７）年度", "２０２６（Ｒ７）年度"), ("平成31年5月1日から", "平成31年5月1日"), ("令和元年4月30日まで",
    "令和元年4月30日"),
    ("平成32年の計画", "平成32年"), ("昭和65年", "昭和65年"), ("令和0年", "令和0年"),
])
def test_eras_and_years_that_disagree(words: str, quote: str) -> None:
    assert ("元号と西暦", quote) in seen(words)


@pytest.mark.parametrize("words", [
    "令和8年(2026年)に始めます。", "2026年（令和8年）", "2026年度(令和8年度)", "令和元年(2019年)5月1日", "平成31年4月30日",
    "昭和64年1月7日",
    "2019(H31)年4月", "令和8年度の予算", "平成元年1月8日",
])
def test_right_eras_are_left_in_peace(words: str) -> None:
    assert [quote for check, quote in seen(words) if check == "元号と西暦"] == []


@pytest.mark.parametrize("words", ["11月20日に説明会を開催します。", "11月27日(金)までに申し込んでください。",
                                   "申込み：10月30日(金)締切りです。",
                                   "2026年4月1日から募集します。"])
def test_a_day_that_is_over_is_not_spoken_of_as_coming(words: str) -> None:
    assert "過ぎた日" in {check for check, _ in seen(words)}


@pytest.mark.parametrize("words", [
    "11月20日に説明会を開催しました。", "11月28日に開催します。", "11月1日から12月25日まで開催します。",
    "11月20日から募集しています。",
    "11月20日に公表した計画の説明会を行います。", "昭和23年に始まった祭りを、12月1日に行います。",
    "11月20日の大雨の被害について、調査を行います。",
])
def test_what_is_past_or_coming_and_says_so_is_left_in_peace(words: str) -> None:
    assert "過ぎた日" not in {check for check, _ in seen(words)}


@pytest.mark.parametrize("words", ["あす12月6日に開きます。", "本日(12月1日)から", "きのう11月20日の", "明日20日(金)に"])
def test_tomorrow_is_the_day_after_the_publication(words: str) -> None:
    assert "あすなどの言葉と日付" in {check for check, _ in seen(words)}


@pytest.mark.parametrize("words", ["あす11月29日に開きます。", "あす30日(月)に開きます。", "本日、12月号を発行しました。",
                                   "今日から12月6日まで",
                                   "明日（29日(日)）も行います。", "昨日11月27日は"])
def test_tomorrow_may_slip_by_the_hour_of_the_approval(words: str) -> None:
    assert "あすなどの言葉と日付" not in {check for check, _ in seen(words)}


@pytest.mark.parametrize(("words", "check"), [
    ("午後13時から", "ない時刻"), ("25時まで", "ない時刻"), ("10時75分に", "ない時刻"), ("9:60開場", "ない時刻"),
    ("２４時３０分", "ない時刻"),
    ("午後12時30分集合", "二通りに読める時刻"), ("午前12時15分", "二通りに読める時刻"),
    ("15時から13時まで", "始まりと終わりの時刻"), ("10:00～9:30", "始まりと終わりの時刻"), ("午後3時～午後1時",
    "始まりと終わりの時刻"),
])
def test_times_of_day(words: str, check: str) -> None:
    assert [found for found, _ in seen(words)] == [check]


@pytest.mark.parametrize("words", [
    "9時から17時まで", "午後1時～3時30分", "22時から翌5時まで", "午前9時半から正午", "24時まで", "48時間以内に",
    "10:00〜16:30", "23時～6時は断水します。",
    "0時から", "比率は3:10です", "正午12時の時報",
])
def test_right_times_are_left_in_peace(words: str) -> None:
    assert seen(words) == []


@pytest.mark.parametrize(("words", "check"), [
    ("電話 0538-37-480", "電話番号の桁数"), ("電話：0538-37-48000", "電話番号の桁数"), ("TEL 053837480", "電話番号の桁数"),
    ("℡０５３８－００－０１１１", "市の一覧にない電話番号"), ("0538(00)0111", "市の一覧にない電話番号"), ("0120-123-456",
    "市の一覧にない電話番号"),
])
def test_telephone_numbers_that_cannot_be_or_are_not_known(words: str, check: str) -> None:
    assert [found for found, _ in seen(words)] == [check]


@pytest.mark.parametrize("words", ["9999年12月31日(金・祝)に開催します。", "9999年12月31日まで", "0001年1月1日(月)"])
def test_days_at_the_ends_of_the_calendar_are_read(words: str) -> None:
    assert isinstance(seen(words), list)
    assert isinstance(seen("12月31日に開催します。あす1日です。", day=date(2200, 12, 31)), list)


@pytest.mark.parametrize("shape", [
    "1", "1,", "検討中", "12月31日に開催します。", "21日(土)", " ", "a.", "a@", "0538-", "https://a.b/", "鈴木", "「", "①",
    "#あ"])
def test_no_text_however_long_and_odd_keeps_a_server_busy(shape: str) -> None:
    """Most take a tenth of a second; what goes by the square of the length took minutes."""
    began = time.process_time()
    seen(shape * (60_000 // len(shape)), alt=True)
    assert time.process_time() - began < 15


@pytest.mark.parametrize("words", [
    "電話 0538-00-0110", "電話（０５３８）００－０１１０", "0538ー00ー0500", "119番", "#7119", "予約番号 12-3456",
    "第0538-00号の決定ではなく10-20-30",
    "2026-11-28", "〒438-8650 磐田市国府台3-1 磐田市役所", "照合の値 ab0347555249cd",
])
def test_the_citys_own_numbers_are_left_in_peace(words: str) -> None:
    assert seen(words) == []


@pytest.mark.parametrize(("words", "check", "quote"), [
    ("参加費は1,00円です。", "金額と数", "1,00"), ("10,0000円", "金額と数", "10,0000"), ("¥500円", "金額と数", "¥500円"),
    ("500円円", "金額と数", "500円円"),
    ("10万万円", "金額と数", "10万万円"),
    ("窓口\ue000へ", "文字化け", "\ue000"), ("お問い合わせ�", "文字化け", "�"), ("衣類&amp;食品", "文字化け", "&amp;"),
    ("広報広聴シティープロモーション課まで", "課や施設の名前", "広報広聴シティープロモーション課"),
    ("磐田市民文化会舘で", "課や施設の名前", "磐田市民文化会舘"),
])
def test_amounts_garbled_letters_and_names(words: str, check: str, quote: str) -> None:
    assert seen(words) == [(check, quote)]


@pytest.mark.parametrize("words", ["1,000円", "12,345,678円", "3,000人", "1,5,10の日", "広報広聴シティプロモーション課まで",
                                   "下水道課", "磐田市民文化会館の南",
                                   "静岡県危機管理課", "竜洋海洋公園"])
def test_right_amounts_and_names_are_left_in_peace(words: str) -> None:
    assert seen(words) == []
