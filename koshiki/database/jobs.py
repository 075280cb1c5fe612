"""Keeping the job tables small and free. Jobs only wake what rows demand: losing one loses nothing."""

from __future__ import annotations

import asyncio

from procrastinate import App, JobContext
from procrastinate.builtin_tasks import remove_old_jobs
from procrastinate.contrib.django import app
from procrastinate.jobs import Status

from koshiki import clock

KEPT_HOURS = 7 * 24


@app.periodic(cron=clock.daily(3, 17))
@app.task(pass_context=True, queueing_lock="remove_finished_jobs")
async def remove_finished_jobs(context: JobContext, timestamp: int) -> None:
    """Jobs that ended more than seven days ago are removed, however they ended."""
    await remove_old_jobs(context, max_hours=KEPT_HOURS, remove_failed=True, remove_cancelled=True,
                          remove_aborted=True)


async def give_up_stalled(working: App, *, every: float) -> None:
    """Jobs that a killed worker had begun are noted as failed, again and again until cancelled.

    They are never run again: what they were to wake is found by its own row.
    """
    while True:
        for job in await working.job_manager.get_stalled_jobs(seconds_since_heartbeat=every):
            await working.job_manager.finish_job(job, status=Status.FAILED, delete_job=False)
        await asyncio.sleep(every)
