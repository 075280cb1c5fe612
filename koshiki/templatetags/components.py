"""The components pages are made of. They are built in: no {% load %} is needed.

State        {% badge "承認待ち" "waiting" %}   {% where_it_stands where %}   {% rail steps "開設の手続" %}
             {% timeline moments %}   {% guide_steps steps current %}
Guideline    {% clause "§8(1)" %}
Work         {% duty_card duty %}   {% confirm_list form.items %}   {% counter used limit "text-1" %}
Words        {% notice "warning" "見出し" %}…{% endnotice %}   {% hint "はじめての方へ" %}…{% endhint %}
             {% empty "まだ投稿はありません" "…" url "投稿を起案する" %}
Lists        {% key_values pairs %}   {% filter_bar form %}   {% pagination page %}   {% crumbs "アカウント" url … %}
Time         {% running_clock since %}  {{ span|lasting }}  and, in the page's block `script`, {% clock_script %}
To take away {% copy_box "fragment" "HTML" text %}  and, in the page's block `script`, {% copy_script %}
Posts        {% post_preview preview %}   {% difference before after %}   {{ text|linked:domains }}
Small        {% icon "print" %}   {% error_summary form %}   {{ moment|when }}   {{ moment|short_when }}
             {{ moment|day }}   {{ moment|short_day }}   {{ moment|due }}   {{ moment|short_due }}
Forms        {{ form }} draws everything: summary of errors, labels, 必須/任意, help, errors at the fields.

The records they take are in `koshiki/look.py`.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django import template
from django.core.paginator import Page
from django.forms import BaseForm, BoundField
from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from koshiki import clock
from koshiki.calendar import local_day
from koshiki.guideline import guideline
from koshiki.look import GuideStep, Moment, Preview, RailStep, Tone, When, WhereItStands, passed
from koshiki.organization.duties import Duty
from koshiki.templatetags import dates, prose
from koshiki.templatetags.dates import due_element, machine_read, time_element
from koshiki.templatetags.icons import icon_element
from koshiki.text import true_host as true_host_of

register = template.Library()
Context = dict[str, Any]

NOTICE_ICONS = {"info": "info", "success": "done", "warning": "warning", "error": "failed", "emergency": "warning"}
NOTICE_WORDS = {"info": "お知らせ", "success": "完了", "warning": "注意", "error": "エラー", "emergency": "緊急"}


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """{% icon "print" %} — an icon beside its word; with a label, an icon that stands alone."""
    return icon_element(name, label)


@register.simple_tag
def badge(label: str, tone: Tone | str = Tone.DRAFT) -> SafeString:
    """{% badge post.get_state_display post.tone %} — a state as colour, icon and word; tones: look.Tone."""
    return _badge(label, Tone(tone))


@lru_cache(maxsize=512)
def _badge(label: str, tone: Tone) -> SafeString:
    return format_html('<span class="badge {}">{}{}</span>', tone.value, icon_element(tone.value), label)


@register.inclusion_tag("components/copy_box.html")
def copy_box(id: str, label: str, text: str, rows: int = 8, help: str = "") -> Context:  # noqa: A002
    """{% copy_box "text-1" "本文" text %} — text to be taken elsewhere: a field to select, and a button with script."""
    return {"id": id, "label": label, "text": text, "rows": rows, "help": help}


@register.simple_tag
def running_clock(since: datetime, words: str = "気付いてから") -> SafeString:
    """{% running_clock correction.found_at %} — how long ago; it runs on with the script, and stands without."""
    return format_html('<strong class="late-word">{}{}<time data-since="{}" datetime="{}">{}</time></strong>',
                       icon_element("waiting"), words, int(since.timestamp()), machine_read(since),
                       dates.lasting(clock.now() - since))


@register.filter
def lasting(span: timedelta) -> str:
    """{{ correction.took|lasting }} — a span in words."""
    return dates.lasting(span)


@register.simple_tag
def clock_script() -> SafeString:
    """{% block script %}{{ block.super }}{% clock_script %}{% endblock %} — what makes running clocks run."""
    return format_html('<script src="{}" defer></script>', static("clock.js"))


@register.simple_tag
def copy_script() -> SafeString:
    """{% block script %}{{ block.super }}{% copy_script %}{% endblock %} — what makes the buttons of copy boxes work."""
    return format_html('<script src="{}" defer></script>', static("copy.js"))


@register.inclusion_tag("components/clause.html")
def clause(clause_id: str) -> Context:
    """{% clause "§8(1)" %} — the clause's number; a touch shows its words. May stand inside a sentence."""
    return {"id": clause_id, "clause": guideline().clauses.get(clause_id), "target": f"c{secrets.token_hex(4)}"}


@register.inclusion_tag("components/where_it_stands.html")
def where_it_stands(where: WhereItStands) -> Context:
    """{% where_it_stands where %} — state, who is next, by when, which clause: at the top of everything."""
    return {"where": where}


@register.inclusion_tag("components/rail.html")
def rail(steps: Sequence[RailStep], label: str = "手続の流れ") -> Context:
    """{% rail steps "開設の手続" %} — the row of steps; upright on a phone."""
    done = sum(step.state in {"done", "skipped"} for step in steps)
    return {"steps": steps, "label": label, "done": done, "total": len(steps)}


@register.inclusion_tag("components/timeline.html")
def timeline(moments: Iterable[Moment]) -> Context:
    """{% timeline moments %} — the history, in the order given (newest first is the custom)."""
    return {"moments": moments}


@register.inclusion_tag("components/guide_steps.html")
def guide_steps(steps: Sequence[GuideStep], current: int) -> Context:
    """{% guide_steps steps 2 %} — the pages of a guided form; `current` counts from 1."""
    return {"steps": steps, "current": current, "total": len(steps)}


@register.inclusion_tag("components/duty_card.html")
def duty_card(duty: Duty) -> Context:
    """{% duty_card duty %} — one duty with its one button."""
    return {"duty": duty, "late": passed(duty.due)}


@register.inclusion_tag("components/confirm_list.html")
def confirm_list(field: BoundField) -> Context:
    """{% confirm_list form.prohibited %} — a multiple choice field as rows to be ticked one by one."""
    return {"field": field}


@register.inclusion_tag("components/counter.html")
def counter(used: int, limit: int, key: str) -> Context:
    """{% counter 54 140 "text-1" %} — the live count of a text; htmx replaces it by its id `counter-<key>`."""
    return {"used": used, "limit": limit, "left": limit - used, "over": used - limit, "key": key}


@register.simple_block_tag
def notice(content: str, tone: str, title: str = "") -> SafeString:
    """{% notice "warning" "見出し" %}…{% endnotice %} — info, success, warning, error, emergency."""
    return format_html(
        '<div class="notice {}"{}>{}<div><p class="notice-title"><span class="visually-hidden">{}: </span>{}</p>{}</div></div>',
        tone, SafeString(' role="alert"' if tone in {"error", "emergency"} else ""),
        icon_element(NOTICE_ICONS[tone]), gettext(NOTICE_WORDS[tone]), title or gettext(NOTICE_WORDS[tone]), content,
    )


@register.simple_block_tag
def hint(content: str, title: str = "はじめての方へ") -> SafeString:
    """{% hint "はじめての方へ" %}…{% endhint %} — an explanation that opens on a touch."""
    return format_html(
        '<details class="hint"><summary>{}{}</summary><div>{}</div></details>', icon_element("info"), title, content
    )


@register.inclusion_tag("components/empty.html")
def empty(title: str, text: str = "", url: str = "", action: str = "") -> Context:
    """{% empty "まだ投稿はありません" "最初の…" url "投稿を起案する" %} — says what to do next."""
    return {"title": title, "text": text, "url": url, "action": action}


@register.inclusion_tag("components/key_values.html")
def key_values(pairs: Iterable[Sequence[Any]]) -> Context:
    """{% key_values pairs %} — (label, value) or (label, value, clause id); an empty value shows 未入力."""
    return {"rows": [(*pair, "")[:3] for pair in pairs]}


@register.inclusion_tag("components/filter_bar.html", takes_context=True)
def filter_bar(context: Context, form: BaseForm, count: int | None = None) -> Context:
    """{% filter_bar form page.paginator.count %} — a GET form in a row, with the number of results."""
    return {"form": form, "count": count, "path": _request(context).path}


@register.inclusion_tag("components/pagination.html", takes_context=True)
def pagination(context: Context, page: Page[Any]) -> Context:
    """{% pagination page %} — previous, place, next; keeps the filter's choices."""
    chosen = _request(context).GET.copy()
    chosen.pop("page", None)
    return {"page": page, "query": chosen.urlencode()}


def _request(context: Context) -> HttpRequest:
    request: HttpRequest = context["request"]
    return request


@register.inclusion_tag("components/crumbs.html")
def crumbs(*words: str) -> Context:
    """{% crumbs "アカウント" accounts_url "広報いわた公式" %} — label and address in turn, the last without."""
    return {"links": list(zip(words[:-1:2], words[1:-1:2], strict=True)), "here": words[-1]}


@register.inclusion_tag("components/post_preview.html")
def post_preview(preview: Preview) -> Context:
    """{% post_preview preview %} — a post as it will look, links with their true host, images with alt text."""
    domains = preview.domains or guideline().city.get("domains", ())
    return {"preview": preview, "text": prose.linked(preview.text, domains),
            "more": [prose.linked(text, domains) for text in preview.more]}


@register.inclusion_tag("components/difference.html")
def difference(before: str, after: str) -> Context:
    """{% difference before after %} — what went and what came, by mark and by word."""
    return {"same": before == after, "marked": prose.difference(before, after)}


@register.inclusion_tag("components/error_summary.html")
def error_summary(form: BaseForm) -> Context:
    """{% error_summary form %} — for forms drawn field by field; {{ form }} has it already."""
    return {"errors": _errors(form), "general": form.non_field_errors()}


def _errors(form: BaseForm) -> list[tuple[str, str, str]]:
    """Each error as (id of the field, its label, message)."""
    shown = [form[name] for name in form.errors if name in form.fields]
    return [(_first_id(field), str(field.label), str(error)) for field in shown for error in field.errors]


def _first_id(field: BoundField) -> str:
    """The id that takes the focus: a group's first choice, else the field itself."""
    return field.id_for_label or f"{field.auto_id}_0"


@register.filter
def linked(text: str, domains: Sequence[str] | None = None) -> SafeString:
    """{{ text|linked }} — addresses as links with their true host; 市以外 by the city's domains (§8(4))."""
    return prose.linked(text, domains if domains is not None else guideline().city.get("domains", ()))


@register.filter
def true_host(address: str) -> str:
    """{{ address|true_host }} — the host an address really leads to."""
    return true_host_of(address)


@register.filter
def when(moment: When | None) -> SafeString:
    """{{ moment|when }} — 令和8年11月22日(日) 14時05分 in a <time>; a day without the time of day."""
    return time_element(moment)


@register.filter
def short_when(moment: When | None) -> SafeString:
    """{{ moment|short_when }} — 11月22日(日) 14時05分, where the year is plain."""
    return time_element(moment, short=True)


@register.filter
def due(moment: When | None) -> SafeString:
    """{{ moment|due }} — a due time; the end of a day (24時) is written as that day."""
    return due_element(moment)


@register.filter
def short_due(moment: When | None) -> SafeString:
    """{{ moment|short_due }} — the same without the year."""
    return due_element(moment, short=True)


@register.filter
def day(moment: When | None) -> SafeString:
    """{{ moment|day }} — 令和8年11月22日(日), without the time of day."""
    return time_element(local_day(moment)) if moment else SafeString("")


@register.filter
def short_day(moment: When | None) -> SafeString:
    """{{ moment|short_day }} — 11月22日(日)."""
    return time_element(local_day(moment), short=True) if moment else SafeString("")


@register.filter
def is_kind(field: BoundField, kind: str) -> bool:
    """{% if field|is_kind:"checkbox" %} — tells field templates the kind of widget."""
    return field.widget_type == kind
