"""What Meta's own models say that a call of the Graph API may carry: read as text out of its published SDK, never run."""

from __future__ import annotations

import ast
import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

_EVERYWHERE = frozenset({"fields", "limit", "after", "appsecret_proof"})


@dataclass
class Model:
    """One kind of node: its fields, what its calls take by (method, edge), and its lists of words."""

    fields: set[str] = field(default_factory=set)
    calls: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    words: dict[str, set[str]] = field(default_factory=dict)

    def complaint(self, method: str, edge: str, given: Mapping[str, str]) -> str:
        """What is wrong with a call, by the model; empty if nothing."""
        types = self.calls.get((method, edge))
        if types is None:
            return f"no call {method} {edge}"
        for name, value in given.items():
            if name not in _EVERYWHERE and not (name in types and self._fits(types[name], value)):
                return f"{method} {edge} takes no {name}={value[:60]!r}"
        return ""

    def unknown_fields(self, asked: str) -> set[str]:
        """Those of the asked fields that the node neither has nor reaches by an edge."""
        edges = {edge.removeprefix("/") for method, edge in self.calls if method == "GET"}
        return names_in(asked) - self.fields - edges

    def _fits(self, kind: str, value: str) -> bool:
        match kind:
            case "bool":
                return value in ("true", "false")
            case "int" | "unsigned int":
                return value.isdecimal()
            case "list<Object>" | "list<map>":
                return isinstance(listed := _json(value), list) and all(isinstance(item, dict) for item in listed)
            case "list<string>":
                return bool(value)
            case _:
                return not kind.endswith("_enum") or value in self.words.get(kind, {value})


@cache
def model(name: str) -> Model:
    """The model in this file of the SDK."""
    package = importlib.util.find_spec("facebook_business")
    assert package
    assert package.submodule_search_locations
    path = Path(package.submodule_search_locations[0]) / "adobjects" / f"{name}.py"
    [kind, *_] = [node for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.ClassDef)]
    found = Model()
    for inner in kind.body:
        if isinstance(inner, ast.ClassDef):
            words = {str(ast.literal_eval(line.value)) for line in inner.body if isinstance(line, ast.Assign)}
            found.words[f"{_snake(inner.name)}_enum"] = words
        elif isinstance(inner, ast.FunctionDef):
            _read_call(inner, found)
    found.fields = found.words.pop("field_enum", set())
    return found


def names_in(asked: str) -> set[str]:
    """The outermost names of a list of fields: `id,from{id,name},replies.limit(5){id}`."""
    outer, depth = "", 0
    for sign in asked:
        depth += {"{": 1, "}": -1}.get(sign, 0)
        outer += sign if depth == 0 and sign != "}" else ""
    return {name.partition(".")[0] for name in outer.split(",")}


def _read_call(function: ast.FunctionDef, found: Model) -> None:
    types: dict[str, str] | None = None
    given: dict[str, str] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "param_types":
            types = ast.literal_eval(node.value)
        if isinstance(node, ast.keyword) and node.arg in ("method", "endpoint") and isinstance(node.value, ast.Constant):
            given[node.arg] = str(node.value.value)
    if types is not None and len(given) == 2:
        found.calls[given["method"], given["endpoint"]] = types


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


def _json(value: str) -> object:
    try:
        return json.loads(value)
    except ValueError:
        return None
