"""Nothing is skipped in silence: with KOSHIKI_COMPLETE=1 (script/test) a skipped test fails the suite."""

from __future__ import annotations

import os

import pytest

skipped: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped:
        skipped.append(report.nodeid)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.skipped:
        skipped.append(report.nodeid)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if skipped and os.environ.get("KOSHIKI_COMPLETE") == "1" and not hasattr(session.config, "workerinput"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if skipped:
        terminalreporter.section("skipped", sep="=")
        for test in skipped:
            terminalreporter.line(test)
