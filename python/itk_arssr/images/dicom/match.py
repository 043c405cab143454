"""Which of the scanner's slices is which slice of a volume: compared pixel by pixel, wherever dcm2niix put it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from itk_arssr.common.errors import UserError
from itk_arssr.images.dicom.frames import Frame
from itk_arssr.images.dicom.pixels import values_of
from itk_arssr.images.dicom.sameness import compared
from itk_arssr.images.dicom.stack import Stack

_PARALLEL = 0.999  # cosine
_SAME_HEIGHT = 0.2  # of the distance between slices


class Misplaced(UserError):
    """Slices that form no volume, or not the one that dcm2niix made from them: why, and what to do."""


def remedy_for_mixtures(frames: Sequence[Frame]) -> str:
    """What to do about slices of several volumes that cannot be told apart."""
    if any(frame.header.frame_count > 1 for frame in frames):
        return "Export the series with one file for each slice"
    return "Put the files of each volume into a folder of their own"


def match(stack: Stack, frames: Sequence[Frame]) -> list[list[Frame]]:
    """The frame for each slice of a stack, [volume][plane]."""
    candidates = [f for f in frames if f.size == stack.size[:2] and f.is_placed and is_parallel(stack, f)]
    if not candidates:
        raise Misplaced("none of its slices gives its position (Image Position and Orientation of the patient)")
    planes = [_shown(stack, k, plane) for k, plane in enumerate(_by_plane(stack, candidates))]
    if len(stack.voxels) == 1 and any(None in plane for plane in planes):
        # In a single volume each slice is recognised by its content, wherever dcm2niix put it
        planes = [[frame] for frame in _best(stack, stack.voxels[0], candidates)]
    for k, plane in enumerate(planes):
        if None in plane:
            raise Misplaced(
                f"slice {k + 1} of {stack.size[2]} from dcm2niix is none of the scanner's slices there, as if some "
                f"were missing or slices of several volumes were mixed. {remedy_for_mixtures(candidates)}"
            )
    return [list(volume) for volume in zip(*planes, strict=True)]


def is_parallel(stack: Stack, frame: Frame) -> bool:
    """Whether rows and columns of a frame lie along those of a stack, in either direction."""
    if frame.x is None or frame.spacing is None:
        return False
    x, y = (step / np.linalg.norm(step) for step in stack.steps.T[:2])
    return abs(frame.x @ x) > _PARALLEL and abs(frame.y @ y) > _PARALLEL


def _by_plane(stack: Stack, frames: Sequence[Frame]) -> list[list[Frame]]:
    """The frames that each plane of a stack may be: by their order along its normal, or else by their distance."""
    count = stack.size[2]
    normal = np.cross(stack.steps[:, 0], stack.steps[:, 1])
    normal /= np.linalg.norm(normal)
    spacing = float(normal @ stack.steps[:, 2]) or 1.0
    heights = np.array([normal @ frame.position for frame in frames]) * np.sign(spacing)
    levels = np.sort(heights)
    levels = levels[np.diff(levels, prepend=-np.inf) > _SAME_HEIGHT * abs(spacing)]
    if len(levels) == count:
        planes_of = levels.searchsorted(heights, side="right") - 1
    else:
        planes_of = np.rint((heights - normal @ stack.origin * np.sign(spacing)) / abs(spacing)).astype(int)
    planes = defaultdict(list)
    for frame, plane in zip(frames, planes_of.tolist(), strict=True):
        planes[plane].append(frame)
    return [planes[k] for k in range(count)]


def _shown(stack: Stack, plane: int, frames: Sequence[Frame]) -> list[Frame | None]:
    """The frame that a plane of each volume shows, among those that lie there."""
    return _best(stack, stack.voxels[:, plane], frames)


def _best(stack: Stack, found: np.ndarray, frames: Sequence[Frame]) -> list[Frame | None]:
    """The frame that each of some slices shows."""
    if not frames:
        return [None] * len(found)
    seen = np.stack([turned(stack, frame, values) for frame, values in zip(frames, values_of(frames), strict=True)])
    return [None if number is None else frames[number] for number in compared(found, seen, frames).matches()]


def turned(stack: Stack, frame: Frame, values: np.ndarray) -> np.ndarray:
    """Values of a frame, [..., y, x], with x and y in the directions of the stack's."""
    along_x, along_y = (
        1 if direction @ step > 0 else -1 for direction, step in zip((frame.x, frame.y), stack.steps.T, strict=False)
    )
    return values[..., ::along_y, ::along_x]
