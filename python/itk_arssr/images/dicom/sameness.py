"""Whether arrays of pixels that were read in two ways have the same content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from itk_arssr.images.dicom.frames import Frame
from itk_arssr.images.dicom.intensities import has_slopes_applied, with_slopes

_ROUNDING = 1e-5  # of the largest value: slopes are kept in single precision
_DECODERS_DIFFER = 0.05  # of the standard deviation: decoders of lossy compression differ
_EQUAL = 1e-12  # of a sum of squares: rounding in its expansion


@dataclass(frozen=True, eq=False)
class Compared:
    """Slices from dcm2niix and from the scanner, [slice, ...], in values that can be compared."""

    found: np.ndarray
    seen: np.ndarray
    tolerance: float  # of the root mean square if decoders are compared, else of the largest difference
    is_decoded: bool

    def matches(self) -> list[int | None]:
        """For each slice found, the seen one that it equals; of identical ones, such as empty slices, an unused one."""
        equals = self._equal_ones() if self.tolerance == 0 else self._nearest_ones()
        chosen: list[int | None] = []
        for equal in equals:
            chosen.append(next((number for number in equal if number not in chosen), next(iter(equal), None)))
        return chosen

    def _equal_ones(self) -> list[list[int]]:
        """For each slice found, the seen slices that are equal bit by bit."""
        numbers: dict[bytes, list[int]] = {}
        for number, seen in enumerate(self.seen):
            same = seen.astype(self.found.dtype)
            if np.array_equal(same, seen):
                numbers.setdefault(same.tobytes(), []).append(number)
        return [numbers.get(found.tobytes(), []) for found in self.found]

    def _nearest_ones(self) -> list[list[int]]:
        """For each slice found, the seen slices that differ least; none if they differ by more than the tolerance."""
        a, b = (values.reshape(len(values), -1).astype(float) for values in (self.found, self.seen))
        norms = (a**2).sum(axis=1)
        distances = norms[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T
        nearest = [
            np.flatnonzero(row <= row.min() + _EQUAL * norm).tolist()
            for row, norm in zip(distances, norms, strict=True)
        ]
        return [equal if self._is_same(a[found], b[equal[0]]) else [] for found, equal in enumerate(nearest)]

    def _is_same(self, found: np.ndarray, seen: np.ndarray) -> bool:
        difference = np.abs(found - seen)
        return float(np.sqrt(np.mean(difference**2)) if self.is_decoded else difference.max()) <= self.tolerance


def compared(found: np.ndarray, seen: np.ndarray, frames: Sequence[Frame]) -> Compared:
    """Compare slices from dcm2niix with ``seen``, all or part of what ``values_of`` gives for some frames."""
    if not all(frame.header.is_readable for frame in frames):
        return Compared(_standardised(found), _standardised(seen), _DECODERS_DIFFER, is_decoded=True)
    if has_slopes_applied(found, frames):
        seen = with_slopes(seen, frames)
        return Compared(found, seen, _ROUNDING * float(np.abs(seen).max()), is_decoded=False)
    return Compared(found, seen, 0.0, is_decoded=False)


def _standardised(values: np.ndarray) -> np.ndarray:
    """Values, [slice, ...], each slice with mean 0 and standard deviation 1, or 0 everywhere."""
    axes = tuple(range(1, values.ndim))
    centred = values - values.mean(axis=axes, keepdims=True)
    deviation = centred.std(axis=axes, keepdims=True)
    return centred / np.where(deviation > 0, deviation, 1)
