"""Every page × every role: what stands in `tests/permissions.py` is what each gets."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from koshiki.audit.models import Entry
from koshiki.organization.models import Person
from tests.cast import make_cast
from tests.permissions import MARKS, ROLES, TABLE
from tests.town import Town, make_town

# Everybody may open these; every other page asks to sign in.
OPEN = {"sign_in", "public", "public_page", "public_asset", "public_picture", "public_staged", "healthz",
        "metrics", "incoming", "public_trust", "public_well_known"}
NAMES = {status: mark for mark, status in MARKS.items()}
# What an auditor leaves behind in the log: that they signed in, were refused, took the log along.
OWN = {"refused", "log.export", "post.export", "person.sign_in"}


@pytest.fixture(scope="module")
def built(django_db_setup: None, django_db_blocker: Any) -> Iterator[Town]:
    """The town, built once for all tests of this file; each of them undoes what it does."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_town(make_cast())
        transaction.set_rollback(True)


@pytest.fixture
def town(built: Town, db: None) -> Town:
    return built


def patterns(resolver: URLResolver | None = None) -> Iterator[URLPattern]:
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            yield from patterns(entry)
        else:
            yield entry


def pages() -> set[str]:
    return {str(pattern.name) for pattern in patterns()}


def name_of(row: str) -> str:
    return row.removeprefix("POST ").split()[0]


def address(row: str, town: Town) -> str:
    name, _, thing = row.removeprefix("POST ").partition(" ")
    return reverse(name, args=town.things[thing] if thing else ())


def browser(person: Person | None) -> Client:
    client = Client(raise_request_exception=False)
    if person:
        client.force_login(person, backend="koshiki.organization.sign_in.Backend")
    return client


def test_every_page_stands_in_the_table() -> None:
    assert pages() - {name_of(row) for row in TABLE} == set()
    assert {name_of(row) for row in TABLE} - pages() == set()


def test_every_row_has_a_mark_for_every_role() -> None:
    assert {row: marks for row, marks in TABLE.items() if len(marks.split()) != len(ROLES)} == {}


@pytest.mark.longest
@pytest.mark.parametrize("roles", [list(ROLES)[:5], list(ROLES)[5:10], list(ROLES)[10:]], ids=" ".join)
def test_each_role_gets_what_the_table_says(roles: list[str], town: Town) -> None:
    columns = {role: list(ROLES).index(role) for role in roles}
    clients = {role: browser(_person(role, town)) for role in roles}
    got = {row: {role: mark(client, row, town) for role, client in clients.items()} for row in TABLE}
    said = {row: {role: marks.split()[n] for role, n in columns.items()} for row, marks in TABLE.items()}
    assert {row: marks for row, marks in got.items() if marks != said[row]} == {}


def _person(role: str, town: Town) -> Person | None:
    name = ROLES[role]
    return getattr(town.cast, name) if name else None


def mark(client: Client, row: str, town: Town) -> str:
    """What the page answers, as its mark; what a POST does is undone."""
    method, cookies = client.post if row.startswith("POST ") else client.get, copy.deepcopy(client.cookies)
    with transaction.atomic():
        status = asked(method, address(row, town)).status_code
        transaction.set_rollback(row.startswith("POST "))
    client.cookies = cookies
    return NAMES.get(status, str(status))


def asked(method: Callable[..., Any], page: str, data: dict[str, Any] | None = None) -> HttpResponseBase:
    """The answer, read to its end."""
    answer: HttpResponseBase = method(page, data or {})
    if answer.streaming:
        b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    return answer


def test_sign_in_is_asked_for_everywhere_but_where_it_is_said() -> None:
    open_pages = {str(p.name) for p in patterns() if not getattr(p.callback, "login_required", True)}
    assert open_pages == OPEN


def test_an_auditor_changes_nothing(town: Town) -> None:
    client = browser(town.cast.mori)
    before = set(Entry.objects.values_list("number", flat=True))
    for row in TABLE:
        if name_of(row) not in OPEN | {"confirm_guideline", "password_change"}:
            client.post(address(row, town), {"reason": "監査", "comment": "監査", "end": "2030-01-01"})
    verbs = set(Entry.objects.exclude(number__in=before).values_list("verb", flat=True))
    assert verbs <= OWN


def test_it_neither_decides_nor_approves(town: Town) -> None:
    client = browser(town.cast.noda)
    before = set(Entry.objects.values_list("number", flat=True))
    for row in TABLE:
        if name_of(row).startswith(("account", "post", "delivery", "decision", "notification", "policy", "profile")):
            client.post(address(row, town), {"reason": "理由", "comment": "意見"})
    verbs = set(Entry.objects.exclude(number__in=before).values_list("verb", flat=True))
    assert verbs <= OWN


@pytest.mark.longest
@pytest.mark.parametrize("bad", [{}, {"page": "x", "q": "\0", "before": "-1", "end": "x", "start": "x", "text": "\ud800"}],
                         ids=["nothing", "nonsense"])
def test_no_bad_input_breaks_a_page(bad: dict[str, str], town: Town) -> None:
    clients = {role: browser(_person(role, town)) for role in ROLES}
    broken = {}
    for row, marks in TABLE.items():
        opened = marks.split()
        client = clients[list(ROLES)[next((n for n, m in enumerate(opened) if n and m in "·r?"), 4)]]
        for method in (client.get, client.post):
            sent = {key: value.encode("utf-8", "surrogatepass") for key, value in bad.items()}
            with transaction.atomic():
                status = asked(method, address(row, town), sent).status_code
                transaction.set_rollback(True)
            if status >= 500 and name_of(row) != "healthz":
                broken[f"{method.__name__} {row}"] = status
    assert broken == {}
