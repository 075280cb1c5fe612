from __future__ import annotations

from django.urls import path

from koshiki.desk import delisting, listing, views
from koshiki.desk.health import views as health
from koshiki.desk.log import views as log

urlpatterns = [
    path("", views.home, name="home"),
    path("guideline/", views.guideline_map, name="guideline_map"),
    path("accounts/register/", listing.register_management, name="register_management"),
    path("accounts/<int:pk>/page/", listing.register_page, name="register_page"),
    path("accounts/<int:pk>/page/look/", listing.register_page_look, name="register_page_look"),
    path("accounts/<int:pk>/page/seen/", listing.register_page_seen, name="register_page_seen"),
    path("accounts/<int:pk>/delist/", delisting.account_delist, name="account_delist"),
    path("log/", log.log, name="log"),
    path("log/verify/", log.log_verify, name="log_verify"),
    path("log/export/", log.log_export, name="log_export"),
    path("healthz", health.healthz, name="healthz"),
    path("metrics", health.metrics_page, name="metrics"),
]
