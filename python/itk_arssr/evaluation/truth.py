"""The true images of an evaluation, and the low-resolution ones made from them.

Intensities are scaled like those of training images, by the same code (``itk::ArSSRTrainingIntensities``); the window
is that of the whole image, whatever part of it is then used.
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
    """Read an image, scale its intensities to the range that models are trained in, and crop it."""
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
        raise UserError(f"{source.path} is constant within the crop")
    return replace(volume, image=image_on(grid, voxels))


def low_resolution(truth: itk.Image, condition: Condition, degradation: Degradation) -> itk.Image:
    """The low-resolution scan that the methods have to work with."""
    scale = condition.scale
    grid = scaled(grid_of(truth), [1 / factor for factor in scale.values])
    if min(grid.size) < _FEWEST_LOW:
        raise UserError(
            f"{times(itk.size(truth))} voxels are too few for ×{scale}: {times(grid.size)} would remain, but "
            f"{_FEWEST_LOW} are needed along each axis"
        )
    if degradation is Degradation.CUBIC:
        return resample(truth, grid, "B-spline")
    return simulate_low_resolution(truth, scale.values, condition.acquisition(itk.spacing(truth)))


def check_is_measurable(truth: itk.Image, border: int) -> None:
    """Refuse an image that is too small for SSIM without its border."""
    size = itk.size(truth)
    needed = _WINDOW + 2 * border
    if min(size) < needed:
        raise UserError(
            f"{times(size)} voxels are too few: SSIM needs {_WINDOW} along each axis, and {border} are left out on "
            f"every side; give an image with at least {needed}, or a smaller --border"
        )
