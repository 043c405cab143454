"""Whether an uncertainty map tells where the errors of an image are."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from itk_arssr.common.errors import UserError
from itk_arssr.common.wording import times

SHARE = 0.1  # of the voxels, those where the uncertainty is largest


@dataclass(frozen=True)
class Calibration:
    """Squared error and uncertainty of the same voxels."""

    held: float  # share of the squared error in the tenth of the voxels with the largest uncertainty
    at_best: float  # the same, had the tenth been chosen by the error itself
    error: float  # root mean square, in intensities
    uncertainty: float  # the same

    def __str__(self) -> str:
        return (
            f"the tenth of the voxels where it is largest holds {self.held:.0%} of the squared error ({SHARE:.0%} by "
            f"chance, {self.at_best:.0%} at best); root mean square {self.uncertainty:.3g}, that of the error "
            f"{self.error:.3g}"
        )


def calibration(
    truth: npt.NDArray[np.generic],
    image: npt.NDArray[np.generic],
    uncertainty: npt.NDArray[np.generic],
    border: int = 0,
) -> Calibration:
    """Compare an uncertainty with the errors of an image [z, y, x], ``border`` voxels left out on every side."""
    if not truth.shape == image.shape == uncertainty.shape:
        sizes = ", ".join(times(reversed(array.shape)) for array in (truth, image, uncertainty))
        raise UserError(f"truth, image and uncertainty differ in size: {sizes} voxels")
    if not 0 <= 2 * border < min(truth.shape):
        raise UserError(f"a border of {border} voxels leaves none of the {times(reversed(truth.shape))} voxels")
    inner = tuple(slice(border, length - border) for length in truth.shape)
    squares = np.square(image[inner].astype(float) - truth[inner]).ravel()
    spread = uncertainty[inner].astype(float).ravel()
    total = float(squares.sum())
    count = max(1, round(SHARE * squares.size))
    # A stable sort, so that voxels of equal uncertainty are always chosen in the same way.
    largest = np.argsort(-spread, kind="stable")[:count]
    return Calibration(
        held=_share(float(squares[largest].sum()), total),
        at_best=_share(float(np.sort(squares)[-count:].sum()), total),
        error=math.sqrt(total / squares.size),
        uncertainty=math.sqrt(float(np.mean(np.square(spread)))),
    )


def _share(part: float, total: float) -> float:
    return part / total if total > 0 else math.nan
