"""What the migrations make is what the models say and the rules need: tables, constraints, triggers, rights."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, models

from koshiki.database.roles import LIMITED

MODELS = list(apps.get_app_config("koshiki").get_models())
pytestmark = pytest.mark.django_db

# What the database itself refuses, whoever asks, told by the names of the triggers that stand before a table.
WRITTEN_ONCE = ("revision", "revisiontarget", "revisionmedium", "outsidelink", "medium", "rendition", "approval",
                "approvaltarget", "remark", "correction", "profilefinding", "servicechange")
ALSO = {
    "entry": "entry_is_append_only entry_is_not_truncated",
    "head": "head_stays",
    "application": "application_does_not_change application_is_never_deleted application_is_whole",
    "decision": "decision_does_not_change decision_is_never_deleted decision_on_open_application",
    "notification": "notification_does_not_change notification_is_never_deleted",
    "policy": "policy_in_force_does_not_change policy_is_never_deleted",
    "policyreading": "policyreading_is_never_deleted",
    "policychange": "policychange_begins policychange_goes_on policychange_is_never_deleted",
    "policydecision": "policydecision_is_anothers policydecision_does_not_change policydecision_is_never_deleted",
    "profilecheck": "profile_check_does_not_change profilecheck_is_never_deleted",
    "profileexception": "profileexception_is_never_deleted",
    "account": "account_closes",
    "closing": "closing_begins closing_goes_on closing_is_never_deleted",
    "closingcheck": "closingcheck_does_not_change closingcheck_is_never_deleted",
    "finding": "finding_does_not_change finding_is_never_deleted",
    "storedfile": "stored_file_does_not_change storedfile_is_never_deleted",
    "revision": "revision_has_its_digest approvals_fall_with_revision",  # §8(1): an approval binds one digest
    "approval": "approval_is_anothers approval_has_answers",  # §8(1): nobody approves what they wrote
    "approvaltarget": "approved_target",
}
TRIGGERS = {table: f"{table}_changes_only_so {table}_does_not_change {table}_is_never_deleted" for table in WRITTEN_ONCE}
TRIGGERS |= {table: f"{TRIGGERS.get(table, '')} {names}" for table, names in ALSO.items()}


def _ask(question: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(question, values)
        return cursor.fetchall()


def test_no_change_of_the_models_lacks_its_migration() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_there_is_one_line_of_migrations() -> None:
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(connection)
    assert loader.detect_conflicts() == {}
    numbers = [int(name[:4]) for app, name in sorted(loader.disk_migrations) if app == "koshiki"]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_constraint_and_index_of_a_model_is_in_the_database(model: type[models.Model]) -> None:
    with connection.cursor() as cursor:
        there = connection.introspection.get_constraints(cursor, model._meta.db_table)
    named = {thing.name for thing in (*model._meta.constraints, *model._meta.indexes)}
    assert named - set(there) == set()


def test_every_constraint_holds_now() -> None:
    """None was added as NOT VALID, none is switched off."""
    assert _ask("SELECT conname FROM pg_constraint WHERE NOT convalidated") == []


def test_the_triggers_are_those_that_the_rules_need_and_all_are_on() -> None:
    rows = _ask("SELECT relname, tgname, tgenabled FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid"
                " WHERE NOT tgisinternal AND starts_with(relname, 'koshiki_')")
    found: dict[str, set[str]] = {}
    for table, name, _ in rows:
        found.setdefault(table.removeprefix("koshiki_"), set()).add(name)
    assert found == {table: set(names.split()) for table, names in TRIGGERS.items()}
    assert {name for _, name, enabled in rows if enabled not in ("O", "A")} == set()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_nothing_takes_history_along_when_it_goes(model: type[models.Model]) -> None:
    """People and history are protected: no CASCADE, no SET NULL, neither here nor in the database."""
    keys = [field for field in model._meta.get_fields() if isinstance(field, models.ForeignKey)]
    assert {field.name for field in keys if field.remote_field.on_delete is not models.PROTECT} == set()
    loose = _ask("SELECT conname FROM pg_constraint WHERE contype = 'f' AND conrelid = %s::regclass AND confdeltype <> 'a'",
                 model._meta.db_table)
    assert loose == []


def test_the_application_owns_nothing_and_has_no_more_rights_than_it_was_given() -> None:
    assert _ask("SELECT relname FROM pg_class WHERE relowner = current_user::regrole") == []
    assert _ask("SELECT proname FROM pg_proc WHERE proowner = current_user::regrole") == []
    for table, rights in LIMITED.items():
        held = _ask("SELECT privilege_type FROM information_schema.role_table_grants"
                    " WHERE grantee = current_user AND table_name = %s", table)
        assert {right for right, in held} == set(rights), table


def test_functions_of_the_triggers_cannot_be_led_astray() -> None:
    """None runs with its owner's rights, and what each refuses begins with our name, so that a page can tell."""
    functions = _ask("SELECT proname, prosecdef, prosrc FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace"
                     " WHERE nspname = 'public' AND starts_with(proname, 'koshiki_')")
    assert functions
    for name, as_owner, source in functions:
        assert not as_owner, name
        assert all(text.startswith("koshiki: ") for text in re.findall(r"RAISE EXCEPTION '([^']*)", source)), name
