#!/usr/bin/env python3
"""koshiki's commands: `manage.py help` lists them."""

import os
import sys

from django.core.management import execute_from_command_line
from django.db.utils import OperationalError

# These need no database, or see to it themselves.
WITHOUT_DATABASE = {
    "", "help", "version", "serve", "postgres", "check", "collectstatic", "compilemessages", "makemessages",
    "diffsettings", "trace",
}


def main(arguments: list[str]) -> None:
    """Run a command; the embedded database runs for as long as the command does."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "koshiki.settings")
    from koshiki import settings  # noqa: PLC0415 (the name of the settings comes first)
    from koshiki.database.embedded import Cluster  # noqa: PLC0415
    from koshiki.database.system_account import NotPossible  # noqa: PLC0415
    from koshiki.management.child import PARENT, end_with_parent  # noqa: PLC0415

    command = arguments[1] if len(arguments) > 1 else ""
    end_with_parent()
    sees_to_it = command in WITHOUT_DATABASE or command.startswith("-") or PARENT in os.environ
    try:
        if sees_to_it or not settings.KOSHIKI_EMBEDDED:
            execute_from_command_line(arguments)
        else:
            with Cluster(settings.KOSHIKI_HOME, say=lambda text: print(text, file=sys.stderr)).running():
                execute_from_command_line(arguments)
    except NotPossible as reason:
        sys.exit(str(reason))
    except OperationalError as error:
        sys.exit(f"データベースに接続できません。\n{error}")


if __name__ == "__main__":
    main(sys.argv)
