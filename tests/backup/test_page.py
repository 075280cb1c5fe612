"""設定: 控え — IT sees when a backup was taken last, and what none holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from koshiki import clock
from koshiki.organization.models import Person
from tests.backup.commands import Place
from tests.cast import make_cast

pytestmark = pytest.mark.clause("K-backup")


def test_it_tells_of_the_last_one_and_when_it_grows_old(here: Place, signed_in: Callable[[Person], Client]) -> None:
    cast = make_cast()

    def page() -> str:
        return signed_in(cast.noda).get(reverse("backups")).content.decode()

    assert "まだ一度も取られていません" in page()
    file = here.home.parent / "koshiki.tar"
    here.does("backup", str(file))
    assert "取れています" in page()
    assert str(file) in page()
    assert str(here.home / "keys.json") in page()
    with clock.at(clock.now() + timedelta(days=3)):
        assert "古くなっています" in page()
