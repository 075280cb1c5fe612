"""What is done every day is done at its hour in the city, not in Greenwich."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from procrastinate.contrib.django import app

DAILY = {"desk.send_digests": "08:00", "desk.watch_profiles": "05:40",
         "koshiki.database.jobs.remove_finished_jobs": "03:17", "organization.clear_sessions": "03:17",
         "posts.clear_staging": "04:47", "register.forget_spendings": "04:23", "register.look_at_pages": "05:10"}


@pytest.mark.parametrize(("name", "hour"), DAILY.items())
def test_a_daily_job_is_done_at_its_hour_in_the_city(name: str, hour: str) -> None:
    periodic = app.periodic_registry.periodic_tasks[name, ""]
    midnight = datetime(2026, 4, 1, tzinfo=timezone.get_default_timezone())
    due = periodic.croniter.get_next(ret_type=float, start_time=midnight.timestamp())
    assert timezone.localtime(datetime.fromtimestamp(due, UTC)).strftime("%H:%M") == hour
    assert due - midnight.timestamp() < timedelta(days=1).total_seconds()


def test_no_other_job_has_an_hour() -> None:
    with_an_hour = {task.name for task in (entry.task for entry in app.periodic_registry.periodic_tasks.values())
                    if app.periodic_registry.periodic_tasks[task.name, ""].cron.split()[1] != "*"}
    assert with_an_hour == set(DAILY)
