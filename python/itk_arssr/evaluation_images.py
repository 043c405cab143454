"""The true images of an evaluation, and the low-resolution ones made from them.

Intensities are divided by the 99.9th percentile of the image's voxels above zero and clipped to [0, 1.2], as the
training data are; the percentile is that of the whole image, whatever part of it is then looked at.
"""

from __future__ import annotations

import itk
import numpy as np

from itk_arssr import io
from itk_arssr.degrade import simulate_low_resolution
from itk_arssr.errors import UserError
from itk_arssr.evaluation_options import Crop, Degradation
from itk_arssr.options import PerAxis
from itk_arssr.resample import Grid, grid_of, image_on, resample, scaled
from itk_arssr.sources import Source
from itk_arssr.wording import times

WHITE_PERCENTILE = 99.9
BRIGHTEST = 1.2
_FEWEST_LOW = 4  # voxels that a cubic spline spans
_WINDOW = 11  # voxels along each axis that SSIM needs


def read_truth(source: Source, crop: Crop | None) -> itk.Image:
    """Read an image, bring its intensities to [0, 1.2], and take a part of it."""
    image = io.read(source).image
    voxels = itk.array_view_from_image(image)
    if not np.isfinite(voxels).all():
        raise UserError(f"{source.path} has NaN or infinite voxels")
    positive = voxels[voxels > 0]
    if not positive.size:
        raise UserError(f"{source.path} has no voxel above 0; intensities are measured against those")
    white = float(np.percentile(positive, WHITE_PERCENTILE))
    grid = grid_of(image)
    if crop is not None:
        index, size = crop.region(grid.size)
        voxels = voxels[
            tuple(slice(first, first + length) for first, length in zip(index[::-1], size[::-1], strict=True))
        ]
        grid = Grid(tuple(size), grid.spacing, tuple(image.TransformIndexToPhysicalPoint(index)), grid.direction)
    truth = np.clip(voxels / np.float32(white), 0, BRIGHTEST, dtype=np.float32)
    if truth.min() == truth.max():
        raise UserError(f"{source.path} is constant where it is looked at")
    return image_on(grid, truth)


def low_resolution(truth: itk.Image, scale: PerAxis, degradation: Degradation) -> itk.Image:
    """The scan with voxels ``scale`` times as large that the methods have to work with."""
    grid = scaled(grid_of(truth), [1 / factor for factor in scale.values])
    if min(grid.size) < _FEWEST_LOW:
        raise UserError(
            f"{times(itk.size(truth))} voxels are too few for ×{scale}: {times(grid.size)} would be left of them, and "
            f"{_FEWEST_LOW} are needed along each axis"
        )
    if degradation is Degradation.CUBIC:
        return resample(truth, grid, "B-spline")
    return simulate_low_resolution(truth, scale.values)


def check_is_measurable(truth: itk.Image, border: int) -> None:
    """Refuse an image that nothing, or too little for SSIM, is left of without its border."""
    size = itk.size(truth)
    needed = _WINDOW + 2 * border
    if min(size) < needed:
        raise UserError(
            f"{times(size)} voxels are too few: SSIM needs {_WINDOW} along each axis, and {border} are left out on "
            f"every side; {needed} are needed, or a smaller --border"
        )
