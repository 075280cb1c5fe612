from __future__ import annotations

from django.urls import path

from koshiki.posts.delivery.hand_over.views import (
    delivery_give_back,
    delivery_hand_over,
    delivery_media,
    delivery_mend_address,
    delivery_take,
)
from koshiki.posts.delivery.views import (
    delivery_not_posted,
    delivery_posted,
    delivery_release,
    post_deliveries,
    safety_stops,
)

urlpatterns = [
    path("posts/<int:pk>/deliveries/", post_deliveries, name="post_deliveries"),
    path("deliveries/<int:pk>/posted/", delivery_posted, name="delivery_posted"),
    path("deliveries/<int:pk>/not-posted/", delivery_not_posted, name="delivery_not_posted"),
    path("deliveries/<int:pk>/hand-over/", delivery_hand_over, name="delivery_hand_over"),
    path("deliveries/<int:pk>/take/", delivery_take, name="delivery_take"),
    path("deliveries/<int:pk>/give-back/", delivery_give_back, name="delivery_give_back"),
    path("deliveries/<int:pk>/address/", delivery_mend_address, name="delivery_mend_address"),
    path("deliveries/<int:pk>/media/<int:place>/", delivery_media, name="delivery_media"),
    path("deliveries/<int:pk>/release/", delivery_release, name="delivery_release"),
    path("deliveries/safety-stops/", safety_stops, name="safety_stops"),
]
