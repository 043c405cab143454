"""Timing of several ways to do something, turn by turn, so that all of them see the machine in the same moods."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol


class Timed(Protocol):
    """Something that can be timed."""

    name: str

    def seconds(self) -> float:
        """Do it once; the time it took, or would take."""


@dataclass
class Timing:
    """Seconds of one way, one for each round."""

    name: str
    seconds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """Seconds."""
        return statistics.median(self.seconds)


def interleaved(ways: Sequence[Timed], rounds: int) -> list[Timing]:
    """Each of them once in each round, after a round that is not counted."""
    timings = [Timing(way.name) for way in ways]
    for number in range(rounds + 1):
        for way, timing in zip(ways, timings, strict=True):
            seconds = way.seconds()
            if number > 0:
                timing.seconds.append(seconds)
    return timings
