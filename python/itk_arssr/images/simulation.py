"""A low-resolution scan simulated from a high-resolution one.

A voxel of the simulated scan is the mean of the true intensities under a point spread along each axis: by default a
Gaussian whose full width at half maximum is the low-resolution spacing. It is centred on the larger voxel; the larger
voxels fill the field of view of the true scan.
"""

from __future__ import annotations

from collections.abc import Sequence

import itk

from itk_arssr.common.errors import UserError
from itk_arssr.images.resample import as_float


def simulate_low_resolution(
    image: itk.Image, factors: Sequence[float], acquisition: itk.ArSSRAcquisition | None = None
) -> itk.Image:
    """Float image with voxels ``factors`` times as large (x, y, z), taken as the acquisition specifies.

    An axis with a factor of 1 is left as it is, unless its point spread is wider than its voxels. Noise is the same in
    every call.
    """
    if min(factors) < 1:
        raise UserError(f"factors of {list(factors)} make voxels smaller; each must be at least 1")
    return itk.slice_profile_simulation_image_filter(
        as_float(image),
        shrink_factors=[float(factor) for factor in factors],
        acquisition=acquisition or itk.ArSSRAcquisition(),
    )
