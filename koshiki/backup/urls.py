from __future__ import annotations

from django.urls import path

from koshiki.backup.views import backups

urlpatterns = [path("settings/backup/", backups, name="backups")]
