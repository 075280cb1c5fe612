"""What the sample tells and keeps: its texts, its people by their keys, its one password."""

from __future__ import annotations

import os
import secrets
import tomllib
from pathlib import Path
from typing import Any

from django.conf import settings

from koshiki.sample.sns import place as sns

HERE = Path(__file__).parent


def told(name: str) -> list[dict[str, Any]]:
    """The rows of one of the sample's files: `told("post")` reads posts.toml."""
    file = {"division": "city", "person": "city", "account": "accounts", "post": "posts"}[name]
    rows: list[dict[str, Any]] = tomllib.loads((HERE / f"{file}.toml").read_text(encoding="utf-8"))[name]
    return rows


def password_file() -> Path:
    return Path(settings.KOSHIKI_HOME) / "sample-password"


def password() -> str:
    """The one password of the sample's people, drawn at random for this installation, kept 0600."""
    path = password_file()
    if not path.exists():
        drawn = "-".join(secrets.token_hex(2) for _ in range(4))
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(drawn)
    return path.read_text()


def introduction() -> str:
    """The sample's people, their password where it is told for the first time, and the address of 見本SNS."""
    people = (f"  {row['number']}  {row['name']}　{row['shown']}" for row in told("person") if "shown" in row)
    return "\n".join(("\n見本の職員（パスワードはどの人も同じです）", *people, _told_once(), f"見本SNS: {sns.address()}/"))


def _told_once() -> str:
    told_before = password_file().with_suffix(".told")
    if told_before.exists():
        return f"パスワードは {password_file()} にあります。"
    told_before.touch()
    return f"パスワード: {password()}（表示は一度だけです。{password_file()} にあります）"
