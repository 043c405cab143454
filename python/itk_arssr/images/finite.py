"""NaN and infinite voxels: counted, and refused with the same message for every image format."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import itk
import numpy as np
import numpy.typing as npt

from itk_arssr.common.errors import UserError


class NonFiniteCount:
    """Counts voxels that are NaN or infinite, given piece by piece in memory order, x fastest."""

    def __init__(self, size: Sequence[int]) -> None:
        self._size = size
        self._seen = self._nan = self._infinite = 0
        self._first: int | None = None

    def add(self, voxels: npt.NDArray[np.floating]) -> None:
        """Count in the next voxels."""
        finite = np.isfinite(voxels)
        if not finite.all():
            if self._first is None:
                self._first = self._seen + int(np.argmin(finite))
            nan = int(np.count_nonzero(np.isnan(voxels)))
            self._nan += nan
            self._infinite += int(voxels.size - np.count_nonzero(finite)) - nan
        self._seen += voxels.size

    def check(self, path: Path) -> None:
        """Refuse an image that has any."""
        if self._first is None:
            return
        counts = [f"{count} {kind}" for count, kind in ((self._nan, "NaN"), (self._infinite, "infinite")) if count]
        first = [int(index) for index in np.unravel_index(self._first, tuple(self._size), order="F")]
        raise UserError(
            f"{path} has {' and '.join(counts)} of {self._seen} voxels, the first at index {first} (x, y, z). Finite "
            "intensities are expected: replace these voxels first, for example by 0"
        )


def check_is_finite(image: itk.Image, path: Path) -> None:
    """Refuse an image in memory with NaN or infinite voxels."""
    voxels = itk.array_view_from_image(image)
    if voxels.dtype.kind != "f":
        return
    count = NonFiniteCount(itk.size(image))
    for piece in voxels:
        count.add(piece.ravel())
    count.check(path)
