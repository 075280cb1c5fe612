"""What is planted in a text, made by chance: days, eras, numbers, addresses, right ones and wrong ones.

`held`: in the forms that were held out, too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

WEEK = "月火水木金土日"
WIDE = {ord(c): ord(c) + 0xFEE0 for c in "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ@._-/:()"}
DAY = date(2026, 11, 28)


@dataclass(frozen=True)
class Planted:
    """A text's one piece: what is written, and whether it must be pointed out."""

    words: str
    wrong: bool


Plant = Callable[[Random, bool], Planted]


def wide(words: str, chance: Random) -> str:
    """Full-width in one of three."""
    return words.translate(WIDE) if chance.random() < 0.33 else words


def weekday(chance: Random, held: bool) -> Planted:
    on = DAY + timedelta(days=chance.randrange(0, 250))
    wrong = chance.random() < 0.5
    said = WEEK[(on.weekday() + (chance.randrange(1, 7) if wrong else 0)) % 7]
    year = chance.choice(["", "", f"{on.year}年", f"令和{on.year - 2018}年"])
    m, d = on.month, on.day
    forms = [f"{year}{m}月{d}日({said})", f"{year}{m}月{d}日（{said}）", f"{year}{m}月{d}日{said}曜日", f"{m}/{d}({said})",
             f"{on.year}/{m}/{d}（{said}）", f"{year}{m}月{d}日({said}曜)"]
    kept = [f"{m}月{d}日 ({said})", f"{m}.{d}({said})", f"{m}月 {d}日（{said}曜日）",
            f"{on:%Y.%m.%d}（{said}）", f"{on:%m/%d}（{said}）"]
    form = chance.choice(forms + kept * held)
    return Planted(wide(form, chance) if "(" in form else form, wrong)


def era(chance: Random, held: bool) -> Planted:
    name, first, last = chance.choice([("令和", 2019, 12), ("令和", 2019, 12), ("平成", 1989, 30), ("昭和", 1926, 63)])
    number = chance.randrange(2, last)
    wrong = chance.random() < 0.5
    year = first + number - 1 + (chance.choice([-2, -1, 1, 2, 10]) if wrong else 0)
    degree = chance.choice(["", "度"])
    forms = [f"{name}{number}年{degree}({year}年{degree})", f"{name}{number}年{degree}（{year}）",
             f"{year}年{degree}({name}{number}年{degree})", f"{year}年（{name}{number}年）"]
    kept = [f"{year}（{name}{number}）年", f"西暦{year}年（{name}{number}年）",
            f"{name}{number}年 ({year}年)", f"{name}{number}（{year}）年"]
    return Planted(wide(chance.choice(forms + kept * held), chance), wrong)


def my_number(chance: Random, held: bool) -> Planted:
    eleven = [chance.randrange(10) for _ in range(11)]
    rest = sum(w * d for w, d in zip((6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2), eleven, strict=True)) % 11
    right = 0 if rest <= 1 else 11 - rest
    wrong = chance.random() < 0.5
    digits = "".join(map(str, [*eleven, right if wrong else (right + chance.randrange(1, 10)) % 10]))
    fours = [digits[:4], digits[4:8], digits[8:]]
    forms, kept = [digits, " ".join(fours), "-".join(fours)], [" ".join(digits), "　".join(fours), "‐".join(fours)]
    return Planted(wide(chance.choice(forms + kept * held), chance), wrong)


def phone(chance: Random, held: bool) -> Planted:
    if chance.random() < 0.5:
        own = ["0538-00-0110", "0538(00)0500", "（0538）00－0110", "119", "#7119"]
        return Planted(wide(chance.choice(own), chance), wrong=False)
    head, a, b = chance.choice(["090", "080", "070"]), f"{chance.randrange(1000, 9999)}", f"{chance.randrange(10_000):04}"
    forms = [f"{head}-{a}-{b}", f"{head}{a}{b}", f"{head} {a} {b}", f"{head}({a}){b}", f"{head}ー{a}ー{b}",
             f"+81-{head[1:]}-{a}-{b}"]
    kept = [f"{head} - {a} - {b}", f"{head}‐{a}‐{b}", f"({head}){a}-{b}", f"{head}.{a}.{b}", f"{head}–{a}–{b}"]
    return Planted(wide(chance.choice(forms + kept * held), chance), wrong=True)


def mail(chance: Random, held: bool) -> Planted:
    wrong = chance.random() < 0.5
    local = chance.choice(["tanaka.k", "sato_1985", "h-suzuki", "yamada", "info2", "a.b.c"] + ["O.Suzuki+koho", "x",
    "taro..y"] * held)
    host = chance.choice(["gmail.com", "yahoo.co.jp", "docomo.ne.jp", "mail.iwata.ed.jp", "outlook.jp"]
                         + ["sub.mail-server.or.jp", "i.softbank.jp"] * held)
    own = [f"{local}@city.iwata.shizuoka.jp", f"{local}@koho.city.iwata.shizuoka.jp", "@iwata_city", "午後1時@市役所前"]
    return Planted(wide(f"{local}@{host}" if wrong else chance.choice(own), chance), wrong)


def postal(chance: Random, held: bool) -> Planted:
    wrong = chance.random() < 0.5
    code = f"{chance.randrange(100, 999)}-{chance.randrange(10_000):04}" if wrong else "438-8650"
    forms = [f"〒{code}", f"〒 {code}", f"郵便番号{code}", f"〒{code.replace('-', 'ー')}"]
    kept = [f"〒{code.replace('-', '')}", f"〒{code.replace('-', '‐')}", f"郵便番号：{code}"]
    return Planted(wide(chance.choice(forms + kept * held), chance), wrong)


def shortener(chance: Random, held: bool) -> Planted:
    wrong = chance.random() < 0.5
    tail = "".join(chance.choices("abcdefghkmnpqrstuvwxyzABCDEFG23456789", k=7))
    short = ["bit.ly", "x.gd", "tinyurl.com", "is.gd", "t.co", "amzn.to"] + ["ow.ly", "cutt.ly", "BIT.LY", "www.bit.ly"] * held
    long = ["www.city.iwata.shizuoka.jp", "www.jma.go.jp", "rabbit.lyon.example",
    "www.pref.shizuoka.jp"] + ["bit.ly.or.jp"] * held
    return Planted(f"{chance.choice(['https://', 'http://', ''])}{chance.choice(short if wrong else long)}/{tail}", wrong)


def outside(chance: Random, held: bool) -> Planted:
    wrong = chance.random() < 0.5
    others = ["www.jma.go.jp", "www.city.iwata.shizuoka.jp.example.com", "city-iwata.jp", "日本語.jp", "ja.wikipedia.org"]
    others += ["city.iwata.shizuoka.jp.co", "xn--wgv71a119e.jp", "192.0.2.7"] * held
    own = ["www.city.iwata.shizuoka.jp", "city.iwata.shizuoka.jp", "koho.city.iwata.shizuoka.jp", "WWW.CITY.IWATA.SHIZUOKA.JP"]
    path = chance.choice(["", "/", "/kurashi/1.html", "/a?b=c&d=e"])
    return Planted(chance.choice(["https://", "http://"]) + chance.choice(others if wrong else own) + path, wrong)


PLANTS: dict[str, Plant] = {"weekday": weekday, "era": era, "my_number": my_number, "phone": phone, "mail": mail,
                            "postal": postal, "shortener": shortener, "outside_link": outside}
