"""§4(2): names of people, by the words around them: さん and 様, 「講師：」, a family name with a given name.

Who holds a public office is named in it by right, and whom history names is nobody's private matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import regex

from koshiki.posts.checks.lists import listed
from koshiki.posts.checks.reading import Spot, Text

_K = r"[\p{Han}々ヶ]"
_HONOUR = r"(?:さん(?!ぽ|ま(?!で|す|せ))|さま(?!ざま)|様(?![式々子相態])|氏(?!名|神|子)|くん|君(?!が|たち|達)|ちゃん(?!と)|夫妻)"
_LABEL = (r"(?:氏名|名前|担当者?|講師|代表者?|申込者|当選者|受賞者|(?:最優秀|優秀|金|銀|銅|大|特別)賞"
          r"|佳作|撮影者?|作者|指導者?|司会|出演|被害者"
          r"|飼い主|落とし主|届出人|故人|喪主|世帯主|患者)")
# What stands before さん and is no name: 利用者様, 市民さん, 空模様, 消防団員さん.
_NO_NAME = regex.compile(r"(?:[者員人民客方達士師徒童団隊親族主屋店社校所課係長官神仏室館園院局部署会組班位皆"
                         r"模多同仕有学委協区市町村県]|[農漁作専]家"
                         r"|息子|旦那|夫婦|双子|子供|男子|女子|花嫁|新郎|新婦|宮司|大工|両親|選手"
                         r"|先生|女将|若者|殿下|陛下|祖父|祖母|叔父|叔母|王子"
                         r"|妊婦|産婦|主婦|(?:学|講|習|研修|実習|卒業|修了|新入|留学)生|(?:園|幼|乳|小|男|女)児|世帯|観音|(?:織|乙|お)姫"
                         r"|地蔵|愁傷|苦労|馳走|未定|調整|募集|不在|同上|別紙|後日|各自)$")
_NEVER = frozenset({"大家"})  # a family name, and yet
_OFFICE = regex.compile(r"市長|町長|村長|知事|議長|教育長|大臣|首相|総理|議員|陛下|殿下|監督官|裁判官")
_CLAN = regex.compile(r"^(?:徳川|今川|武田|織田|豊臣|北条|足利|上杉|藤原|平|源|毛利|島津|伊達|真田|井伊)(?:家)?$")
_NEAR = 6


def names(text: Text) -> Iterator[Spot]:
    """人の名前."""
    seen = 0
    for match in _pattern().finditer(text.folded):
        start, end = match.span("name")
        if start >= seen and not _is_nobody(match) and not _in_office(text, start, match.end()):
            seen = end
            yield Spot(start, end, "人の名前です。",
                       "本人の同意があること、又は公の立場で名前を出すことを確かめてください。なければ消してください。")


def _is_nobody(match: regex.Match[str]) -> bool:
    name, family = match["name"], match["family"]
    return (name in _NEVER or (match[0].endswith("氏") and bool(_CLAN.search(name)))
            or (family is None and bool(_NO_NAME.search(name))))


def _in_office(text: Text, start: int, end: int) -> bool:
    return _OFFICE.search(text.folded, max(0, start - _NEAR), end + _NEAR) is not None


@cache
def _pattern() -> regex.Pattern[str]:
    families = "|".join(sorted(listed("families"), key=len, reverse=True))
    of_two = "|".join(family for family in sorted(listed("families"), key=len, reverse=True) if len(family) > 1)
    given, kana = f"[{''.join(sorted(listed('given')))}]{{1,3}}", r"[ぁ-んァ-ヺー]{2,4}?"
    return regex.compile(
        rf"(?<!{_K})(?P<name>(?P<family>{families})(?:\s?(?:{_K}{{1,3}}|{kana}))?)\s?{_HONOUR}"
        rf"|(?<!{_K})(?P<name>{_K}{{2,6}}(?:\s{_K}{{1,3}})?)\s?{_HONOUR}"
        rf"|{_LABEL}(?:\s?[:「]\s?|\s)(?P<name>(?P<family>{families})(?:\s?(?:{_K}{{1,3}}|{kana}))?|{_K}{{1,3}}\s{_K}{{1,3}})(?!{_K})"
        rf"|(?<![\p{{Han}}々ヶァ-ヺー])(?P<name>(?P<family>{of_two})(?:{given}|\s{given}(?=[\s(（、。」』,・]"
        rf"|$)))(?!{_K}|[ァ-ヺー])")
