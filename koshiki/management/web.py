"""How gunicorn serves koshiki: its configuration file (`gunicorn -c python:koshiki.management.web`)."""

from __future__ import annotations

import os
import sys
from typing import Any

from koshiki import settings
from koshiki.management.child import end_with_parent

bind = settings.KOSHIKI_LISTEN
wsgi_app = "koshiki.wsgi:application"
worker_class = "gthread"
workers = settings.KOSHIKI_WEB_PROCESSES
threads = settings.KOSHIKI_WEB_THREADS
preload_app = True  # the processes share what the application loaded
timeout = 60
graceful_timeout = 10
loglevel = "warning"
control_socket_disable = True  # it would lie outside KOSHIKI_HOME
worker_tmp_dir = "/dev/shm" if sys.platform == "linux" and os.access("/dev/shm", os.W_OK) else None  # noqa: S108
forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1")


def on_starting(server: Any) -> None:
    """The master alone watches the supervisor; its own processes watch the master."""
    end_with_parent()
