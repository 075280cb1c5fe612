"""{% load deliveries %} — a delivery's state as a badge, a post in a calendar."""

from __future__ import annotations

from django import template
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from koshiki.networks import service_label
from koshiki.posts.delivery.showing import tone_of, word_of
from koshiki.posts.models import Delivery
from koshiki.posts.overview.items import Item
from koshiki.templatetags.components import badge
from koshiki.templatetags.icons import icon_element

register = template.Library()


@register.filter
def delivery_badge(row: Delivery) -> SafeString:
    """{{ delivery|delivery_badge }} — icon, word and colour of its state."""
    return SafeString(badge(word_of(row), tone_of(row)))


@register.simple_tag
def post_item(item: Item, alone: bool = False) -> SafeString:
    """{% post_item item %} — a post in a calendar: its time and title, where it stands, what it collides with.

    Built here and not by a template: a month has more than a hundred. `alone`: the accounts stand elsewhere.
    """
    time = f"{timezone.localtime(item.at):%H:%M} " if item.at else ""
    marks = format_html_join(" ", '<span class="late-word">{}{}</span>',
                             ((icon_element("warning"), word) for word in item.collisions))
    where = "" if alone else format_html('<br><span class="quiet">{}</span>', _accounts(item))
    return format_html('<a href="{}">{}{}</a> {}{} {}', reverse("post", args=[item.post.pk]), time, item.post.title,
                       badge(item.stage.label, item.stage.tone), where, marks)


def _accounts(item: Item) -> str:
    names = "、".join(f"{account.name}（{service_label(account.service)}）" for account in item.accounts)
    return f"{names}、ほか{item.others}件" if item.others else names
