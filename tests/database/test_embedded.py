"""The embedded database starts anywhere, is closed to everybody else, and comes back after a crash."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from koshiki.database.embedded import APP, OWNER, Cluster
from koshiki.database.system_account import NotPossible

DEEP = "市の公式アカウント の 置き場所／" * 3 + "x" * 60  # over 200 bytes, with spaces and Japanese


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that PostgreSQL's account reaches; pytest's own are closed to it where root runs the tests."""
    made = Path(tempfile.mkdtemp(prefix="koshiki-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def cluster(folder: Path) -> Iterator[Cluster]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LANG", "xx_YY.SJIS")
        patch.setenv("LC_ALL", "nowhere")
        with Cluster(folder / DEEP.replace("／", " "), durable=False).running() as running:
            yield running


def _ask(cluster: Cluster, question: str, role: str = APP) -> object:
    with psycopg.connect(cluster.url(role)) as connection:
        row = connection.execute(question).fetchone()
    return row and row[0]


def test_it_starts_in_a_long_path_and_whatever_LANG_says(cluster: Cluster) -> None:
    assert _ask(cluster, "SELECT datlocale FROM pg_database WHERE datname = current_database()") == "C.UTF-8"
    assert _ask(cluster, "SELECT pg_encoding_to_char(encoding) FROM pg_database LIMIT 1") == "UTF8"


def test_both_roles_are_plain_ones(cluster: Cluster) -> None:
    for role in (OWNER, APP):
        assert _ask(cluster, "SELECT current_user", role) == role
        assert _ask(cluster, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user", role) is False


def test_nobody_else_comes_in(cluster: Cluster) -> None:
    assert _ask(cluster, "SHOW listen_addresses") == ""
    assert cluster.socket.stat().st_mode & 0o077 == 0
    assert cluster.data.stat().st_mode & 0o077 == 0


def test_no_statement_reaches_a_log_file(cluster: Cluster) -> None:
    with psycopg.connect(cluster.url(APP)) as connection, pytest.raises(psycopg.Error):
        connection.execute("SELECT 'canary-in-a-statement'::int")
    assert "canary-in-a-statement" not in "".join(p.read_text() for p in cluster.data.glob("log/*.log"))


def test_after_a_kill_it_comes_back_with_what_was_committed(cluster: Cluster) -> None:
    with psycopg.connect(cluster.url(OWNER), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    os.kill(cluster.pid, signal.SIGKILL)
    cluster.revive()
    assert _ask(cluster, "SELECT number FROM kept", OWNER) == 7


def test_the_last_one_out_stops_it(folder: Path) -> None:
    home = folder / "shared"
    with Cluster(home, durable=False).running() as first:
        with Cluster(home, durable=False).running() as second:
            assert second.pid == first.pid
        assert first.answers()
        assert first.pid
    assert not first.pid
    assert not first.answers()


def test_a_process_number_left_by_a_power_cut_is_seen_through(folder: Path) -> None:
    home = folder / "cut"
    with Cluster(home, durable=False).running() as cluster:
        left = (cluster.data / "postmaster.pid").read_text().splitlines()
    (cluster.data / "postmaster.pid").write_text("\n".join([str(os.getpid()), *left[1:]]) + "\n")
    with cluster.running():
        assert cluster.answers()
        assert cluster.pid != os.getpid()


def test_a_folder_laid_in_the_way_of_the_socket_is_refused(folder: Path) -> None:
    cluster = Cluster(folder / "laid", durable=False)
    cluster.socket.mkdir(mode=0o755)
    cluster.socket.chmod(0o755)
    try:
        with pytest.raises(NotPossible, match=str(cluster.socket)), cluster.running():
            pass
    finally:
        cluster.socket.rmdir()


def test_data_of_another_version_is_refused_with_the_steps_and_left_alone(folder: Path) -> None:
    data = folder / "old/data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("16\n")
    with pytest.raises(NotPossible, match=r"(?s)PostgreSQL 16.*pg_dump.*pg_restore"), Cluster(folder / "old").running():
        pass
    assert [p.name for p in data.iterdir()] == ["PG_VERSION"]


def test_a_closed_folder_above_the_home_is_named_or_if_it_is_ours_no_hindrance(tmp_path: Path) -> None:
    """Under root PostgreSQL runs as another account; else as ourselves. No permission is changed either way."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    cluster = Cluster(closed / "home", durable=False)
    if os.geteuid() == 0:
        with pytest.raises(NotPossible, match=f"{tmp_path.parts[1]}.*入れません"), cluster.running():
            pass
    else:
        with cluster.running():
            assert cluster.answers()
    assert closed.stat().st_mode & 0o777 == 0o700
