"""koshiki does not start where it must not run, and says why and what helps."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from django.conf import LazySettings
from django.db import ProgrammingError, transaction

from koshiki.database.models import Installation
from koshiki.database.startup import NotFit, refuse_unfit

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def installed(db: None, settings: LazySettings, tmp_path: Path) -> Installation:
    settings.KOSHIKI_HOME = tmp_path
    settings.KOSHIKI_KEEPS_SECRET_KEY = True
    settings.KOSHIKI_EMBEDDED = True
    return Installation.objects.create(pk=1, sample=False)


def test_a_whole_installation_starts(settings: LazySettings) -> None:
    refuse_unfit()


@pytest.mark.parametrize("address", ["http://koshiki.city.example/", "http://192.0.2.7/", "http://127.0.0.1.example/"])
def test_staff_pages_by_plain_http_from_elsewhere_are_refused(settings: LazySettings, address: str) -> None:
    settings.KOSHIKI_URL = address
    with pytest.raises(NotFit, match="https"):
        refuse_unfit()


@pytest.mark.parametrize("address", ["https://koshiki.city.example/", "http://127.0.0.1:8000/", "http://[::1]/",
                                     "http://localhost:8123/"])
def test_https_and_the_machine_itself_are_well(settings: LazySettings, address: str) -> None:
    settings.KOSHIKI_URL = address
    refuse_unfit()


def test_without_its_own_key_it_does_not_start(settings: LazySettings) -> None:
    settings.KOSHIKI_KEEPS_SECRET_KEY = False
    with pytest.raises(NotFit, match="setup_database"):
        refuse_unfit()


@pytest.mark.clause("K-sample")
def test_a_real_database_is_no_sample(settings: LazySettings) -> None:
    settings.KOSHIKI_SAMPLE = True
    with pytest.raises(NotFit, match="本番のデータベース"):
        refuse_unfit()


@pytest.mark.clause("K-sample")
def test_the_sample_needs_the_embedded_database(settings: LazySettings) -> None:
    settings.KOSHIKI_SAMPLE, settings.KOSHIKI_EMBEDDED = True, False
    with pytest.raises(NotFit, match="DATABASE_URL"):
        refuse_unfit()


@pytest.mark.clause("K-sample")
def test_a_sample_is_not_turned_to_real_use(settings: LazySettings, database_urls: dict[str, str]) -> None:
    with psycopg.connect(database_urls["KOSHIKI_MIGRATE_URL"]) as owner:
        owner.execute("UPDATE koshiki_installation SET sample = true")
    with pytest.raises(NotFit, match="見本のデータベースは本番に使えません"):
        refuse_unfit()


def test_the_application_cannot_turn_it_itself() -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        Installation.objects.update(sample=True)


@pytest.mark.parametrize("slip", ["DELETE FROM django_migrations WHERE app = 'koshiki' AND name LIKE '0002%'",
                                  "DROP TABLE django_migrations"])
def test_a_database_that_was_not_brought_along_is_refused_before_a_page_breaks(
    settings: LazySettings, database_urls: dict[str, str], slip: str,
) -> None:
    with psycopg.connect(database_urls["KOSHIKI_MIGRATE_URL"]) as owner:
        owner.execute(slip)
    with pytest.raises(NotFit, match="setup_database"):
        refuse_unfit()
