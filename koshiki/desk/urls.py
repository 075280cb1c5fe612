from __future__ import annotations

from django.urls import path

from koshiki.desk import views
from koshiki.desk.health import views as health
from koshiki.desk.log import views as log

urlpatterns = [
    path("", views.home, name="home"),
    path("guideline/", views.guideline_map, name="guideline_map"),
    path("log/", log.log, name="log"),
    path("log/verify/", log.log_verify, name="log_verify"),
    path("log/export/", log.log_export, name="log_export"),
    path("healthz", health.healthz, name="healthz"),
    path("metrics", health.metrics_page, name="metrics"),
]
