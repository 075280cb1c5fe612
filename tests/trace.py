"""The suite's own eyes: which clauses each test shows, saw refused and saw recorded.

A test shows what its `@pytest.mark.clause` names, when it passes. A refusal counts when koshiki's own code makes
it, an entry when it is written. After a whole run without failures, a clause that lacks what its handling asks
for fails the suite (unless it is `planned`), and so does a recorded act that has no words for the log's page.
`--write-trace` then writes docs/trace-tests.json and docs/guideline-map.md.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from koshiki.desk.trace.evidence import Evidence

ROOT = Path(__file__).resolve().parent.parent
KOSHIKI = str(ROOT / "koshiki")
BETWEEN = {__file__, str(ROOT / "koshiki/guideline.py"), str(ROOT / "koshiki/audit/log.py")}
DOCUMENTS = {"tests": ROOT / "docs/trace-tests.json", "map": ROOT / "docs/guideline-map.md"}


@dataclass
class Seen:
    """What one test saw."""

    refused: set[str] = field(default_factory=set)
    recorded: set[str] = field(default_factory=set)
    verbs: set[str] = field(default_factory=set)


@dataclass
class Notes:
    """What the whole run saw, by clause: the places of the tests."""

    shown: dict[str, set[str]] = field(default_factory=dict)
    refused: dict[str, set[str]] = field(default_factory=dict)
    recorded: dict[str, set[str]] = field(default_factory=dict)
    verbs: set[str] = field(default_factory=set)
    failed: int = 0


_now = Seen()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-trace", action="store_true", help="write docs/guideline-map.md after a whole run")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_NOTES] = Notes()


_NOTES: pytest.StashKey[Notes] = pytest.StashKey()


# -- in each process: watch, and tell the report of the test

def _refused(refusal: Any) -> None:
    if _by_koshiki():
        _now.refused.add(refusal.clause.id)


def _by_koshiki() -> bool:
    """Was it koshiki that refused or recorded, not a test that only makes the exception or the entry?"""
    frame = sys._getframe(1)
    while frame and frame.f_code.co_filename in BETWEEN:
        frame = frame.f_back  # type: ignore[assignment]
    return frame is not None and frame.f_code.co_filename.startswith(KOSHIKI)


def _recorded(entry: Any) -> None:
    if not _by_koshiki():
        return
    _now.verbs.add(entry.verb)
    if entry.clause and entry.verb != "refused":
        _now.recorded.add(entry.clause)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    from koshiki.audit import log
    from koshiki.guideline import Refused

    _now.refused, _now.recorded, _now.verbs = set(), set(), set()
    Refused.watchers.append(_refused)
    log.watchers.append(_recorded)
    try:
        return (yield)  # type: ignore[return-value]
    finally:
        Refused.watchers.remove(_refused)
        log.watchers.remove(_recorded)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[Any]:
    report = yield
    if call.when == "call":
        marked = sorted({str(clause) for mark in item.iter_markers("clause") for clause in mark.args})
        report.user_properties.append(("trace", json.dumps({
            "shown": marked, "refused": sorted(_now.refused), "recorded": sorted(_now.recorded),
            "verbs": sorted(_now.verbs)})))
    return report


# -- in the session's own process: gather, judge, write

@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """A mark that names no clause of the guideline fails the collection."""
    from koshiki.guideline import guideline

    named = {str(c) for item in session.items for mark in item.iter_markers("clause") for c in mark.args}
    if unknown := named - set(guideline().clauses):
        raise pytest.UsageError(f"no such clause: {', '.join(sorted(unknown))}")


class Gatherer:
    """Reads the reports of all processes."""

    def __init__(self, notes: Notes) -> None:
        self.notes = notes

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.notes.failed += report.failed
        if not (report.when == "call" and report.passed):
            return
        seen = json.loads(dict(report.user_properties).get("trace", "{}"))  # type: ignore[arg-type]
        file, line, _ = report.location
        place = f"{file}:{(line or 0) + 1}"
        for kind in ("shown", "refused", "recorded"):
            for clause in seen.get(kind, ()):
                getattr(self.notes, kind).setdefault(clause, set()).add(place)
        self.notes.verbs.update(seen.get("verbs", ()))


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    if not hasattr(session.config, "workerinput"):
        session.config.pluginmanager.register(Gatherer(session.config.stash[_NOTES]))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    config, notes = session.config, session.config.stash[_NOTES]
    if hasattr(config, "workerinput") or notes.failed or exitstatus or not _whole(config):
        return
    config.stash[_PROBLEMS] = problems = [*_lacking(notes), *_wordless(notes.verbs)]
    if problems:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    elif config.getoption("--write-trace"):
        _write(notes)


_PROBLEMS: pytest.StashKey[list[str]] = pytest.StashKey()


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    for problem in config.stash.get(_PROBLEMS, []):
        terminalreporter.write_line(f"TRACE {problem}", red=True)


def _whole(config: pytest.Config) -> bool:
    """Was the whole suite asked for, with nothing chosen or left out by name?"""
    chosen = config.getoption("keyword") or config.getoption("lf", default=False) or config.option.collectonly
    return not chosen and config.args_source is not pytest.Config.ArgsSource.ARGS


def _lacking(notes: Notes) -> list[str]:
    from koshiki.desk.trace.report import trace

    return [f"{row.clause.id}（{row.clause.handling}）: {'、'.join(row.lacks)}がありません"
            for row in trace(_evidence(notes)) if row.lacks]


def _evidence(notes: Notes) -> dict[str, Evidence]:
    from koshiki.desk.trace.evidence import Evidence

    clauses = {*notes.shown, *notes.refused, *notes.recorded}
    return {clause: Evidence(tuple(sorted(notes.shown.get(clause, ()))), len(notes.refused.get(clause, ())),
                             len(notes.recorded.get(clause, ()))) for clause in sorted(clauses)}


def _wordless(verbs: Iterable[str]) -> list[str]:
    from koshiki.desk.log.words import WORDS

    return [f"「{verb}」には、記録のページの言葉がありません" for verb in sorted(set(verbs) - set(WORDS))]


def _write(notes: Notes) -> None:
    from koshiki.desk.trace.report import document, trace

    evidence = _evidence(notes)
    DOCUMENTS["tests"].write_text(json.dumps(
        {c: {"tests": e.tests, "refused": e.refused, "recorded": e.recorded} for c, e in evidence.items()},
        ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    DOCUMENTS["map"].write_text(document(trace(evidence)), encoding="utf-8")
