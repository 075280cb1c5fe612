from __future__ import annotations

from django.contrib.auth.views import LogoutView
from django.urls import path

from koshiki.organization.views import divisions, importing, people
from koshiki.organization.views.confirmation import confirm_guideline
from koshiki.organization.views.passwords import first_passwords
from koshiki.organization.views.session import SignIn, password_change

urlpatterns = [
    path("sign-in/", SignIn.as_view(), name="sign_in"),
    path("sign-out/", LogoutView.as_view(next_page="sign_in"), name="sign_out"),
    path("password/", password_change, name="password_change"),
    path("guideline/confirm/", confirm_guideline, name="confirm_guideline"),
    path("people/", people.people, name="people"),
    path("people/import/", importing.organization_import, name="organization_import"),
    path("people/import/<int:pk>/", importing.import_preview, name="import_preview"),
    path("people/import/example/<str:kind>/", importing.import_example, name="import_example"),
    path("people/export/<str:kind>/", importing.organization_export, name="organization_export"),
    path("people/passwords/", first_passwords, name="first_passwords"),
    path("people/new/", people.person_new, name="person_new"),
    path("people/<int:pk>/", people.person, name="person"),
    path("people/<int:pk>/edit/", people.person_edit, name="person_edit"),
    path("people/<int:pk>/post/", people.person_post, name="person_post"),
    path("people/<int:pk>/role/", people.person_role, name="person_role"),
    path("people/<int:pk>/deactivate/", people.person_deactivate, name="person_deactivate"),
    path("people/<int:pk>/reactivate/", people.person_reactivate, name="person_reactivate"),
    path("people/<int:pk>/password/", people.person_reset_password, name="person_reset_password"),
    path("people/<int:pk>/absence/", divisions.absence_new, name="absence_new"),
    path("postings/<int:pk>/end/", people.posting_end, name="posting_end"),
    path("roles/<int:pk>/end/", people.role_end, name="role_end"),
    path("absences/<int:pk>/end/", divisions.absence_end, name="absence_end"),
    path("deputies/<int:pk>/end/", divisions.deputy_end, name="deputy_end"),
    path("divisions/", divisions.divisions, name="divisions"),
    path("divisions/new/", divisions.division_new, name="division_new"),
    path("divisions/<int:pk>/", divisions.division, name="division"),
    path("divisions/<int:pk>/edit/", divisions.division_edit, name="division_edit"),
    path("divisions/<int:pk>/deputies/new/", divisions.deputy_new, name="deputy_new"),
]
