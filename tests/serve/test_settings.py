"""The settings: one table of them, and a sentence where one of them cannot be used."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
VARIABLE = re.compile(r"(?:KOSHIKI_[A-Z0-9_]*[A-Z0-9]|DATABASE_URL)")
SECRET = "hush-hush"


def named_in_code() -> set[str]:
    """Every text in koshiki's Python that is a variable's name: what is read, set or taken away."""
    found = set()
    for path in [*(ROOT / "koshiki").rglob("*.py"), ROOT / "manage.py"]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and VARIABLE.fullmatch(node.value):
                found.add(node.value)
    return found


def chapter() -> str:
    """The part of docs/operations.md that lists the settings."""
    return (ROOT / "docs/operations.md").read_text("utf-8").split("\n## Settings\n")[1].split("\n## ")[0]


def listed() -> list[str]:
    return re.findall(rf"^\| `({VARIABLE.pattern})` \|", chapter(), re.MULTILINE)


def test_every_setting_stands_in_the_table_once_and_nothing_else_does() -> None:
    inner = set(re.findall(rf"`({VARIABLE.pattern})`", chapter().partition("Set by `script/server`")[2].split("\n")[0]))
    assert inner == {"KOSHIKI_SAMPLE", "KOSHIKI_PARENT_FD"}
    assert sorted(listed()) == sorted({*listed()})
    assert {*listed()} | inner == named_in_code()


def test_the_variables_of_scripts_and_tests_are_named_too() -> None:
    used = set()
    for path in [*(ROOT / "script").rglob("*"), *(ROOT / "tests").rglob("*.py")]:
        if path.is_file():
            used |= set(re.findall(r"\$\{?(KOSHIKI_\w+)|environ(?:\.get\(|\[)\"(KOSHIKI_\w+)", path.read_text("utf-8")))
    assert {name for pair in used for name in pair if name} <= set(VARIABLE.findall(chapter()))


def start(command: list[str], **variables: str) -> subprocess.CompletedProcess[str]:
    surroundings = {name: value for name, value in os.environ.items() if not VARIABLE.match(name)}
    return subprocess.run([sys.executable, *command], cwd=ROOT, env={**surroundings, **variables}, timeout=60,
                          capture_output=True, text=True, check=False)


WRONG = {
    "KOSHIKI_HOME": "pyproject.toml",
    "DATABASE_URL": f"mysql://koshiki:{SECRET}@db/koshiki",
    "KOSHIKI_MIGRATE_URL": f"postgres://koshiki:{SECRET}@db",
    "KOSHIKI_URL": "koshiki.city.example",
    "KOSHIKI_PUBLIC_URL": "https://",
    "KOSHIKI_INCOMING_URL": "hooks.city.example",
    "KOSHIKI_TRUSTED_PROXY": "yes",
    "KOSHIKI_MEDIA": "pyproject.toml",
    "KOSHIKI_FEED": "pyproject.toml",
    "KOSHIKI_PUBLIC_DIR": "pyproject.toml",
    "KOSHIKI_GUIDELINE": "nowhere.toml",
    "KOSHIKI_KEY_RING": "docs",
    "KOSHIKI_OUTBOUND_PROXY": f"{SECRET}.example:3128",
    "KOSHIKI_ALLOWED_NETWORKS": "192.0.2.1/24",
    "KOSHIKI_SMTP_PORT": "smtp",
    "KOSHIKI_SMTP_TLS": "STARTTLS",
    "KOSHIKI_WEB_PROCESSES": "0",
    "KOSHIKI_WEB_THREADS": "four",
    "KOSHIKI_WORKER_CONCURRENCY": "1000",
    "KOSHIKI_FILM_MB": "2001",
    "KOSHIKI_DELIVERY_TIMES": "lease",
    "KOSHIKI_METRICS_NETWORKS": "10.0.0.0/8;192.0.2.0/24",
}


def doors() -> Iterator[list[str]]:
    """The ways in which koshiki is started."""
    yield ["manage.py", "worker"]
    yield ["-m", "koshiki.management.supervisor"]
    yield ["-m", "gunicorn", "-c", "python:koshiki.management.web"]


@pytest.mark.parametrize("door", [*doors()], ids=lambda door: door[1])
def test_all_that_cannot_be_used_is_said_at_once_in_sentences_without_secrets(door: list[str]) -> None:
    ended = start(door, **WRONG)
    assert ended.returncode == 1
    said = ended.stdout + ended.stderr
    assert sorted(re.findall(r"^(\S+) の値「.*」は使えません。.+を書いてください。$", said, re.MULTILINE)) == sorted(WRONG)
    assert "docs/operations.md" in said
    assert "Traceback" not in said
    assert SECRET not in said


RIGHT = {
    "KOSHIKI_URL": "https://koshiki.city.example:8443/", "KOSHIKI_OUTBOUND_PROXY": "http://proxy.city.example:3128",
    "KOSHIKI_ALLOWED_NETWORKS": "10.0.0.0/8, 2001:db8::/32", "KOSHIKI_SMTP_PORT": "587", "KOSHIKI_SMTP_TLS": "1",
    "KOSHIKI_TRUSTED_PROXY": "0", "KOSHIKI_DELIVERY_TIMES": "lease=60,settle=1.5", "KOSHIKI_WEB_THREADS": "",
}
ASK = ("from koshiki import settings as s; print(s.KOSHIKI_ALLOWED_NETWORKS, s.EMAIL_PORT, s.EMAIL_USE_TLS,"
       " s.KOSHIKI_TRUSTED_PROXY, s.KOSHIKI_DELIVERY_TIMES, s.KOSHIKI_WEB_THREADS)")


def test_what_can_be_used_is_used_and_what_is_empty_is_not_set(tmp_path: Path) -> None:
    ended = start(["-c", ASK], KOSHIKI_HOME=str(tmp_path), **RIGHT)
    assert ended.stdout.strip() == (
        "('10.0.0.0/8', '2001:db8::/32') 587 True False {'lease': '60', 'settle': '1.5'} 4"), ended.stderr
