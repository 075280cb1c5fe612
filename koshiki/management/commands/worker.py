from __future__ import annotations

import asyncio
import logging
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from procrastinate.contrib.django import app
from procrastinate.contrib.django.utils import connector_params
from procrastinate.exceptions import ConnectorException
from procrastinate.psycopg_connector import PsycopgConnector

from koshiki.database.jobs import give_up_stalled
from koshiki.database.roles import LogCouldChange
from koshiki.database.startup import NotFit, refuse_unfit

HEARTBEAT, STALLED = 2, 10  # seconds; a killed worker's job must not keep others waiting for long
log = logging.getLogger("koshiki.worker")


class Command(BaseCommand):
    help = "用意された仕事（配信、公開ページの更新、通知など）を続けて行います。何台で動かしてもかまいません。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--concurrency", type=int, default=settings.KOSHIKI_WORKER_CONCURRENCY,
                            help="同時に行う仕事の数")
        parser.add_argument("--once", action="store_true", help="今ある仕事を終えたら終わる")

    def handle(self, *args: Any, concurrency: int, once: bool, **options: Any) -> None:
        try:
            refuse_unfit()
        except (NotFit, LogCouldChange) as reason:
            raise CommandError(str(reason)) from reason
        asyncio.run(_work(concurrency, wait=not once))


async def _work(concurrency: int, *, wait: bool) -> None:
    """Work until told to stop; while the database is away, wait for it."""
    while True:
        try:
            return await _work_while_connected(concurrency, wait=wait)
        except (ConnectorException, psycopg.OperationalError) as error:
            log.warning("データベースに届きません。届くまで待ちます。（%s）", type(error).__name__)
            await asyncio.sleep(2)


async def _work_while_connected(concurrency: int, *, wait: bool) -> None:
    connector = PsycopgConnector(kwargs=connector_params(), min_size=1, max_size=4, timeout=5)
    async with app.with_connector(connector).open_async() as working:
        tidying = asyncio.create_task(give_up_stalled(working, every=STALLED))
        try:
            await working.run_worker_async(
                concurrency=concurrency, wait=wait, fetch_job_polling_interval=1, abort_job_polling_interval=1,
                update_heartbeat_interval=HEARTBEAT, stalled_worker_timeout=STALLED, shutdown_graceful_timeout=20)
        finally:
            tidying.cancel()
