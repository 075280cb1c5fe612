"""The databases of the tests: one template per state of the migrations, a clone of it for each process.

An ordinary test runs in a transaction of its process's clone, as the application's role. A test that
commits (`committed_db`, `transactional_db`, `live_server`) gets a fresh clone of its own, dropped afterwards:
nothing is ever flushed, since the triggers of the log refuse it. Sessions may run side by side on one server.

KOSHIKI_TEST_OWNER_URL (a role that may create databases) and KOSHIKI_TEST_APP_URL name a server; without them
the embedded one of `KOSHIKI_HOME/test` is started for the session.
"""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import dj_database_url
import psycopg
import pytest
from psycopg import sql

from koshiki.database.version import version

OWNER, APP = "KOSHIKI_TEST_OWNER_URL", "KOSHIKI_TEST_APP_URL"
TEMPLATE, CLONE = "koshiki_template_", "koshiki_clone_"
_numbers = itertools.count()
_resources = contextlib.ExitStack()


# -- the server

@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Start the embedded server for the session where none is named; xdist's workers inherit the names."""
    if hasattr(config, "workerinput") or OWNER in os.environ or config.option.collectonly:
        return
    from koshiki.database.embedded import testing_cluster

    cluster = _resources.enter_context(testing_cluster())
    os.environ[OWNER] = cluster.url("koshiki_owner", "postgres")
    os.environ[APP] = cluster.url("koshiki_app", "postgres")


def pytest_unconfigure(config: pytest.Config) -> None:
    _resources.close()


@contextlib.contextmanager
def _server() -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(os.environ[OWNER], autocommit=True) as connection:
        yield connection


def _names(server: psycopg.Connection[Any], prefix: str) -> list[str]:
    found = server.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix])
    return [row[0] for row in found]


def _drop(server: psycopg.Connection[Any], name: str) -> None:
    """Drop a database after ending what is still connected; each role may end its own connections only."""
    with psycopg.connect(os.environ[APP], dbname="postgres", autocommit=True) as application:
        for connection in (server, application):
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                               " WHERE datname = %s AND usename = current_user", [name])
    server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))


# -- the template

def _template(server: psycopg.Connection[Any]) -> str:
    """The template's name; made first if need be, by one process while the others wait."""
    name = TEMPLATE + version()
    server.execute("SELECT pg_advisory_lock(hashtext(%s))", [TEMPLATE])
    try:
        if name not in _names(server, name):
            _clean(server)
            _make(server, name)
    finally:
        server.execute("SELECT pg_advisory_unlock(hashtext(%s))", [TEMPLATE])
    return name


def _make(server: psycopg.Connection[Any], name: str) -> None:
    making = f"{name}_making"
    _drop(server, making)
    server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(making)))
    _migrate(making)
    made = datetime.now(UTC).isoformat()
    server.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(making), made))
    server.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*map(sql.Identifier, (making, name))))


def _migrate(name: str) -> None:
    from django.core.management import call_command

    from koshiki.database import roles

    with _pointing_to(os.environ[OWNER], name):
        call_command("migrate", verbosity=0, interactive=False)
        roles.grant(_role(os.environ[APP]))


def _role(url: str) -> str:
    return str(dj_database_url.parse(url)["USER"])


def _clean(server: psycopg.Connection[Any]) -> None:
    """Drop templates older than six hours, and what ended processes left behind."""
    morning = (datetime.now(UTC) - timedelta(hours=6)).isoformat()
    old = server.execute(
        "SELECT datname FROM pg_database WHERE starts_with(datname, %s)"
        " AND coalesce(shobj_description(oid, 'pg_database'), '') < %s", [TEMPLATE, morning])
    for name in [row[0] for row in old] + [n for n in _names(server, CLONE) if not _alive(n)]:
        _drop(server, name)


def _alive(clone: str) -> bool:
    """Whether the process that made the clone still runs (its id is in the name)."""
    try:
        os.kill(int(clone.removeprefix(CLONE).split("_")[0]), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


# -- clones

def _clone(server: psycopg.Connection[Any]) -> str:
    name = f"{CLONE}{os.getpid()}_{next(_numbers)}"
    server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
        sql.Identifier(name), sql.Identifier(TEMPLATE + version())))
    for right in ("REVOKE ALL ON DATABASE {} FROM PUBLIC", "GRANT CONNECT ON DATABASE {} TO {}"):
        server.execute(sql.SQL(right).format(sql.Identifier(name), sql.Identifier(_role(os.environ[APP]))))
    return name


@contextlib.contextmanager
def _pointing_to(url: str, name: str) -> Iterator[None]:
    """Django's connections, those of all threads, lead to the database `name` meanwhile."""
    from django.db import connections

    shared = connections.settings["default"]
    before = dict(shared)
    connections.close_all()
    shared.update({**dj_database_url.parse(url), "NAME": name, "CONN_HEALTH_CHECKS": False})
    try:
        yield
    finally:
        connections.close_all()
        shared.update(before)


@contextlib.contextmanager
def _own_clone() -> Iterator[str]:
    with _server() as server:
        name = _clone(server)
    try:
        with _pointing_to(os.environ[APP], name):
            yield name
    finally:
        with _server() as server:  # not the one from before: the server may have been restarted
            _drop(server, name)


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: Any) -> Iterator[None]:
    """In place of pytest-django's: this process's clone, reached as the application's role."""
    with django_db_blocker.unblock():
        with _server() as server:
            _template(server)
        _commit_on_clones()
        with _own_clone():
            yield


def _commit_on_clones() -> None:
    """Tests that commit get a clone of their own, where Django would flush the one that all share."""
    from django.test import TransactionTestCase

    running = contextlib.ExitStack()
    TransactionTestCase._fixture_setup = classmethod(lambda cls: running.enter_context(_own_clone()) and None)
    TransactionTestCase._fixture_teardown = lambda self: running.close()


@pytest.fixture
def committed_db(transactional_db: None) -> None:
    """A database of the test's own, in which transactions really commit."""


@pytest.fixture
def database_urls(committed_db: None) -> dict[str, str]:
    """The environment with which another process reaches the database of this test."""
    from django.db import connections

    name = connections.settings["default"]["NAME"]
    return {"DATABASE_URL": _with_name(os.environ[APP], name),
            "KOSHIKI_MIGRATE_URL": _with_name(os.environ[OWNER], name)}


def _with_name(url: str, name: str) -> str:
    head, _, query = url.partition("?")
    return f"{head.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")
