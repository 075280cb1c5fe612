"""受信機 — the tiny program outside a closed network keeps what LINE tells, and is emptied from inside, each thing once."""

from __future__ import annotations

import base64
import errno
import importlib.util
import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from django.conf import LazySettings
from django.db import connection

from koshiki.networks.base import Outcome
from koshiki.register import jobs
from koshiki.register.actions.inlets import make_inlet
from koshiki.register.emptying import empty_receiver
from koshiki.register.incoming import comments_since
from koshiki.register.models import Account, Connection, Incoming, Inlet
from tests.canary import MARK
from tests.cast import Cast
from tests.register.on_line import CHANNEL_SECRET, body_of, connected_to_line, message, signed

pytestmark = pytest.mark.usefixtures("installed")
PROGRAM = Path(__file__).resolve().parents[2] / "deploy/receiver/receiver.py"
KEY = f"{MARK}the-key-of-the-receiver-0123456789"
PATH, UNCHECKED = "A" * 43, "B" * 43


@dataclass
class Outside:
    """The program as it runs outside: gunicorn serves it, and it can be killed."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @property
    def lying(self) -> list[str]:
        return sorted(os.listdir(self.folder / "spool"))

    def start(self) -> None:
        address = f"127.0.0.1:{self.port}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--chdir", str(PROGRAM.parent), "--bind", address, "--worker-class", "gthread",
             "--no-control-socket", "receiver:from_file()"],
            env={**os.environ, "RECEIVER_SETTINGS": str(self.folder / "settings.json")}, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(200):
            with suppress(httpx.TransportError):
                if httpx.get(self.base, trust_env=False).status_code == 404:
                    return
            time.sleep(0.05)
        raise AssertionError("the receiver does not start")

    def kill(self) -> None:
        if self.process:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def tell(self, body: bytes, path: str = PATH, signature: str | None = None) -> int:
        """What LINE is answered."""
        sign = signed(body) if signature is None else signature
        return httpx.post(f"{self.base}incoming/line/{path}/", content=body, headers={"X-Line-Signature": sign},
                          trust_env=False).status_code


@pytest.fixture
def outside(tmp_path: Path, settings: LazySettings) -> Iterator[Outside]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        running = Outside(tmp_path, free.getsockname()[1])
    _write(tmp_path, key=KEY)
    settings.KOSHIKI_INCOMING_URL, settings.KOSHIKI_RECEIVER_KEY = running.base, KEY
    running.start()
    yield running
    running.kill()


def _write(folder: Path, *, key: str, mode: int = 0o600) -> Path:
    file = folder / "settings.json"
    addresses = {PATH: CHANNEL_SECRET, UNCHECKED: ""}
    file.write_text(json.dumps({"spool": str(folder / "spool"), "key": key, "addresses": addresses}))
    file.chmod(mode)
    return file


@pytest.fixture
def account(cast: Cast) -> Account:
    """Its address is the one that the receiver checks."""
    made = make_inlet(connected_to_line(cast), by=cast.noda)
    Inlet.objects.filter(pk=made.pk).update(path=PATH)
    return made.account


def texts(account: Account) -> list[str]:
    return [comment.text for comment in comments_since(account, datetime(2020, 1, 1, tzinfo=UTC))]


def test_what_was_told_outside_is_taken_over_and_nothing_stays_there(account: Account, outside: Outside) -> None:
    assert [outside.tell(body_of(message(words))) for words in ("一つ目", "二つ目", "三つ目")] == [200] * 3
    assert len(outside.lying) == 3
    jobs.empty_receiver(timestamp=0)
    assert texts(account) == ["一つ目", "二つ目", "三つ目"]
    assert outside.lying == []
    jobs.empty_receiver(timestamp=0)
    assert Incoming.objects.count() == 3


def test_what_it_answered_outlives_its_being_killed(account: Account, outside: Outside) -> None:
    assert outside.tell(body_of(message("残る"))) == 200
    outside.kill()
    outside.start()
    empty_receiver()
    assert texts(account) == ["残る"]


def test_killed_between_storing_and_acknowledging_nothing_is_stored_twice(
    account: Account, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    for words in ("甲", "乙"):
        outside.tell(body_of(message(words)))
    with connection.execute_wrapper(_Killing(after=2)), pytest.raises(SystemExit):
        empty_receiver()
    assert Incoming.objects.count() == 1
    before = outside.lying
    outside.kill()  # so that even what was stored can't be acknowledged
    with pytest.raises(Outcome):
        empty_receiver()
    outside.start()
    assert outside.lying == before
    empty_receiver()
    assert (texts(account), outside.lying) == (["甲", "乙"], [])


class _Killing:
    """Ends the process before the nth row is written."""

    def __init__(self, after: int) -> None:
        self.left = after

    def __call__(self, execute: Any, sql: str, *more: Any) -> Any:
        self.left -= sql.startswith('INSERT INTO "koshiki_incoming"')
        if not self.left:
            raise SystemExit
        return execute(sql, *more)


def test_what_it_gave_and_was_not_acknowledged_it_gives_again(account: Account, outside: Outside) -> None:
    outside.tell(body_of(message("また")))
    answers = [httpx.get(f"{outside.base}spool/", headers={"Authorization": f"Bearer {KEY}"}, trust_env=False).json()
               for _ in range(2)]
    assert answers[0] == answers[1]
    assert len(answers[0]["lying"]) == 1


@pytest.mark.parametrize("signature", ["", "AAAA", signed(b"another"), signed(body_of(), "another secret")])
def test_what_line_did_not_sign_is_not_kept_outside(outside: Outside, signature: str) -> None:
    assert outside.tell(body_of(message("偽物")), signature=signature) == 401
    assert outside.lying == []


def test_without_the_secret_outside_it_is_checked_inside(account: Account, outside: Outside) -> None:
    """The channel's secret can make tokens that post for the city: it need not lie outside."""
    Inlet.objects.update(path=UNCHECKED)
    assert outside.tell(body_of(message("本物")), path=UNCHECKED) == 200
    assert outside.tell(body_of(message("偽物")), path=UNCHECKED, signature="AAAA") == 200
    empty_receiver()
    assert (texts(account), outside.lying) == (["本物"], [])


def test_what_the_receiver_itself_forges_is_dropped_inside(account: Account, outside: Outside) -> None:
    entry = {"service": "line", "path": PATH, "signature": "AAAA", "body": base64.b64encode(body_of(message("偽物"))).decode()}
    (outside.folder / "spool" / f"{1:020}-{'0' * 16}").write_text(json.dumps(entry))
    empty_receiver()
    assert (texts(account), outside.lying) == ([], [])


def test_what_is_nobodys_any_more_holds_nothing_up(account: Account, outside: Outside) -> None:
    outside.tell(body_of(message("宛先なし")), path=UNCHECKED)
    outside.tell(body_of(message("その次")))
    empty_receiver()
    assert (texts(account), outside.lying) == (["その次"], [])
    outside.tell(body_of(message("切れた後")))
    Connection.objects.update(ended_at=datetime.now(UTC))
    empty_receiver()
    assert outside.lying == []


def test_what_cannot_be_checked_now_stays_outside(
    account: Account, outside: Outside, settings: LazySettings, caplog: pytest.LogCaptureFixture
) -> None:
    outside.tell(body_of(message("待つ")))
    ring, settings.KOSHIKI_KEY_RING = settings.KOSHIKI_KEY_RING, outside.folder / "none.json"
    jobs.empty_receiver(timestamp=0)
    assert len(outside.lying) == 1
    assert "could not be emptied" in caplog.text
    settings.KOSHIKI_KEY_RING = ring
    jobs.empty_receiver(timestamp=0)
    assert (texts(account), outside.lying) == (["待つ"], [])


def test_a_huge_body_an_unknown_address_and_a_full_spool_are_refused(outside: Outside) -> None:
    assert outside.tell(body_of(message("あ" * 334_000))) == 413
    assert outside.tell(body_of(message("どこへ")), path="C" * 43) == 404
    for number in range(20_000):
        (outside.folder / "spool" / f"{number:020}-{'0' * 16}").touch()
    assert outside.tell(body_of(message("満杯"))) == 503
    assert len(outside.lying) == 20_000


@pytest.mark.parametrize("shown", ["", "Bearer", f"Bearer {KEY[:-1]}", KEY[1:], "Bearer あ"])
def test_nobody_without_its_key_sees_or_removes_anything(outside: Outside, shown: str) -> None:
    outside.tell(body_of(message("ひみつ")))
    headers = {"Authorization": shown.encode()}
    taken = {"names": outside.lying}
    answers = [httpx.get(f"{outside.base}spool/", headers=headers, trust_env=False),
               httpx.post(f"{outside.base}spool/taken/", headers=headers, json=taken, trust_env=False)]
    assert [(answer.status_code, answer.content) for answer in answers] == [(401, b"{}")] * 2
    assert len(outside.lying) == 1


@pytest.mark.parametrize("names", [["../settings.json"], ["/etc/hostname"], [5], 5, None])
def test_nothing_else_on_its_disk_can_be_removed(outside: Outside, names: Any) -> None:
    answer = httpx.post(f"{outside.base}spool/taken/", headers={"Authorization": f"Bearer {KEY}"}, json={"names": names},
                        trust_env=False)
    assert answer.status_code in (200, 400)
    assert (outside.folder / "settings.json").exists()


@pytest.mark.parametrize("told", [b"", b"[]", b'{"lying": 5}', b'{"lying": [{}]}', b'{"lying": [{"name": 1, "body": "?"}]}'])
def test_a_receiver_that_answers_rubbish_breaks_nothing(
    outside: Outside, settings: LazySettings, told: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    outside.kill()
    with answering(told) as base:
        settings.KOSHIKI_INCOMING_URL = base
        jobs.empty_receiver(timestamp=0)
    assert not Incoming.objects.exists()
    assert (KEY in caplog.text, "Traceback" in caplog.text) == (False, False)


@contextmanager
def answering(body: bytes) -> Iterator[str]:
    """A server that answers this, whatever is asked."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_without_a_key_there_is_no_receiver_to_ask(settings: LazySettings, caplog: pytest.LogCaptureFixture) -> None:
    settings.KOSHIKI_INCOMING_URL, settings.KOSHIKI_RECEIVER_KEY = "http://127.0.0.1:9/", ""
    jobs.empty_receiver(timestamp=0)
    assert "could not be emptied" not in caplog.text


# ---------------------------------------------------------------- the program alone


@pytest.fixture
def program() -> ModuleType:
    spec = importlib.util.spec_from_file_location("receiver", PROGRAM)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_does_not_start_with_settings_that_others_can_read_or_a_short_key(program: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="chmod 600"):
        program.from_file(str(_write(tmp_path, key=KEY, mode=0o644)))
    with pytest.raises(SystemExit, match="shorter"):
        program.from_file(str(_write(tmp_path, key="short")))


def test_the_example_of_its_settings_is_whole_and_does_not_do_as_it_stands(program: ModuleType, tmp_path: Path) -> None:
    example = json.loads((PROGRAM.parent / "settings.json").read_text())
    file = _write(tmp_path, key=KEY)
    assert set(example) == set(json.loads(file.read_text()))
    file.write_text(json.dumps(example))
    with pytest.raises(SystemExit, match="shorter"):
        program.from_file(str(file))
    unit = (PROGRAM.parent / "koshiki-receiver.service").read_text()
    assert "receiver:from_file()" in unit
    assert Path(example["spool"]).parent.name in unit


def test_a_full_disk_is_answered_as_such_and_leaves_nothing_half(
    program: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    receiver = program.from_file(str(_write(tmp_path, key=KEY)))

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert _asked(receiver, body_of(message("満杯"))) == "503 Service Unavailable"
    assert os.listdir(tmp_path / "spool") == []
    assert "No space left" in capsys.readouterr().err


def test_it_is_synced_file_and_folder_before_it_is_answered(
    program: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver, synced = program.from_file(str(_write(tmp_path, key=KEY))), []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.readlink(f"/proc/self/fd/{descriptor}")))
    assert _asked(receiver, body_of(message("確か"))) == "200 OK"
    assert [Path(name).suffix for name in synced] == [".part", ""]
    assert synced[1] == str(tmp_path / "spool")


def _asked(receiver: Any, body: bytes) -> str:
    told: list[str] = []
    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": f"/incoming/line/{PATH}/", "CONTENT_LENGTH": str(len(body)),
               "HTTP_X_LINE_SIGNATURE": signed(body), "wsgi.input": io.BytesIO(body)}
    receiver(environ, lambda status, _headers: told.append(status))
    return told[0]
