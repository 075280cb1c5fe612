"""The checks of a text (§4(2), §4(4), §5(1)–(9), §8(4)): one row for each thing that is looked for, with its clause.

Pure: the same text and the same knowledge give the same findings. A finding is a suspicion; a person decides.
"""

from __future__ import annotations

from koshiki.posts.checks import (
    amounts,
    dates,
    links,
    names,
    people,
    personal,
    readers,
    telephones,
    times,
)
from koshiki.posts.checks.reading import Check, Found, Knowing, Known, Spot, Text, found
from koshiki.posts.checks.words import words_under

__all__ = ["CHECKS", "Check", "Found", "Knowing", "Known", "Spot", "Text", "examine"]

CHECKS: tuple[Check, ...] = (
    Check("日付と曜日", clause="§4(4)", find=dates.weekday),
    Check("ない日付", clause="§4(4)", find=dates.impossible),
    Check("元号と西暦", clause="§4(4)", find=dates.eras),
    Check("過ぎた日", clause="§4(4)", find=dates.over),
    Check("あすなどの言葉と日付", clause="§4(4)", find=dates.spoken),
    Check("ない時刻", clause="§4(4)", find=times.impossible),
    Check("二通りに読める時刻", clause="§4(4)", find=times.twofold),
    Check("始まりと終わりの時刻", clause="§4(4)", find=times.backward),
    Check("電話番号の桁数", clause="§4(4)", find=telephones.impossible),
    Check("市の一覧にない電話番号", clause="§4(4)", find=telephones.unknown),
    Check("金額と数", clause="§4(4)", find=amounts.grouping),
    Check("文字化け", clause="§4(4)", find=amounts.garbled),
    Check("課や施設の名前", clause="§4(4)", find=names.misspelt),
    Check("メールアドレス", clause="§4(2)", find=personal.mails),
    Check("携帯電話の番号", clause="§4(2)", find=personal.mobiles),
    Check("個人番号", clause="§4(2)", find=personal.my_numbers),
    Check("口座番号", clause="§4(2)", find=personal.accounts),
    Check("自動車の登録番号", clause="§4(2)", find=personal.plates),
    Check("郵便番号", clause="§4(2)", find=personal.postal_codes),
    Check("人の名前", clause="§4(2)", find=people.names),
    Check("個人の住所", clause="§4(2)", find=personal.homes),
    Check("法令に触れるおそれ", clause="§5(1)", find=words_under("§5(1)")),
    Check("侮辱・非難", clause="§5(2)", find=words_under("§5(2)")),
    Check("差別", clause="§5(3)", find=words_under("§5(3)")),
    Check("虚偽のおそれ", clause="§5(4)", find=words_under("§5(4)")),
    Check("秘密", clause="§5(5)", find=words_under("§5(5)")),
    Check("権利の侵害", clause="§5(6)", find=words_under("§5(6)")),
    Check("意思形成過程", clause="§5(7)", find=words_under("§5(7)")),
    Check("信用", clause="§5(8)", find=words_under("§5(8)")),
    Check("公序良俗", clause="§5(9)", find=words_under("§5(9)")),
    Check("短縮されたアドレス", clause="§8(4)", find=links.shortened),
    Check("市に似たアドレス", clause="§8(4)", find=links.look_alike),
    Check("市以外の投稿の引用", clause="§8(4)", find=links.reposts),
    Check("全角と半角", clause="K-readers", find=amounts.widths, asks=False),
    Check("古い機械で読めない文字", clause="K-readers", find=amounts.old_machines, asks=False),
    Check("長い文", clause="K-readers", find=readers.long_sentences, asks=False),
    Check("言い換え", clause="K-readers", find=words_under("K-readers"), asks=False),
    Check("ハッシュタグ", clause="K-readers", find=readers.hashtags, asks=False),
    Check("絵文字", clause="K-readers", find=readers.emoji, asks=False),
    Check("読み上げ", clause="K-readers", find=readers.read_aloud, asks=False),
    Check("代替テキスト", clause="K-readers", find=readers.alt_texts, asks=False),
)


def examine(words: str, known: Knowing, *, alt: bool = False) -> list[Found]:
    """Everything that the checks see in one text, in the order of the table."""
    text = Text(words, known, alt)
    return [found(check, text, spot) for check in CHECKS for spot in check.find(text)] if words.strip() else []
