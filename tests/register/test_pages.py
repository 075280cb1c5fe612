"""The register's pages: who sees which, what hostile words do, how many questions they ask the database."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from django.db import IntegrityError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver

from koshiki.organization.models import Person
from koshiki.register import actions
from koshiki.register.models import Account, Application, StoredFile
from koshiki.register.urls import urlpatterns
from koshiki.register.waiting import waiting
from tests.cast import Cast, official
from tests.guideline import opening

Door = Callable[[Person], Client]
HOSTILE = '<script>alert(1)</script>"\'></title>&#x202e;=cmd|'


def queries(act: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as seen:
        act()
    return len(seen)


@pytest.mark.parametrize("path", ["/accounts/", "/accounts/holds/", "/accounts/register/"])
def test_a_lists_queries_do_not_grow_with_its_rows(cast: Cast, signed_in: Door, path: str) -> None:
    door = signed_in(cast.hara)
    Account.objects.bulk_create(rows(cast, 10))
    few = queries(lambda: door.get(path))
    Account.objects.bulk_create(rows(cast, 1000))
    assert queries(lambda: door.get(path)) <= few + 1


def rows(cast: Cast, count: int) -> Iterable[Account]:
    return [Account(division=cast.bosai, service="mastodon", name=f"口座{n}", state="notified", created_by=cast.aoki)
            for n in range(count)]


@pytest.mark.parametrize("name", ["chiba", "hara", "hata", "doi", "aoki"])
def test_what_waits_asks_the_same_number_of_questions_for_many(cast: Cast, name: str) -> None:
    person = getattr(cast, name)
    opening.submitted(cast)
    opening.notified(cast)
    few = queries(lambda: waiting(person.afresh()))
    account = Account.objects.filter(state="deciding").get()
    for _ in range(15):
        copy = Account.objects.create(division=cast.bosai, service="mastodon", name="写し", state="deciding",
                                      created_by=cast.aoki, due_at=account.due_at)
        Application.objects.create(account=copy, round=1, snapshot="{}", digest="0", submitted_by=cast.aoki,
                                   route=["head", "information_policy", "public_relations"])
    assert queries(lambda: waiting(person.afresh())) <= few + 1


def test_hostile_words_do_nothing(cast: Cast, signed_in: Door) -> None:
    account = opening.drafted(cast, purpose=HOSTILE)
    actions.save_start(account, "mastodon", HOSTILE[:90], by=cast.aoki)
    application = actions.submit(account, by=cast.aoki)
    actions.return_application(application, digest=application.digest, comment=HOSTILE, by=cast.chiba)
    for path in ("", "application/", "apply/", "apply/policy/", "apply/submit/", "policy/"):
        page = signed_in(cast.aoki).get(f"/accounts/{account.pk}/{path}")
        assert page.status_code == 200
        assert "<script>alert" not in page.text


@pytest.mark.parametrize("words", ["見えない\u202e文字", "制御\x00文字", "制御\x1b文字", "タグ\U000e0041文字"])
def test_words_that_hide_are_refused_at_their_field(cast: Cast, signed_in: Door, words: str) -> None:
    account = opening.drafted(cast)
    answer = signed_in(cast.aoki).post(f"/accounts/{account.pk}/apply/policy/",
                                       {**opening.POLICY, "purpose": words, "content": "残る文"})
    assert answer.status_code == 422
    assert "残る文" in answer.text


def test_evidence_is_handed_out_to_who_may_see_it_and_only_as_what_it_is(cast: Cast, signed_in: Door) -> None:
    account = opening.acquired(cast)
    opening.shown(account, cast.aoki)
    file = StoredFile.objects.get(kind="evidence")
    answer = signed_in(cast.mori).get(f"/accounts/files/{file.pk}/")
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("image/png", "nosniff")
    assert "sandbox" in answer["Content-Security-Policy"]
    assert b"".join(answer).startswith(b"\x89PNG")  # type: ignore[arg-type]
    assert signed_in(cast.endo).get(f"/accounts/files/{file.pk}/").status_code == 404
    assert signed_in(cast.noda).get(f"/accounts/files/{file.pk}/").status_code == 404


def test_a_pdf_is_a_download(cast: Cast, signed_in: Door) -> None:
    account = opening.acquired(cast)
    actions.show_policy(account.policies.get(), "固定した投稿", opening.PDF, '固定".pdf\r\nX: y', by=cast.aoki)
    answer = signed_in(cast.aoki).get(f"/accounts/files/{StoredFile.objects.get(mime='application/pdf').pk}/")
    assert answer["Content-Disposition"].startswith("attachment; filename*=UTF-8''")
    assert b"".join(answer).startswith(b"%PDF")  # type: ignore[arg-type]


@pytest.mark.parametrize("table", ["application", "decision", "policy", "policyreading", "storedfile"])
def test_history_is_not_deleted_even_by_direct_sql(cast: Cast, table: str) -> None:
    opening.shown(opening.acquired(cast), cast.aoki)
    with pytest.raises(IntegrityError, match="never deleted"), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM koshiki_{table}")


@pytest.mark.parametrize("name", sorted(p.name for p in urlpatterns if "<int:pk>" in str(p.pattern)))
def test_what_is_not_listed_is_not_there_for_another_division(cast: Cast, signed_in: Door, name: str) -> None:
    """Every page with a number: 404 for 水道課 while 防災課's account is being opened, whatever the method."""
    account = opening.submitted(cast).account
    named = actions.name_author(account, cast.aoki, start=account.created_at.date(), by=cast.chiba)
    hold = actions.stop("理由", account=account, by=cast.chiba)
    numbers = {"assignment": named.pk, "hold": hold.pk}
    pk = numbers.get(name.split("_", maxsplit=1)[0], account.pk)
    address = "/" + str(next(iter(get_resolver().reverse_dict.getlist(name)))[0][0][0]) % {
        "pk": pk, "key": account.service, "finding": 1, "change": 1}
    door = signed_in(cast.endo)
    assert {door.get(address).status_code, door.post(address).status_code} <= {404, 405}


def test_the_list_says_what_is_there_and_what_to_do_when_nothing_is(cast: Cast, signed_in: Door) -> None:
    door = signed_in(cast.aoki)
    assert "アカウントはまだありません" in door.get("/accounts/").text
    official(cast, name="磐田市防災")
    assert "磐田市防災" in door.get("/accounts/?state=official").text
    assert "当てはまるアカウントはありません" in door.get("/accounts/?q=水道").text
    assert door.get("/accounts/?state=nonsense&page=x").status_code == 200
