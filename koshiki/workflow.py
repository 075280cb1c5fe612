"""A workflow is a table of steps: from where, to where, by whom, under which clause."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import models

from koshiki.audit.log import record
from koshiki.database.locks import lock
from koshiki.guideline import Refused
from koshiki.organization.models import Person

M = TypeVar("M", bound=models.Model)

__all__ = ["Step", "Workflow", "lock"]


@dataclass(frozen=True)
class Step(Generic[M]):
    """手順 — one row: in the states of `source`, a person for whom `who` holds may take it to `target`.

    `whom` says in the refusal who may take the step.
    """

    name: str
    label: str
    source: tuple[str, ...]
    target: str
    who: Callable[[M, Person], bool]
    clause: str
    whom: str = ""

    def open_to(self, thing: M, person: Person) -> bool:
        return getattr(thing, "state") in self.source and self.who(thing, person)  # noqa: B009


class Workflow(Generic[M]):
    """The steps of one kind of thing. Its model has a `state`."""

    def __init__(self, *steps: Step[M]) -> None:
        self.steps = {step.name: step for step in steps}

    def open_to(self, thing: M, person: Person) -> list[Step[M]]:
        """The steps this person may take now: a page draws its buttons from these."""
        return [step for step in self.steps.values() if step.open_to(thing, person)]

    def allows(self, thing: M, name: str, person: Person) -> bool:
        """May this person take the step `name` now?"""
        return self.steps[name].open_to(thing, person)

    def check(self, thing: M, name: str, *, by: Person) -> Step[M]:
        """The step, when `by` may take it on `thing` (already locked). Raises Refused with the step's clause."""
        return self._open(thing, name, by.afresh())

    def move(self, locked: M, name: str, *, by: Person, also: tuple[str, ...] = (), **data: Any) -> M:
        """State allowed? → person allowed? → save the new state, and the fields `also` → log. Returns the moved row.

        Call it last in an act that has locked the row and asked `check`: what both have read is what holds until
        the end, and here it is not read again. It ends with the log's lock. Raises Refused.
        """
        step = self._open(locked, name, by)
        setattr(locked, "state", step.target)  # noqa: B010
        locked.save(update_fields=["state", *also])
        record(f"{locked._meta.model_name}.{name}", locked, by=by, clause=step.clause, **data)
        return locked

    def _open(self, thing: M, name: str, person: Person) -> Step[M]:
        step = self.steps[name]
        if getattr(thing, "state") not in step.source:  # noqa: B009
            state = getattr(thing, "get_state_display")()  # noqa: B009
            raise Refused(step.clause, f"「{state}」の状態では「{step.label}」できません。", who=step.whom)
        if not step.who(thing, person):
            raise Refused(step.clause, f"「{step.label}」できるのは{step.whom or '決められた職員'}です。", who=step.whom)
        return step
