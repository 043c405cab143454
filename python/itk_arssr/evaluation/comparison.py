"""Images measured against a true one: reading them, checking that they share its grid, and the figure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import itk
import numpy as np

from itk_arssr.common.errors import UserError
from itk_arssr.common.wording import times
from itk_arssr.evaluation.calibration import Calibration, calibration
from itk_arssr.evaluation.metrics import Quality, compare
from itk_arssr.images import io
from itk_arssr.images.found import Found, check_series_are_there, find, only
from itk_arssr.images.outputs import Inputs
from itk_arssr.images.resample import Grid, as_float, grid_of, resample
from itk_arssr.pictures.picture import Panel, check_can_draw, save_comparison

_TOLERANCE = 1e-2  # of a voxel: rounding in headers


@dataclass(frozen=True)
class Comparison:
    """A truth and the images to measure, all float and on its grid."""

    truth: itk.Image
    names: tuple[str, ...]
    images: tuple[itk.Image, ...]


def load(
    truth: Path,
    images: Sequence[Path],
    resampled: bool,
    tell: Callable[[str], None],
    picture: Path | None = None,
    series: Sequence[str] = (),
) -> Comparison:
    """Read the images; they must share the truth's grid, or are resampled to it. ``tell`` receives notes on them.

    The picture to be drawn of them must not be one of their files. ``series`` selects DICOM series.
    """
    places = [find(path, series) for path in (truth, *images)]
    check_series_are_there(series, places)
    if picture is not None:
        check_can_draw(picture)
        Inputs(file for place in places for file in place.files).check_survive([picture])
    true = _read(places[0], tell)
    others = []
    for path, place in zip(images, places[1:], strict=True):
        image = _read(place, tell)
        difference = _difference(true, image)
        if difference and not resampled:
            raise UserError(f"{path} is not on the grid of {truth}: {difference}. --resample brings it there")
        others.append(resample(image, grid_of(true), "B-spline") if difference else image)
    return Comparison(true, tuple(path.name for path in images), tuple(others))


def load_map(path: Path, truth: Path, true: itk.Image, picture: Path | None = None) -> itk.Image:
    """Read an uncertainty map, which must be on the truth's grid."""
    place = find(path, ())
    if picture is not None:
        Inputs(place.files).check_survive([picture])
    with only(place) as source:
        image = as_float(io.read(source).image)
    difference = _difference(true, image)
    if difference:
        raise UserError(f"{path} is not on the grid of {truth}: {difference}")
    return image


def calibrate(comparison: Comparison, uncertainty: itk.Image, border: int) -> Calibration:
    """How well an uncertainty map shows where the errors of the last image are."""
    truth, image, spread = map(itk.array_view_from_image, (comparison.truth, comparison.images[-1], uncertainty))
    return calibration(truth, image, spread, border)


def _read(place: Found, tell: Callable[[str], None]) -> itk.Image:
    with only(place) as source:
        volume = io.read(source)
    for note in (*volume.notes, *place.remarks):
        tell(f"{place.place.name}: {note}")
    return as_float(volume.image)


def measure(comparison: Comparison, border: int, interval: tuple[float, float] | None) -> list[Quality]:
    """PSNR and SSIM of every image."""
    truth = itk.array_view_from_image(comparison.truth)
    value_range = None if interval is None else interval[1] - interval[0]
    return [compare(truth, itk.array_view_from_image(image), border, value_range) for image in comparison.images]


def draw(comparison: Comparison, qualities: Sequence[Quality], path: Path) -> None:
    """The images, the truth, and the error map of the last image."""
    panels = [
        Panel(name, image, caption(quality))
        for name, image, quality in zip(comparison.names, comparison.images, qualities, strict=True)
    ]
    save_comparison(path, panels, Panel("truth", comparison.truth), errors_of=(len(panels) - 1,))


def caption(quality: Quality) -> str:
    """PSNR and SSIM in a few words."""
    return f"{quality.psnr:.2f} dB · SSIM {quality.ssim:.3f}"


def _difference(truth: itk.Image, image: itk.Image) -> str:
    """How two grids differ; empty if they do not."""
    expected, actual = grid_of(truth), grid_of(image)
    if actual.size != expected.size:
        return f"it has {times(actual.size)} voxels, not {times(expected.size)}"
    voxel = min(expected.spacing)
    # Compared where it matters: at the far corner, which spacing, direction and origin all move.
    for name, one, other in (
        ("origin", expected.origin, actual.origin),
        ("far corner", _corner(expected), _corner(actual)),
    ):
        if np.abs(np.subtract(one, other)).max() > _TOLERANCE * voxel:
            return f"its {name} is at {np.round(other, 3).tolist()} mm, not {np.round(one, 3).tolist()} mm"
    return ""


def _corner(grid: Grid) -> np.ndarray:
    return np.array(grid.origin) + grid.direction @ (np.array(grid.spacing) * (np.array(grid.size) - 1))
