"""Where a volume lies: the grid of slices that are equidistant, parallel and aligned above each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from itk_arssr.images.dicom.frames import Frame
from itk_arssr.images.dicom.match import Misplaced, remedy_for_mixtures

_TOLERANCE = 0.05  # of a voxel: how far off the grid a slice may lie
_NOTED = 0.01  # of a voxel: a larger distance off the grid is reported
_SAME_PLACE = 1e-3  # of the largest distance between slices
_SQUARE = 1e-3  # cosine between rows and columns
_SAME_DIRECTION = 1e-3  # length of the difference of two directions
_REMEDY = (
    "Export all slices of the series again, or make a regular volume of these first "
    "(3D Slicer: Acquisition Geometry Regularization)"
)


@dataclass(frozen=True, eq=False)
class Placement:
    """Grid of a volume, mm, LPS, slices in the order of the normal of their rows and columns."""

    origin: np.ndarray
    direction: np.ndarray  # columns: x, y, z
    spacing: tuple[float, float, float]
    deviation: float  # largest distance of a slice from its place on the grid, mm

    @property
    def grid(self) -> tuple[np.ndarray, tuple[float, float, float], np.ndarray]:
        """Origin, spacing and direction."""
        return self.origin, self.spacing, self.direction

    @property
    def note(self) -> str:
        """Note on slices that lie slightly off the grid; empty if none do."""
        if self.deviation <= _NOTED * min(self.spacing):
            return ""
        return f"its slices lie up to {self.deviation:.2g} mm off an even grid"


def placed(slices: Sequence[Frame]) -> Placement:
    """The grid of slices, given in the order of their normal; raises ``Misplaced`` if they have none."""
    first = slices[0]
    _check_all_are_like(first, slices)
    x, y = first.x, first.y - (first.x @ first.y) * first.x
    y /= np.linalg.norm(y)
    normal = np.cross(x, y)
    positions = np.array([frame.position for frame in slices]) - first.position
    heights = positions @ normal
    _check_are_apart(heights, slices)
    spacing = heights[-1] / (len(slices) - 1)
    along = heights - spacing * np.arange(len(slices))
    if np.abs(along).max() > _TOLERANCE * spacing:
        raise Misplaced(_uneven(np.diff(heights)))
    across = positions @ np.column_stack([x, y])
    if (np.abs(across) > _TOLERANCE * np.array(first.spacing)).any():
        raise Misplaced(_shifted(across, spacing))
    deviation = float(np.sqrt((across**2).sum(axis=1) + along**2).max())
    direction = np.column_stack([x, y, normal])
    return Placement(first.position, direction, (*first.spacing, float(spacing)), deviation)


def _check_all_are_like(first: Frame, slices: Sequence[Frame]) -> None:
    if abs(first.x @ first.y) > _SQUARE:
        raise Misplaced("its rows and columns are not at right angles")
    for frame in slices:
        if max(np.linalg.norm(frame.x - first.x), np.linalg.norm(frame.y - first.y)) > _SAME_DIRECTION:
            raise Misplaced(f"its slices are not parallel ({_names(first, frame)}). {_REMEDY}")
        if not np.allclose(frame.spacing, first.spacing, rtol=1e-3):
            raise Misplaced(f"its slices differ in pixel size ({_names(first, frame)})")


def _check_are_apart(heights: np.ndarray, slices: Sequence[Frame]) -> None:
    distances = np.diff(heights)
    closest = int(distances.argmin())
    if distances[closest] < _SAME_PLACE * distances.max():
        raise Misplaced(
            f"several of its slices lie at the same place ({_names(slices[closest], slices[closest + 1])}), as if they "
            f"were from several volumes. {remedy_for_mixtures(slices)}"
        )


def _names(*slices: Frame) -> str:
    return " and ".join(
        frame.header.path.name + (f", frame {frame.number + 1}" if frame.header.frame_count > 1 else "")
        for frame in slices
    )


def _uneven(distances: np.ndarray) -> str:
    """Reason and remedy for slices that are not equidistant."""
    usual, most = float(np.median(distances)), float(distances.max())
    place = int(distances.argmax()) + 1
    missing = round(most / usual) - 1 if usual > 0 else 0
    if missing > 0 and abs(most / usual - missing - 1) < 0.1:
        lack = "a slice is" if missing == 1 else f"{missing} slices are"
        reason = f"{lack} missing between slices {place} and {place + 1}, which are {most:.6g} mm apart"
        return f"{reason}, while others are {usual:.6g} mm apart. {_REMEDY}"
    return f"its slices are not equidistant: {distances.min():.6g} to {most:.6g} mm apart. {_REMEDY}"


def _shifted(across: np.ndarray, spacing: float) -> str:
    """Reason and remedy for slices that are not aligned above each other."""
    step = across[-1] / (len(across) - 1)
    shift = float(np.linalg.norm(step))
    is_tilt = np.abs(across - step * np.arange(len(across))[:, None]).max() < _TOLERANCE * np.linalg.norm(across[-1])
    if is_tilt:
        angle = math.degrees(math.atan2(shift, spacing))
        how = f"{shift:.3g} mm each, as by a tilted gantry ({angle:.3g}°)"
    else:
        how = f"up to {np.linalg.norm(across, axis=1).max():.3g} mm"
    return f"its slices are shifted against each other by {how}. {_REMEDY}"
