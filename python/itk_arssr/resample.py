"""Resampling by interpolation, and grids that keep the field of view: what super-resolution is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import itk
import numpy as np

Interpolation = Literal["linear", "B-spline"]
_CUBIC = 3


@dataclass(frozen=True)
class Grid:
    """Voxel positions; sizes and spacings in ITK's order (x, y, z), the direction as ITK's matrix."""

    size: tuple[int, ...]
    spacing: tuple[float, ...]
    origin: tuple[float, ...]
    direction: np.ndarray


def grid_of(image: itk.ImageBase) -> Grid:
    """The grid of an image."""
    return Grid(
        tuple(itk.size(image)),
        tuple(itk.spacing(image)),
        tuple(itk.origin(image)),
        itk.array_from_matrix(image.GetDirection()),
    )


def scaled(grid: Grid, factors: Sequence[float]) -> Grid:
    """The grid with ``factors`` times as many voxels an axis, rounded, at least one, over the same field of view.

    The spacing is the extent divided by the new size; the origin moves along the axes by half the change in spacing.
    """
    old_size, old_spacing = np.array(grid.size), np.array(grid.spacing)
    size = np.maximum(1, np.floor(old_size * np.asarray(factors) + 0.5).astype(int))
    spacing = old_size * old_spacing / size
    origin = np.array(grid.origin) + grid.direction @ ((spacing - old_spacing) / 2)
    return Grid(tuple(size.tolist()), tuple(spacing.tolist()), tuple(origin.tolist()), grid.direction)


def resample(image: itk.Image, grid: Grid, interpolation: Interpolation) -> itk.Image:
    """Interpolate an image at the voxels of a grid."""
    interpolators = {
        "linear": itk.LinearInterpolateImageFunction[type(image), itk.D].New,
        "B-spline": lambda: itk.BSplineInterpolateImageFunction[type(image), itk.D, itk.F].New(SplineOrder=_CUBIC),
    }
    return itk.resample_image_filter(
        image,
        interpolator=interpolators[interpolation](),
        size=grid.size,
        output_spacing=grid.spacing,
        output_origin=grid.origin,
        output_direction=itk.matrix_from_array(grid.direction),
    )


def as_float(image: itk.Image) -> itk.Image:
    """The image with float voxels."""
    float_image = itk.Image[itk.F, image.GetImageDimension()]
    if type(image) is float_image:
        return image
    return itk.cast_image_filter(image, ttype=(type(image), float_image))


def image_on(grid: Grid, voxels: np.ndarray) -> itk.Image:
    """Image of an array [z, y, x] whose voxels lie on a grid."""
    image = itk.image_from_array(np.ascontiguousarray(voxels))
    image.SetSpacing(grid.spacing)
    image.SetOrigin(grid.origin)
    image.SetDirection(itk.matrix_from_array(grid.direction))
    return image
