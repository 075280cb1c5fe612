"""What a pasted text is the address of. The table is data: the static page's script is held to the same."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koshiki.networks.address_rules import RULES
from koshiki.networks.addresses import Kind, read_address, same_account

CASES = json.loads((Path(__file__).parent / "addresses.json").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"][:60])
def test_a_pasted_text_is(case: dict[str, str]) -> None:
    address = read_address(case["text"])
    assert (address.kind.value, address.key) == (case["kind"], case["key"])


def test_only_accounts_with_the_same_key_are_the_same() -> None:
    assert same_account("https://twitter.com/City_Iwata?s=1", "x.com/city_iwata")
    assert same_account("@iwata@mstdn.example.jp", "https://mstdn.example.jp/@iwata")
    assert not same_account("https://x.com/city_iwata", "https://www.instagram.com/city_iwata")
    assert not same_account("https://x.com/city_iwata", "@city_iwata")
    assert not same_account("@city_iwata", "@city_iwata"), "a bare name is no account"
    assert not same_account("https://x.com@a.example/", "https://x.com@a.example/"), "nor is what deceives"
    assert not same_account("https://x.com/a/status/1", "https://x.com/a/status/1")


@given(st.text(max_size=200))
def test_no_text_breaks_it(text: str) -> None:
    assert read_address(text).kind in Kind


@given(st.sampled_from(["x.com", "www.facebook.com", "youtu.be", "a.example"]), st.text(max_size=60))
def test_no_path_breaks_it_and_reading_is_stable(host: str, path: str) -> None:
    address = read_address(f"https://{host}/{path}")
    assert address.kind in Kind
    assert address == read_address(f"https://{host}/{path}")


@given(
    st.from_regex(r"[a-z0-9.-]{1,30}\.example", fullmatch=True), st.sampled_from(["x.com", "facebook.com"])
)
def test_no_foreign_host_is_ever_taken_for_a_service(host: str, real: str) -> None:
    for address in (
        f"https://{real}.{host}/city_iwata",
        f"https://{host}/{real}/city_iwata",
        f"{real}@{host}",
    ):
        assert read_address(address).service not in ("x", "facebook")


def test_a_hostile_text_takes_no_time() -> None:
    begun = time.monotonic()
    for piece in ("a.", "@a", "/", "%2f", "https://", "é", "?a=b&"):
        read_address("https://x.com/" + piece * 600)
        read_address(piece * 900)
    assert time.monotonic() - begun < 2


def test_the_rules_can_be_read_by_a_script_too() -> None:
    assert json.loads(json.dumps(RULES)) == RULES
    expressions = [
        row["path"] for service in [*RULES["services"], RULES["elsewhere"]] for row in service["rows"]
    ]
    expressions += [RULES["tracking"], RULES["feed_anchor"]]
    for expression in expressions:
        re.compile(expression)
        assert not re.search(r"\(\?(?!:)|\\[AZpP]|\*\+|\+\+", expression), f"only Python reads {expression}"


def test_no_host_belongs_to_two_services() -> None:
    hosts: list[Any] = [host for service in RULES["services"] for host in service["hosts"]] + RULES[
        "shorteners"
    ]
    assert len(hosts) == len(set(hosts))
    assert all(host == host.lower() for host in hosts)
