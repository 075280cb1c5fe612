"""A content as WordPress keeps it: blocks of its editor, in which every character comes out as it was approved.

WordPress makes shown texts prettier: it turns quotes, doubles of hyphens, smileys and 3x3 into other characters,
and what stands in brackets into functions. It leaves alone what is written as a numeric reference.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

from koshiki.networks.answers import Object, part, text
from koshiki.networks.shown import text_of
from koshiki.text import located_links

_PRETTIFIED = re.compile(
    r"""[&<>"'`\[\]]
    | -(?=-) | (?<=-)- | (?<!\S)-(?!\S)     # dashes
    | \.(?=\.) | (?<=\.)\.                  # …
    | (?<=\d)x(?=\d)                        # ×
    | \((?=tm\))                            # ™
    | (?<!\S)[:;](?=\S) | (?<!\S)8(?=-?[)O](?!\S))   # smileys
    | W(?=ordpress)                         # WordPress
    """,
    re.VERBOSE,
)
_FIGURE = re.compile(r"<!-- wp:image .*?<!-- /wp:image -->", re.DOTALL)


def escaped(plain: str) -> str:
    """A text that is shown character for character."""
    return _PRETTIFIED.sub(lambda found: f"&#{ord(found[0])};", plain)


def blocks(plain: str, figures: list[str]) -> str:
    """A content's text as paragraphs with line ends and links, then the pictures."""
    paragraphs = [part for part in re.split(r"\n{2,}", plain.strip("\n")) if part.strip()]
    return "\n\n".join([*map(_paragraph, paragraphs), *figures])


def figure(media_id: int, address: str, alt: str) -> str:
    """One picture with its alternative text."""
    image = f'<img src="{_value(address)}" alt="{_value(alt)}" class="wp-image-{media_id}"/>'
    shown = f'<figure class="wp-block-image">{image}</figure>'
    return f'<!-- wp:image {{"id":{media_id}}} -->\n{shown}\n<!-- /wp:image -->'


def figures_of(raw: str) -> list[str]:
    """The pictures of a post as it is kept, to go on with."""
    return _FIGURE.findall(raw)


def shown_text(post: Object) -> str:
    """Title and text of a post as readers see them."""
    title, content = (text(part(post, key), "rendered", 500_000) for key in ("title", "content"))
    return f"{text_of(title)}\n{text_of(content)}".strip("\n")


def alts_of(rendered: str) -> tuple[str, ...]:
    """The alternative texts of the pictures that a reader sees, in order."""
    reader = _Pictures()
    reader.feed(rendered)
    reader.close()
    return tuple(reader.alts)


def _paragraph(plain: str) -> str:
    return f"<!-- wp:paragraph -->\n<p>{_linked(plain)}</p>\n<!-- /wp:paragraph -->"


def _linked(plain: str) -> str:
    made, done = "", 0
    for start, link in located_links(plain):
        shown = _broken(plain[done:start])
        made += f'{shown}<a href="{_value(link.address)}">{_broken(link.url)}</a>'
        done = start + len(link.url)
    return made + _broken(plain[done:])


def _broken(plain: str) -> str:
    return escaped(plain).replace("\n", "<br>")


def _value(plain: str) -> str:
    """A value of an attribute; brackets too, since WordPress looks for its functions even there."""
    return re.sub(r"[&<>\"'`\[\]\n]", lambda found: f"&#{ord(found[0])};", plain)


class _Pictures(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.alts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.alts.append(dict(attrs).get("alt") or "")
