"""§4(4): times of day that no clock shows, that can be read in two ways, or that end before they begin."""

from __future__ import annotations

from collections.abc import Iterator

import regex

from koshiki.posts.checks.reading import Spot, Text

_CLOCK = (r"(?:(?P<half{n}>午前|午後)\s?)?(?:(?P<hour{n}>\d{{1,2}})時(?!間|点|代|期|限|折)"
          r"(?:(?P<minute{n}>\d{{1,2}})分|(?P<sharp{n}>半))?"
          r"|(?P<hour{n}>\d{{1,2}}):(?P<minute{n}>\d{{2}})(?!:?\d))")
_TIME = regex.compile(r"(?<![\d:.])" + _CLOCK.format(n=""))
_SPAN = regex.compile(r"(?<![\d:.])" + _CLOCK.format(n="1") + r"\s?(?:~|〜|-|から)\s?" + _CLOCK.format(n="2"))


def impossible(text: Text) -> Iterator[Spot]:
    """ない時刻 — 午後13時, 25時, 10時75分."""
    for match in _TIME.finditer(text.folded):
        hour, minute = int(match["hour"]), int(match["minute"] or 0)
        if hour > 24 or minute > 59 or (hour == 24 and minute):
            yield Spot(match.start(), match.end(), "時計にない時刻です。",
                       "正しい時刻に直してください。深夜は翌日の日付と時刻で書きます。")
        elif match["half"] and hour > 12:
            yield Spot(match.start(), match.end(), f"「{match['half']}」の後が{hour}時になっています。",
                       "午前・午後を取るか、12時までの時刻に直してください。")


def twofold(text: Text) -> Iterator[Spot]:
    """二通りに読める時刻 — 午後12時30分 may be noon or midnight."""
    for match in _TIME.finditer(text.folded):
        if match["half"] and int(match["hour"]) == 12 and not (match["half"] == "午前" and not _minutes(match, "")):
            yield Spot(match.start(), match.end(), "昼か夜かが、二通りに読めます。",
                       "「午後0時30分」や「0時30分」「12時30分」のように書いてください。")


def backward(text: Text) -> Iterator[Spot]:
    """終わりが先の時刻 — 15時から13時まで; over midnight only where the text says so."""
    for match in _SPAN.finditer(text.folded):
        begin, end = _of_day(match, "1"), _of_day(match, "2")
        if match["half1"] and not match["half2"] and end < begin:
            end += 12 * 60  # 午後1時から3時まで
        late = begin >= 17 * 60 and end <= 10 * 60  # a night
        if end <= begin and not late and max(begin, end) <= 24 * 60:
            yield Spot(match.start(), match.end(), "終わりの時刻が、始まりより前か同じです。",
                       "始まりと終わりの時刻を確かめて、直してください。")


def _minutes(match: regex.Match[str], n: str) -> int:
    return int(match["minute" + n] or 0) + (30 if match["sharp" + n] else 0)


def _of_day(match: regex.Match[str], n: str) -> int:
    hour = int(match["hour" + n]) + (12 if match["half" + n] == "午後" and int(match["hour" + n]) < 12 else 0)
    return hour * 60 + _minutes(match, n)
