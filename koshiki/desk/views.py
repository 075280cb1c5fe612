"""Pages over several chapters: home, and the map of the guideline."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from koshiki import clock
from koshiki.desk.duties import gather
from koshiki.desk.sent import sent_by, today_for
from koshiki.organization.alerts import mail_is_set_up
from koshiki.organization.reading import chapters, house_rules
from koshiki.organization.sign_in import signed_in


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What waits for me, what I sent and where it is, what goes out today."""
    person = signed_in(request)
    context = {"duties": gather(person), "sent": sent_by(person), "today": clock.today(),
               "deliveries": today_for(person), "mail": mail_is_set_up()}
    return render(request, "desk/home.html", context)


@require_safe
def guideline_map(request: HttpRequest) -> HttpResponse:
    """Each clause: its words, what koshiki does about it, by which rule, shown by which test."""
    return render(request, "desk/guideline_map.html", {"chapters": chapters(), "house": house_rules()})
