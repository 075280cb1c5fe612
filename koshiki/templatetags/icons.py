"""The icons: strokes on a grid of 24, drawn in the colour of the text beside them."""

from __future__ import annotations

from functools import cache

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

RING = '<circle cx="12" cy="12" r="9"/>'
ICONS = {
    "home": '<path d="M3 11l9-7 9 7M6 9.5V20h12V9.5M10 20v-6h4v6"/>',
    "post": '<path d="M4 5h16v11H9l-5 4zM8 9h8M8 12h5"/>',
    "account": '<path d="M4 4h16v16H4zM8 18c.5-3 2-4 4-4s3.5 1 4 4"/><circle cx="12" cy="10" r="2.5"/>',
    "register": '<path d="M5 3h14v18H5zM8.5 8h7M8.5 12h7M8.5 16h4"/>',
    "notification": '<path d="M6 3h8l4 4v14H6zM14 3v4h4M9 12h6M9 16h6"/>',
    "people": '<circle cx="9" cy="8" r="3"/><path d="M3 20c.5-4 3-6 6-6s5.5 2 6 6M15.5 5.5a3 3 0 010 5.5'
              'M17.5 14.5c2 .8 3.2 2.8 3.5 5.5"/>',
    "log": '<path d="M5 4v16h14M9 16l3.5-4 3 2.5L20 8"/>',
    "guideline": '<path d="M12 6c-2-1.5-5-2-8-2v14c3 0 6 .5 8 2 2-1.5 5-2 8-2V4c-3 0-6 .5-8 2zM12 6v14"/>',
    "setting": '<path d="M4 7h9M19 7h1M4 17h1M11 17h9"/><circle cx="16" cy="7" r="2.5"/>'
               '<circle cx="8" cy="17" r="2.5"/>',
    "calendar": '<path d="M4 6h16v14H4zM4 10h16M8 3v4M16 3v4"/>',
    "check": '<path d="M4 12.5l5 5L20 6.5"/>',
    "done": RING + '<path d="M8 12.5l3 3 5-6"/>',
    "waiting": RING + '<path d="M12 7v5l3.5 2"/>',
    "planned": '<path d="M4 6h16v14H4zM4 10h16M8 3v4M16 3v4M12 13v3l2 1"/>',
    "draft": '<path d="M4 20l1-4L16 5l3 3L8 19zM14 7l3 3"/>',
    "returned": '<path d="M9 6L4 11l5 5M4 11h10a5 5 0 015 5v3"/>',
    "unknown": RING + '<path d="M9.5 9.5a2.5 2.5 0 113.5 2.3c-.8.4-1 .9-1 1.7M12 16.5v.5"/>',
    "failed": '<path d="M8 3h8l5 5v8l-5 5H8l-5-5V8zM12 7.5v5.5M12 16v.5"/>',
    "stopped": RING + '<path d="M9.5 9v6M14.5 9v6"/>',
    "ended": RING + '<path d="M8 12h8"/>',
    "info": RING + '<path d="M12 11v5.5M12 7.5V8"/>',
    "warning": '<path d="M12 3.5L22 20.5H2zM12 10v5M12 17.5v.5"/>',
    "person": '<circle cx="12" cy="8" r="4"/><path d="M4.5 21c.5-5 3.5-7 7.5-7s7 2 7.5 7"/>',
    "next": '<path d="M9 5l7 7-7 7"/>',
    "back": '<path d="M15 5l-7 7 7 7"/>',
    "down": '<path d="M5 9l7 7 7-7"/>',
    "outside": '<path d="M13 4h7v7M20 4l-9 9M17 14v6H4V7h6"/>',
    "link": '<path d="M10 14a4 4 0 006 0l3-3a4 4 0 00-6-6l-1 1M14 10a4 4 0 00-6 0l-3 3a4 4 0 006 6l1-1"/>',
    "file": '<path d="M6 3h8l4 4v14H6zM14 3v4h4"/>',
    "image": '<path d="M3 5h18v14H3zM3 16l5-5 5 5M12 15l3-3 6 6"/><circle cx="16" cy="9" r="1.5"/>',
    "print": '<path d="M7 8V3h10v5M7 17H4V8h16v9h-3M7 14h10v7H7z"/>',
    "search": '<circle cx="11" cy="11" r="6.5"/><path d="M16 16l5 5"/>',
    "plus": '<path d="M12 5v14M5 12h14"/>',
    "close": '<path d="M5 5l14 14M19 5L5 19"/>',
    "menu": '<path d="M4 6h16M4 12h16M4 18h16"/>',
    "telephone": '<path d="M6 3h4l1.5 5-2.5 2a12 12 0 005 5l2-2.5 5 1.5v4c0 1.5-1 2-2 2C11 20 4 13 4 5c0-1 .5-2 2-2z"/>',
    "lock": '<path d="M5 11h14v10H5zM8 11V7a4 4 0 018 0v4"/>',
    "quote": '<path d="M5 5h14v10h-8l-4 4v-4H5z"/>',
}


@cache
def icon_element(name: str, label: str = "") -> SafeString:
    """One icon. With a label it is read out, without one it only goes along with the word beside it."""
    spoken = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="icon" viewBox="0 0 24 24" {}>{}</svg>',
        spoken, mark_safe(ICONS[name]),  # noqa: S308  (our own strokes)
    )
