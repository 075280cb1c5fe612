"""The figures in Prometheus's text format (version 0.0.4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from koshiki.desk.health.facts import Figures, Row

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Sample = tuple[dict[str, str], float | None]


def text(figures: Figures | None) -> str:
    """One block for each metric; without figures only that the database is away."""
    blocks = [_block("koshiki_database_up", "1 when the database answers", [({}, float(figures is not None))])]
    return "".join([*blocks, *(_all(figures) if figures else ())])


def _all(figures: Figures) -> Iterator[str]:
    now = figures.health
    yield _block("koshiki_deliveries", "Deliveries by service and state", _samples(figures.deliveries, "service", "state"))
    yield _block("koshiki_delivery_oldest_overdue_seconds", "Age of the oldest delivery that should have begun",
                 [({}, now.overdue or 0)])
    yield _block("koshiki_holds_open", "Open holds by kind", _samples(figures.holds, "kind"))
    yield _block("koshiki_workers_alive", "Workers whose heartbeat is fresh", [({}, now.workers)])
    yield _block("koshiki_worker_heartbeat_age_seconds", "Since the last heartbeat of any worker", [({}, now.heartbeat)])
    yield _block("koshiki_worker_beat_age_seconds", "Since a worker of this host last renewed its number (every 10 s)",
                 _samples(figures.workers, "host"))
    yield _block("koshiki_log_head_number", "Number of the newest entry of the audit log", [({}, now.log_head)])
    yield _block("koshiki_public_copy_age_seconds", "Since the public copy was last written", [({}, now.copy_written)])
    yield _block("koshiki_public_copy_behind_seconds", "Since the first act that the public copy does not show",
                 [({}, now.copy_behind or 0)])
    yield _block("koshiki_public_copy_failed", "1 while the public copy cannot be written",
                 [({}, float(bool(now.copy_failed)))])


def _samples(rows: Iterable[Row], *labels: str) -> list[Sample]:
    return [({label: str(row[label]) for label in labels}, row["value"]) for row in rows]


def _block(name: str, words: str, samples: Iterable[Sample]) -> str:
    lines = [f"{name}{_labels(labels)} {value:.15g}\n" for labels, value in samples if value is not None]
    return f"# HELP {name} {words}\n# TYPE {name} gauge\n{''.join(lines)}"


def _labels(labels: dict[str, str]) -> str:
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}" if labels else ""


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
