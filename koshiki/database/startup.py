"""What must hold before koshiki serves anybody: asked by the web server and the workers when they start."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from django.conf import settings

from koshiki.database import roles
from koshiki.database.models import Installation
from koshiki.database.upgrade import NotFit, refuse_older_database, refuse_older_program

__all__ = ["NotFit", "is_loopback", "refuse_sample_elsewhere", "refuse_unfit"]


def refuse_unfit() -> None:
    """Raises NotFit or LogCouldChange, saying why, where koshiki must not run; OperationalError without database."""
    _refuse_open_address()
    _refuse_without_key()
    refuse_older_program()
    refuse_older_database()
    roles.refuse_if_log_can_change()
    _refuse_other_use()


def _refuse_open_address() -> None:
    """Plain http carries passwords: only within the machine itself."""
    address = urlsplit(settings.KOSHIKI_URL)
    if address.scheme != "https" and not is_loopback(address.hostname or ""):
        raise NotFit(f"KOSHIKI_URL（{settings.KOSHIKI_URL}）は https:// で始まる必要があります。"
                     "http:// を使えるのは、このコンピューターの中（127.0.0.1）だけです。")


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine itself."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refuse_without_key() -> None:
    if not settings.KOSHIKI_KEEPS_SECRET_KEY:
        raise NotFit(f"{settings.KOSHIKI_HOME} に secret_key がありません。`manage.py setup_database` を実行してください。")


def _refuse_other_use() -> None:
    """A database that held the sample can't be turned to real use, nor a real one to the sample."""
    installed = Installation.objects.filter(pk=1).first()
    if installed is None:
        raise NotFit("データベースの準備が終わっていません。`manage.py setup_database` を実行してください。")
    if settings.KOSHIKI_SAMPLE:
        refuse_sample_elsewhere()
    if installed.sample != settings.KOSHIKI_SAMPLE:
        raise NotFit("見本のデータベースは本番に使えません。" if installed.sample
                     else "本番のデータベースを見本には使えません。")


def refuse_sample_elsewhere() -> None:
    """The sample lives in the embedded database only. Raises NotFit."""
    if not settings.KOSHIKI_EMBEDDED:
        raise NotFit("見本は、組み込みのデータベースだけで使えます。DATABASE_URL を外してください。")
