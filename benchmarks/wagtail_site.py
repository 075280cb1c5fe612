"""A site of Wagtail for comparison: its own virtual environment outside the repository, its own small project.

The project is what `wagtail start` makes, with one page model for news, on PostgreSQL: DEBUG off, the default
workflow (Moderators approval) and its groups as Wagtail's migrations make them, search and signals as they come.
Mails to moderators go nowhere.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

WANTED = ("wagtail==8.0.1", "django>=5.2,<5.3", "psycopg[binary]>=3.2.13,<4", "gunicorn>=25,<28")
PASSWORD = "とてもながい合言葉2026"  # noqa: S105  (of two invented people)
FILES = {
    "news/__init__.py": "",
    "news/models.py": '''
from django.db import models
from wagtail.admin.panels import FieldPanel
from wagtail.models import Page


class NewsPage(Page):
    body = models.TextField()
    basis = models.CharField(max_length=300)
    content_panels = Page.content_panels + [FieldPanel("body"), FieldPanel("basis")]
''',
    "site_settings.py": '''
import json, os

SECRET_KEY = "for measurements only"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = [
    "news", "wagtail.contrib.forms", "wagtail.contrib.redirects", "wagtail.embeds", "wagtail.sites", "wagtail.users",
    "wagtail.snippets", "wagtail.documents", "wagtail.images", "wagtail.search", "wagtail.admin", "wagtail",
    "modelcluster", "taggit", "django_filters", "django.contrib.admin", "django.contrib.auth",
    "django.contrib.contenttypes", "django.contrib.sessions", "django.contrib.messages", "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware", "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware", "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "wagtail.contrib.redirects.middleware.RedirectMiddleware",
]
ROOT_URLCONF = "site_urls"
TEMPLATES = [{
    "BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
    "OPTIONS": {"context_processors": [
        "django.template.context_processors.debug", "django.template.context_processors.request",
        "django.contrib.auth.context_processors.auth", "django.contrib.messages.context_processors.messages"]},
}]
DATABASES = {"default": {**json.loads(os.environ["SITE_DATABASE"]), "ENGINE": "django.db.backends.postgresql",
                         "CONN_MAX_AGE": 60}}
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
LANGUAGE_CODE, TIME_ZONE, USE_TZ = "ja", "Asia/Tokyo", True
STATIC_URL = "/static/"
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
WAGTAIL_SITE_NAME = "news"
WAGTAILADMIN_BASE_URL = "http://127.0.0.1"
''',
    "site_urls.py": '''
from django.urls import include, path
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls

urlpatterns = [path("admin/", include(wagtailadmin_urls)), path("", include(wagtail_urls))]
''',
    "site_wsgi.py": '''
from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
''',
    "prepare.py": '''
import json, os, sys
import django

django.setup()
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management import call_command
from news.models import NewsPage
from wagtail.models import Page

call_command("makemigrations", "news", verbosity=0)
call_command("migrate", verbosity=0)
wanted = json.load(sys.stdin)
for name, group in (("editor", "Editors"), ("moderator", "Moderators")):
    person = get_user_model().objects.create_user(name, password=wanted["password"])
    person.groups.add(Group.objects.get(name=group))
editor = get_user_model().objects.get(username="editor")
home = Page.objects.get(depth=2)
made = []
for number in range(wanted["pages"]):
    page = NewsPage(title=f"お知らせ {number}", slug=f"news-{number}", body=wanted["text"], basis="要綱", live=False,
                    owner=editor)
    home.add_child(instance=page)
    page.save_revision(user=editor)
    made.append(page.pk)
print(json.dumps(made))
''',
    "state.py": '''
import json
import django

django.setup()
from news.models import NewsPage
from wagtail.models import TaskState

print(json.dumps({"live": NewsPage.objects.live().count(),
                  "approved": TaskState.objects.filter(status="approved").count()}))
''',
}


class Site:
    """The project in a folder, on a database of its own."""

    def __init__(self, folder: Path, database: dict[str, str]) -> None:
        self.folder, self.python = folder, _environment() / "bin/python"
        self.settings = {**os.environ, "SITE_DATABASE": json.dumps(database), "DJANGO_SETTINGS_MODULE": "site_settings",
                         "PYTHONPATH": str(folder), "PYTHONUTF8": "1"}
        for name, text in FILES.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text.lstrip(), encoding="utf-8")

    def prepare(self, pages: int, text: str) -> list[int]:
        """Tables, an editor, a moderator, and so many drafts; gives the numbers of the drafts."""
        wanted = json.dumps({"pages": pages, "text": text, "password": PASSWORD})
        found: list[int] = json.loads(self._run("prepare.py", wanted))
        return found

    def state(self) -> dict[str, int]:
        """How many pages are published, and how many tasks were approved."""
        found: dict[str, int] = json.loads(self._run("state.py"))
        return found

    def _run(self, script: str, given: str = "") -> str:
        done = subprocess.run([self.python, self.folder / script], input=given, env=self.settings, cwd=self.folder,
                              capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout.splitlines()[-1]


def _environment() -> Path:
    """The virtual environment under the cache folder, made and filled when it is not there."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "koshiki-peers/wagtail"
    venv, ready = cache / "venv", cache / "ready"
    if not ready.exists() or ready.read_text() != "\n".join(WANTED):
        subprocess.run([sys.executable, "-m", "venv", "--clear", venv], check=True)
        subprocess.run([venv / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *WANTED],
                       check=True, stdout=sys.stderr)
        ready.write_text("\n".join(WANTED))
    return venv
