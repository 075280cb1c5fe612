from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from koshiki import clock
from koshiki.database.startup import NotFit, refuse_sample_elsewhere
from koshiki.organization.models import Person
from koshiki.sample.city import populate
from koshiki.sample.opening import open_accounts, watch
from koshiki.sample.place import told
from koshiki.sample.posting import write_posts


class Command(BaseCommand):
    help = "見本の市を入れます（見本SNSが動いている必要があります）。"

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.KOSHIKI_SAMPLE:
            raise CommandError("見本は、見本のための設置にだけ入れられます。")
        try:
            refuse_sample_elsewhere()
        except NotFit as reason:
            raise CommandError(str(reason)) from reason
        if Person.objects.exists():
            raise CommandError("すでに職員が登録されています。")
        with clock.at(clock.now() - timedelta(days=130)):
            people = populate()
        write_posts(people, open_accounts(people, told("account")), told("post"))
        watch()
