"""The command ``arssr evaluate``."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from itk_arssr.commands.shared import err, option, out, reports_mistakes, tell_note
from itk_arssr.common.atomic import check_can_write, make_folder
from itk_arssr.common.bars import Bars
from itk_arssr.common.errors import UserError
from itk_arssr.common.options import parse_device, parse_memory, parse_precision, parse_quality
from itk_arssr.common.signals import ends_on_ctrl_c
from itk_arssr.evaluation.results import Failure
from itk_arssr.evaluation.settings import (
    PICTURES,
    Crop,
    Degradation,
    Evaluation,
    parse_crop,
    parse_percentages,
    parse_profiles,
    parse_scales,
)
from itk_arssr.images.found import check_series_are_there, find
from itk_arssr.images.outputs import Inputs
from itk_arssr.upscaling.settings import BackProjections, parse_back_projections

if TYPE_CHECKING:
    from itk_arssr.evaluation.run import EvaluationRun

_TABLE, _REPORT, _PLOT = "results.csv", "results.md", "gain.png"
_OUTPUTS = (_TABLE, _REPORT, _PLOT, *PICTURES)
EXAMPLES = (
    "arssr evaluate scans/",
    "arssr evaluate mine.safetensors default scans/ --scales 2,2.5,3,4 --out evaluation",
    "arssr evaluate mine.safetensors scan.nii.gz --scales 1x1x4,1x1x5 --iterations 0",
    "arssr evaluate scans/ --profiles gaussian,box,sinc --noise 0,2,5 --scales 2,3,4,1x1x4 --gaps 0,25",
    "arssr evaluate scans/ --profiles gaussian,box,sinc --noise 0,2,5 --iterations auto",
    "arssr evaluate ArSSR_RDN.pkl scans/ --degradation cubic",
    "arssr evaluate mine.safetensors scan.nii.gz --crop 50:122,50:122,30:102",
)


@reports_mistakes
def evaluate(
    *,
    models: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="MODEL",
            help="Model files, or names of bundled models; default: the default bundled model.",
        ),
    ] = None,
    images: Annotated[
        Path,
        typer.Argument(
            metavar="HR_DIR", help="Directory of high-resolution images (files, DICOM series), or one image."
        ),
    ],
    series: Annotated[
        list[str] | None,
        typer.Option(metavar="SERIES", help="Use only this DICOM series, as in arssr upscale; may be repeated."),
    ] = None,
    scales: Annotated[
        tuple,
        option(parse_scales, "S,S,...", "Each one number, or one each for x, y and z: 2,2.5,1x1x4; 1,1,4 is 1x1x4."),
    ] = "2,3,4",
    profiles: Annotated[
        tuple,
        option(
            parse_profiles,
            "P,P,...",
            "Point spreads of low-resolution images: gaussian, box, sinc, sinc:hann, ... Their width (a Gaussian's "
            "FWHM) is the LR spacing unless given in mm. Separated by semicolons, they may differ between axes: "
            "'sinc;z=box:4,xy=sinc'.",
        ),
    ] = "gaussian",
    noise: Annotated[
        tuple,
        option(
            parse_percentages,
            "%,%,...",
            "Standard deviations of the Rician noise of low-resolution images, in percent of the intensity range.",
        ),
    ] = "0",
    gaps: Annotated[
        tuple,
        option(
            parse_percentages,
            "%,%,...",
            "Gaps between slices, in percent of their distance; only for scales of one axis, with gaussian and box.",
        ),
    ] = "0",
    degradation: Annotated[
        Degradation,
        typer.Option(
            help="How low-resolution images are made: with point spreads, or with cubic B-splines without "
            "anti-aliasing as in the published recipe."
        ),
    ] = Degradation.SLICE_PROFILE,
    iterations: Annotated[
        BackProjections,
        option(
            parse_back_projections,
            "N|auto",
            "Number of back-projections for models, and the maximum for B-splines, which get the best number. 0: none "
            "for models, up to 10 for B-splines; auto: those of models stop at the noise, after 10 at most.",
        ),
    ] = "10",
    border: Annotated[int, typer.Option(min=0, metavar="N", help="HR voxels to leave out on every side.")] = 6,
    crop: Annotated[
        Crop | None,
        option(parse_crop, "X:X,Y:Y,Z:Z", "Use this part of each image: first index and index after the last."),
    ] = None,
    folder: Annotated[Path, typer.Option("--out", metavar="DIR", help="Directory for the results.")] = Path(
        "evaluation"
    ),
    device: Annotated[str, option(parse_device, "NAME", "auto, cpu, cuda or cuda:N.")] = "auto",
    precision: Annotated[
        str, option(parse_precision, "NAME", "auto, float32, tensorfloat32, bfloat16 or float16.")
    ] = "float32",
    memory: Annotated[int | None, option(parse_memory, "SIZE", "Memory for the computation: 2GiB, 800MiB.")] = None,
    quality: Annotated[
        int, option(parse_quality, "N", "Passes of each model over mirrored copies of an image: 1, 2, 4 or 8.")
    ] = "1",
    no_intensity_scaling: Annotated[
        bool,
        typer.Option("--no-intensity-scaling", help="Give networks the intensities as they are, about [0, 1]."),
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace results that exist.")] = False,
) -> None:
    """Measure models on images whose truth is known, alongside interpolation and back-projection.

    Low-resolution images are made from the images of HR_DIR and restored by
    linear interpolation, cubic B-splines, B-splines with back-projection
    ("+ BP": the image is corrected until it explains the low-resolution one;
    B-splines get the best number of iterations), each model, and each model
    with back-projection. Back-projection is told the point spread, and with
    auto also the noise; models are told nothing. With noise, B-splines after
    non-local means are another rival, which is told the noise (scikit-image).

    Every scale is measured with all --profiles and --noise. DIR then holds
    results.csv (a row for each image, condition and method), results.md
    (gains over the best rival of each image; means with 95 % confidence
    intervals), gain.png, and best.png and worst.png: the slices with the
    highest and the lowest gain over B-splines with back-projection.

    Intensities are scaled as in training: the smaller of 0 and the minimum
    becomes 0, and the 99.9th percentile of the voxels above it becomes 1;
    they are clipped to [0, 1.2]. PSNR and SSIM use the truth's range within
    the border. An image that cannot be evaluated does not stop the others;
    the exit status is then 1.
    """
    from itk_arssr.evaluation.confidence import check_can_give_intervals
    from itk_arssr.evaluation.denoising import is_available
    from itk_arssr.evaluation.methods import Restorer, load_models
    from itk_arssr.evaluation.plot import check_can_plot
    from itk_arssr.evaluation.run import EvaluationRun

    evaluation = Evaluation(
        scales, profiles, noise, gaps, degradation, iterations, border, crop, not no_intensity_scaling, quality
    )
    _check_has_meaning(evaluation)
    check_can_give_intervals()
    check_can_plot()
    found = find(images, series or ())
    check_series_are_there(series or (), [found])
    found.leave_out_results()
    _check_outputs(folder, Inputs([*found.files, *(models or [])]), overwrite)
    restorer = Restorer(load_models(models or []), evaluation, device, memory, precision)
    make_folder(folder)
    with (
        ends_on_ctrl_c(restorer),
        Bars(out, len(found) * len(evaluation.conditions), "all") as bars,
        closing(found.groups(restorer.raise_if_interrupted)) as groups,
    ):
        run = EvaluationRun(restorer, evaluation, bars)
        run.run(groups)
    run.results.failures += [Failure(fault.name, fault.reason) for fault in found.faults]
    for remark in found.remarks:
        tell_note(remark)
    if any(noise) and not is_available():
        tell_note("non-local means, a rival for noisy images, was left out: pip install scikit-image")
    _conclude(run, evaluation, folder)


def _check_has_meaning(evaluation: Evaluation) -> None:
    """Refuse settings that would have no effect."""
    if not evaluation.conditions:
        raise typer.BadParameter("--gaps need thick slices, from scales such as 1x1x4, with gaussian or box")
    other = evaluation.profiles != Evaluation(evaluation.scales).profiles or any(evaluation.noise + evaluation.gaps)
    if evaluation.degradation is Degradation.CUBIC and other:
        raise typer.BadParameter("--profiles, --noise and --gaps have no meaning with --degradation cubic")


def _check_outputs(folder: Path, inputs: Inputs, overwrite: bool) -> None:
    """Refuse outputs that cannot be written or would replace something, before anything is computed."""
    for path in (folder / name for name in _OUTPUTS):
        check_can_write(path)
        inputs.check_survive([path])
        if path.exists() and not overwrite:
            raise UserError(f"{path} exists; --overwrite replaces it, --out names another directory")


def _conclude(run: EvaluationRun, evaluation: Evaluation, folder: Path) -> None:
    """Write and show the results, and report what failed."""
    from itk_arssr.evaluation.plot import save_gains
    from itk_arssr.evaluation.report import tables, write_csv, write_markdown

    results = run.results
    if results.cases:
        write_csv(folder / _TABLE, results, evaluation)
        write_markdown(folder / _REPORT, results, evaluation)
        save_gains(folder / _PLOT, results)
        pictures = run.extremes.draw(folder)
        for table in tables(results):
            out.print(table)
        names = [_TABLE, _REPORT, _PLOT, *(path.name for path in pictures)]
        out.print(f"In {escape(str(folder))}: {', '.join(names)}", highlight=False, soft_wrap=True)
    for note in results.notes:
        tell_note(note)
    for failure in results.failures:
        err.print(f"[red]failed:[/] {escape(failure.name)}: {escape(failure.error)}", highlight=False, soft_wrap=True)
    if results.failures:
        raise UserError(
            f"{len(results.failures)} failed; evaluated: {len(results.cases)}, counting each image under each condition"
        )
