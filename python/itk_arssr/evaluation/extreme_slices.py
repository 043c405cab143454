"""The slices in which super-resolution gains most and least over B-splines with back-projection, and their pictures."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from pathlib import Path

import itk
import numpy as np
import numpy.typing as npt

from itk_arssr.evaluation.results import SPLINE_BP, gain_of_errors
from itk_arssr.evaluation.settings import PICTURES
from itk_arssr.images.resample import grid_of, image_on
from itk_arssr.pictures.picture import Panel, save_comparison
from itk_arssr.pictures.slices import normal_axis

_LEAST_SHARE = 0.25  # of the mean error: slices with less show little
_AXES = "xyz"

Array = npt.NDArray[np.floating]


@dataclass(frozen=True)
class Restored:
    """One method's result for an image at a scale, with all that is needed to judge it; all but ``low`` on one grid."""

    title: str
    method: str
    truth: itk.Image
    low: itk.Image
    rival: itk.Image
    image: itk.Image
    first: tuple[int, ...] = (0, 0, 0)  # index of the truth's first voxel in the whole image


@dataclass(frozen=True)
class ExtremeSlice:
    """A slice and both methods' results for it; images are one voxel thick."""

    gain: float
    title: str
    truth: itk.Image
    panels: tuple[Panel, ...]

    def draw(self, path: Path) -> None:
        """Write the picture: low resolution, both methods, the truth, and both methods' errors."""
        save_comparison(path, self.panels, Panel("truth", self.truth), errors_of=(1, 2), title=self.title)


class ExtremeSlices:
    """Keeps only the best and the worst slice of all results that it is shown."""

    def __init__(self, border: int) -> None:
        self._border = border
        self.best: ExtremeSlice | None = None
        self.worst: ExtremeSlice | None = None

    def look_at(self, restored: Restored) -> None:
        """Compare the slices of a result with the extremes so far."""
        axis = normal_axis([restored.low, restored.truth])
        own, rival = (self._errors(restored.truth, image, axis) for image in (restored.image, restored.rival))
        counted = np.flatnonzero((rival > 0) & (rival >= _LEAST_SHARE * rival.mean()))
        gains = {index: gain_of_errors(own[index], rival[index]) for index in counted.tolist()}
        if not gains:
            return
        highest, lowest = max(gains, key=gains.__getitem__), min(gains, key=gains.__getitem__)
        if self.best is None or gains[highest] > self.best.gain:
            self.best = self._extract(restored, axis, highest, (rival[highest], own[highest]))
        if self.worst is None or gains[lowest] < self.worst.gain:
            self.worst = self._extract(restored, axis, lowest, (rival[lowest], own[lowest]))

    def draw(self, folder: Path) -> list[Path]:
        """Write ``worst.png`` and ``best.png``; neither if no slice was found."""
        extremes = dict(zip((folder / name for name in PICTURES), (self.worst, self.best), strict=True))
        for path, extreme in extremes.items():
            if extreme is not None:
                extreme.draw(path)
        return [path for path, extreme in extremes.items() if extreme is not None]

    def _inner(self, image: itk.Image) -> Array:
        return np.asarray(itk.array_view_from_image(image))[(slice(self._border, -self._border or None),) * 3]

    def _errors(self, truth: itk.Image, image: itk.Image, axis: int) -> Array:
        """Mean squared error of each slice within the border."""
        squares = np.square(self._inner(truth).astype(np.float64) - self._inner(image))
        return squares.mean(axis=tuple(other for other in range(3) if other != 2 - axis))

    def _extract(self, restored: Restored, axis: int, inner_index: int, errors: tuple[float, float]) -> ExtremeSlice:
        index = inner_index + self._border
        high, low = (itk.size(image)[axis] for image in (restored.truth, restored.low))
        value_range = float(np.ptp(self._inner(restored.truth)))
        panels = [Panel("LR", _slab(restored.low, axis, int((index + 0.5) * low / high)))]
        named = ((SPLINE_BP, restored.rival), (restored.method, restored.image))
        for (name, image), error in zip(named, errors, strict=True):
            panels.append(Panel(name, _slab(image, axis, index), _decibels(error, value_range)))
        gain = gain_of_errors(errors[1], errors[0])
        title = (
            f"{restored.title}, slice {_AXES[axis]} = {restored.first[axis] + index}: {gain:+.2f} dB over {SPLINE_BP}"
        )
        return ExtremeSlice(gain, title, _slab(restored.truth, axis, index), tuple(panels))


def _decibels(error: float, value_range: float) -> str:
    return f"{10 * math.log10(value_range**2 / error):.2f} dB in this slice" if error else "no error"


def _slab(image: itk.Image, axis: int, index: int) -> itk.Image:
    """Copy of one slice, as an image one voxel thick."""
    part = [slice(None)] * 3
    part[2 - axis] = slice(index, index + 1)
    grid = grid_of(image)
    size = tuple(1 if other == axis else length for other, length in enumerate(grid.size))
    return image_on(dataclasses.replace(grid, size=size), itk.array_view_from_image(image)[tuple(part)].copy())
