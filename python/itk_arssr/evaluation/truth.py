"""The true images of an evaluation, and the low-resolution ones made from them.

Intensities are scaled as those of training images are, by the same code (``itk::ArSSRTrainingIntensities``); the window
is that of the whole image, whatever part of it is then looked at.
"""

from __future__ import annotations

from dataclasses import replace

import itk

from itk_arssr.common.errors import UserError
from itk_arssr.common.wording import times
from itk_arssr.evaluation.settings import Condition, Crop, Degradation
from itk_arssr.images import io
from itk_arssr.images.resample import Grid, as_float, grid_of, image_on, resample, scaled
from itk_arssr.images.simulation import simulate_low_resolution
from itk_arssr.images.sources import Source

_FEWEST_LOW = 4  # voxels that a cubic spline spans
_WINDOW = 11  # voxels along each axis that SSIM needs


def read_truth(source: Source, crop: Crop | None) -> io.Volume:
    """Read an image, bring its intensities to the range that models are trained in, and take a part of it."""
    volume = io.read(source)
    image = as_float(volume.image)
    if not itk.ArSSRTrainingIntensities.ScaleImage(image):
        raise UserError(f"{source.path} is constant: there are no intensities to measure")
    voxels, grid = itk.array_view_from_image(image), grid_of(image)
    if crop is not None:
        index, size = crop.region(grid.size)
        voxels = voxels[
            tuple(slice(first, first + length) for first, length in zip(index[::-1], size[::-1], strict=True))
        ]
        grid = Grid(tuple(size), grid.spacing, tuple(image.TransformIndexToPhysicalPoint(index)), grid.direction)
    if voxels.min() == voxels.max():
        raise UserError(f"{source.path} is constant where it is looked at")
    return replace(volume, image=image_on(grid, voxels))


def low_resolution(truth: itk.Image, condition: Condition, degradation: Degradation) -> itk.Image:
    """The scan with larger voxels that the methods have to work with."""
    scale = condition.scale
    grid = scaled(grid_of(truth), [1 / factor for factor in scale.values])
    if min(grid.size) < _FEWEST_LOW:
        raise UserError(
            f"{times(itk.size(truth))} voxels are too few for ×{scale}: {times(grid.size)} would be left of them, and "
            f"{_FEWEST_LOW} are needed along each axis"
        )
    if degradation is Degradation.CUBIC:
        return resample(truth, grid, "B-spline")
    return simulate_low_resolution(truth, scale.values, condition.acquisition(itk.spacing(truth)))


def check_is_measurable(truth: itk.Image, border: int) -> None:
    """Refuse an image that nothing, or too little for SSIM, is left of without its border."""
    size = itk.size(truth)
    needed = _WINDOW + 2 * border
    if min(size) < needed:
        raise UserError(
            f"{times(size)} voxels are too few: SSIM needs {_WINDOW} along each axis, and {border} are left out on "
            f"every side; {needed} are needed, or a smaller --border"
        )
