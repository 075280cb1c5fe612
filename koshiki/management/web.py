"""How gunicorn serves koshiki: its configuration file (`gunicorn -c python:koshiki.management.web`)."""

from __future__ import annotations

import os
import sys
from typing import Any

from koshiki.management.child import end_with_parent

bind = os.environ.get("KOSHIKI_LISTEN", "127.0.0.1:8000")
wsgi_app = "koshiki.wsgi:application"
worker_class = "gthread"
workers = int(os.environ.get("KOSHIKI_WEB_PROCESSES", "2"))
threads = int(os.environ.get("KOSHIKI_WEB_THREADS", "4"))
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
