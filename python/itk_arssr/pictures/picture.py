"""A figure that compares images of the same field of view: slices side by side, a zoomed part below, and error maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import itk
import numpy as np

from itk_arssr.common.atomic import check_can_write, completed
from itk_arssr.common.errors import UserError
from itk_arssr.pictures.slices import Slice, Square, grey_range, middle_slice, most_detailed, normal_axis

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ERROR_SCALE = 99.0  # percentile of the largest error shown as the end of the colour bar
_INK, _MUTED, _ACCENT = "#1b1f24", "#59636e", "#ffb000"
_COLUMN_INCHES = 2.75
_TEXT_INCHES = 0.95
_TITLE_POINTS = 16.0
_TITLE_LETTERS = 17  # letters that fit above a column at this size
_DPI = 160
_FORMATS = (".png", ".pdf", ".svg", ".jpg")


@dataclass(frozen=True)
class Panel:
    """One image of the figure, with a title and a line of figures under it."""

    title: str
    image: itk.Image
    caption: str = ""


@dataclass(frozen=True)
class Residuals:
    """Residual maps of a result before and after its correction, on the grid of the scan."""

    before: Panel
    after: Panel


@dataclass
class _Column:
    panel: Panel
    slice: Slice
    colours: dict = field(default_factory=dict)
    bar: bool = False


def check_can_draw(path: Path) -> None:
    """Refuse a figure that could not be drawn or written, before anything is computed for it."""
    if path.suffix.lower() not in _FORMATS:
        raise UserError(f"{path} cannot be drawn: its name must end with {', '.join(_FORMATS)}")
    try:
        import matplotlib
    except ImportError:
        raise UserError("a picture needs matplotlib: pip install matplotlib") from None
    matplotlib.use("Agg")
    check_can_write(path)


def save_figure(figure: Figure, path: Path, dots_per_inch: int) -> None:
    """Write a figure completely or not at all."""
    from matplotlib import pyplot

    with completed(path, f"figure{path.suffix.lower()}") as partial:
        figure.savefig(partial, dpi=dots_per_inch)
    pyplot.close(figure)


def save_comparison(
    path: Path,
    panels: Sequence[Panel],
    truth: Panel | None = None,
    errors_of: Sequence[int] = (),
    title: str = "",
    residuals: Residuals | None = None,
) -> None:
    """Write the figure: the panels, the truth, the absolute errors of some of the panels against the truth, and
    residual maps, one above the other.

    All images have one field of view and direction; error maps need those panels on the truth's grid. The slice is the
    middle one across the finest axis, anterior or superior side up, the patient's right on the left.
    """
    check_can_draw(path)
    sharpest = truth or panels[-1]
    axis = normal_axis([panel.image for panel in panels])
    shown = [_Column(panel, middle_slice(panel.image, axis)) for panel in (*panels, *([truth] if truth else []))]
    _set_grey_scale(shown, middle_slice(sharpest.image, axis))
    if truth is not None:
        shown += _error_columns([panels[index] for index in errors_of], truth, axis)
    maps = [] if residuals is None else _residual_columns(residuals, axis)
    _draw(path, shown, most_detailed(middle_slice(sharpest.image, axis)), title, maps)


def _draw(path: Path, columns: Sequence[_Column], square: Square, title: str, maps: Sequence[_Column]) -> None:
    from matplotlib import pyplot

    reference = columns[0].slice
    slice_height = _COLUMN_INCHES * reference.height / reference.width
    height = slice_height + _COLUMN_INCHES + _TEXT_INCHES
    count = len(columns) + bool(maps)
    bars = sum(column.bar for column in columns) + bool(maps)
    figure, axes = pyplot.subplots(
        2,
        count,
        figsize=(_COLUMN_INCHES * count + 0.7 * max(1, bars), height),
        height_ratios=(slice_height, _COLUMN_INCHES),
        squeeze=False,
        layout="constrained",
        facecolor="white",
    )
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.03, wspace=0.02, hspace=0.0)
    for (whole, zoomed), column in zip(axes.T, columns, strict=False):
        mapped = _show(whole, column)
        _show(zoomed, column)
        _mark(whole, zoomed, square)
        points = _title_points(column.panel.title)
        whole.set_title(column.panel.title, fontsize=points, fontweight="bold", color=_INK, pad=6)
        zoomed.set_xlabel(column.panel.caption, fontsize=13, color=_MUTED, labelpad=6)
        if column.bar:
            _add_bar(figure, mapped, (whole, zoomed), "absolute error", "max")
    if maps:
        axes[0, -1].set_title("residual", fontsize=_TITLE_POINTS, fontweight="bold", color=_INK, pad=6)
        for place, column in zip(axes[:, -1], maps, strict=True):
            mapped = _show(place, column)
            place.set_xlabel(f"{column.panel.title}: {column.panel.caption}", fontsize=13, color=_MUTED, labelpad=6)
        _add_bar(figure, mapped, axes[:, -1], "scan − scan simulated from the result", "both")
    if title:
        figure.suptitle(title, fontsize=14, color=_MUTED)
    save_figure(figure, path, _DPI)


def _add_bar(figure, mapped, axes, label: str, extend: str) -> None:
    bar = figure.colorbar(mapped, ax=axes, fraction=0.06, pad=0.03, aspect=30, extend=extend)
    bar.set_label(label, fontsize=12, color=_MUTED)
    bar.ax.tick_params(labelsize=11, colors=_MUTED)


def _title_points(title: str) -> float:
    """Size of a title that does not reach into the next column."""
    return _TITLE_POINTS * min(1.0, _TITLE_LETTERS / max(1, len(title)))


def _show(axes, column: _Column):
    extent = (0, column.slice.width, column.slice.height, 0)
    mapped = axes.imshow(column.slice.pixels, extent=extent, interpolation="nearest", **column.colours)
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set_visible(False)
    return mapped


def _mark(whole, zoomed, square: Square) -> None:
    """Frame the zoomed part in the slice, and show only it below."""
    from matplotlib.patches import Rectangle

    corner = (square.left, square.top)
    whole.add_patch(Rectangle(corner, square.side, square.side, fill=False, edgecolor=_ACCENT, linewidth=1.8))
    zoomed.set_xlim(square.left, square.left + square.side)
    zoomed.set_ylim(square.top + square.side, square.top)
    for spine in zoomed.spines.values():
        spine.set(visible=True, edgecolor=_ACCENT, linewidth=1.8)


def _set_grey_scale(columns: Sequence[_Column], reference: Slice) -> None:
    black, white = grey_range(reference)
    for column in columns:
        column.colours = {"cmap": "gray", "vmin": black, "vmax": white}


def _error_columns(panels: Sequence[Panel], truth: Panel, axis: int) -> list[_Column]:
    true = middle_slice(truth.image, axis)
    errors = [np.abs(middle_slice(panel.image, axis).pixels.astype(np.float64) - true.pixels) for panel in panels]
    largest = max((float(np.percentile(error, _ERROR_SCALE)) for error in errors), default=1.0)
    return [
        _Column(
            Panel(f"|{panel.title} − {truth.title}|", truth.image, f"mean {error.mean():.3g} in this slice"),
            Slice(error, true.height, true.width),
            {"cmap": "inferno", "vmin": 0.0, "vmax": largest or 1.0},
            bar=panel is panels[-1],
        )
        for panel, error in zip(panels, errors, strict=True)
    ]


def _residual_columns(residuals: Residuals, axis: int) -> list[_Column]:
    shown = [(panel, middle_slice(panel.image, axis)) for panel in (residuals.before, residuals.after)]
    largest = float(np.percentile(np.abs(shown[0][1].pixels), _ERROR_SCALE)) or 1.0
    return [_Column(panel, map_, {"cmap": "RdBu_r", "vmin": -largest, "vmax": largest}) for panel, map_ in shown]
