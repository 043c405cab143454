"""A low-resolution scan simulated from a high-resolution one.

A voxel of the simulated scan is the mean of the true intensities under a Gaussian slice profile along each axis. The
profile's full width at half maximum is the low-resolution spacing, and its middle is the centre of the larger voxel;
the larger voxels fill the field of view of the true scan.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import itk
import numpy as np
import numpy.typing as npt

from itk_arssr.errors import UserError
from itk_arssr.resample import grid_of, image_on, scaled

_SIGMA_PER_FWHM = 1 / (2 * math.sqrt(2 * math.log(2)))


def simulate_low_resolution(image: itk.Image, factors: Sequence[float]) -> itk.Image:
    """Float image with voxels ``factors`` times as large (x, y, z); an axis with a factor of 1 is left as it is."""
    if min(factors) < 1:
        raise UserError(f"factors of {list(factors)} make voxels smaller; each must be at least 1")
    grid = scaled(grid_of(image), [1 / factor for factor in factors])
    voxels = itk.array_from_image(image).astype(np.float32)  # [z, y, x]
    for axis, length in enumerate(grid.size):
        weights = _slice_profiles(itk.size(image)[axis], length)
        voxels = np.moveaxis(np.tensordot(weights, voxels, axes=(1, 2 - axis)), 0, 2 - axis)
    return image_on(grid, voxels)


def _slice_profiles(high: int, low: int) -> npt.NDArray[np.float32]:
    """Weights [low, high] of the true samples along an axis in the simulated ones; each row sums to 1."""
    if high == low:
        return np.eye(high, dtype=np.float32)
    width = high / low  # of a larger voxel, in samples
    centres = (np.arange(low)[:, None] + 0.5) * width - 0.5
    weights = np.exp(-0.5 * ((np.arange(high) - centres) / (_SIGMA_PER_FWHM * width)) ** 2)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
