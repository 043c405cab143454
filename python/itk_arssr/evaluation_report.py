"""Results of an evaluation as a CSV file, as Markdown, and as tables for the terminal."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import itk
from rich.markup import escape
from rich.table import Table

from itk_arssr import __version__
from itk_arssr.atomic import completed
from itk_arssr.confidence import CONFIDENCE, Mean
from itk_arssr.evaluation import BACK_PROJECTED, BASELINES, FIGURES, Case, Results
from itk_arssr.evaluation_options import Degradation, Evaluation
from itk_arssr.options import PerAxis

_DIGITS = {"psnr": 2, "ssim": 4}
_TITLES = {"psnr": "PSNR / dB", "ssim": "SSIM"}
_DEGRADATIONS = {
    Degradation.SLICE_PROFILE: "Gaussian slice profile, FWHM = LR spacing",
    Degradation.CUBIC: "cubic B-spline samples at the LR voxels' centres, no low-pass filter (the published recipe)",
}


def write_csv(path: Path, results: Results, evaluation: Evaluation) -> None:
    """One row for each image, scale and method; numbers as exact as they are."""
    columns = ["image", "scale", "degradation", "method"]
    for figure in FIGURES:
        columns += [figure, *(f"{figure}_over_{_identifier(baseline)}" for baseline in BASELINES)]
    with completed(path) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(columns)
        for case in results.cases:
            for method in case.qualities:
                row = [case.image, str(case.scale).replace("×", "x"), evaluation.degradation.value, method]
                for figure in FIGURES:
                    row.append(repr(case.figure(figure, method)))
                    row += [repr(case.gain(figure, method, baseline)) for baseline in BASELINES]
                rows.writerow(row)


def write_markdown(path: Path, results: Results, evaluation: Evaluation) -> None:
    """What was done, the means with their confidence intervals, each image, and what failed."""
    with completed(path) as partial:
        partial.write_text("\n".join(_markdown(results, evaluation)) + "\n", encoding="utf-8")


def tables(results: Results) -> Iterator[Table]:
    """For each scale, the means over the images; of each method PSNR in the first line, SSIM in the second."""
    for scale in results.scales:
        table = Table(title=heading(results, scale), title_justify="left", show_lines=True)
        table.add_column("method", overflow="fold")
        for column in _columns("\n".join(_TITLES.values())):
            table.add_column(column, justify="right")
        for method in results.methods:
            psnr, ssim = (_mean_cells(results, scale, figure, method) for figure in FIGURES)
            table.add_row(escape(method), *(f"{one}\n{other}" for one, other in zip(psnr, ssim, strict=True)))
        yield table


def heading(results: Results, scale: PerAxis) -> str:
    """The scale, and what its table shows."""
    count = len(results.at(scale))
    if count == 1:
        return f"×{scale}, n=1: no confidence interval"
    return f"×{scale}, mean of {count} images ± {CONFIDENCE:.0%} confidence interval"


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


def _mean_cells(results: Results, scale: PerAxis, figure: str, method: str) -> list[str]:
    """A method's mean, and its mean gains over the baselines but itself."""
    cells = [_with_interval(results.mean(scale, figure, method), figure, _plain)]
    for baseline in BASELINES:
        gain = results.mean_gain(scale, figure, method, baseline)
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
    for scale in results.scales:
        yield f"\n## {heading(results, scale)}\n"
        yield from _header(["method", *(column for title in _TITLES.values() for column in _columns(title))])
        for method in results.methods:
            yield _row([method, *(cell for figure in FIGURES for cell in _mean_cells(results, scale, figure, method))])
    yield "\n## Each image\n"
    yield from _header(
        ["image", "scale", "method", *(column for title in _TITLES.values() for column in _columns(title))]
    )
    for case in results.cases:
        for method in case.qualities:
            cells = [cell for figure in FIGURES for cell in _case_cells(case, figure, method)]
            yield _row([case.image, f"×{case.scale}", method, *cells])
    if results.failures:
        yield "\n## Failed\n"
        for failure in results.failures:
            yield f"- {failure.name}: {failure.error}"


def _settings(results: Results, evaluation: Evaluation) -> Iterator[str]:
    assumed = (
        "points, linearly interpolated" if evaluation.degradation is Degradation.CUBIC else "of that slice profile"
    )
    yield f"- low resolution: {_DEGRADATIONS[evaluation.degradation]}"
    yield (
        "- intensities: scaled as in training, the window of the whole image becoming 0 to 1, and clipped to 0 to "
        f"{itk.ArSSRTrainingIntensities.GetMaximum():.3g}"
    )
    yield (
        f"- PSNR and SSIM (three-dimensional, Gaussian window of 1.5 voxels) within a border of {evaluation.border} "
        "voxels; their range of values is the truth's there"
    )
    if evaluation.crop is not None:
        yield f"- part of each image (x, y, z): {evaluation.crop}"
    yield (
        f"- {BACK_PROJECTED.strip(' +')}: {evaluation.back_projections} iterations of back-projection, "
        f"which takes LR voxels to be {assumed}"
    )
    yield "- gains are differences in each image, then averaged"
    yield f"- images: {len({case.image for case in results.cases})}; arssr {__version__}"


def _header(names: Sequence[str]) -> list[str]:
    return [_row(names), _row(["---"] * len(names))]


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
