"""Means with confidence intervals, of values that are taken for a sample of a normal distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

CONFIDENCE = 0.95
_BISECTIONS = 60  # as many as a double has bits, and some more


@dataclass(frozen=True)
class Mean:
    """Mean of some values and half the width of its confidence interval, none where that cannot be given."""

    value: float
    half_width: float | None
    count: int


def mean_of(values: Sequence[float], confidence: float = CONFIDENCE) -> Mean:
    """Mean, with Student's interval where there are two values or more and all are finite."""
    count = len(values)
    if count < 2 or not all(math.isfinite(value) for value in values):
        return Mean(sum(values) / count if count else math.nan, None, count)
    mean = math.fsum(values) / count
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (count - 1))
    return Mean(mean, student_t(count - 1, confidence) * deviation / math.sqrt(count), count)


def student_t(degrees: int, confidence: float) -> float:
    """The t that Student's distribution does not exceed in absolute value, with this probability."""
    low, high = 0.0, math.pi / 2
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if _central_probability(middle, degrees) < confidence else (low, middle)
    return math.sqrt(degrees) * math.tan(low)


def _central_probability(angle: float, degrees: int) -> float:
    """P(|T| < sqrt(degrees) · tan(angle)): Abramowitz and Stegun, 26.7.3 and 26.7.4."""
    cosine, sine = math.cos(angle), math.sin(angle)
    odd = degrees % 2
    term = cosine if odd else 1.0
    total = 0.0
    for power in range(odd, degrees - 1, 2):
        total += term
        term *= cosine**2 * (power + 1) / (power + 2)
    return 2 / math.pi * (angle + sine * total) if odd else sine * total
