"""How close an image is to a true one: PSNR and SSIM, computed by ``itk.ArSSRImageQualityCalculator``.

PSNR is ``10 log10(range² / mean squared error)``. SSIM is that of Wang et al. (2004, doi:10.1109/TIP.2003.819861) in
three dimensions: a Gaussian window of 1.5 voxels standard deviation cut to 11³ voxels, K1 = 0.01, K2 = 0.03, averaged
over the voxels whose whole window lies in the image. ``range`` is the truth's maximum minus its minimum unless given.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import itk
import numpy as np
import numpy.typing as npt

from itk_arssr.common.errors import UserError, description
from itk_arssr.common.wording import times

# What the calculator is wrapped for; voxels of any other type are converted.
_WRAPPED = {"uint8": itk.UC, "int16": itk.SS, "uint16": itk.US, "float32": itk.F, "float64": itk.D}
_DIMENSION = 3

Array = npt.NDArray[np.generic]


@dataclass(frozen=True)
class Quality:
    """PSNR in dB, infinite for equal images, and SSIM, 1 for equal images."""

    psnr: float
    ssim: float


def compare(truth: Array, image: Array, border: int = 0, value_range: float | None = None) -> Quality:
    """PSNR and SSIM of an image [z, y, x] of the truth's shape, ``border`` voxels left out on every side."""
    with _calculator(truth, image, value_range) as calculator:
        if border < 0:
            raise UserError(f"a border of {border} voxels is not possible; expected 0 or more")
        calculator.SetBorder(border)
        calculator.Compute()
    return Quality(calculator.GetPeakSignalToNoiseRatio(), calculator.GetStructuralSimilarity())


def psnr(truth: Array, image: Array, value_range: float) -> float:
    """Peak signal-to-noise ratio in dB."""
    with _calculator(truth, image, value_range) as calculator:
        calculator.ComputeErrors()
    return float(calculator.GetPeakSignalToNoiseRatio())


def ssim(truth: Array, image: Array, value_range: float) -> float:
    """Mean structural similarity."""
    with _calculator(truth, image, value_range) as calculator:
        calculator.Compute()
    return float(calculator.GetStructuralSimilarity())


@contextmanager
def _calculator(truth: Array, image: Array, value_range: float | None) -> Iterator[itk.ArSSRImageQualityCalculator]:
    """Calculator to use while the block runs: its images are views of arrays that live no longer."""
    if truth.shape != image.shape:
        raise UserError(f"sizes differ: {_size(image)} voxels against the truth's {_size(truth)}")
    if truth.ndim != _DIMENSION:
        raise UserError(f"expected volumes, but arrays of {truth.ndim} dimensions were given ({_size(truth)})")
    if value_range is not None and not value_range > 0:
        raise UserError(f"a range of {value_range} is not possible; expected a number greater than 0")
    common = np.result_type(truth.dtype, image.dtype).name
    kind = common if common in _WRAPPED else "float64"
    arrays = [np.ascontiguousarray(array, dtype=kind) for array in (truth, image)]
    calculator = itk.ArSSRImageQualityCalculator[itk.Image[_WRAPPED[kind], _DIMENSION]].New()
    calculator.SetTruth(itk.image_view_from_array(arrays[0]))
    calculator.SetImage(itk.image_view_from_array(arrays[1]))
    calculator.SetValueRange(value_range or 0.0)
    try:
        yield calculator
    except RuntimeError as error:
        raise UserError(description(error)) from error


def _size(array: Array) -> str:
    return times(reversed(array.shape))
