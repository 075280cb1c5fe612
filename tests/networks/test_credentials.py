"""Secrets are sealed to their account and service, under keys that rotate, and never show themselves."""

from __future__ import annotations

import json
import os
import pickle
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from koshiki.networks.base import Link
from koshiki.networks.credentials import (
    DoesNotOpen,
    KeyRingTrouble,
    Secret,
    add_key,
    ensure_key_ring,
    load_key_ring,
    reseal,
    seal,
    sealed_with,
    unseal,
)

CANARY = "canary-8c1f-token"
ROW = {"account": "42", "service": "mastodon"}


@pytest.fixture(autouse=True)
def ring(tmp_path: Path, settings: Any) -> Path:
    settings.KOSHIKI_KEY_RING = tmp_path / "home" / "keys.json"
    ensure_key_ring(settings.KOSHIKI_KEY_RING)
    return tmp_path / "home" / "keys.json"


def test_what_was_sealed_opens_for_its_account_and_service() -> None:
    sealed = seal({"access_token": CANARY, "refresh": Secret("葛󠄀")}, **ROW)
    opened = unseal(memoryview(sealed), **ROW)
    assert {key: value.reveal() for key, value in opened.items()} == {"access_token": CANARY, "refresh": "葛󠄀"}
    assert CANARY.encode() not in sealed


def test_the_same_secret_is_never_sealed_alike_twice() -> None:
    assert seal({"a": "x"}, **ROW) != seal({"a": "x"}, **ROW)


@pytest.mark.parametrize(
    "row",
    [
        {"account": "43", "service": "mastodon"},
        {"account": "42", "service": "bluesky"},
        {"account": "", "service": "mastodon"},
        {"account": '42", "mastodon', "service": ""},
    ],
)
def test_moved_to_another_row_it_does_not_open(row: dict[str, str]) -> None:
    sealed = seal({"access_token": CANARY}, **ROW)
    with pytest.raises(DoesNotOpen):
        unseal(sealed, **row)


def test_a_change_of_any_byte_is_seen() -> None:
    sealed = seal({"access_token": CANARY}, **ROW)
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(DoesNotOpen):
            unseal(bytes(changed), **ROW)


@pytest.mark.parametrize("rubbish", [b"", b"\x01", b"\x02" * 60, b"\x01\xff" + b"x" * 40, b"x" * 200])
def test_what_was_never_sealed_does_not_open(rubbish: bytes) -> None:
    with pytest.raises(DoesNotOpen):
        unseal(rubbish, **ROW)


def test_a_new_key_seals_while_the_old_ones_still_open(ring: Path) -> None:
    old = seal({"access_token": CANARY}, **ROW)
    newest = add_key(ring)
    assert unseal(old, **ROW)["access_token"] == Secret(CANARY)
    renewed = reseal(old, **ROW)
    assert sealed_with(renewed) == newest != sealed_with(old)
    assert unseal(renewed, **ROW) == unseal(old, **ROW)


def test_without_its_key_it_does_not_open(ring: Path) -> None:
    sealed = seal({"access_token": CANARY}, **ROW)
    ring.unlink()
    ensure_key_ring(ring)
    with pytest.raises(DoesNotOpen, match="not in the ring"):
        unseal(sealed, **ROW)


class TestRing:
    def test_it_is_for_its_owner_only(self, ring: Path) -> None:
        add_key(ring)
        assert stat.S_IMODE(ring.stat().st_mode) == 0o600
        ring.chmod(0o640)
        with pytest.raises(KeyRingTrouble, match="read by others"):
            load_key_ring()

    def test_one_that_is_there_is_left_alone(self, ring: Path) -> None:
        before = ring.read_bytes()
        ensure_key_ring(ring)
        assert ring.read_bytes() == before

    def test_two_starts_at_once_end_with_one_ring(self, tmp_path: Path) -> None:
        path, seen = tmp_path / "new" / "keys.json", []
        barrier = threading.Barrier(8)

        def start() -> None:
            barrier.wait()
            ensure_key_ring(path)
            seen.append(path.read_bytes())

        threads = [threading.Thread(target=start) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(seen) == 8
        assert len(set(seen)) == 1
        assert os.listdir(path.parent) == ["keys.json"]

    def test_a_missing_ring_is_not_replaced_in_silence(self, ring: Path) -> None:
        ring.unlink()
        with pytest.raises(KeyRingTrouble, match="no key ring"):
            seal({"a": "x"}, **ROW)
        assert not ring.exists()

    @pytest.mark.parametrize(
        "text", ["", "{}", '{"keys": []}', '{"keys": [{"id": "a", "key": "c2hvcnQ="}]}', "[1]"]
    )
    def test_what_is_no_ring_is_said_to_be_none(self, ring: Path, text: str) -> None:
        ring.write_text(text)
        with pytest.raises(KeyRingTrouble, match="not a key ring"):
            load_key_ring()


class TestSecret:
    def test_it_shows_itself_nowhere(self) -> None:
        secret = Secret(CANARY)
        link = Link(account="42", secrets={"access_token": secret})
        shown = [
            repr(secret),
            str(secret),
            f"{secret}",
            f"{secret!s:>40}",
            f"{secret}".upper(),
            f"{secret}",
            repr(link),
            str(link),
        ]
        assert not any(CANARY in text for text in shown)
        assert secret.reveal() == CANARY

    def test_it_goes_into_no_json_and_no_pickle(self) -> None:
        with pytest.raises(TypeError):
            json.dumps({"token": Secret(CANARY)})
        with pytest.raises(TypeError):
            pickle.dumps(Secret(CANARY))

    def test_the_ring_does_not_show_its_keys(self) -> None:
        ring = load_key_ring()
        assert repr(ring.keys[ring.newest]) not in repr(ring)
