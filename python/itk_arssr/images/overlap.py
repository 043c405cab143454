"""How much of one grid lies in the field of view of another: counted voxel by voxel, a line at a time."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from itk_arssr.common.errors import UserError
from itk_arssr.images.resample import Grid

_TOLERANCE = 1e-6  # of the scan's voxel: as itk::ArSSRTileLattice::ExtentTolerance
_LINES_AT_ONCE = 2**18


@dataclass(frozen=True)
class Overlap:
    """Voxels of a grid whose centres lie in a scan's field of view, among all of them."""

    inside: int
    total: int

    @property
    def note(self) -> str:
        """Note on the voxels outside; empty if there are none."""
        outside = self.total - self.inside
        if not outside:
            return ""
        return (
            f"{outside} of the {self.total} voxels ({_percentage(outside / self.total)}) lie outside the scan and are 0"
        )


def overlap(grid: Grid, scan: Grid) -> Overlap:
    """Count the voxels of a grid that lie in a scan; those on its very edge do."""
    size = np.array(grid.size)
    to_scan = np.linalg.inv(scan.direction * scan.spacing)  # from mm to voxels
    matrix = to_scan @ (grid.direction * grid.spacing)
    first = to_scan @ (np.array(grid.origin) - scan.origin)
    along = int(size.argmax())
    short, middle = (axis for axis in np.argsort(size, kind="stable") if axis != along)
    steps = matrix[:, along]
    inside = 0
    slabs = max(1, _LINES_AT_ONCE // int(size[short]))
    for begin in range(0, int(size[middle]), slabs):
        across = np.arange(begin, min(begin + slabs, int(size[middle])))
        starts = (
            first[:, None, None]
            + matrix[:, short, None, None] * np.arange(size[short])[:, None]
            + matrix[:, middle, None, None] * across
        )
        inside += _inside(starts, steps, np.array(scan.size), int(size[along]))
    return Overlap(inside, math.prod(grid.size))


def check_overlap(grid: Grid, scan: Grid, name: str) -> Overlap:
    """Refuse the grid of an image that has no voxel in the scan."""
    found = overlap(grid, scan)
    if not found.inside:
        raise UserError(
            f"no voxel of {name} lies in the scan: it spans {_span(grid)}, the scan {_span(scan)} (x, y, z). Give an "
            "image of the same patient and session, or align the two first"
        )
    return found


def _inside(starts: np.ndarray, steps: np.ndarray, scan_size: np.ndarray, length: int) -> int:
    """Voxels inside, on lines that start at positions [axis, line, line] in the scan's voxels and advance by steps."""
    low = np.zeros(starts.shape[1:])
    high = np.full(starts.shape[1:], length - 1.0)
    for start, step, size in zip(starts, steps, scan_size, strict=True):
        lower, upper = -0.5 - _TOLERANCE - start, size - 0.5 + _TOLERANCE - start
        if abs(step) * length < _TOLERANCE:  # the lines run along the scan's faces
            high[(lower > 0) | (upper < 0)] = -1.0
        else:
            ends = np.stack((lower / step, upper / step))
            low = np.maximum(low, ends.min(axis=0))
            high = np.minimum(high, ends.max(axis=0))
    return int(np.maximum(0, np.floor(high) - np.ceil(low) + 1).sum())


def _percentage(share: float) -> str:
    """A percentage in which few never look like none, nor most like all."""
    if share < 0.0005:
        return "less than 0.1 %"
    return "more than 99.9 %" if share >= 0.9995 else f"{share:.1%}".replace("%", " %")


def _span(grid: Grid) -> str:
    """The box along x, y and z that holds a grid's field of view, in mm."""
    corners = np.array(np.meshgrid(*((-0.5, length - 0.5) for length in grid.size))).reshape(3, -1)
    points = np.array(grid.origin)[:, None] + (grid.direction * grid.spacing) @ corners
    ends = zip(points.min(axis=1), points.max(axis=1), strict=True)
    return ", ".join(f"{low:.5g} to {high:.5g}" for low, high in ends) + " mm"
