"""§4(2): what tells of one person: mail, telephone, My Number, bank account, number plate, home address."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import regex

from koshiki.posts.checks.lists import listed
from koshiki.posts.checks.reading import Spot, Text

_MAIL = regex.compile(r"(?<![A-Za-z0-9._%+\-/])(?P<local>[A-Za-z0-9_%+](?:[A-Za-z0-9._%+\-]*[A-Za-z0-9_%+\-])?)\s?@\s?"
                      r"(?P<host>(?:[A-Za-z0-9](?:[A-Za-z0-9\-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,24})(?![A-Za-z0-9])")
_PLACEHOLDER = regex.compile(r"(?:^|\.)(?:example|invalid|test)(?:$|\.)")
_TWELVE = regex.compile(r"(?<![\dA-Za-z\-])\d(?:[ \-]?\d){11}(?![\dA-Za-z]|-\d)")
_ACCOUNT = regex.compile(r"(?:(?:普通|当座|貯蓄)(?:預金|口座)*|口座番号"
                         r"|預金口座)\s?(?:番号)?\s?[:№]?\s?(?P<number>\d(?:[ \-]?\d){6})(?!\d)"
                         r"|(?:記号\s?[:]?\s?\d{5}[ \-]*)?番号\s?[:]?\s?(?P<number>\d{7,8})(?=\s?(?:名義|\(?ゆうちょ))"
                         r"|記号\s?[:]?\s?(?P<number>1\d{3}0[ \-]*(?:番号\s?[:]?\s?)?\d{6,8})(?!\d)")
_PLATE_NUMBER = (r"\s?\d[\dA-Z]{1,2}\s?[あ-えか-さす-をAEHKMTYB]\s?(?:\d{2}-\d{2}|[・･.]{1,3}-?\d{1,3}|\d{4})(?!\d)")
# With any mark between the digits wherever it stands; without one it may be part of a key.
_MOBILE = regex.compile(r"(?<![\d\-+])(?=[+(]?\d{2,7}[) \-.(])(?:\+81[ \-]?|\(?0)(?:90|80|70|60)\)?"
                        r"[ \-.(]*\d{4}[ \-.)]*\d{4}(?!\d)"
                        r"|(?<![\da-f\-+])(?:\+81|0)(?:90|80|70|60)\d{8}(?![\da-f])")
_POSTAL = regex.compile(r"(?:〒\s?(?P<code>\d{3}[ \-]{0,3}\d{4})"
                        r"|(?<![\d\-])郵便番号\s?[:は]?\s?(?P<code>\d{3}[ \-]{0,3}\d{4})"
                        r"|(?<![\d\-])(?P<code>\d{3}-\d{4})(?![\d\-])(?=\s?[一-龥]{2,4}[都道府県市区郡]))(?!\d)")
_ADDRESS = regex.compile(r"(?:[一-龥]{2,3}[都道府県])?[一-龥ヶケ]{1,5}[市郡区町村][一-龥ぁ-んァ-ヶ]{0,12}\s?\d{1,5}(?:丁目"
                         r"|番地?|号|の|-\d{1,4})"
                         r"(?:\s?\d{1,4}(?:番地?|号|-\d{1,4})?)*")
_ONES_HOME = regex.compile(r"さん(?:宅|方|の家|の自宅|の住所)|様方|様宅|氏宅|自宅|現住所|在住|のお宅"
                           r"|に住む|にお住まい|住所\s?:")
_PLACE = regex.compile(r"館|センター|施設|会場|場所|学校|公園|庁舎|役所|支所|ホール|病院|店|公民|交流"
                       r"|広場|体育|園|駅|寺|神社|郵送|あて|宛|課|事務|受付|窓口|所在")
_AREA = 25


def mails(text: Text) -> Iterator[Spot]:
    """メールアドレス — of anybody but the city's own."""
    for match in _MAIL.finditer(text.folded):
        host = match["host"].lower()
        if not _own(host, text.known.domains) and not _PLACEHOLDER.search(host):
            yield Spot(match.start(), match.end(), "市のものではないメールアドレスです。",
                       "個人のものなら消してください。公の窓口のものなら、その旨を書いてください。")


def _own(host: str, domains: tuple[str, ...]) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def mobiles(text: Text) -> Iterator[Spot]:
    """携帯電話の番号 — mostly one person's."""
    for match in _MOBILE.finditer(text.dashed):
        digits = "0" + match[0][3:] if match[0].startswith("+81") else match[0]
        if regex.sub(r"\D", "", digits) not in text.known.telephones:
            yield Spot(match.start(), match.end(), "携帯電話の番号です。",
                       "個人のものなら消してください。公の窓口のものなら、その旨を書いてください。")


def my_numbers(text: Text) -> Iterator[Spot]:
    """個人番号 — twelve digits with the right check digit."""
    for match in _TWELVE.finditer(text.dashed):
        digits = regex.sub(r"\D", "", match[0])
        if _checks(digits) and len(set(digits)) > 1 and _in_even_groups(match[0]):
            yield Spot(match.start(), match.end(), "マイナンバー（個人番号）の形をした番号です。",
                       "個人番号は、どのような場合にも発信できません。消してください。")


def _in_even_groups(written: str) -> bool:
    """Twelve digits at once, each apart, or in three fours; other groups are other numbers."""
    groups = {len(group) for group in regex.split(r"[ \-]", written)}
    return len(groups) == 1


def _checks(digits: str) -> bool:
    """The last digit is the check digit of the eleven before it."""
    weights = (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
    rest = sum(weight * int(digit) for weight, digit in zip(weights, digits, strict=False)) % 11
    return int(digits[11]) == (0 if rest <= 1 else 11 - rest)


def accounts(text: Text) -> Iterator[Spot]:
    """口座番号 — of a bank or of the post."""
    for match in _ACCOUNT.finditer(text.folded):
        yield Spot(match.start(), match.end(), "預金の口座番号です。",
                   "個人のものなら消してください。市の口座（義援金など）なら、その旨を書いてください。")


def plates(text: Text) -> Iterator[Spot]:
    """自動車の登録番号."""
    for match in _plate().finditer(text.dashed):
        yield Spot(match.start(), match.end(), "自動車の登録番号（ナンバー）です。",
                   "消してください。画像に写っているときは、隠してください。")


@cache
def _plate() -> regex.Pattern[str]:
    return regex.compile(f"(?:{'|'.join(listed('plates'))}){_PLATE_NUMBER}")


def postal_codes(text: Text) -> Iterator[Spot]:
    """郵便番号 — of a place that is none of the city's known ones, and not said to be one."""
    for match in _POSTAL.finditer(text.dashed):
        code = regex.sub(r"\D", "", match["code"])
        if code not in text.known.postal_codes and not _of_a_place(text, match.start(), match.end()):
            yield Spot(match.start(), match.end(), "市の施設のものと分からない郵便番号です。",
                       "個人の住所なら消してください。施設や窓口のものなら、その名前を添えてください。")


def homes(text: Text) -> Iterator[Spot]:
    """住所 — of somebody's home, by the words around it."""
    for match in _ADDRESS.finditer(text.folded):
        around = text.folded[max(0, match.start() - _AREA):match.end() + _AREA]
        if _ONES_HOME.search(around) and not _of_a_place(text, match.start(), match.end()):
            yield Spot(match.start(), match.end(), "個人の住所と読める所です。", "町の名前までにするか、消してください。")


def _of_a_place(text: Text, start: int, end: int) -> bool:
    """Do the words on the line tell of an office or a facility?"""
    line_start = text.folded.rfind("\n", 0, start) + 1
    line_end = text.folded.find("\n", end)
    around = text.folded[max(line_start, start - _AREA):min(line_end if line_end >= 0 else len(text.folded), end + _AREA + 10)]
    return _PLACE.search(around) is not None
