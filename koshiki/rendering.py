"""How forms are drawn: by templates, as Django does; but a list of choices by hand, since it may have hundreds.

A template for each choice costs more than everything else on a page with filters.
"""

from __future__ import annotations

from typing import Any

from django.forms.renderers import TemplatesSetting
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

Context = dict[str, Any]


class Renderer(TemplatesSetting):
    """FORM_RENDERER of the settings."""

    def render(self, template_name: str, context: Context, request: HttpRequest | None = None) -> str:
        """The widget or form as HTML."""
        if template_name == "django/forms/widgets/select.html":
            return _select(context["widget"])
        return super().render(template_name, context, request)


def _select(widget: Context) -> SafeString:
    groups = format_html_join("\n", "{}", ((_group(name, choices),) for name, choices, _ in widget["optgroups"]))
    return format_html('<select name="{}"{}>\n{}\n</select>', widget["name"], _attributes(widget["attrs"]), groups)


def _group(name: str | None, choices: list[Context]) -> SafeString:
    options = format_html_join("\n", '<option value="{}"{}>{}</option>', (
        (choice["value"], _attributes(choice["attrs"]), choice["label"]) for choice in choices))
    return format_html('<optgroup label="{}">\n{}\n</optgroup>', name, options) if name else options


def _attributes(attrs: Context) -> SafeString:
    """As Django's attrs.html: True is the name alone, False is nothing."""
    return format_html_join("", "{}", ((format_html(" {}", name) if value is True else format_html(' {}="{}"', name, value),)
                                       for name, value in attrs.items() if value is not False))
