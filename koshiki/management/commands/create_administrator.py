from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from koshiki import clock
from koshiki.audit.log import record
from koshiki.organization import sign_in
from koshiki.organization.models import Person, RoleGrant


class Command(BaseCommand):
    requires_system_checks = ()
    help = (
        "最初の管理者（システム管理）を作ります。まだ職員が一人もいないときだけ使えます。"
        "この人のほかの役割は、この人が登録する二人目の職員が付与します。"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--if-nobody", action="store_true", help="職員がいれば何もせずに終わる")
        parser.add_argument("--staff-number", help="職員番号")
        parser.add_argument("--name", help="氏名")

    def handle(self, *args: Any, if_nobody: bool, staff_number: str | None, name: str | None, **options: Any) -> None:
        if Person.objects.exists():
            if if_nobody:
                return
            raise CommandError("すでに職員が登録されています。役割は、システム管理の職員が画面で付与します。")
        if not (staff_number and name) and not sys.stdin.isatty():
            self.stdout.write("最初の管理者がまだいません。別の端末で次を実行してください。\n"
                              "  .venv/bin/python manage.py create_administrator --staff-number 職員番号 --name 氏名")
            return
        number, name = staff_number or input("最初の管理者の職員番号: "), name or input("氏名: ")
        self.stdout.write(f"職員番号 {number} の一度だけのパスワード: {create(number.strip(), name.strip())}\n"
                          "最初のサインインで変更してください。この表示は二度と出ません。")


@transaction.atomic
def create(staff_number: str, name: str) -> str:
    """Make the first person, who may keep people and divisions but decide nothing. Returns a one-time password.

    No person gives the role, as there is none; every other role of this person is another person's to give.
    Raises CommandError for an empty number or name.
    """
    number = sign_in.staff_number(staff_number)
    if not number or not name:
        raise CommandError("職員番号と氏名を入れてください。")
    password = sign_in.one_time_password()
    person = Person(staff_number=number, name=name, must_change_password=True)
    person.set_password(password)
    person.save()
    grant = RoleGrant.objects.create(person=person, role=RoleGrant.Role.IT, start=clock.today())
    record("rolegrant.first", grant, by=None, clause="K-role", person=number, role=grant.role)
    return password
