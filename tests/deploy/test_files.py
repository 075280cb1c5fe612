"""The files of deploy/ hold together: what an image needs is in it, what a unit or a service names is there."""

from __future__ import annotations

import re
from contextlib import ExitStack
from pathlib import Path

import pytest

from koshiki.database.models import Installation
from tests.deploy.installed import DEPLOY, ROOT, Installed, dockerfile, image
from tests.posts.test_delivery_worker import until
from tests.serve.test_settings import listed

UNITS = [unit for unit in sorted((DEPLOY / "systemd").glob("*.service")) if unit.stem != "koshiki-push"]
SET_BY_ITSELF = {"PYTHONUTF8", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "POSTGRES_PASSWORD",
                 "KOSHIKI_OWNER_PASSWORD", "KOSHIKI_APP_PASSWORD", "KOSHIKI_PUSH_TO", "POSTGRES_INITDB_ARGS"}


def test_what_the_image_holds_is_enough_to_set_up_serve_and_work(
    tmp_path: Path, database_urls: dict[str, str],
) -> None:
    with ExitStack() as stack:
        made = Installed(image(tmp_path / "opt"), tmp_path / "home", stack, DATABASE_URL=database_urls["DATABASE_URL"])
        made.manage("setup_database", KOSHIKI_MIGRATE_URL=database_urls["KOSHIKI_MIGRATE_URL"])
        assert Installation.objects.filter(pk=1).exists()
        made.web()
        assert made.health("?of=web") == (200, {"ok": True, "database": {"ok": True}})
        assert made.health()[0] == 503, "nobody works yet"
        for _ in range(2):
            made.service("manage.py", "worker")
        assert until(lambda: made.health()[1]["worker"]["alive"] == 2)
        assert until(lambda: made.health()[0] == 200)
        assert until((made.home / "public/current/index.html").is_file)


def test_the_image_runs_as_nobody_in_particular_and_installs_by_hash() -> None:
    steps = dockerfile()
    words = [word for word, _ in steps]
    assert words[-1] == "CMD"
    assert dict(steps)["USER"] == "koshiki"
    assert "--require-hashes -r requirements.lock" in " ".join(rest for word, rest in steps if word == "RUN")
    assert words.index("USER") > max(n for n, word in enumerate(words) if word in ("RUN", "COPY"))


def test_what_is_sent_to_the_build_is_what_it_copies() -> None:
    let_in = set(re.findall(r"^!(\S+)$", (DEPLOY / "Dockerfile.dockerignore").read_text(), re.MULTILINE))
    copied = {source for word, rest in dockerfile() if word == "COPY" for source in rest.split()[:-1]}
    assert let_in == copied


def test_every_variable_in_deploy_is_a_setting() -> None:
    named: set[str] = set()
    for path in [*(DEPLOY / "systemd").glob("*.env"), DEPLOY / "compose.env", DEPLOY / "compose.yaml", DEPLOY / "Dockerfile"]:
        named |= set(re.findall(r"\b((?:KOSHIKI|POSTGRES|PYTHON)[A-Z_]+|DATABASE_URL)\b", path.read_text()))
    assert named
    assert named - {*listed()} - SET_BY_ITSELF == set()


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_starts_what_there_is_and_may_do_little(unit: Path) -> None:
    text = unit.read_text()
    command = re.findall(r"^ExecStart=/opt/koshiki/\.venv/bin/python (.+)$", text, re.MULTILINE)
    assert len(command) == 1
    if command[0].startswith("manage.py"):
        assert (ROOT / "koshiki/management/commands" / f"{command[0].split()[1]}.py").is_file()
    for line in ("User=koshiki", "NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet=",
                 "EnvironmentFile=/etc/koshiki/koshiki.env"):
        assert f"\n{line}\n" in text, line
    assert ("setup.env" in text.split("[Service]")[1]) == (unit.stem == "koshiki-setup"), "the owner's address is for one"
