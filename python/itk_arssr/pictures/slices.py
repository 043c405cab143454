"""Slices of a volume oriented as readers of medical images expect, and the part of a slice to zoom in on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import itk
import numpy as np
import numpy.typing as npt

_ZOOM_SHARE = 0.4  # side of the zoomed square, as a share of the shorter side of the slice
_INNER_SHARE = 0.08  # margin of the slice in which no zoomed square is put
_FAINT_EDGE = 0.03  # share of the strongest edge below which edges do not count, as in air
_EDGE_CLIP = 70  # percentile of the edges beyond which they count no more

_BRIGHTEST, _HEADROOM = 99.7, 1.08  # this percentile of a slice is shown a little below white

Array = npt.NDArray[np.generic]


@dataclass(frozen=True)
class Slice:
    """Pixels of a slice, rows from the top, and the lengths of its sides in mm."""

    pixels: Array
    height: float
    width: float


@dataclass(frozen=True)
class Square:
    """The zoomed part in mm from the slice's top left corner."""

    left: float
    top: float
    side: float


def grey_range(reference: Slice) -> tuple[float, float]:
    """The intensities shown as black and white in all pictures of the same slice."""
    darkest = float(reference.pixels.min())
    brightest = float(np.percentile(reference.pixels.astype(np.float64), _BRIGHTEST))
    return darkest, darkest + (_HEADROOM * (brightest - darkest) or 1.0)


def normal_axis(images: Sequence[itk.Image]) -> int:
    """Image axis across the slice: the finest axis of the coarsest image, so that its coarse axes are visible."""
    coarsest = max(images, key=lambda image: float(np.prod(itk.spacing(image))))
    spacing = np.array(itk.spacing(coarsest))
    finest = np.flatnonzero(spacing <= spacing.min() * 1.01)
    return int(finest[-1])


def middle_slice(image: itk.Image, axis: int) -> Slice:
    """The slice through the middle of an image axis, oriented as readers of medical images expect."""
    directions = itk.array_from_matrix(image.GetDirection())
    size, spacing = itk.size(image), itk.spacing(image)
    volume = np.asarray(itk.array_view_from_image(image)).T  # [x, y, z]
    pixels = np.take(volume, volume.shape[axis] // 2, axis=axis)
    first, second = (other for other in range(3) if other != axis)
    # Physical axes: 0 to the patient's left, 1 to the back, 2 to the head. Across goes 0, or 1 where 0 is the normal.
    along = {other: int(np.argmax(np.abs(directions[:, other]))) for other in (first, second)}
    across, down = (first, second) if along[first] < along[second] else (second, first)
    if across == first:
        pixels = pixels.T  # rows are the axis that goes down
    if directions[along[across], across] < 0:
        pixels = pixels[:, ::-1]
    upwards = along[down] == 2
    if (directions[along[down], down] > 0) == upwards:
        pixels = pixels[::-1, :]
    return Slice(pixels, size[down] * spacing[down], size[across] * spacing[across])


def most_detailed(shown: Slice) -> Square:
    """The square with the strongest edges; the very strongest are clipped so that a bright rim does not win."""
    rows, columns = shown.pixels.shape
    row_mm, column_mm = shown.height / rows, shown.width / columns
    side = _ZOOM_SHARE * min(shown.height, shown.width)
    edges = np.hypot(*np.gradient(shown.pixels.astype(np.float64), row_mm, column_mm))
    present = edges[edges > _FAINT_EDGE * edges.max()]
    if present.size:
        edges = np.minimum(edges, np.percentile(present, _EDGE_CLIP))
    high, wide = max(1, round(side / row_mm)), max(1, round(side / column_mm))
    integral = np.pad(edges, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    sums = integral[high:, wide:] - integral[:-high, wide:] - integral[high:, :-wide] + integral[:-high, :-wide]
    top, left = (int(_INNER_SHARE * length) for length in (rows, columns))
    inner = sums[top : max(top + 1, sums.shape[0] - top), left : max(left + 1, sums.shape[1] - left)]
    best_row, best_column = np.unravel_index(int(inner.argmax()), inner.shape)
    return Square((left + best_column) * column_mm, (top + best_row) * row_mm, side)
