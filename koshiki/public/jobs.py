"""What a worker does for the public pages."""

from __future__ import annotations

from procrastinate.contrib.django import app

from koshiki.public import static_copy


@app.periodic(cron="* * * * * */3")
@app.task(name="public.refresh", queue="sweep", queueing_lock="public.refresh", pass_context=False)
def refresh(timestamp: int) -> None:
    """Write the static copy, every three seconds, if anything changed (visible within ten seconds)."""
    static_copy.refresh()
