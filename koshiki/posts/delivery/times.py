"""The spans of time that delivery goes by, in seconds; the faults' harness shortens them.

KOSHIKI_DELIVERY_TIMES: "lease=4,settle=3", any of the names below.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, fields

from django.conf import settings

_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


@dataclass(frozen=True)
class Times:
    """`settle`: 0 leaves to each service how long a publication may stay unseen there."""

    lease: float = 60  # how long a claim holds without being renewed
    settle: float = 0
    gap: float = 60  # between two look-ups that found nothing
    early: float = 5  # a first look, before the settle time: it can only find
    backoff: float = 5  # after the first failure; doubled with each further one
    backoff_most: float = 300
    retry_most: float = 900  # the longest pause that a service is granted: within the usual 配信期限 it is tried again
    repeat: float = 10  # between repetitions with a key that the service honours
    give_up: float = 900  # how long a look-up may go on telling nothing before a person is asked
    read_back: float = 10  # after sending; it must not compete with what is still to be sent
    skew: float = 120  # how far clocks may be apart
    turn: float = 20  # how long one job goes on with further deliveries
    watch: float = 60  # between two looks at what waits for a person to post it
    remind: float = 300  # at least, between two reminders that nobody has
    posting: float = 1800  # how long a person may be posting before others are asked whether it is out
    storm: float = 30  # how long a service in trouble is first left alone
    storm_most: float = 300


def times() -> Times:
    """The spans in force. Raises ValueError for a name that is none."""
    return _read(settings.KOSHIKI_DELIVERY_TIMES)


def _read(given: Mapping[str, str]) -> Times:
    if unknown := set(given) - {span.name for span in fields(Times)}:
        raise ValueError(f"KOSHIKI_DELIVERY_TIMES: {sorted(unknown)}")
    return Times(**{name: float(seconds) for name, seconds in given.items()})


def elapsing() -> float:
    """A clock that nobody sets and that goes on while the machine sleeps, in seconds."""
    return time.clock_gettime(_CLOCK)
