"""Dates as the office writes them: 令和8年11月22日(日) 14時05分."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from koshiki.calendar import wareki, wareki_short
from koshiki.look import When, local


def written(moment: When, *, short: bool = False) -> str:
    """A moment or a day in words, in the page's language; `short` leaves the year out."""
    if (get_language() or "ja").startswith("en"):
        return _in_english(local(moment))
    return wareki_short(moment) if short else wareki(moment)


def _in_english(moment: When) -> str:
    day = f"{moment.day} {moment:%B} {moment.year}"
    return f"{day}, {moment:%H:%M}" if isinstance(moment, datetime) else day


def machine_read(moment: When) -> str:
    """The `datetime` attribute: to the second, with the city's offset."""
    moment = local(moment)
    return moment.isoformat(timespec="seconds") if isinstance(moment, datetime) else moment.isoformat()


def time_element(moment: When | None, *, short: bool = False) -> SafeString:
    """<time> with the words of the office inside and the machine's date in the attribute; "" for none."""
    if not moment:
        return SafeString("")
    return format_html('<time datetime="{}">{}</time>', machine_read(moment), written(moment, short=short))


def due_element(moment: When | None, *, short: bool = False) -> SafeString:
    """A due time. The offices say 25日, not 26日 0時: a due at midnight is written as the day that it ends."""
    if isinstance(moment, datetime) and timezone.localtime(moment).time() == time():
        moment = timezone.localdate(moment) - timedelta(days=1)
    return time_element(moment, short=short)


def lasting(span: timedelta) -> str:
    """A span in words, as long as people count it: 5分, 1時間5分, 2日3時間. `static/clock.js` says the same."""
    minutes = max(0, int(span.total_seconds() // 60))
    days, hours = divmod(minutes // 60, 24)
    parts = [(days, "日"), (hours, "時間")] if days else [(hours, "時間"), (minutes % 60, "分")]
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "0分"
