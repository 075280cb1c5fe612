"""Pictures for the sample, drawn here: emblems of accounts, a festival, an avenue with lights, a screen."""

from __future__ import annotations

import random
from io import BytesIO

from PIL import Image, ImageDraw

SIZE = (1200, 800)


def emblem(initial: str, colour: str) -> bytes:
    """A plain emblem; its pattern is drawn from the letter, so that no two are alike."""
    picture = Image.new("RGB", (400, 400), colour)
    draw = ImageDraw.Draw(picture)
    turn = ord(initial) % 90
    for step in range(4):
        draw.arc((60 + step * 30, 60 + step * 30, 340 - step * 30, 340 - step * 30), turn + step * 80,
                 turn + step * 80 + 240, fill="white", width=14)
    return _png(picture)


def festival() -> bytes:
    """White tents and chrysanthemums under a clear sky."""
    picture = Image.new("RGB", SIZE, "#bfe3f7")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 520, 1200, 800), fill="#c9b48a")
    for left in range(40, 1200, 290):
        draw.polygon([(left, 420), (left + 120, 300), (left + 240, 420)], fill="white", outline="#8aa4b3")
        draw.rectangle((left, 420, left + 240, 560), fill="#f7f7f7", outline="#8aa4b3")
    _dots(draw, 220, (560, 790), ("#f2c230", "#e8e8e8", "#c94f7c"), 14)
    return _png(picture)


def lights() -> bytes:
    """An avenue in the evening with blue and white lights."""
    picture = Image.new("RGB", SIZE, "#131a33")
    draw = ImageDraw.Draw(picture)
    draw.polygon([(480, 800), (580, 420), (620, 420), (720, 800)], fill="#3a3f52")
    for left in (120, 320, 880, 1080):
        draw.rectangle((left - 10, 480, left + 10, 760), fill="#3b2a1e")
    _dots(draw, 700, (140, 560), ("#8fd0ff", "#ffffff", "#4f9bff"), 5)
    return _png(picture)


def screen(address: str) -> bytes:
    """What somebody saw on a screen: a profile that holds this address."""
    picture = Image.new("RGB", (900, 300), "#ffffff")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, 900, 60), fill="#2d5f8b")
    draw.ellipse((40, 100, 160, 220), fill="#c2d7ea")
    draw.text((200, 150), address, fill="#1a1a1a", font_size=24)
    return _png(picture)


def _dots(draw: ImageDraw.ImageDraw, count: int, between: tuple[int, int], colours: tuple[str, ...], size: int) -> None:
    chance = random.Random(count)  # noqa: S311  (the same picture every time)
    for _ in range(count):
        x, y = chance.randint(0, SIZE[0]), chance.randint(*between)
        draw.ellipse((x, y, x + size, y + size), fill=chance.choice(colours))


def _png(picture: Image.Image) -> bytes:
    made = BytesIO()
    picture.save(made, "PNG")
    return made.getvalue()
