"""§4(4): days, eras and weekdays that do not agree, days that no calendar has, days that are over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

import regex

from koshiki.calendar import holiday
from koshiki.posts.checks.reading import Spot, Text

ERAS = {"明治": (1868, 45), "大正": (1912, 15), "昭和": (1926, 64), "平成": (1989, 31), "令和": (2019, 99)}
_LETTERS = {"M": "明治", "T": "大正", "S": "昭和", "H": "平成", "R": "令和"}
_SPANS = {"大正": (date(1912, 7, 30), date(1926, 12, 25)), "昭和": (date(1926, 12, 25), date(1989, 1, 7)),
          "平成": (date(1989, 1, 8), date(2019, 4, 30)), "令和": (date(2019, 5, 1), date(9999, 12, 31))}
WEEKDAYS = "月火水木金土日"
_RECENT, _PAST = timedelta(days=60), timedelta(days=183)
_NAMED = 24  # days back whose month a day without one may be of
_LAST_YEAR = 2200  # what is later no calendar of an office reckons with

_ERA = r"(?P<era>明治|大正|昭和|平成|令和)\s?(?P<era_year>元|\d{1,2})年"
_WEEKDAY = (r"(?:\s?\((?P<w>[月火水木金土日])(?:曜日?)?(?P<off>[・･、,/]?(?:祝日?|祭日?|休日?|振休|振替休日))?\)"
            r"|\s?(?P<w>[月火水木金土日])曜日?)")
_YEAR = rf"(?:{_ERA}(?:\s?\((?P<year>\d{{4}})年?\))?|(?P<year>\d{{4}})年(?:\s?\({_ERA}\))?|(?P<said>昨|去|来|今|本|翌)年)"
_DAY = regex.compile(
    rf"(?:{_YEAR}の?\s?)?(?<!\d)(?P<month>\d{{1,2}})月\s?(?P<day>\d{{1,2}})日(?!間|目|程|制|額|以上|以内){_WEEKDAY}?"
    rf"|(?<![\d./\-])(?:(?P<year>\d{{4}})[/.\-])?(?P<month>\d{{1,2}})[/.](?P<day>\d{{1,2}}){_WEEKDAY}"
    rf"|(?<![\d./\-])(?P<year>20\d\d)[/\-](?P<month>\d{{1,2}})[/\-](?P<day>\d{{1,2}})(?![\d/\-])"
    rf"|(?<![\d月/.])(?P<alone>\d{{1,2}})日{_WEEKDAY}")
_BOTH_YEARS = regex.compile(rf"{_ERA[:-1]}年?(?:度)?\s?\(\s?(?:西暦)?(?P<year>\d{{4}})年?度?\s?\)年?度?"
                            rf"|(?:西暦)?(?P<year>\d{{4}})年?度?\s?\(\s?{_ERA}?度?\s?\)年?度?"
                            rf"|(?P<year>\d{{4}})年?度?\s?\(\s?(?P<letter>[MTSHR])\.?(?P<era_year>\d{{1,2}})年?度?\s?\)年?度?")
_ERA_ALONE = regex.compile(_ERA + "(?P<fiscal>度)?")
_COMING = regex.compile(r"(?:開催|実施|募集|配布|放送|開始|受付|販売|公開|開館|休館|閉庁|運行)(?:いたし"
                        r"|致し|し)ます|行います|始まります|始めます"
                        r"|予定です|予定しています|お越しください|御参加ください|ご参加ください|お集まりください"
                        r"|お申し?込みください"
                        r"|までに?(?:お?申し?込|応募|提出)|お休みです|お休みします|締め?切り?です")
_DONE = regex.compile(r"ました|でした|[しっいんれ]た(?![いめくがら])|られた|された|ています|ております"
                      r"|以降|以来|からの|現在|付け")
_OF_IT = regex.compile(r"(?:の|付け?の)(?!午|朝|夜|夕|昼|当日|\d)")  # 「11月20日の大雨」 is only named by its day
_SPOKEN_DAYS = {"昨日": -1, "きのう": -1, "本日": 0, "今日": 0, "きょう": 0, "明日": 1, "あす": 1, "あした": 1,
                "明後日": 2, "あさって": 2}
_SPOKEN = regex.compile(rf"({'|'.join(sorted(_SPOKEN_DAYS, key=len, reverse=True))})\s?[はの、]?\s?\(?$")
_PAST_TENSE = regex.compile(r"ました|でした")


@dataclass(frozen=True)
class Day:
    """A day as a text writes it. `year` is what is written or known by words; None where none is."""

    start: int
    end: int
    era: str
    year: int | None
    month: int
    day: int
    weekday: str
    off: bool
    others: tuple[tuple[int | None, int], ...] = ()  # years and months that may be meant too

    def on(self, year: int) -> date | None:
        try:
            return date(year, self.month, self.day) if year <= _LAST_YEAR else None
        except ValueError:
            return None


def days(text: Text) -> tuple[Day, ...]:
    """The days in the text in order, read once; one that is written without its month may be of any that is named."""
    if "days" not in text.memo:
        text.memo["days"] = tuple(_days(text))
    found: tuple[Day, ...] = text.memo["days"]
    return found


def _days(text: Text) -> Iterator[Day]:
    named: list[Day] = []
    for match in _DAY.finditer(text.folded):
        if match["alone"]:
            yield _alone(match, named[-_NAMED:], text.known.day)
        else:
            named.append(_day(match, text.known.day))
            yield named[-1]


def _day(match: regex.Match[str], today: date) -> Day:
    year = int(match["year"]) if match["year"] else None
    if match["era"] and year is None:
        year = _of_era(match["era"], match["era_year"])
    if match["said"]:
        year = today.year + {"昨": -1, "去": -1, "来": 1, "翌": 1}.get(match["said"], 0)
    return Day(match.start(), match.end(), match["era"] or "", year, int(match["month"]), int(match["day"]),
               match["w"] or "", _festive(match))


def _alone(match: regex.Match[str], named: list[Day], today: date) -> Day:
    """「21日(土)～23日(月)」: of a month named before, or the next where it goes over its end; else of one near today."""
    number = int(match["alone"])
    months = [(day.year, day.month) for day in reversed(named)]
    if named and number < named[-1].day:
        months.insert(0, _next(*months[0]))
    months = months or [(None, (today.month + n - 1) % 12 + 1) for n in (0, 1, -1)]
    (year, month), *others = dict.fromkeys(months)
    return Day(match.start(), match.end(), "", year, month, number, match["w"] or "", _festive(match), tuple(others))


def _next(year: int | None, month: int) -> tuple[int | None, int]:
    return (year, month + 1) if month < 12 else (year + 1 if year else None, 1)


def _festive(match: regex.Match[str]) -> bool:
    return bool(match["off"] and "祝" in match["off"])


def _of_era(era: str, year: str) -> int:
    return ERAS[era][0] - 1 + (1 if year == "元" else int(year))


def candidates(day: Day, text: Text, given: int | None = None) -> list[date]:
    """Which days may be meant: of the year that is said, or the one that is near; a report looks back further."""
    others = [replace(day, year=year, month=month, others=()) for year, month in day.others]
    return [on for one in (replace(day, others=()), *others) for on in _meant(one, text, given)]


def _meant(day: Day, text: Text, given: int | None) -> list[date]:
    if day.year is not None:
        return [on for on in [day.on(day.year)] if on]
    today = text.known.day
    near = [on for year in (today.year - 1, today.year, today.year + 1) if (on := day.on(year))]
    meant = [on for on in near if today - _RECENT <= on < today - _RECENT + timedelta(days=366)]
    start, end = text.sentence(day.start)
    if _PAST_TENSE.search(text.folded, start, end):
        meant += [on for on in near if today - _PAST <= on < today - _RECENT]
    return meant + [on for on in [day.on(given)] if on] if given else meant


def weekday(text: Text) -> Iterator[Spot]:
    """日付と曜日 — the weekday is not that day's (11月23日(土)), or 祝 stands where there is no holiday."""
    given: int | None = None
    for day in days(text):
        meant = candidates(day, text, given)
        given = day.year or given
        if not meant:
            continue
        if day.weekday and all(WEEKDAYS[on.weekday()] != day.weekday for on in meant):
            yield Spot(day.start, day.end, f"{_said(meant[0])}は{WEEKDAYS[meant[0].weekday()]}曜日です。",
                       "日付と曜日のどちらが正しいかを元の資料で確かめて、直してください。")
        elif day.off and not any(map(holiday, meant)):
            yield Spot(day.start, day.end, f"{_said(meant[0])}は祝日ではありません。",
                       "日付と「祝」を確かめて、直してください。")


def impossible(text: Text) -> Iterator[Spot]:
    """ない日付 — 2月30日, 13月1日, a 2月29日 in a year that has none."""
    for day in days(text):
        leap = day.on(2000) is not None and day.year is None
        if not (candidates(day, text) or (leap and not (day.month == 2 and day.day == 29))):
            yield Spot(day.start, day.end, "暦にない日付です。", "正しい日付に直してください。")


def eras(text: Text) -> Iterator[Spot]:
    """元号と西暦 — the two years disagree, the era has no such year, or that day was in another era."""
    seen: set[int] = set()
    for match in _BOTH_YEARS.finditer(text.folded):
        era = match["era"] or (_LETTERS[match["letter"]] if match["letter"] else "")
        if not era:
            continue
        seen.add(match.start("era"))
        year = _of_era(era, match["era_year"])
        if year != int(match["year"]):
            yield Spot(match.start(), match.end(), f"{era}{match['era_year']}年は{year}年です。",
                       "元号の年と西暦のどちらが正しいかを確かめて、直してください。")
    yield from _era_alone(text, seen)


def _era_alone(text: Text, seen: set[int]) -> Iterator[Spot]:
    for match in _ERA_ALONE.finditer(text.folded):
        era, number = match["era"], 1 if match["era_year"] == "元" else int(match["era_year"])
        if match.start("era") not in seen and not 1 <= number <= ERAS[era][1]:
            yield Spot(match.start(), match.end(), f"{era}に{number}年はありません。", "正しい元号と年に直してください。")
    for day in days(text):
        on = day.on(day.year) if day.era and day.year else None
        began, ended = _SPANS.get(day.era, (date.min, date.max))
        if on and not began <= on <= ended and on.year in (began.year, ended.year):
            yield Spot(day.start, day.end, f"この日は、{day.era}ではありません。", "正しい元号と年に直してください。")


def over(text: Text) -> Iterator[Spot]:
    """過ぎた日 — a day that is over when the post goes out, spoken of as coming."""
    today = text.known.day
    found = [(day, meant[0]) for day in days(text) if (meant := candidates(day, text))]
    for place, (day, on) in enumerate(found):
        start, end = text.sentence(day.start)
        later = place + 1 < len(found) and found[place + 1][0].start < end
        earlier = place > 0 and found[place - 1][0].start >= start
        if on >= today or on < today - timedelta(days=400) or later or (earlier and found[place - 1][1] >= today):
            continue
        if _OF_IT.match(text.folded, day.end):
            continue
        coming = _COMING.search(text.folded, day.end, end)
        if coming and not _DONE.search(text.folded, day.end, end):
            yield Spot(day.start, day.end,
                       f"発信する日（{_said(today)}）には過ぎている日付を、これからのこととして書いています。",
                       "日付を直すか、済んだこととして書き直してください。")


def spoken(text: Text) -> Iterator[Spot]:
    """あすと日付 — 「あす30日」 is the day after the publication; one day's difference may be the hour of the approval."""
    for day in days(text):
        word = _SPOKEN.search(text.folded, max(0, day.start - 8), day.start)
        if word and (meant := candidates(day, text)):
            wanted = text.known.day + timedelta(days=_SPOKEN_DAYS[word[1]])
            if all(abs((on - wanted).days) > 1 for on in meant):
                yield Spot(word.start(1), day.end, f"発信する日（{_said(text.known.day)}）の「{word[1]}」は{_said(wanted)}です。",
                           "日付か「あす」などの言葉を直すか、発信日時を確かめてください。")


def _said(on: date) -> str:
    return f"{on.year}年{on.month}月{on.day}日"
