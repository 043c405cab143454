"""Resampling by interpolation, and grids that keep the field of view: what super-resolution is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import itk
import numpy as np

Interpolation = Literal["linear", "B-spline"]
_CUBIC = 3
_SUPPORT = 4  # voxels that a cubic spline spans


@dataclass(frozen=True)
class Grid:
    """Voxel positions; sizes and spacings in ITK's order (x, y, z), the direction as ITK's matrix.

    The origin is the centre of the first voxel, with the start index accounted for.
    """

    size: tuple[int, ...]
    spacing: tuple[float, ...]
    origin: tuple[float, ...]
    direction: np.ndarray


def grid_of(image: itk.ImageBase) -> Grid:
    """The grid of an image."""
    region = image.GetLargestPossibleRegion()
    return Grid(
        tuple(region.GetSize()),
        tuple(itk.spacing(image)),
        tuple(image.TransformIndexToPhysicalPoint(region.GetIndex())),
        itk.array_from_matrix(image.GetDirection()),
    )


def scaled(grid: Grid, factors: Sequence[float]) -> Grid:
    """The grid with ``factors`` times as many voxels per axis, rounded, at least one, over the same field of view.

    The spacing is the extent divided by the new size; the origin moves along the axes by half the change in spacing.
    """
    old_size, old_spacing = np.array(grid.size), np.array(grid.spacing)
    size = np.maximum(1, np.floor(old_size * np.asarray(factors) + 0.5).astype(int))
    spacing = old_size * old_spacing / size
    origin = np.array(grid.origin) + grid.direction @ ((spacing - old_spacing) / 2)
    return Grid(tuple(size.tolist()), tuple(spacing.tolist()), tuple(origin.tolist()), grid.direction)


def resample(image: itk.Image, grid: Grid, interpolation: Interpolation) -> itk.Image:
    """Interpolate an image at the voxels of a grid; those outside its field of view become 0."""
    if interpolation == "linear":
        return _resampled(image, grid, itk.LinearInterpolateImageFunction[type(image), itk.D].New())
    continued = _continued(image)
    spline = itk.BSplineInterpolateImageFunction[type(image), itk.D, itk.F].New(SplineOrder=_CUBIC)
    result = _resampled(continued, grid, spline)
    if continued is not image:
        inside = image_on(grid_of(image), np.ones_like(itk.array_view_from_image(image)))
        nearest = itk.NearestNeighborInterpolateImageFunction[type(image), itk.D].New()
        itk.array_view_from_image(result)[itk.array_view_from_image(_resampled(inside, grid, nearest)) == 0] = 0
    return result


def _resampled(image: itk.Image, grid: Grid, interpolator: itk.ProcessObject) -> itk.Image:
    return itk.resample_image_filter(
        image,
        interpolator=interpolator,
        size=grid.size,
        output_spacing=grid.spacing,
        output_origin=grid.origin,
        output_direction=itk.matrix_from_array(grid.direction),
    )


def _continued(image: itk.Image) -> itk.Image:
    """The image, mirrored at its first and last voxels along axes that are shorter than a spline's support.

    ITK's splines assume images that continue in this way, but are wrong for two voxels along an axis.
    """
    grid = grid_of(image)
    short = [length < _SUPPORT for length in grid.size]
    if not any(short):
        return image
    added = [_SUPPORT * max(1, length - 1) * is_short for length, is_short in zip(grid.size, short, strict=True)]
    voxels = np.pad(itk.array_view_from_image(image), [(count, count) for count in reversed(added)], mode="reflect")
    size = tuple(length + 2 * count for length, count in zip(grid.size, added, strict=True))
    origin = np.array(grid.origin) - grid.direction @ (np.array(grid.spacing) * added)
    return image_on(Grid(size, grid.spacing, tuple(origin.tolist()), grid.direction), voxels)


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
