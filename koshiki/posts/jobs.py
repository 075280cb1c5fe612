"""What a worker wakes for posts. A job carries a row's id and nothing else; the row says what is to be done.

A job that runs twice, early, late, on two hosts or not at all changes nothing: the sweep finds what is due.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from procrastinate import JobContext, RetryStrategy
from procrastinate.builtin_tasks import remove_old_jobs
from procrastinate.contrib.django import app
from procrastinate.types import JSONDict

from koshiki import clock
from koshiki.posts.models import Delivery

QUEUE = "delivery"


@app.task(name="posts.deliver", queue=QUEUE, pass_context=False)
def deliver(delivery: int) -> None:
    """Carry on with this delivery, and with whatever else is due meanwhile."""
    from koshiki.posts.delivery.carry import carry  # noqa: PLC0415  (it defers the jobs of this file)

    carry(delivery)


@app.task(name="posts.read_back", queue="read_back", pass_context=False, priority=-10,
          retry=RetryStrategy(max_attempts=6, exponential_wait=4))
def read_back(delivery: int) -> None:
    """Read what was sent, and compare. It can never run the publishing again (delivery 8)."""
    from koshiki.posts.delivery.read_back import compare  # noqa: PLC0415

    compare(delivery)


@app.periodic(cron="* * * * * */5")
@app.task(name="posts.sweep", queue="sweep", queueing_lock="posts.sweep", pass_context=False)
def sweep(timestamp: int) -> None:
    """Wake what is due without a job, take back what a dead worker held (delivery 11)."""
    from koshiki.posts.delivery.sweep import sweep as whole  # noqa: PLC0415

    whole()


@app.periodic(cron=clock.daily(4, 47))
@app.task(name="posts.clear_staging", queue="sweep", queueing_lock="posts.clear_staging", pass_context=False)
def clear_staging(timestamp: int) -> None:
    """What was laid out for services to fetch does not lie there for ever."""
    from koshiki.posts.delivery.staging import clear_old  # noqa: PLC0415

    clear_old()


@app.periodic(cron="11 * * * *")
@app.task(name="posts.remove_sweeps", queue="sweep", queueing_lock="posts.remove_sweeps", pass_context=True)
async def remove_sweeps(context: JobContext, timestamp: int) -> None:
    """Seventeen thousand sweeps a day tell nobody anything: they are removed after an hour, other jobs after days."""
    await remove_old_jobs(context, max_hours=1, queue="sweep", remove_failed=True, remove_cancelled=True,
                          remove_aborted=True)


def wake(row: Delivery, *, at: datetime | None = None) -> None:
    """Enqueue the wake-up of one delivery, in the transaction that is open; at once, or at its time."""
    job = deliver.configure(schedule_at=at) if at else deliver
    job.defer(delivery=row.pk)


def wake_all(rows: Iterable[int], *, at: datetime | None = None) -> None:
    """The same for deliveries by their ids, in one question."""
    jobs: list[JSONDict] = [{"delivery": pk} for pk in rows]
    if jobs:
        (deliver.configure(schedule_at=at) if at else deliver).batch_defer(*jobs)
