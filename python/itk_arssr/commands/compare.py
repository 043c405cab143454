"""``arssr compare``: measure images against a true one."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from itk_arssr.commands.shared import heading, option, out, reports_mistakes, tell_note
from itk_arssr.commands.tables import quality_table
from itk_arssr.common.options import parse_interval

EXAMPLES = (
    "arssr compare truth.nii.gz linear.nii.gz sr.nii.gz",
    "arssr compare truth.nii.gz sr.nii.gz --border 6 --picture comparison.png",
    "arssr compare truth.nii.gz lr.nii.gz --resample",
    "arssr compare truth.nii.gz sr.nii.gz --border 6 --uncertainty spread.nii.gz",
)


@reports_mistakes
def compare(
    truth: Annotated[Path, typer.Argument(metavar="TRUTH", help="Image to measure the others against.")],
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE", help="One or more images on the truth's grid.")],
    border: Annotated[int, typer.Option(min=0, metavar="N", help="Voxels left out on every side.")] = 0,
    value_range: Annotated[
        tuple | None, option(parse_interval, "LO,HI", "Range of values; default: the truth's.", "--range")
    ] = None,
    resample: Annotated[
        bool, typer.Option("--resample", help="First resample images to the truth's grid with cubic B-splines.")
    ] = False,
    series: Annotated[
        list[str] | None, typer.Option(metavar="SERIES", help="DICOM series to use; may be repeated.")
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option(metavar="PNG", help="Also draw the images, the truth and the error of the last image."),
    ] = None,
    uncertainty: Annotated[
        Path | None,
        typer.Option(
            metavar="MAP",
            help="Also report whether this map, written by upscale --uncertainty, is large where the errors of the "
            "last image are large.",
        ),
    ] = None,
) -> None:
    """Measure PSNR and SSIM of images against a true one.

    PSNR is 10 log10(range² / mean squared error). SSIM is three-dimensional,
    with a Gaussian window of 1.5 voxels standard deviation; its mean leaves
    out 5 voxels on every side, where the window does not fit.

    An uncertainty map is rated by the share of the squared error that lies in
    the tenth of the voxels where the map is largest: 10 % by chance, and at
    best the share in the tenth of the voxels with the largest errors.
    """
    from itk_arssr.evaluation.comparison import calibrate, draw, load, load_map, measure

    loaded = load(truth, images, resample, tell_note, picture, series or ())
    spread = None if uncertainty is None else load_map(uncertainty, truth, loaded.truth, picture)
    qualities = measure(loaded, border, value_range)
    left_out = f", {border} voxels left out on every side" if border else ""
    heading(f"Against {truth.name}{left_out}")
    out.print(quality_table(list(zip(loaded.names, qualities, strict=True))))
    if spread is not None:
        out.print(escape(f"Uncertainty of {loaded.names[-1]}: {calibrate(loaded, spread, border)}"), highlight=False)
    if picture is not None:
        draw(loaded, qualities, picture)
        out.print(f"Picture: {escape(str(picture))}")
