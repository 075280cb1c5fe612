"""Canaries: no secret of any test stands in a log record; and the places where one could end up, to be searched.

The secrets of the tests' servers begin with MARK; for every test the log is watched, down to DEBUG and with
the local variables of tracebacks as a report of an error would show them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse

MARK = "canary-"
LOUD = ("koshiki", "django.request", "httpx", "httpcore", "procrastinate", "axes")
ROOT = Path(__file__).resolve().parent.parent


def as_reported(record: logging.LogRecord) -> str:
    """The record as the strictest log and the most talkative report of errors would keep it."""
    told = [record.getMessage(), repr(record.args), repr({k: v for k, v in vars(record).items() if k != "request"})]
    if record.exc_info and record.exc_info[0]:
        told += [logging.Formatter().formatException(record.exc_info), locals_in(record.exc_info)]
    return "\n".join(told)


def locals_in(exc_info: Any, request: HttpRequest | None = None) -> str:
    """The local variables of our own frames in a traceback, but those declared sensitive, as Django reports them."""
    from django.views.debug import ExceptionReporter

    frames = ExceptionReporter(request, *exc_info).get_traceback_frames()
    ours = [f for f in frames if Path(f["filename"]).is_relative_to(ROOT / "koshiki")]
    return "\n".join(f"{f['filename']}:{f['lineno']} {f['function']}: {name} = {value!r}"
                     for f in ours for name, value in f["vars"])


class Listening(logging.Handler):
    """Keeps what every logger says while a test runs."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(as_reported(record))


@pytest.fixture(scope="session")
def listening(django_test_environment: None) -> Iterator[Listening]:
    """One listener for the session, at DEBUG for everything that handles secrets."""
    handler = Listening()
    before = {name: logging.getLogger(name).level for name in LOUD}
    for name in LOUD:
        logging.getLogger(name).setLevel(logging.DEBUG)
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture(autouse=True)
def no_secret_is_logged(listening: Listening) -> Iterator[Listening]:
    """In every test."""
    listening.said.clear()
    yield listening
    assert [said for said in listening.said if MARK in said] == []


# ── the places ─────────────────────────────────────────────────────

@dataclass
class Secrets:
    """What may be found nowhere, each by its name."""

    known: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, secret: str) -> str:
        assert len(secret) >= 8, f"{name} is too short to be told from other text"
        self.known[name] = secret
        return secret

    def found_in(self, places: dict[str, str]) -> list[str]:
        """`the token stands in the row of koshiki_connection`, …"""
        return sorted(f"{name} in {place}" for place, text in places.items()
                      for name, forms in self._written().items() if any(form in text for form in forms))

    def _written(self) -> dict[str, set[str]]:
        """Each as it is, as the database shows bytes, as JSON writes it, in an address, and as a cookie holds it."""
        import base64
        import json
        from urllib.parse import quote

        return {name: {secret, secret.encode().hex(), json.dumps(secret)[1:-1], quote(secret, safe=""), repr(secret)[1:-1],
                       base64.b64encode(secret.encode()).decode().rstrip("=")} for name, secret in self.known.items()}


def answer_places(answers: Iterable[HttpResponse]) -> dict[str, str]:
    """Body, headers and cookies of each answer."""
    found = {}
    for number, answer in enumerate(answers):
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
        asked = answer.wsgi_request.path  # type: ignore[attr-defined]
        found[f"answer {number} to {asked}"] = body.decode(errors="replace")
        found[f"headers of answer {number} to {asked}"] = f"{answer.headers}{answer.cookies}"
    return found


def database_places() -> dict[str, str]:
    """Every row of every table, as text: jobs, sessions, the log, and whatever comes later."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        tables = [name for name, in cursor.fetchall()]
        found = {}
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            found[f"table {table}"] = "\n".join(row for row, in cursor.fetchall())
    return {**found, **_sessions()}


def _sessions() -> dict[str, str]:
    from django.contrib.sessions.models import Session

    return {f"session {s.pk[:4]}": repr(s.get_decoded()) for s in Session.objects.all()}


def file_places(folder: Path, *, but: Iterable[str] = ()) -> dict[str, str]:
    """Every file below, but these names."""
    return {f"file {path.relative_to(folder)}": path.read_bytes().decode(errors="replace")
            for path in folder.rglob("*") if path.is_file() and path.name not in set(but)}
