"""The plot of an evaluation: gain over B-splines with back-projection against scale."""

from __future__ import annotations

from pathlib import Path

from itk_arssr.common.errors import UserError
from itk_arssr.evaluation.confidence import CONFIDENCE, Mean
from itk_arssr.evaluation.results import SPLINE_BP, Results
from itk_arssr.evaluation.settings import Condition
from itk_arssr.pictures.picture import save_figure

_INCHES = (7.5, 4.5)
_DPI = 160
_SPREAD = 0.12  # of the distance between scales, in which methods lie side by side
_LEGEND_COLUMNS = 4
_MOST_UPRIGHT, _SLANT = 6, 40  # with more conditions than the first, names are at the second angle, in degrees
_INK, _MUTED = "#1b1f24", "#59636e"
_COLOURS = ("#0969da", "#bc4c00", "#1a7f37", "#8250df", "#cf222e", "#6e7781")


def check_can_plot() -> None:
    """Refuse to begin if the plot cannot be drawn."""
    try:
        import matplotlib
    except ImportError:
        raise UserError("plot and pictures need matplotlib: pip install 'itk-arssr[evaluate]'") from None
    matplotlib.use("Agg")


def save_gains(path: Path, results: Results) -> None:
    """Write the plot; error bars are the means' confidence intervals.

    A line joins the scales that are equal along all axes, with the default point spread and without noise.
    """
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=_INCHES, layout="constrained", facecolor="white")
    conditions = sorted(results.conditions, key=_order)
    methods = results.models(conditions[0])
    for number, method in enumerate(methods):
        offset = _SPREAD * (number / max(1, len(methods) - 1) - 0.5) if len(methods) > 1 else 0.0
        means = [results.mean_gain(condition, "psnr", method, SPLINE_BP) for condition in conditions]
        equal = [index for index, condition in enumerate(conditions) if _is_in_line(condition)]
        apart = [index for index in range(len(conditions)) if index not in equal]
        colour = _COLOURS[number % len(_COLOURS)]
        for indices, line in ((equal, "-"), (apart, "none")):
            if indices:
                label = method if indices is (equal or apart) else None
                axes.errorbar(
                    [index + offset for index in indices],
                    [means[index].value for index in indices],
                    yerr=[_length(means[index]) for index in indices],
                    fmt="o",
                    linestyle=line,
                    color=colour,
                    capsize=3,
                    label=label,
                )
    axes.axhline(0, color=_INK, linewidth=1)
    slanted = {"rotation": _SLANT, "ha": "right"} if len(conditions) > _MOST_UPRIGHT else {}
    axes.set_xticks(range(len(conditions)), [f"×{condition}" for condition in conditions], **slanted)
    axes.set_xlim(-0.5, len(conditions) - 0.5)
    axes.set_ylabel(f"PSNR over {SPLINE_BP} / dB", color=_INK)
    axes.set_title(_title(results), fontsize=10, color=_MUTED)
    axes.grid(axis="y", alpha=0.3)
    figure.legend(frameon=False, loc="outside lower center", ncols=min(len(methods), _LEGEND_COLUMNS))
    save_figure(figure, path, _DPI)


def _is_in_line(condition: Condition) -> bool:
    return condition == Condition(condition.scale) and len(set(condition.scale.values)) == 1


def _order(condition: Condition) -> tuple:
    return (
        not _is_in_line(condition),
        len(set(condition.scale.values)) > 1,
        condition.scale.values,
        condition.profile,
        condition.gap,
        condition.noise,
    )


def _length(mean: Mean) -> float:
    return mean.half_width or 0.0


def _title(results: Results) -> str:
    counts = {len(results.at(condition)) for condition in results.conditions}
    images = " to ".join(str(count) for count in sorted({min(counts), max(counts)}))
    if counts == {1}:
        return "n=1: no confidence interval"
    return f"mean of {images} images, {CONFIDENCE:.0%} confidence interval"
