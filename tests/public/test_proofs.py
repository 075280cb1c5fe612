"""What machines can read of whose accounts are the city's: JSON-LD, rel="me", trust.txt, a host's own name for its account."""

from __future__ import annotations

import csv
import json
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from koshiki.public import site, static_copy
from koshiki.public.facts import facts
from koshiki.register.models import Account
from tests.cast import Cast, official

pytestmark = pytest.mark.clause("§6(3)イ")
DID = "did:plc:abcdefghijklmnopqrstuvwx"


@pytest.fixture
def account(cast: Cast) -> Account:
    return official(cast, service="mastodon", handle="@bosai", url="https://sns.example/@bosai", name="防災</script>課")


def said(client: Client, account: Account) -> dict[str, Any]:
    page = client.get(f"/official/accounts/{account.pk}/").text
    found = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    return json.loads(found[0]) if found else {}


def test_a_page_says_whose_the_account_is(account: Account, client: Client) -> None:
    told = said(client, account)
    assert (told["@type"], told["name"], told["sameAs"]) == ("GovernmentOrganization", "磐田市", ["https://sns.example/@bosai"])
    assert told["mainEntityOfPage"] == f"https://www.city.example.jp/official/accounts/{account.pk}/"
    assert told["department"]["name"] == "防災課"
    assert 'href="https://sns.example/@bosai" rel="me' in client.get(f"/official/accounts/{account.pk}/").text


def test_but_not_before_it_went_through_the_whole_opening(account: Account, client: Client) -> None:
    Account.objects.filter(pk=account.pk).update(state="listed", official_at=None)
    assert said(client, account) == {}
    assert "sns.example" not in client.get("/trust.txt").text


def test_no_word_of_the_register_ends_the_data(account: Account, client: Client) -> None:
    account.division.name = "</script><b>&課"
    account.division.save()
    assert said(client, account)["department"]["name"] == "</script><b>&課"


def test_trust_txt_names_every_official_account(account: Account, cast: Cast, client: Client) -> None:
    official(cast)  # the city's own feed is on the city's pages already
    answer = client.get("/trust.txt")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.text.splitlines() == ["# 磐田市", "social=https://sns.example/@bosai",
                                        "contact=https://www.city.example.jp/official/"]


def bluesky(cast: Cast, handle: str, did: str = DID) -> Account:
    return official(cast, service="bluesky", name=handle, handle=f"@{handle}", url=f"https://bsky.app/profile/{handle}",
                    remote_id=did)


@pytest.mark.parametrize(("handles", "status"), [
    (["www.city.iwata.shizuoka.jp"], 200),
    (["bosai.city.iwata.shizuoka.jp"], 200),  # the city's, and alone
    (["iwata.bsky.social"], 200),  # the only one: before it can take the host's name
    (["www.city.iwata.shizuoka.jp", "bosai.city.iwata.shizuoka.jp", "iwata.bsky.social"], 200),
    (["iwata.bsky.social", "bosai.bsky.social"], 404),
    (["a.city.iwata.shizuoka.jp", "b.city.iwata.shizuoka.jp"], 404),
])
def test_the_host_names_the_account_that_bears_its_name(
        cast: Cast, client: Client, settings: Any, handles: list[str], status: int) -> None:
    settings.KOSHIKI_PUBLIC_URL = "https://www.city.iwata.shizuoka.jp/official/"
    for number, handle in enumerate(handles):
        bluesky(cast, handle, DID if not number else f"did:plc:{number}")
    answer = client.get("/.well-known/atproto-did")
    assert answer.status_code == status
    assert (answer.text == DID) is (status == 200)
    assert client.get("/.well-known/elsewhere").status_code == 404


def test_one_not_yet_connected_is_not_named(cast: Cast, client: Client) -> None:
    bluesky(cast, "www.city.iwata.shizuoka.jp", "")
    assert client.get("/.well-known/atproto-did").status_code == 404


def test_all_of_it_is_in_the_static_copy_too(account: Account, cast: Cast, place: Path) -> None:
    bluesky(cast, "www.city.iwata.shizuoka.jp")
    static_copy.write(place, facts())
    current = place / "current"
    assert (current / ".well-known/atproto-did").read_text() == DID
    assert "social=https://sns.example/@bosai" in (current / "trust.txt").read_text()
    assert (current / "accounts.csv").read_bytes() == site.page("accounts.csv").body
    before = facts().of(".well-known/atproto-did")
    Account.objects.filter(service="bluesky").update(remote_id="did:plc:another")
    assert facts().of(".well-known/atproto-did") != before


def test_the_table_says_what_the_data_says(account: Account, client: Client) -> None:
    answer = client.get("/official/accounts.csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    [row] = csv.DictReader(StringIO(answer.content.decode("utf-8-sig")))
    told = client.get("/official/accounts.json").json()["accounts"][0]
    assert row["url"] == told["url"]
    assert row["official"] == "true"
    assert int(row["id"]) == account.pk
    assert set(told) <= set(row)
