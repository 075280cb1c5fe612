"""What a worker does for the register: every morning it looks whether the city's site still shows the accounts."""

from __future__ import annotations

from procrastinate.contrib.django import app

from koshiki.guideline import Way, guideline
from koshiki.register.actions.page import look_at_page
from koshiki.register.address import register_address
from koshiki.register.models import Account


@app.periodic(cron="10 5 * * *")
@app.task(name="register.look_at_pages", queue="read_back", queueing_lock="register.look_at_pages", pass_context=False)
def look_at_pages(timestamp: int) -> None:
    """One job for each account on the register, where its page lies on another's server."""
    if guideline().way is not Way.PAGES:
        for account in Account.objects.public().order_by("pk"):
            look.defer(account=account.pk)


@app.task(name="register.look_at_page", queue="read_back", pass_context=False, priority=-10)
def look(account: int) -> None:
    """Fetch the page of one account and note what it shows (§6(3)イ)."""
    found = Account.objects.public().filter(pk=account).select_related("division").first()
    if found and register_address(found):
        look_at_page(found, by=None)
