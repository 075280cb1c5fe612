"""{% publication one %} — one publication on a public page; see `koshiki/public/article.py`."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.safestring import SafeString

from koshiki.public.article import article, line
from koshiki.public.proofs import linked_data
from koshiki.public.publications import Publication

register = template.Library()
register.simple_tag(linked_data)


@register.simple_tag(takes_context=True)
def publication(context: dict[str, Any], one: Publication) -> SafeString:
    """The publication, with the page's own ways to the others."""
    return article(one, context["top"], context["home"])


@register.simple_tag
def publication_lines(publications: list[Publication], page: str) -> SafeString:
    """{% publication_lines others "2026-11-22-2.html" %} — each in one line that leads to its page."""
    return SafeString("".join(line(one, page) for one in publications))
