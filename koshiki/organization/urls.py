from __future__ import annotations

from django.contrib.auth.views import LogoutView
from django.urls import path

from koshiki.organization.views.confirmation import confirm_guideline
from koshiki.organization.views.session import SignIn, password_change

urlpatterns = [
    path("sign-in/", SignIn.as_view(), name="sign_in"),
    path("sign-out/", LogoutView.as_view(next_page="sign_in"), name="sign_out"),
    path("password/", password_change, name="password_change"),
    path("guideline/confirm/", confirm_guideline, name="confirm_guideline"),
]
