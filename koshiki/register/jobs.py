"""What a worker does for the register: it puts policies into force on their day, renews connections that run out, every
morning looks whether the city's site still shows the accounts, empties the receiver outside, and forgets how often
services were asked long ago."""

from __future__ import annotations

import logging

from django.db import DatabaseError
from procrastinate.contrib.django import app

from koshiki import clock
from koshiki.guideline import Way, guideline
from koshiki.networks.base import Outcome
from koshiki.register import budget, emptying, refreshing
from koshiki.register.actions.decide_change import due_changes, put_in_force
from koshiki.register.actions.page import look_at_page
from koshiki.register.address import register_address
from koshiki.register.link import NotConnected
from koshiki.register.models import Account

log = logging.getLogger(__name__)


@app.periodic(cron=clock.daily(5, 10))
@app.task(name="register.look_at_pages", queue="read_back", queueing_lock="register.look_at_pages", pass_context=False)
def look_at_pages(timestamp: int) -> None:
    """One job for each account on the register, where its page lies on another's server."""
    if guideline().way is not Way.PAGES:
        for account in Account.objects.public().order_by("pk"):
            look.defer(account=account.pk)


@app.periodic(cron="* * * * *")
@app.task(name="register.put_policies_in_force", queue="sweep", queueing_lock="register.put_policies_in_force",
          pass_context=False)
def put_policies_in_force(timestamp: int) -> None:
    """In the first minute of its day a decided version takes the place of the one before (§別紙1-3); late, if no worker ran."""
    for change in due_changes():
        try:
            put_in_force(change)
        except DatabaseError:
            log.exception("change %s of a policy did not come into force; the others go on", change.pk)


@app.periodic(cron="* * * * *")
@app.task(name="register.refresh_connections", queue="read_back", queueing_lock="register.refresh_connections",
          pass_context=False)
def refresh_connections(timestamp: int) -> None:
    """Credentials that run out are renewed in good time; which those are the rows say."""
    for pk in refreshing.due():
        refreshing.refresh(pk)


@app.periodic(cron="* * * * *")
@app.task(name="register.empty_receiver", queue="read_back", queueing_lock="register.empty_receiver", pass_context=False)
def empty_receiver(timestamp: int) -> None:
    """What lies in the receiver outside is taken over; what can't be now is in a minute."""
    if emptying.is_outside():
        try:
            emptying.empty_receiver()
        except (Outcome, NotConnected) as trouble:
            log.error("the receiver could not be emptied: %s", trouble.reason)


@app.periodic(cron=clock.daily(4, 23))
@app.task(name="register.forget_spendings", queue="sweep", queueing_lock="register.forget_spendings", pass_context=False)
def forget_spendings(timestamp: int) -> None:
    """Each hour of each account leaves a row: they do not stay for ever."""
    budget.forget_old()


@app.task(name="register.look_at_page", queue="read_back", pass_context=False, priority=-10)
def look(account: int) -> None:
    """Fetch the page of one account and note what it shows (§6(3)イ)."""
    found = Account.objects.public().filter(pk=account).select_related("division").first()
    if found and register_address(found):
        look_at_page(found, by=None)
