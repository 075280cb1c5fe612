"""続きの投稿 — a text longer than a service takes is cut where a reader pauses, and nothing of it is lost."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koshiki.networks.base import Field, LastCheck, MediaRules, Outgoing, Published, Stage, Threads
from koshiki.networks.threads import split
from koshiki.text import graphemes

SENTENCES = "台風が近づいています。川の様子を見に行かないでください。避難所は3か所です。"


def parts(text: str, most: int) -> list[str]:
    return split(text, lambda part: graphemes(part) <= most)


def test_a_text_that_fits_stays_whole() -> None:
    assert parts("避難所を開設しました。\n\n豊田体育館", 100) == ["避難所を開設しました。\n\n豊田体育館"]


@pytest.mark.parametrize(
    ("text", "most", "cut"),
    [
        ("一つ目の段落。\n\n二つ目の段落。", 8, ["一つ目の段落。", "二つ目の段落。"]),
        ("一行目\n二行目\n三行目", 7, ["一行目\n二行目", "三行目"]),
        (SENTENCES, 17, ["台風が近づいています。", "川の様子を見に行かないでください。", "避難所は3か所です。"]),
        ("「逃げて。」と伝えます。すぐに。", 12, ["「逃げて。」と伝えます。", "すぐに。"]),
        ("東から順に、西へ、北へ進みます", 10, ["東から順に、西へ、", "北へ進みます"]),
    ],
)
def test_it_is_cut_at_the_best_pause_there_is(text: str, most: int, cut: list[str]) -> None:
    assert parts(text, most) == cut


def test_an_address_is_never_cut() -> None:
    address = "https://www.city.example/" + "a" * 50
    assert parts(f"詳しくは {address} をご覧ください。", 20)[1] == address


@given(st.text(alphabet="あア漢a1。、！ \n「」", max_size=300), st.integers(5, 60))
def test_no_letter_is_lost_and_every_part_is_something(text: str, most: int) -> None:
    found = parts(text, most)
    assert re.sub(r"\s", "", "".join(found)) == re.sub(r"\s", "", text)
    assert all(part.strip() for part in found) or found == [""]


class Posts(Threads):
    """A service that takes 17 characters."""

    key, label = "short", "短いサービス"
    most_segments = 3
    fields = (Field("text", "本文", "text", max=17),)
    media_rules = MediaRules(0, (), 0, 0, 0)

    def publish(self, outgoing: Outgoing, stage: Stage, last_check: LastCheck) -> Published:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("text", "said"),
    [(SENTENCES, None), ("長" * 18, "17字まで"), (SENTENCES * 2, "3件まで"), (" ", "入力してください")],
)
def test_a_thread_is_refused_for_what_one_of_its_posts_is_or_for_their_number(text: str, said: str | None) -> None:
    problems = [problem.message for problem in Posts().problems({"text": text}, ())]
    assert len(problems) == (said is not None)
    assert all(said in message for message in problems if said)
