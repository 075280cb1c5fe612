"""The rules of koshiki by clause: objects that carry a clause and are reached at run time.

A step of a workflow, a row of a table, a refusal, an entry in the log, a duty, an item of a policy. What is only
written in a comment or docstring carries nothing.
"""

from __future__ import annotations

import ast
import inspect
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from koshiki.guideline import guideline
from koshiki.register import policy

PACKAGE = Path(__file__).resolve().parents[2]
ROOT = PACKAGE.parent
# What is no part of the running work: configuration, migrations, commands, the sample, and this map itself.
ASIDE = ("migrations", "management", "sample", "settings", "wsgi", "showcase", "desk.trace", "templatetags")
# These carry a clause to somebody or into the log; `Refused` by its first argument, the others by `clause=`.
REFUSAL = "Refused"
# What only shows a clause on a page carries none.
SHOWN = {"WhereItStands", "RailStep", "Moment", "Turn", "form_page", "_own_head", "_policy_head", "_step"}


@dataclass(frozen=True, order=True)
class Rule:
    """規則 — where a clause is carried: file and line from the root of the project, and what kind of rule."""

    clause: str
    file: str
    line: int
    kind: str

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}"


@cache
def rules() -> dict[str, list[Rule]]:
    """Every rule by its clause, in the order of the files."""
    found: dict[str, set[Rule]] = {}
    for rule in (*_in_code(), *_policy_items()):
        found.setdefault(rule.clause, set()).add(rule)
    return {clause: sorted(held) for clause, held in found.items()}


def _in_code() -> Iterator[Rule]:
    for module in _modules():
        file = Path(str(module.__file__))
        for call in (node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Call)):
            for clause in _carried(call, module):
                yield Rule(clause, str(file.relative_to(ROOT)), call.lineno, _name(call))


def _modules() -> Iterator[ModuleType]:
    for info in pkgutil.walk_packages([str(PACKAGE)], "koshiki."):
        if not any(info.name == f"koshiki.{a}" or info.name.startswith(f"koshiki.{a}.") for a in ASIDE):
            yield import_module(info.name)


def _carried(call: ast.Call, module: ModuleType) -> Iterator[str]:
    """The clauses that this call gives to what it makes, as they are when the module runs."""
    if _name(call) in SHOWN:
        return
    if _name(call) == "under" and call.args:  # guideline().under("§5"): each of the nine
        yield from (clause.id for clause in guideline().under(_value(call.args[0], module)))
    given = [keyword.value for keyword in call.keywords if keyword.arg and keyword.arg.startswith("clause")]
    if _name(call) in _takers(module):
        given += call.args
    for value in given:
        clause = _value(value, module)
        if clause in guideline().clauses:
            yield clause


@cache
def _takers(module: ModuleType) -> frozenset[str]:
    """The names in this module that take a clause by place: refusals, and what has a parameter `clause`."""
    return frozenset({REFUSAL} | {name for name, held in vars(module).items() if _takes_clause(held)})


def _takes_clause(held: Any) -> bool:
    if not callable(held) or not str(getattr(held, "__module__", "")).startswith("koshiki."):
        return False
    try:
        return any(name.startswith("clause") for name in inspect.signature(held).parameters)
    except (TypeError, ValueError):
        return False


def _value(node: ast.expr, module: ModuleType) -> str:
    """The text that a constant, or a name of the module, stands for."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    held = getattr(module, node.id, "") if isinstance(node, ast.Name) else ""
    return held if isinstance(held, str) else ""


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def _policy_items() -> Iterator[Rule]:
    """The rows of the guideline file that `register/policy.py` holds every policy to."""
    file = Path(str(inspect.getsourcefile(policy)))
    line = inspect.getsourcelines(policy.missing)[1]
    for item in guideline().policy_items:
        listed = [id_ for id_ in guideline().clauses if item.items and id_.startswith(item.items)]
        for clause in (item.clause, *listed):
            yield Rule(clause, str(file.relative_to(ROOT)), line, "PolicyItem")
