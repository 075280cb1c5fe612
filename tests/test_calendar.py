"""Days as the office writes and counts them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.template import Context, Template
from hypothesis import given
from hypothesis import strategies as st

from koshiki.calendar import business_days_after, business_days_end, is_business_day, wareki, wareki_short


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (date(2026, 11, 22), "令和8年11月22日(日)"),
        (datetime(2026, 11, 22, 5, 5, tzinfo=UTC), "令和8年11月22日(日) 14時05分"),
        (datetime(2026, 12, 31, 15, 0, tzinfo=UTC), "令和9年1月1日(金) 0時00分"),
        (date(2019, 4, 30), "平成31年4月30日(火)"),
        (date(2019, 5, 1), "令和元年5月1日(水)"),
        (date(1989, 1, 7), "昭和64年1月7日(土)"),
        (date(1989, 1, 8), "平成元年1月8日(日)"),
        (date(1926, 12, 25), "昭和元年12月25日(土)"),
        (date(1872, 12, 31), "1872年12月31日(火)"),
    ],
)
def test_a_day_is_written_in_its_era(moment: date, words: str) -> None:
    assert wareki(moment) == words


@pytest.mark.parametrize(
    ("moment", "words"),
    [(date(2026, 11, 2), "11月2日(月)"), (datetime(2026, 11, 22, 5, 5, tzinfo=UTC), "11月22日(日) 14時05分")],
)
def test_in_a_list_the_year_is_left_out(moment: date, words: str) -> None:
    assert wareki_short(moment) == words


@pytest.mark.parametrize(
    ("day", "is_open"),
    [
        (date(2026, 11, 20), True),  # Friday
        (date(2026, 11, 22), False),  # Sunday
        (date(2026, 11, 23), False),  # 勤労感謝の日
        (date(2026, 5, 6), False),  # 振替休日
        (date(2026, 9, 22), False),  # 国民の休日, between two holidays
        (date(2026, 12, 28), True),
        (date(2026, 12, 29), False),
        (date(2027, 1, 1), False),
        (date(2028, 1, 3), False),  # a Monday
        (date(2028, 1, 4), True),
    ],
)
def test_the_offices_are_open_on_working_days(day: date, is_open: bool) -> None:
    assert is_business_day(day) is is_open


@pytest.mark.parametrize(
    ("start", "n", "until"),
    [
        (date(2026, 11, 16), 3, date(2026, 11, 19)),
        (date(2026, 11, 19), 3, date(2026, 11, 25)),  # over a weekend and a holiday
        (date(2026, 11, 22), 1, date(2026, 11, 24)),
        (date(2026, 12, 28), 1, date(2027, 1, 4)),
        (date(2026, 11, 20), 0, date(2026, 11, 20)),
        (date(2026, 11, 21), 0, date(2026, 11, 24)),
        (datetime(2026, 11, 16, 15, 30, tzinfo=UTC), 1, date(2026, 11, 18)),  # 17日 0:30 in Japan
    ],
)
def test_a_deadline_counts_the_days_on_which_the_offices_are_open(start: date, n: int, until: date) -> None:
    assert business_days_after(start, n) == until


def test_a_deadline_ends_with_its_day_in_the_citys_time() -> None:
    assert business_days_end(date(2026, 11, 16), 3) == datetime(2026, 11, 19, 15, 0, tzinfo=UTC)


def test_a_deadline_does_not_count_backwards() -> None:
    with pytest.raises(ValueError, match="negative"):
        business_days_after(date(2026, 11, 16), -1)


@given(st.dates(date(2015, 1, 1), date(2090, 1, 1)), st.integers(0, 20))
def test_a_deadline_is_an_open_day_with_as_many_open_days_before_it(start: date, n: int) -> None:
    until = business_days_after(start, n)
    assert is_business_day(until)
    if n:
        between = [date.fromordinal(d) for d in range(start.toordinal() + 1, until.toordinal() + 1)]
        assert sum(map(is_business_day, between)) == n


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("{{ at|when }}", '<time datetime="2026-11-22T14:05:00+09:00">令和8年11月22日(日) 14時05分</time>'),
        ("{{ at|short_when }}", '<time datetime="2026-11-22T14:05:00+09:00">11月22日(日) 14時05分</time>'),
        ("{{ day|when }}", '<time datetime="2026-11-22">令和8年11月22日(日)</time>'),
        ("{{ none|when }}{{ none|short_when }}", ""),
    ],
)
def test_a_page_shows_dates_for_people_and_machines(written: str, shown: str) -> None:
    at = datetime(2026, 11, 22, 5, 5, tzinfo=UTC)
    assert Template(written).render(Context({"at": at, "day": at.date(), "none": None})) == shown
