"""The web server's door."""

import logging
import os

from django.core.wsgi import get_wsgi_application
from django.db import connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "koshiki.settings")
application = get_wsgi_application()

from koshiki.database.folders import not_shared  # noqa: E402 (the application comes first)
from koshiki.database.startup import refuse_unfit  # noqa: E402

refuse_unfit()
for sentence in not_shared():
    logging.getLogger(__name__).error(sentence)
connections.close_all()  # the server's processes are forked from this one
