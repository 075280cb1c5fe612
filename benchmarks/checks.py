"""How well and how fast the checks of a text find what they should, as JSON.

    python benchmarks/checks.py [--texts 2000] [--seed 20261128] [--missed] [--names FOLDER]

Invented texts in which something right or wrong is planted, by templates that the checks were developed by and by others
that were held out; of each kind precision and recall, of personal data in whole texts how many are covered entirely, and
how many clean texts are pointed at. Then the time that all checks take for a draft of 500 characters. Needs no database.

Names of people are measured where a folder with `last_name_org.csv` (family names with their numbers of bearers) and
`first_name_*_opti.csv` is named, a public collection that is no part of koshiki; without it `names` says so.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.texts import planting
from benchmarks.texts.templates import CLEAN, DEVELOP, HELD_OUT, NAMED, PERSONAL, UNNAMED

CHECK = {"weekday": "日付と曜日", "era": "元号と西暦", "my_number": "個人番号", "phone": "携帯電話の番号",
"mail": "メールアドレス", "postal": "郵便番号",
         "shortener": "短縮されたアドレス"}
SETS = {"develop": DEVELOP, "held_out": HELD_OUT}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=2000, help="of each kind")
    parser.add_argument("--seed", type=int, default=20_261_128)
    parser.add_argument("--missed", action="store_true", help="also show what was judged wrongly, of the developed texts")
    parser.add_argument("--names", type=Path, help="a folder with names of people")
    given = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "koshiki.settings")
    import django

    django.setup()
    chance, wrong = Random(given.seed), list[str]()  # noqa: S311  (texts, no secrets)
    found: dict[str, Any] = {}
    for name, templates in SETS.items():
        found[name] = {kind: _judged(kind, said, chance, given.texts, wrong if name == "develop" else [], held=name == "held_out")
                       for kind, said in templates.items()}
        found[name]["personal"] = _personal(PERSONAL[name], chance, given.texts)
    found["names"] = _names(given.names, chance, given.texts) if given.names else "not measured: --names FOLDER"
    found["time"] = _time(given.texts)
    print(json.dumps({**found, **({"missed": wrong[:40]} if given.missed else {})}, indent=1, ensure_ascii=False))
    return 0


def _known() -> Any:
    from koshiki.posts.checks import Known

    return Known(planting.DAY, ("city.iwata.shizuoka.jp",), frozenset({"0538000110", "0538000500"}), frozenset({"4388650"}),
                 ("防災課", "広報広聴シティプロモーション課", "磐田市民文化会館"))


def _judged(kind: str, templates: list[str], chance: Random, texts: int, wrong: list[str], *,
            held: bool) -> dict[str, float]:
    """Precision and recall of one kind: the planted piece is pointed at as a whole, or nothing of its kind is."""
    hits = misses = alarms = 0
    for _ in range(texts):
        planted = planting.PLANTS[kind](chance, held)
        text = chance.choice(templates).replace("{}", planted.words)
        quotes = _pointed(kind, text)
        whole = any(planted.words.strip() in quote or quote == planted.words for quote in quotes)
        hits += planted.wrong and whole
        misses += planted.wrong and not whole
        alarms += not planted.wrong and bool(quotes)
        if planted.wrong != whole or (quotes and not planted.wrong):
            wrong.append(f"{kind}: {text} → {quotes}")
    return {"precision": round(hits / max(1, hits + alarms), 4), "recall": round(hits / max(1, hits + misses), 4)}


def _pointed(kind: str, text: str) -> list[str]:
    from koshiki.posts.checks import examine
    from koshiki.text import links, outside

    if kind == "outside_link":
        return [link.url for link in outside(links(text), _known().domains)]
    return [one.quote for one in examine(text, _known()) if one.name == CHECK[kind]]


def _personal(templates: list[str], chance: Random, texts: int) -> dict[str, float]:
    """How many texts have every piece pointed at; how many clean ones are pointed at."""
    from koshiki.posts.checks import examine

    covered = 0
    for _ in range(texts):
        text, pieces = _filled(chance.choice(templates), chance)
        quotes = [one.quote for one in examine(text, _known()) if one.clause == "§4(2)"]
        covered += all(any(piece in quote for quote in quotes) for piece in pieces)
    flagged = sum(any(one.clause == "§4(2)" for one in examine(text, _known())) for text in CLEAN)
    return {"texts_fully_covered": round(covered / texts, 4), "clean_texts_flagged": round(flagged / len(CLEAN), 4)}


def _names(folder: Path, chance: Random, texts: int) -> dict[str, float]:
    """By bearers' numbers: how many names in texts are pointed at, and of all that is pointed at how much is one."""
    from koshiki.posts.checks import examine

    families, givens = _read_names(folder)
    hits = points = 0
    for place in range(2 * texts):
        name = (chance.choices(list(families), list(families.values()))[0], chance.choice(givens))
        text = chance.choice(NAMED).format(*name) if place % 2 else chance.choice(UNNAMED)
        quotes = [one.quote for one in examine(text, _known()) if one.name == "人の名前"]
        points += len(quotes)
        hits += place % 2 and any(quote.startswith(name[0]) for quote in quotes)
    return {"precision": round(hits / max(1, points), 4), "recall": round(hits / texts, 4)}


def _read_names(folder: Path) -> tuple[dict[str, int], list[str]]:
    with (folder / "last_name_org.csv").open(encoding="utf-8") as file:
        families = {row[0]: int(row[1]) for row in csv.reader(file)}
    givens = [name for path in sorted(folder.glob("first_name_*_opti.csv"))
              for row in csv.reader(path.read_text(encoding="utf-8").splitlines()) for name in row[2:5]]
    return families, givens


def _filled(template: str, chance: Random) -> tuple[str, list[str]]:
    pieces = []
    for kind in ("phone", "mail", "postal", "my_number", "account", "plate"):
        if f"{{{kind}}}" in template:
            piece = _piece(kind, chance)
            pieces.append(piece)
            template = template.replace(f"{{{kind}}}", piece)
    return template, pieces


def _piece(kind: str, chance: Random) -> str:
    if kind == "account":
        return planting.wide(f"{chance.randrange(10**6, 10**7)}", chance)
    if kind == "plate":
        number = f"{chance.choice(['浜松', '静岡', '名古屋'])}{chance.choice(['', ' '])}{chance.randrange(300, 599)}"
        tail = f"{chance.choice('あいうかきくさすせたちつな')}{chance.randrange(10, 99)}-{chance.randrange(10, 99)}"
        return planting.wide(number + tail, chance)
    while not (planted := planting.PLANTS[kind](chance, True)).wrong:
        pass
    return planted.words


def _time(times: int) -> dict[str, float]:
    from koshiki.posts.checks import examine

    draft = ("【総合防災訓練を行います】\n" + "".join(CLEAN))[:500]
    taken, worked = [], []
    for _ in range(max(200, times)):
        began, working = time.perf_counter(), time.process_time()
        examine(draft, _known())
        taken.append((time.perf_counter() - began) * 1000)
        worked.append((time.process_time() - working) * 1000)
    taken.sort()
    worked.sort()
    place = len(taken) * 95 // 100
    return {"characters": len(draft), "median_ms": round(taken[len(taken) // 2], 2), "p95_ms": round(taken[place], 2),
            "p95_of_the_processor_ms": round(worked[place], 2)}


if __name__ == "__main__":
    sys.exit(main())
