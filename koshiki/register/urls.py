"""The register's pages."""

from __future__ import annotations

from django.urls import path

from koshiki.register.views import accounts

urlpatterns = [
    path("accounts/", accounts.accounts, name="accounts"),
    path("accounts/<int:pk>/", accounts.account, name="account"),
]
