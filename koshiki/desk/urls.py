from __future__ import annotations

from django.urls import path

from koshiki.desk import views

urlpatterns = [
    path("", views.home, name="home"),
    path("guideline/", views.guideline_map, name="guideline_map"),
]
