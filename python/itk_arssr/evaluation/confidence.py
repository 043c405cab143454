"""Means with confidence intervals, of values treated as a sample of a normal distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from itk_arssr.common.errors import UserError

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Mean:
    """Mean of some values and half the width of its confidence interval, ``None`` if it has none."""

    value: float
    half_width: float | None
    count: int


def check_can_give_intervals() -> None:
    """Refuse to begin if confidence intervals cannot be computed."""
    try:
        import scipy  # noqa: F401
    except ImportError:
        raise UserError("confidence intervals need SciPy: pip install 'itk-arssr[evaluate]'") from None


def mean_of(values: Sequence[float], confidence: float = CONFIDENCE) -> Mean:
    """Mean, with Student's interval if there are two values or more and all are finite."""
    count = len(values)
    if count < 2 or not all(math.isfinite(value) for value in values):
        return Mean(sum(values) / count if count else math.nan, None, count)
    mean = math.fsum(values) / count
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (count - 1))
    # Importing scipy.stats takes a second; scipy.special has the same quantile.
    from scipy.special import stdtrit

    return Mean(mean, float(stdtrit(count - 1, (1 + confidence) / 2)) * deviation / math.sqrt(count), count)
