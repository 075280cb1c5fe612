from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import InterfaceError, OperationalError, connection
from procrastinate.contrib.django import app
from procrastinate.contrib.django.utils import connector_params
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.psycopg_connector import PsycopgConnector

from koshiki.database import folders
from koshiki.database.jobs import give_up_stalled
from koshiki.database.roles import LogCouldChange
from koshiki.database.startup import NotFit, refuse_unfit
from koshiki.management.host import refuse_unfit_host
from koshiki.posts.jobs import sweep

HEARTBEAT, STALLED = 2, 10  # seconds; a killed worker's job must not keep others waiting for long
log = logging.getLogger("koshiki.worker")


class Command(BaseCommand):
    requires_system_checks = ()
    help = "用意された仕事（配信、公開ページの更新、通知など）を続けて行います。何台で動かしてもかまいません。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--concurrency", type=int, default=settings.KOSHIKI_WORKER_CONCURRENCY,
                            help="同時に行う仕事の数")
        parser.add_argument("--once", action="store_true", help="今ある仕事を終えたら終わる")
        parser.add_argument("--adopt-folders", action="store_true",
                            help="この機械の画像・市の発信・公開用の写しのフォルダーを、これからの共有フォルダーとする")

    def handle(self, *args: Any, concurrency: int, once: bool, adopt_folders: bool, **options: Any) -> None:
        presence = folders.Presence()
        try:
            refuse_unfit()
            refuse_unfit_host()
            if adopt_folders:
                folders.adopt()
            presence.begin()
            with contextlib.suppress(asyncio.CancelledError):
                asyncio.run(_work(concurrency, wait=not once, presence=presence))
        except (NotFit, LogCouldChange) as reason:
            raise CommandError(str(reason)) from reason
        finally:
            _leave(presence)


def _leave(presence: folders.Presence) -> None:
    """Without the database the others find out by themselves."""
    with contextlib.suppress(OperationalError, InterfaceError):
        presence.end()


async def _work(concurrency: int, *, wait: bool, presence: folders.Presence | None = None) -> None:
    """Work until told to stop; while the database is away, wait for it. Raises NotFit once a folder is not shared."""
    # What a job does runs in a thread; asyncio's own pool has but a few on a small machine.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(concurrency, thread_name_prefix="job"))
    _stop_when_told(asyncio.current_task())
    while True:
        try:
            await _work_while_connected(concurrency, wait=wait, presence=presence)
        except (ConnectorException, psycopg.Error) as error:
            log.warning("データベースに届きません（%s）。", type(error).__name__)
        if not wait:
            return
        log.warning("データベースとの接続が切れました。届くまで待ちます。")
        await asyncio.sleep(2)


def _stop_when_told(working: asyncio.Task[None] | None) -> None:
    """SIGTERM and Ctrl-C end the work in order: what is under way is finished."""
    loop = asyncio.get_running_loop()

    def stop() -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_IGN)
        if working:
            working.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)


async def _work_while_connected(concurrency: int, *, wait: bool, presence: folders.Presence | None) -> None:
    connector = PsycopgConnector(kwargs=connector_params(), min_size=1, max_size=4, timeout=5)
    async with app.with_connector(connector).open_async() as working:
        await _sweep_at_once()
        tidying = asyncio.create_task(give_up_stalled(working, every=STALLED))
        running = asyncio.ensure_future(working.run_worker_async(
            concurrency=concurrency, wait=wait, fetch_job_polling_interval=1, abort_job_polling_interval=1,
            update_heartbeat_interval=HEARTBEAT, stalled_worker_timeout=STALLED,
            shutdown_graceful_timeout=15, install_signal_handlers=False))
        watching = asyncio.create_task(_watch(presence, running))
        try:
            await running
        except asyncio.CancelledError:
            if watching.done():
                watching.result()  # raises what it found
            raise
        finally:
            tidying.cancel()
            watching.cancel()


async def _watch(presence: folders.Presence | None, running: asyncio.Future[None]) -> None:
    """Appear in the shared folders anew every few seconds; where they are not shared any more, end the work."""
    with ThreadPoolExecutor(1, thread_name_prefix="watch") as own:  # the jobs' threads may all be busy
        while presence:
            await asyncio.sleep(folders.BEAT)
            try:
                await asyncio.get_running_loop().run_in_executor(own, presence.beat)
            except (OperationalError, InterfaceError):
                own.submit(connection.close)
            except NotFit:
                running.cancel()
                raise


async def _sweep_at_once() -> None:
    """What became due while no worker ran does not wait for the next round."""
    with contextlib.suppress(AlreadyEnqueued):
        await sweep.configure().defer_async(timestamp=0)
