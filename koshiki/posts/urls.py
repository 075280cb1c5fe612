from __future__ import annotations

from django.urls import path

from koshiki.posts.corrections.views import post_correct
from koshiki.posts.delivery.urls import urlpatterns as deliveries
from koshiki.posts.overview.calendars import post_accounts, post_month, post_week
from koshiki.posts.overview.lists import post_export, post_list
from koshiki.posts.views.approving import post_approve, post_withdraw_approval
from koshiki.posts.views.checking import self_check
from koshiki.posts.views.images import post_image, post_upload
from koshiki.posts.views.reading import post
from koshiki.posts.views.steps import post_end, post_submit, post_take_over
from koshiki.posts.views.writing import post_edit, post_preview, post_write

urlpatterns = [
    *deliveries,
    path("posts/", post_list, name="posts"),
    path("posts/month/", post_month, name="post_month"),
    path("posts/week/", post_week, name="post_week"),
    path("posts/accounts/", post_accounts, name="post_accounts"),
    path("posts/export/", post_export, name="post_export"),
    path("posts/write/", post_write, name="post_write"),
    path("posts/preview/", post_preview, name="post_preview"),
    path("posts/uploads/<str:held>/", post_upload, name="post_upload"),
    path("self-check/", self_check, name="self_check"),
    path("posts/<int:pk>/", post, name="post"),
    path("posts/<int:pk>/edit/", post_edit, name="post_edit"),
    path("posts/<int:pk>/submit/", post_submit, name="post_submit"),
    path("posts/<int:pk>/approve/", post_approve, name="post_approve"),
    path("posts/<int:pk>/correct/", post_correct, name="post_correct"),
    path("posts/<int:pk>/end/", post_end, name="post_end"),
    path("posts/<int:pk>/images/<str:sha256>/", post_image, name="post_image"),
    path("posts/approvals/<int:pk>/withdraw/", post_withdraw_approval, name="post_withdraw_approval"),
    path("posts/remarks/<int:pk>/take/", post_take_over, name="post_take_over"),
]
