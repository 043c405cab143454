"""Intensities: stored values after the slope and intercept of their slice, as in every DICOM reader."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from itk_arssr.images.dicom.frames import Frame

_SHORTS = (np.iinfo(np.int16), np.iinfo(np.uint16))


def has_slopes_applied(found: np.ndarray, frames: Sequence[Frame]) -> bool:
    """Whether dcm2niix turned integers into floating-point numbers, as it does if their types differ in a series."""
    return found.dtype.kind == "f" and all(frame.header.pixels.is_integer for frame in frames)


def with_slopes(values: np.ndarray, frames: Sequence[Frame]) -> np.ndarray:
    """Stored values, [frame, ...], after the slope and intercept of each frame."""
    shape = (-1, *(1,) * (values.ndim - 1))
    slopes, intercepts = (
        np.reshape([getattr(frame, name) for frame in frames], shape) for name in ("slope", "intercept")
    )
    return values * slopes + intercepts


def intensities(found: np.ndarray, frame: Frame) -> np.ndarray:
    """A slice from dcm2niix after its slope and intercept; in its own type if these change nothing."""
    return with_slopes(found[None], [frame])[0] if _needs_slopes(found, [frame]) else found


def kind_of_intensities(found: np.ndarray, frames: Sequence[Frame]) -> np.dtype:
    """Type of the intensities of slices: 16-bit integers if they are integers and fit, as in most scans."""
    kind = found.dtype
    if not _needs_slopes(found, frames) or kind == np.float64:
        return kind
    slopes, intercepts = {frame.slope for frame in frames}, {frame.intercept for frame in frames}
    if kind.kind in "iu" and all(value.is_integer() for value in slopes | intercepts):
        stored = int(found.min()), int(found.max())
        ends = [end * slope + intercept for end in stored for slope in slopes for intercept in intercepts]
        for limits in _SHORTS:
            if limits.min <= min(ends) and max(ends) <= limits.max:
                return np.dtype(limits.dtype)
    return np.dtype(np.float32)


def _needs_slopes(found: np.ndarray, frames: Sequence[Frame]) -> bool:
    return not has_slopes_applied(found, frames) and any((f.slope, f.intercept) != (1, 0) for f in frames)
