"""続きの投稿 — one text as several posts, cut where a reader would pause: between paragraphs, lines, sentences."""

from __future__ import annotations

from collections.abc import Callable

import regex

_PAUSES = (r"\n\n+", r"\n", r"(?<=[。！？!?]['」』）)]*)", r"(?<=[、，,]|\s)")  # from the best place to the worst


def split(text: str, fits: Callable[[str], bool]) -> list[str]:
    """The text in parts that fit, in order; nothing but the white space between two parts is lost.

    A word that alone does not fit, such as an address, stays whole in a part that does not.
    """
    return _split(text.strip(), fits, _PAUSES)


def _split(text: str, fits: Callable[[str], bool], pauses: tuple[str, ...]) -> list[str]:
    if fits(text) or not pauses:
        return [text]
    parts: list[str] = []
    for piece in regex.split(f"({pauses[0]})", text):
        _add(parts, piece, fits, pauses[1:])
    return [part.strip() for part in parts if part.strip()]


def _add(parts: list[str], piece: str, fits: Callable[[str], bool], finer: tuple[str, ...]) -> None:
    """The piece goes on in the last part where it fits, else begins another, cut finer where it must be."""
    if parts and fits((parts[-1] + piece).strip()):
        parts[-1] += piece
    elif piece.strip():
        parts += _split(piece, fits, finer)
