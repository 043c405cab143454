"""How close an image is to a true one: PSNR and SSIM.

PSNR is ``10 log10(range² / mean squared error)``. SSIM is that of Wang et al. (2004, doi:10.1109/TIP.2003.819861) in
three dimensions: a Gaussian window of 1.5 voxels standard deviation cut to 11³ voxels, K1 = 0.01, K2 = 0.03, averaged
over the voxels whose whole window lies in the image. ``range`` is the truth's maximum less its minimum unless given.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from itk_arssr.errors import UserError
from itk_arssr.wording import times

_SIGMA = 1.5
_RADIUS = 5
_K1, _K2 = 0.01, 0.03
_SLAB = 32  # array planes at a time, so that memory does not grow with the volume

Array = npt.NDArray[np.generic]


@dataclass(frozen=True)
class Quality:
    """PSNR in dB, infinite for equal images, and SSIM, 1 for equal images."""

    psnr: float
    ssim: float


def compare(truth: Array, image: Array, border: int = 0, value_range: float | None = None) -> Quality:
    """PSNR and SSIM of an image of the truth's shape, ``border`` voxels left out on every side."""
    if truth.shape != image.shape:
        raise UserError(f"sizes differ: {_size(image)} voxels against the truth's {_size(truth)}")
    if border < 0 or min(truth.shape) <= 2 * border:
        raise UserError(f"a border of {border} voxels leaves nothing of {_size(truth)} voxels")
    inner = (slice(border, -border or None),) * truth.ndim
    true, other = truth[inner], image[inner]
    if value_range is None:
        value_range = float(true.max()) - float(true.min())
    if not value_range > 0:
        raise UserError("the truth is constant; PSNR and SSIM need a range of values")
    return Quality(psnr(true, other, value_range), ssim(true, other, value_range))


def psnr(truth: Array, image: Array, value_range: float) -> float:
    """Peak signal-to-noise ratio in dB."""
    error = float(np.mean(np.square(truth.astype(np.float64) - image)))
    if not math.isfinite(error):
        raise UserError("an image has NaN or infinite voxels; no PSNR can be given")
    return math.inf if error == 0 else 10 * math.log10(value_range**2 / error)


def ssim(truth: Array, image: Array, value_range: float) -> float:
    """Mean structural similarity."""
    if min(truth.shape) <= 2 * _RADIUS:
        raise UserError(f"SSIM needs {2 * _RADIUS + 1} voxels an axis, borders left out; there are {_size(truth)}")
    maps = [_ssim_map(truth[slab], image[slab], value_range) for slab in _slabs(truth.shape[0])]
    return float(sum(part.sum() for part in maps) / sum(part.size for part in maps))


def _slabs(length: int) -> Iterator[slice]:
    """Parts of the first axis that together hold every whole window once."""
    for start in range(0, length - 2 * _RADIUS, _SLAB):
        yield slice(start, min(start + _SLAB + 2 * _RADIUS, length))


def _ssim_map(truth: Array, image: Array, value_range: float) -> npt.NDArray[np.float64]:
    x, y = truth.astype(np.float64), image.astype(np.float64)
    mean_x, mean_y = _windowed_mean(x), _windowed_mean(y)
    variances = _windowed_mean(x * x + y * y) - mean_x**2 - mean_y**2
    covariance = _windowed_mean(x * y) - mean_x * mean_y
    c1, c2 = (_K1 * value_range) ** 2, (_K2 * value_range) ** 2
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    return luminance * (2 * covariance + c2) / (variances + c2)


def _windowed_mean(volume: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Gaussian-weighted mean at every voxel whose whole window lies in the volume."""
    offsets = np.arange(-_RADIUS, _RADIUS + 1)
    weights = np.exp(-0.5 * (offsets / _SIGMA) ** 2)
    weights /= weights.sum()
    for axis in range(volume.ndim):
        length = volume.shape[axis] - 2 * _RADIUS
        taps = (slice(start, start + length) for start in range(2 * _RADIUS + 1))
        volume = sum(weight * volume[(slice(None),) * axis + (tap,)] for weight, tap in zip(weights, taps, strict=True))
    return volume


def _size(array: Array) -> str:
    return times(reversed(array.shape))
