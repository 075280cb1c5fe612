"""{% load deliveries %} — a delivery's state as a badge."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString

from koshiki.posts.delivery.showing import tone_of
from koshiki.posts.models import Delivery
from koshiki.templatetags.components import badge

register = template.Library()


@register.filter
def delivery_badge(row: Delivery) -> SafeString:
    """{{ delivery|delivery_badge }} — icon, word and colour of its state."""
    return SafeString(badge(row.get_state_display(), tone_of(row)))
