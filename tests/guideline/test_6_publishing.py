"""§6: only an official account publishes, under its division's responsibility."""

from __future__ import annotations

import pytest

from koshiki.audit.models import Entry
from koshiki.guideline import Refused
from koshiki.posts.delivery import judge
from koshiki.register.models import Account
from tests.cast import Cast
from tests.networks.mastodon_server import MastodonServer
from tests.posts.delivering import connected, due_delivery, run
from tests.posts.delivering import installed as installed  # noqa: PLC0414  (fixtures of the tests about posts)
from tests.posts.delivering import server as server  # noqa: PLC0414

pytestmark = [pytest.mark.clause("§6"), pytest.mark.usefixtures("installed")]
NOT_OFFICIAL = [state for state in Account.State.values if state not in (Account.State.OFFICIAL, *Account.GONE)]  # §7(2)


@pytest.mark.parametrize("state", NOT_OFFICIAL)
def test_whatever_an_account_is_other_than_official_nothing_goes_out(
    cast: Cast, server: MastodonServer, state: str,
) -> None:
    account = connected(cast, server)
    row = due_delivery(cast, account)
    Account.objects.filter(pk=account.pk).update(state=state)
    run(row)
    assert (row.state, row.clause, server.statuses) == ("held", "§6", [])
    assert Entry.objects.filter(verb="delivery.hold", clause="§6").exists()


def test_an_approver_cannot_let_it_go_either(cast: Cast, server: MastodonServer) -> None:
    account = connected(cast, server)
    row = due_delivery(cast, account)
    Account.objects.filter(pk=account.pk).update(state="listed")
    run(row)
    with pytest.raises(Refused) as refusal:
        judge.release(row, by=cast.baba)
    assert refusal.value.clause.id == "§6"
    assert not server.statuses
