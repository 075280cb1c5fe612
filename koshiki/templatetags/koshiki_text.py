"""Dates and counts in templates: `{% load koshiki_text %}`."""

from __future__ import annotations

from datetime import date, datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from koshiki import calendar, text

register = template.Library()


@register.filter
def wareki(moment: date | datetime | None) -> SafeString | str:
    """`<time datetime="2026-11-22T14:05+09:00">令和8年11月22日(日) 14時05分</time>`; nothing for None."""
    return _time(moment, calendar.wareki(moment)) if moment else ""


@register.filter
def wareki_date(moment: date | datetime | None) -> SafeString | str:
    """The day alone, also of a datetime: `<time datetime="2026-11-22">令和8年11月22日(日)</time>`."""
    return wareki(_day(moment)) if moment else ""


@register.filter
def wareki_short(moment: date | datetime | None) -> SafeString | str:
    """`<time …>11月22日(日) 14:05</time>`, for lists."""
    return _time(moment, calendar.wareki_short(moment)) if moment else ""


@register.filter
def graphemes(value: str | None) -> int:
    """How many characters a person counts."""
    return text.graphemes(value or "")


def _day(moment: date | datetime) -> date:
    if not isinstance(moment, datetime):
        return moment
    return timezone.localtime(moment).date() if timezone.is_aware(moment) else moment.date()


def _time(moment: date | datetime, words: str) -> SafeString:
    local = timezone.localtime(moment) if isinstance(moment, datetime) and timezone.is_aware(moment) else moment
    machine = local.isoformat(timespec="minutes") if isinstance(local, datetime) else local.isoformat()
    return format_html('<time datetime="{}">{}</time>', machine, words)
