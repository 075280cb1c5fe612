"""YouTube's own published description of its interface, and what is wrong with a request or an answer by it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str, "boolean": bool, "integer": int, "number": (int, float), "array": list, "object": dict}


@cache
def document() -> dict[str, Any]:
    """The discovery document of the YouTube Data API v3, as Google's own client carries it."""
    path = files("googleapiclient") / "discovery_cache" / "documents" / "youtube.v3.json"
    return dict(json.loads(path.read_text("utf-8")))


def method(name: str) -> dict[str, Any]:
    """A method by its id, such as `videos.update`."""
    resource, _, verb = name.partition(".")
    return dict(document()["resources"][resource]["methods"][verb])


def wrong_request(name: str, verb: str, query: dict[str, list[str]], body: Any) -> str:
    """The first thing that is wrong with a call of this method; empty if nothing."""
    told = method(name)
    if told["httpMethod"] != verb:
        return f"{verb} instead of {told['httpMethod']}"
    return next(_wrong(told, query, body), "")


def _wrong(told: dict[str, Any], query: dict[str, list[str]], body: Any) -> Iterator[str]:
    parameters = told["parameters"]
    for key, values in query.items():
        if key not in parameters:
            yield f"unknown parameter {key}"
        elif "enum" in parameters[key] and values[-1] not in parameters[key]["enum"]:
            yield f"{key}={values[-1]}"
        elif len(values) > 1 and not parameters[key].get("repeated"):
            yield f"{key} twice"
    yield from (f"missing {key}" for key, rule in parameters.items() if rule.get("required") and key not in query)
    schema = (told.get("request") or told.get("response") or {}).get("$ref", "")
    if told.get("request"):
        yield from wrong_data(schema, body)
    elif body:
        yield "a body where none belongs"
    yield from (f"part={part}" for part in ",".join(query.get("part", [])).split(",") if part and not _is_part(schema, part))


def _is_part(schema: str, part: str) -> bool:
    one = schema.removesuffix("ListResponse")
    one = {"Search": "SearchResult"}.get(one, one)
    return part in document()["schemas"][one]["properties"]


def wrong_data(schema: str, data: Any, at: str = "") -> Iterator[str]:
    """Everything in `data` that this schema does not know."""
    if not isinstance(data, dict):
        yield f"{at or schema}: not an object"
        return
    properties = document()["schemas"][schema]["properties"]
    for key, value in data.items():
        if key not in properties:
            yield f"{at}.{key}: unknown"
        else:
            yield from _wrong_value(properties[key], value, f"{at}.{key}")


def _wrong_value(rule: dict[str, Any], value: Any, at: str) -> Iterator[str]:
    if "$ref" in rule:
        yield from wrong_data(rule["$ref"], value, at)
    elif not isinstance(value, _TYPES.get(rule.get("type", ""), object)):
        yield f"{at}: {value!r} is no {rule['type']}"
    elif "enum" in rule and value not in rule["enum"]:
        yield f"{at}: {value!r}"
    elif rule.get("type") == "array":
        for place, item in enumerate(value):
            yield from _wrong_value(rule["items"], item, f"{at}[{place}]")
