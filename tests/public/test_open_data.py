"""Open data: the register as data, exactly as its schema says, and the schema in words."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from koshiki.register.models import Account
from tests.cast import Cast, official
from tests.public.reading import get

KINDS: dict[str, Any] = {"string": str, "integer": int, "boolean": bool, "object": dict, "array": list}


def faults(value: Any, schema: dict[str, Any], where: str = "$") -> list[str]:
    """Where the value is not as the part of JSON Schema that ours uses demands."""
    assert set(schema) <= {"type", "required", "additionalProperties", "properties", "items", "format", "description",
                           "title", "$schema"}, "a word of JSON Schema that this test does not know"
    if type(value) is not KINDS[schema["type"]]:
        return [f"{where} is no {schema['type']}"]
    found = [f"{where}: {value} is no {schema['format']}" for kind in [schema.get("format")] if kind and not _fits(value, kind)]
    if isinstance(value, list):
        return found + [fault for n, row in enumerate(value) for fault in faults(row, schema["items"], f"{where}[{n}]")]
    if isinstance(value, dict):
        known = schema["properties"]
        found += [f"{where}.{name} is missing" for name in schema["required"] if name not in value]
        found += [f"{where}.{name} is unknown" for name in value if name not in known]
        return found + [f for name, part in value.items() if name in known for f in faults(part, known[name], f"{where}.{name}")]
    return found


def _fits(value: str, kind: str) -> bool:
    if kind == "date":
        return date.fromisoformat(value).isoformat() == value
    return bool(urlsplit(value).scheme and urlsplit(value).netloc)


@pytest.fixture
def data(cast: Cast, client: Client) -> dict[str, Any]:
    official(cast)
    listed = official(cast, name="磐田市", service="x", url="https://x.com/iwata_city", handle="@iwata_city", image="0" * 64)
    Account.objects.filter(pk=listed.pk).update(state="listed", official_at=None)
    found: dict[str, Any] = client.get("/official/accounts.json").json()
    return found


def test_the_data_is_as_its_schema_says(data: dict[str, Any], client: Client, settings: Any) -> None:
    schema = client.get("/official/accounts.schema.json").json()
    assert faults(data, schema) == []
    settings.KOSHIKI_SAMPLE = True
    assert faults(client.get("/official/accounts.json").json(), schema) == []
    assert faults({"city": 3, "accounts": [{"id": "1", "person": "x"}]}, schema) != [], "the check itself finds faults"


def test_it_tells_official_from_listed_and_never_a_person(data: dict[str, Any]) -> None:
    listed = next(row for row in data["accounts"] if row["service"] == "X（旧Twitter）")
    assert [row["official"] for row in data["accounts"]].count(True) == 1
    assert listed["official"] is False
    assert listed["url"] == "https://x.com/iwata_city"
    assert listed["page"] == f"https://www.city.example.jp/official/accounts/{listed['id']}/"


def test_the_citys_own_feed_has_its_address_too(data: dict[str, Any]) -> None:
    assert "https://www.city.example.jp/official/feed/" in [row["url"] for row in data["accounts"]]


def test_each_part_of_the_data_is_explained_in_both_languages(data: dict[str, Any]) -> None:
    names = {name for row in data["accounts"] for name in row}
    for path in ("about.html", "en/about.html"):
        assert names <= {text.strip() for _, text in get(path).texts}
