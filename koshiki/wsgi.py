"""The web server's door."""

import os

from django.core.wsgi import get_wsgi_application
from django.db import connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "koshiki.settings")
application = get_wsgi_application()

from koshiki.database.startup import refuse_unfit  # noqa: E402 (the application comes first)

refuse_unfit()
connections.close_all()  # the server's processes are forked from this one
