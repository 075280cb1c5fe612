"""Who PostgreSQL runs as, and whether that account can reach its folders.

PostgreSQL refuses to run as root. Started by root, koshiki lets PostgreSQL alone run as a system account of its
own; started by anybody else, PostgreSQL runs as that person. No permission outside KOSHIKI_HOME is changed.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from koshiki import environment

NAME = environment.text("KOSHIKI_POSTGRES_ACCOUNT", "koshiki")
SHELLS_OF_NOBODY = ("nologin", "false")


class NotPossible(Exception):
    """The embedded database cannot be run here; the message says why, and what to do."""


@dataclass(frozen=True)
class Account:
    """The account that PostgreSQL runs as; `other` when it is not the one koshiki runs as."""

    name: str
    uid: int
    gid: int
    other: bool

    def process(self) -> dict[str, Any]:
        """What subprocess needs to start a process as this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.other else {}

    def give(self, path: Path) -> None:
        """Make a file or folder under KOSHIKI_HOME, or the socket's, this account's own."""
        if self.other:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def account(say: Callable[[str], None]) -> Account:
    """The account for PostgreSQL; made first if koshiki runs as root and it is not there yet.

    Raises NotPossible where root has no means of making one, or the name is a person's.
    """
    if os.geteuid() != 0:
        return _mine()
    found = _find(NAME) or _made(say)
    if found.pw_uid == 0 or Path(found.pw_shell).name not in SHELLS_OF_NOBODY:
        raise NotPossible(f"利用者「{NAME}」は人が使うもののようです。"
                          "PostgreSQL 専用の名前を KOSHIKI_POSTGRES_ACCOUNT で指定してください。")
    return Account(found.pw_name, found.pw_uid, found.pw_gid, other=True)


def _mine() -> Account:
    try:
        entry = pwd.getpwuid(os.geteuid())
    except KeyError:
        raise NotPossible(f"この利用者（uid {os.geteuid()}）には名前がないため、PostgreSQL を動かせません。") from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, other=False)


def _find(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _made(say: Callable[[str], None]) -> pwd.struct_passwd:
    useradd = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    nologin = shutil.which("nologin", path="/usr/sbin:/sbin:/usr/bin") or "/bin/false"
    if useradd is None:
        raise NotPossible("root では PostgreSQL を動かせません。ふつうの利用者で実行してください。")
    subprocess.run([useradd, "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent",
                    "--shell", nologin, NAME], check=True)
    say(f"root では PostgreSQL を動かせないため、専用のシステム利用者「{NAME}」を作りました。")
    return pwd.getpwnam(NAME)


def refuse_unreachable(folder: Path, who: Account) -> None:
    """Raise NotPossible, naming the first closed folder, where the account cannot come to `folder`."""
    if not who.other:
        return
    for step in [*reversed(folder.parents), folder]:
        tried = subprocess.run(["/bin/sh", "-c", 'cd "$1"', "sh", str(step)], cwd="/", check=False,
                               stderr=subprocess.DEVNULL, **who.process())
        if tried.returncode:
            raise NotPossible(
                f"PostgreSQL の利用者「{who.name}」が {step} に入れません。KOSHIKI_HOME には、その利用者が"
                "たどれる場所（たとえば /var/lib/koshiki）を指定してください。権限は変更していません。")
