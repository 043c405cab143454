"""Results of an evaluation as a CSV file, as Markdown, and as tables for the terminal."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import itk
from rich.markup import escape
from rich.table import Table

from itk_arssr import __version__
from itk_arssr.common.atomic import completed
from itk_arssr.evaluation.confidence import CONFIDENCE, Mean
from itk_arssr.evaluation.results import BACK_PROJECTED, BASELINES, FIGURES, Case, Results
from itk_arssr.evaluation.settings import Condition, Degradation, Evaluation

_DIGITS = {"psnr": 2, "ssim": 4}
_TITLES = {"psnr": "PSNR / dB", "ssim": "SSIM"}
_DEGRADATIONS = {
    Degradation.SLICE_PROFILE: "with a point spread along each axis",
    Degradation.CUBIC: "cubic B-spline samples at the LR voxels' centres, no low-pass filter (the published recipe)",
}


def write_csv(path: Path, results: Results, evaluation: Evaluation) -> None:
    """One row for each image, condition and method; numbers in full precision."""
    columns = ["image", "scale", "profile", "gap", "noise", "degradation", "method"]
    for figure in FIGURES:
        columns += [figure, *(f"{figure}_over_{_identifier(baseline)}" for baseline in BASELINES)]
    with completed(path) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(columns)
        for case in results.cases:
            for method in case.qualities:
                condition = case.condition
                row = [case.image, str(condition.scale).replace("×", "x"), condition.profile]
                row += [f"{condition.gap:g}", f"{condition.noise:g}", evaluation.degradation.value, method]
                for figure in FIGURES:
                    row.append(repr(case.figure(figure, method)))
                    row += [repr(case.gain(figure, method, baseline)) for baseline in BASELINES]
                rows.writerow(row)


def write_markdown(path: Path, results: Results, evaluation: Evaluation) -> None:
    """What was done, the means with their confidence intervals, each image, and what failed."""
    with completed(path) as partial:
        partial.write_text("\n".join(_markdown(results, evaluation)) + "\n", encoding="utf-8")


def tables(results: Results) -> Iterator[Table]:
    """For each condition, the means over the images; for each method PSNR in the first line, SSIM in the second."""
    for condition in results.conditions:
        table = Table(title=heading(results, condition), title_justify="left", show_lines=True)
        table.add_column("method", overflow="fold")
        for column in _columns("\n".join(_TITLES.values())):
            table.add_column(column, justify="right")
        for method in results.methods(condition):
            psnr, ssim = (_mean_cells(results, condition, figure, method) for figure in FIGURES)
            table.add_row(escape(method), *(f"{one}\n{other}" for one, other in zip(psnr, ssim, strict=True)))
        yield table


def heading(results: Results, condition: Condition) -> str:
    """The condition, and what its table shows."""
    count = len(results.at(condition))
    if count == 1:
        return f"×{condition}, n=1: no confidence interval"
    return f"×{condition}, mean of {count} images ± {CONFIDENCE:.0%} confidence interval"


def _identifier(method: str) -> str:
    return method.lower().replace(" + ", "_").replace("-", "")


def _columns(figure: str) -> list[str]:
    return [figure, *(f"over {baseline}" for baseline in BASELINES)]


def _signed(value: float, figure: str) -> str:
    return f"{value:+.{_DIGITS[figure]}f}"


def _plain(value: float, figure: str) -> str:
    return f"{value:.{_DIGITS[figure]}f}"


def _with_interval(mean: Mean, figure: str, number: Callable[[float, str], str]) -> str:
    interval = "" if mean.half_width is None else f" ± {_plain(mean.half_width, figure)}"
    return number(mean.value, figure) + interval


def _mean_cells(results: Results, condition: Condition, figure: str, method: str) -> list[str]:
    """A method's mean, and its mean gains over the other baselines."""
    cells = [_with_interval(results.mean(condition, figure, method), figure, _plain)]
    for baseline in BASELINES:
        gain = results.mean_gain(condition, figure, method, baseline)
        cells.append("" if baseline == method else _with_interval(gain, figure, _signed))
    return cells


def _case_cells(case: Case, figure: str, method: str) -> list[str]:
    gains = [
        "" if baseline == method else _signed(case.gain(figure, method, baseline), figure) for baseline in BASELINES
    ]
    return [_plain(case.figure(figure, method), figure), *gains]


def _markdown(results: Results, evaluation: Evaluation) -> Iterator[str]:
    yield "# Evaluation\n"
    yield from _settings(results, evaluation)
    if len(results.conditions) > 1:
        yield from _matrix(results)
    for condition in results.conditions:
        yield f"\n## {heading(results, condition)}\n"
        yield from _header(["method", *(column for title in _TITLES.values() for column in _columns(title))])
        for method in results.methods(condition):
            cells = (cell for figure in FIGURES for cell in _mean_cells(results, condition, figure, method))
            yield _row([method, *cells])
    yield "\n## Each image\n"
    yield from _header(
        ["image", "condition", "method", *(column for title in _TITLES.values() for column in _columns(title))]
    )
    for case in results.cases:
        for method in case.qualities:
            cells = [cell for figure in FIGURES for cell in _case_cells(case, figure, method)]
            yield _row([case.image, f"×{case.condition}", method, *cells])
    if results.failures:
        yield "\n## Failed\n"
        for failure in results.failures:
            yield f"- {failure.name}: {failure.error}"


def _matrix(results: Results) -> Iterator[str]:
    """Each model under each condition against the best rival of each image."""
    models = results.models(results.conditions[0])
    yield "\n## Over the best rival of each image: PSNR / dB, mean and worst\n"
    yield from _header(["condition", "best rival", *(column for name in models for column in (name, "worst"))])
    for condition in results.conditions:
        rivals = [case.figure("psnr", case.best_rival) for case in results.at(condition)]
        cells = [f"×{condition}", _plain(sum(rivals) / len(rivals), "psnr")]
        for model in models:
            gains = results.gains_over_best(condition, model)
            cells += [_signed(sum(gains) / len(gains), "psnr"), _signed(min(gains), "psnr")]
        yield _row(cells)


def _settings(results: Results, evaluation: Evaluation) -> Iterator[str]:
    is_cubic = evaluation.degradation is Degradation.CUBIC
    assumed = "linearly interpolated points" if is_cubic else "what they are"
    yield f"- low resolution: {_DEGRADATIONS[evaluation.degradation]}"
    if not is_cubic:
        yield (
            "- point spreads: Gaussian unless named; the FWHM of a Gaussian and the width of the others are the LR "
            "spacing unless given; gaps make slices thinner than their distance"
        )
        yield "- noise: Rician, with its standard deviation in percent of 1"
    yield (
        "- intensities: scaled as in training, so that the window of the whole image becomes 0 to 1, and clipped to 0 "
        f"to {itk.ArSSRTrainingIntensities.GetMaximum():.3g}"
    )
    yield (
        f"- PSNR and SSIM (three-dimensional, Gaussian window of 1.5 voxels) within a border of {evaluation.border} "
        "voxels; their value range is the truth's there"
    )
    if evaluation.quality > 1:
        yield f"- models: mean of {evaluation.quality} passes over mirrored copies (quality {evaluation.quality})"
    if evaluation.crop is not None:
        yield f"- part of each image (x, y, z): {evaluation.crop}"
    models = f"; models get {evaluation.iterations}" if evaluation.iterations else ""
    if evaluation.iterations.stop_at_noise:
        models = "; those of models end when the result agrees to within the noise, which is told"
    yield (
        f"- {BACK_PROJECTED.strip(' +')}: iterations of back-projection, which treats LR voxels as {assumed}; "
        f"B-splines get the best number of up to {evaluation.back_projections}{models}"
    )
    yield "- gains are differences in each image, then averaged"
    yield f"- images: {len({case.image for case in results.cases})}; arssr {__version__}"


def _header(names: Sequence[str]) -> list[str]:
    return [_row(names), _row(["---"] * len(names))]


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
