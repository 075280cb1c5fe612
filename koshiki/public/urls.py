from django.urls import path, re_path

from koshiki.public import views

urlpatterns = [
    path("trust.txt", views.at_the_top, {"path": "trust.txt"}, name="public_trust"),
    re_path(r"^(?P<path>\.well-known/[a-z-]+)$", views.at_the_top, name="public_well_known"),
    path("official/assets/<str:name>", views.public_asset, name="public_asset"),
    path("official/m/<str:name>", views.staged, name="public_staged"),
    path("official/media/<str:name>", views.public_picture, name="public_picture"),
    path("official/", views.public_page, name="public"),
    path("official/<path:path>", views.public_page, name="public_page"),
]
