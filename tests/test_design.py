"""Rules of the house that a machine can hold: short files and functions, rules in their rooms, nothing foreign."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "koshiki"
LONGEST_FILE, LONGEST_FUNCTION, USUAL_FUNCTION = 400, 50, 10
MADE = {".git", ".venv", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"}
# What a file is called that nobody could say the purpose of.
NO_NAMES = re.compile(r"(^|/)(utils?|helpers?|common|misc|tools|base_utils)(\.py|/|$)")


@cache
def tracked() -> list[Path]:
    """The files of the repository; where git can't tell, those of the folder that are not made by a start."""
    try:
        asked = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                               capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return [path for path in ROOT.rglob("*") if path.is_file() and not MADE & set(path.relative_to(ROOT).parts)]
    return [path for name in asked.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


def ours(folder: Path, ending: str) -> list[Path]:
    return [path for path in tracked() if path.is_relative_to(folder) and path.suffix == ending]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


CODE = [path for path in ours(PACKAGE, ".py") if "migrations" not in path.parts]
TEMPLATES = ours(PACKAGE / "templates", ".html")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions() -> Iterator[tuple[str, int]]:
    """Every function of koshiki with its number of lines, its docstring not counted."""
    for path in CODE:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{named(path)}:{node.name}", (node.end_lineno or 0) - node.lineno + 1 - _docstring(node)


def _docstring(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = node.body[0]
    said = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    return (first.end_lineno or 0) - first.lineno + 1 if said else 0


# ── size and names ─────────────────────────────────────────────────

def test_a_file_fits_in_a_sitting() -> None:
    lines = {named(path): len(path.read_text(encoding="utf-8").splitlines()) for path in CODE}
    assert {name: count for name, count in lines.items() if count > LONGEST_FILE} == {}


def test_functions_are_short() -> None:
    found = dict(functions())
    assert {name: count for name, count in found.items() if count > LONGEST_FUNCTION} == {}
    assert statistics.median(found.values()) <= USUAL_FUNCTION


def test_every_name_says_what_is_in_it() -> None:
    assert [named(path) for path in tracked() if NO_NAMES.search(named(path))] == []


def test_every_module_says_what_it_is() -> None:
    """Django finds models, addresses and commands by their file's name, which says it already."""
    silent = [named(path) for path in CODE if not ast.get_docstring(tree(path)) and tree(path).body
              and not {"models", "commands", "urls.py", "apps.py"} & set(path.parts) and path.name != "models.py"]
    assert silent == []


# ── where a rule lives ─────────────────────────────────────────────

SERVICES = {"x", "facebook", "instagram", "youtube", "line", "mastodon", "bluesky", "city_feed", "blog", "threads", "tiktok"}
ABOUT_SERVICES = {"networks", "sample", "migrations"}


@pytest.mark.parametrize("path", [p for p in CODE if p.relative_to(PACKAGE).parts[0] not in ABOUT_SERVICES], ids=named)
def test_only_networks_knows_one_service_from_another(path: Path) -> None:
    wrong = [node.lineno for node in ast.walk(tree(path)) if isinstance(node, ast.Compare | ast.MatchValue)
             and any(isinstance(n, ast.Constant) and n.value in SERVICES for n in ast.walk(node))]
    assert wrong == []


def test_nobody_is_let_through_for_being_a_superuser() -> None:
    words = re.compile(r"\b(is_superuser|is_staff|has_perm|user_passes_test|staff_member_required)\b")
    assert [named(path) for path in CODE if words.search(path.read_text(encoding="utf-8"))] == []


def test_only_one_door_leads_out() -> None:
    """What fetches an address goes through networks/http.py; nothing else opens a connection to a name."""
    clients = {"httpx", "requests", "urllib.request", "http.client", "httpcore", "aiohttp", "smtplib", "ftplib"}
    doors = {"koshiki/networks/http.py", "koshiki/networks/reach.py", "koshiki/networks/proxy.py",
             "koshiki/management/supervisor.py"}  # the last asks its own web server whether it answers
    found = {named(path): sorted(clients & set(_imports(path))) for path in CODE if named(path) not in doors}
    assert {name: modules for name, modules in found.items() if modules} == {}


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_nothing_acts_behind_the_back() -> None:
    """No generic keys, no users kept by thread, no code out of texts; no exception from a check but for what services
    tell by themselves, which is signed instead."""
    words = re.compile(r"GenericForeignKey|thread_local|threading\.local|\beval\(|\bexec\(|pickle\.loads|\.extra\("
                       r"|os\.system|shell=True|verify=False|csrf_exempt|yaml\.load")
    assert {named(p): words.search(p.read_text(encoding="utf-8"))[0]  # type: ignore[index]
            for p in CODE if words.search(p.read_text(encoding="utf-8"))} == {
                "koshiki/register/views/incoming.py": "csrf_exempt"}


def test_only_what_draws_texts_calls_one_safe() -> None:
    """The icons, which are ours; what marks up prose, and what draws publications, which escape first (look, public)."""
    drawing = {"koshiki/templatetags/icons.py", "koshiki/templatetags/prose.py", "koshiki/public/article.py"}
    assert {named(path) for path in CODE if "mark_safe" in path.read_text(encoding="utf-8")} == drawing


# ── pages ──────────────────────────────────────────────────────────

FORBIDDEN_IN_PAGES = {
    "a style in the page": r"\sstyle\s*=|<style",
    "a script in the page": r"<script(?![^>]*\ssrc=)",
    "an event handler": r"\son[a-z]+\s*=",
    "a text that is not escaped": r"\|\s*safe\b|autoescape\s+off",
    "an address of somebody else's script, style or picture":
        r"(?:src|srcset)\s*=\s*[\"']?(?:https?:)?//|<link[^>]*href=[\"']?(?:https?:)?//",
    "an address of code": r"javascript:",
}


@pytest.mark.parametrize("what", FORBIDDEN_IN_PAGES)
def test_no_template_holds(what: str) -> None:
    pattern = re.compile(FORBIDDEN_IN_PAGES[what], re.IGNORECASE)
    found = {named(path): match[0] for path in TEMPLATES if (match := pattern.search(path.read_text(encoding="utf-8")))}
    assert found == {}


def test_these_patterns_find_what_they_forbid() -> None:
    bad = {
        "a style in the page": '<p style="x">', "a script in the page": "<script>x</script>",
        "an event handler": '<p onclick="x">', "a text that is not escaped": "{{ a|safe }}",
        "an address of somebody else's script, style or picture": '<img src="//cdn.example/x">',
        "an address of code": '<a href="javascript:x">',
    }
    assert {what for what, text in bad.items() if re.search(FORBIDDEN_IN_PAGES[what], text, re.IGNORECASE)} == set(bad)
    assert len(TEMPLATES) > 50


def test_every_form_that_is_sent_carries_its_token() -> None:
    forms = re.compile(r"<form\b[^>]*method=[\"']?post[^>]*>(.*?)</form>", re.IGNORECASE | re.DOTALL)
    missing = [named(path) for path in TEMPLATES for body in forms.findall(path.read_text(encoding="utf-8"))
               if "csrf_token" not in body]
    assert missing == []


# ── nothing foreign ────────────────────────────────────────────────

# Put together here, so that this file does not hold them itself.
HOSTS = ["pypi" + ".org", "files.python" + "hosted.org", "registry.npm" + "js.org", " --index" + "-url", "npm" + "js.com"]
PLACES = ["/" + "work/", "/" + "root/", "/" + "home/", "/" + "tmp/"]


def texts() -> Iterator[tuple[str, str]]:
    for path in tracked():
        content = path.read_bytes()
        if b"\0" not in content:
            yield named(path), content.decode("utf-8")


@pytest.mark.parametrize("words", [HOSTS, PLACES], ids=["hosts of registries", "places of one machine"])
def test_no_file_names(words: list[str]) -> None:
    pattern = re.compile(rf"(?<![\w$}}])(?:{'|'.join(map(re.escape, words))})")
    assert {name: found[0] for name, text in texts() if (found := pattern.search(text))} == {}


def test_every_requirement_is_pinned_with_its_digest() -> None:
    for lock in ("requirements.lock", "requirements-dev.lock"):
        wanted = re.split(r"\n(?=[a-z])", (ROOT / lock).read_text(encoding="utf-8"))
        packages = [block for block in wanted if re.match(r"[a-z0-9]", block)]
        assert packages
        assert [block.split()[0] for block in packages if "==" not in block or "--hash=sha256:" not in block] == []


def test_only_plain_languages_are_written_here() -> None:
    """No build step: no bundle, no minified file but htmx as it is published."""
    assert [named(p) for p in tracked() if p.name.endswith((".min.css", ".map", ".lock.json")) or p.name == "package.json"] == []
