"""Bytes of a CSV file → text, strictly: a character that is guessed would be a wrong name."""

from __future__ import annotations

import re

ENCODINGS = {"utf-8-sig": "UTF-8", "cp932": "シフトJIS（Windows）"}  # cp932 holds 髙 and 﨑
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_UTF_16_CURE = ("文字の符号がUTF-16です。Excelの「名前を付けて保存」で「CSV UTF-8（コンマ区切り）」を選び、"
                "保存し直してください。")


class Unreadable(ValueError):
    """Bytes that are no text in any encoding that is read; `line` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line, self.message = line, message


def decoded(content: bytes) -> str:
    """The file's text. The encoding is told by its first line: the headings are Japanese, so only one fits.

    Then every line must be in that encoding. Raises Unreadable, naming the line that is not.
    """
    if content.startswith(_UTF_16):
        raise Unreadable(1, _UTF_16_CURE)
    encoding = _encoding(re.split(rb"[\r\n]", content, maxsplit=1)[0])
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as bad:
        line = content[:bad.start].count(b"\n") + 1
        raise Unreadable(line, f"この行に、{ENCODINGS[encoding]}として読めない文字があります。"
                               "一つのファイルに、二つの文字の符号を混ぜることはできません。") from bad


def _encoding(first_line: bytes) -> str:
    for encoding in ENCODINGS:
        try:
            first_line.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    raise Unreadable(1, f"文字の符号が、{'でも'.join(ENCODINGS.values())}でもありません。CSVとして保存し直してください。")
