"""Imports point upwards: a chapter knows those above it in this list, and none below; also inside functions."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "koshiki"

# Top to bottom: each may import itself and what stands above it. A line's members are beside each other.
ORDER = [
    {"clock", "environment", "text"},
    {"guideline"},
    {"calendar", "database", "settings"},
    {"audit"},
    {"organization"},
    {"networks"},
    {"workflow"},
    {"register"},
    {"posts"},
    {"comments"},
    {"incidents"},
    {"public"},
    {"backup"},
    {"desk"},
    {"sample", "management"},
]
# What all pages are made of: told nothing of the chapters but what a duty is, and used by any of them.
FRAME = {"look", "forms", "errors", "middleware", "templatetags", "showcase", "rendering", "images", "films",
         "store", "uploads", "sheet", "disk"}
FRAME_KNOWS = {"clock", "text", "guideline", "calendar", "organization.duties"} | FRAME
# The one place each where the chapters are put together.
JOINTS = {"urls", "models", "tasks", "apps", "wsgi", "migrations", "__init__"}

# Django wants tags in one folder; these are a chapter's own.
OWN_TAGS = {"templatetags/deliveries.py": "posts", "templatetags/publications.py": "public"}

PLACE = {name: place for place, names in enumerate(ORDER) for name in names}


def room(path: Path) -> str:
    within = path.relative_to(PACKAGE)
    return OWN_TAGS.get(str(within), within.parts[0].removesuffix(".py"))


FILES = sorted(PACKAGE.rglob("*.py"))


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Each of koshiki's modules that the file imports in whatever form, without the leading `koshiki.`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _base(node, path)
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and _name(node) in {"import_module", "__import__", "import_string"}:
            yield from ((node.lineno, text) for text in _texts(node))


def _base(node: ast.ImportFrom, path: Path) -> str:
    if not node.level:
        return node.module or ""
    above = ["koshiki", *path.relative_to(PACKAGE).parts[:-1]]
    above = above[:len(above) - node.level + 1]
    return ".".join([*above, *filter(None, [node.module])])


def _name(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def _texts(node: ast.Call) -> Iterator[str]:
    """The address in words; what is put together at run time stands as `?`, which no room but the joints may."""
    for argument in node.args[:1]:
        yield argument.value if isinstance(argument, ast.Constant) else "koshiki.?"


def ours(path: Path) -> list[tuple[int, str]]:
    return [(line, name.removeprefix("koshiki.")) for line, name in imported(path)
            if name == "koshiki" or name.startswith("koshiki.")]


def test_every_folder_and_file_has_its_place() -> None:
    known = set(PLACE) | FRAME | JOINTS
    assert {room(path) for path in FILES} - known == set()


@pytest.mark.parametrize("path", [f for f in FILES if room(f) in PLACE], ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_chapter_imports_only_from_above(path: Path) -> None:
    allowed = {name for name, place in PLACE.items() if place <= PLACE[room(path)]} | FRAME
    wrong = [(line, name) for line, name in ours(path) if name.split(".")[0] not in allowed]
    if room(path) == "desk":
        wrong = [(line, name) for line, name in wrong if name != "?"]  # the trace reads every chapter
    assert wrong == []


@pytest.mark.parametrize("path", [f for f in FILES if room(f) in FRAME], ids=lambda p: str(p.relative_to(PACKAGE)))
def test_the_frame_knows_no_chapter(path: Path) -> None:
    wrong = [(line, name) for line, name in ours(path)
             if not any(name == known or name.startswith(f"{known}.") for known in FRAME_KNOWS)]
    assert wrong == []


def test_this_test_sees_every_form_of_import(tmp_path: Path) -> None:
    path = PACKAGE / "audit/none.py"
    source = ("import koshiki.posts\nfrom koshiki import posts\nfrom koshiki.posts import flow\nfrom ..posts import flow\n"
              "def f():\n    from koshiki.posts.flow import FLOW\n    import_module('koshiki.posts')\n"
              "    import_module(name)\n")
    tree = ast.parse(source)
    assert len([n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom)]) == 5
    written = tmp_path / "none.py"
    written.write_text(source)
    names = [name for _, name in imported(_Elsewhere(written, path))]  # type: ignore[arg-type]
    assert names == ["koshiki.posts", "koshiki.posts", "koshiki.posts.flow", "koshiki.posts.flow",
                     "koshiki.posts.flow.FLOW", "koshiki.posts", "koshiki.?"]


class _Elsewhere:
    """A file's text that is read as if it lay at another path."""

    def __init__(self, written: Path, path: Path) -> None:
        self.written, self.path = written, path

    def read_text(self, encoding: str) -> str:
        return self.written.read_text(encoding)

    def relative_to(self, folder: Path) -> Path:
        return self.path.relative_to(folder)
