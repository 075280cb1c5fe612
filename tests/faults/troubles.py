"""What befalls a city besides killed workers: each trouble comes, workers work under it, it goes, people put right.

`TROUBLES` by name; `for_service` gives those that a service of the harness can have.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from tests.faults.real import CityFeed
from tests.faults.service import Service, name_of

if TYPE_CHECKING:
    from tests.faults.harness import Killing

Trouble = Callable[["Killing"], AbstractContextManager[None]]
DAY = 86_400
TROUBLES: dict[str, Trouble] = {}
_fitting: dict[str, Callable[[type[Service]], bool]] = {}


def for_service(kind: type[Service]) -> list[str]:
    """The troubles that this service can be given."""
    return [name for name in TROUBLES if _fitting[name](kind)]


def _anywhere(_kind: type[Service]) -> bool:
    return True


def _where_told(kind: type[Service]) -> bool:
    return kind.told


def _trouble(name: str, fitting: Callable[[type[Service]], bool] = _anywhere) -> Callable[[Trouble], Trouble]:
    def known(trouble: Trouble) -> Trouble:
        TROUBLES[name], _fitting[name] = trouble, fitting
        return trouble

    return known


def _answering(name: str, **wishes: Any) -> None:
    """A trouble that the services make themselves: they are told so, and told to end it."""

    @_trouble(name, _where_told)
    @contextmanager
    def told(killing: Killing) -> Iterator[None]:
        killing.stock.tell(**wishes)
        yield
        killing.stock.tell(**dict.fromkeys(wishes))


_answering("one answer in two never comes", swallow=0.5)
_answering("429 with an absurd Retry-After", fault="429-absurd")
_answering("503", fault="503")
_answering("200 with rubbish", fault="rubbish")
_answering("200 with nothing", fault="empty")
_answering("200 with a hundred megabytes", fault="huge")
_answering("200 without an id", fault="no-id")
_answering("the service's clock a day ahead", clock_ahead=DAY)


@_trouble("the token is revoked", _where_told)
@contextmanager
def token_revoked(killing: Killing) -> Iterator[None]:
    """Half of the accounts; they are connected again afterwards."""
    stock = killing.stock
    concerned = [account for account in stock.targets[::2] if stock.remote_of(account).told]
    for account in concerned:
        stock.remote_of(account).revoke([name_of(account)])
    yield
    for account in concerned:
        stock.reconnect(account)


@_trouble("approved twice")
@contextmanager
def approved_twice(killing: Killing) -> Iterator[None]:
    """The button is pressed twice, and by both approvers."""
    killing.stock.again = 2
    yield
    killing.stock.again = 0


@_trouble("every job ten times")
@contextmanager
def ten_times(killing: Killing) -> Iterator[None]:
    from koshiki.posts import jobs
    from koshiki.posts.models import Delivery

    for row in Delivery.objects.filter(state="waiting"):
        for _ in range(10):
            jobs.deliver.defer(delivery=row.pk)
    yield


@_trouble("the job table is emptied")
@contextmanager
def jobs_lost(killing: Killing) -> Iterator[None]:
    yield
    from tests.faults.history import _as_owner

    with _as_owner() as connection:
        connection.execute("DELETE FROM procrastinate_events")
        connection.execute("DELETE FROM procrastinate_jobs WHERE status <> 'doing'")


@_trouble("the database restarts")
@contextmanager
def database_restarts(killing: Killing) -> Iterator[None]:
    """Killed in the middle of its transactions where the server is the run's own, else every connection is ended."""
    time.sleep(1)
    if killing.cluster:
        os.kill(killing.cluster.pid, signal.SIGKILL)
        killing.cluster.revive()
    else:
        _end_connections()
    from django.db import connections

    connections.close_all()
    yield


def _end_connections() -> None:
    """Each role may end its own."""
    from django.db import connection

    ending = ("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
              " AND usename = current_user AND pid <> pg_backend_pid()")
    with connection.cursor() as cursor:
        cursor.execute(ending)


@_trouble("this machine's clock jumps a day ahead")
@contextmanager
def clock_ahead(killing: Killing) -> Iterator[None]:
    killing.afflict = lambda: _jump(DAY)
    yield
    killing.afflict = None


@_trouble("this machine's clock jumps a day back")
@contextmanager
def clock_back(killing: Killing) -> Iterator[None]:
    killing.afflict = lambda: _jump(-DAY)
    yield
    killing.afflict = None


def _jump(seconds: int) -> None:
    """In a worker, once it has begun: every clock that can be set, and none of those that can't."""
    from datetime import timedelta
    from types import SimpleNamespace

    from koshiki import clock
    from koshiki.posts.delivery import clocks

    inner = clock.now
    clock.now = lambda: inner() + timedelta(seconds=seconds)
    clocks.time = SimpleNamespace(time=lambda: time.time() + seconds)


@_trouble("no room on the disk", lambda kind: kind is CityFeed)
@contextmanager
def disk_full(killing: Killing) -> Iterator[None]:
    """No file may grow beyond 100 bytes: what is written of an entry stays half."""
    killing.afflict = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
    yield
    killing.afflict = None


@_trouble("stopped in a storm")
@contextmanager
def stopped(killing: Killing) -> Iterator[None]:
    """Everything is stopped while much is due; nothing begins later than the stop."""
    from koshiki.register.actions.holds import lift, stop

    cast = killing.stock.cast
    time.sleep(0.7)
    hold = stop("炎上のおそれ", by=cast.hata)
    begun = time.time()
    yield
    killing.stops.append((begun, time.time()))
    lift(hold, "確かめました", by=cast.hara)


def put_right(killing: Killing) -> None:
    """What people do after a trouble: confirm the clocks, connect what was refused, let go on what was stopped."""
    from koshiki.guideline import Refused
    from koshiki.posts.delivery import clocks, judge
    from koshiki.posts.models import Delivery
    from koshiki.register.models import Hold

    with contextlib.suppress(Refused):
        clocks.confirm(reason="時計を確かめました", by=killing.stock.cast.hara)
    for hold in Hold.objects.open().filter(kind=Hold.Kind.TOKEN).select_related("account"):
        killing.stock.reconnect(hold.account)
    for row in Delivery.objects.filter(state="held"):
        judge.release(row, by=killing.stock.cast.baba)
