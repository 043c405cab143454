"""``arssr upscale``: super-resolve a scan, or a directory of them."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from itk_arssr.acquisition.scan import Told, parse_noise, parse_profile
from itk_arssr.commands.shared import err, heading, option, out, reports_mistakes, tell_note
from itk_arssr.commands.tables import outcome, summary
from itk_arssr.common.bars import Bars
from itk_arssr.common.errors import UserError
from itk_arssr.common.options import (
    PerAxis,
    parse_device,
    parse_interval,
    parse_memory,
    parse_per_axis,
    parse_precision,
    parse_quality,
)
from itk_arssr.common.signals import ends_on_ctrl_c
from itk_arssr.images.found import Found, check_series_are_there, find
from itk_arssr.upscaling.batch import Batch, Existing, Result, Settling, run
from itk_arssr.upscaling.settings import BackProjections, Settings, Target, parse_back_projections
from itk_arssr.upscaling.upscaler import Upscaler, load_model

EXAMPLES = (
    "arssr upscale scan.nii.gz scan_hr.nii.gz --scale 2.5",
    "arssr upscale scan.nii.gz scan_hr.nii.gz --scale 1x1x4",
    "arssr upscale dicom_folder/ scan_hr.nii.gz --spacing 0.5",
    "arssr upscale patient/ results/ --scale 2 --series t1_mprage",
    "arssr upscale t2.nii.gz t2_on_t1.nii.gz --like t1.nii.gz",
    "arssr upscale scans/ results/ --scale 2 --memory 2GiB",
    "arssr upscale scans/ results/ --scale 2 --skip-existing",
    "arssr upscale scan.nii.gz scan_hr.nii.gz --scale 2 --quality 8",
    "arssr upscale scan.nii.gz scan_hr.nii.gz --scale 2 --quality 8 --uncertainty spread.nii.gz",
    "arssr upscale ct.mha ct_hr.mha --scale 2 --window -1000,1500",
    "arssr upscale scan.nii.gz scan_hr.nii.gz --scale 2 --consistency 10 --residual residual.nii.gz",
    "arssr upscale scan.nii.gz scan_hr.nii.gz --scale 2 --consistency auto",
    "arssr upscale scan.nii.gz scan_hr.nii.gz --scale 2 --consistency 10 --profile z=box:4,xy=sinc",
    "arssr upscale noisy.nii.gz noisy_hr.nii.gz --scale 2 --consistency 10 --tolerance 30",
    "arssr upscale noisy.nii.gz noisy_hr.nii.gz --scale 2 --residual residual.nii.gz --noise 12:rician",
)


@reports_mistakes
def upscale(
    source: Annotated[
        Path, typer.Argument(metavar="IN", help="Image file, folder of DICOM files, or directory of image files.")
    ],
    output: Annotated[
        Path,
        typer.Argument(
            metavar="OUT",
            help="File (.nii.gz, .nii, .nrrd or .mha), or directory for files named ArSSR_ENCODER_recon_SCALEx_NAME.",
        ),
    ],
    scale: Annotated[
        PerAxis | None,
        option(
            parse_per_axis,
            "S|X,Y,Z",
            "Output voxels per input voxel, any number > 0: 2.5, or 1,1,4 or 1x1x4 for x, y and z.",
        ),
    ] = None,
    spacing: Annotated[
        PerAxis | None, option(parse_per_axis, "MM|X,Y,Z", "Or the output voxel size: 0.5, or 0.5,0.5,1 or 0.5x0.5x1.")
    ] = None,
    series: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SERIES",
            help="Use only this DICOM series: a number, a description or protocol or part of one, or a volume's name, "
            "with the wildcards * and ?; may be repeated. Default: all but localizers and derived images.",
        ),
    ] = None,
    like: Annotated[
        Path | None,
        typer.Option(
            metavar="IMAGE",
            help="Compute the voxels of this image's grid instead. It must overlap IN; voxels outside IN are 0.",
        ),
    ] = None,
    like_series: Annotated[
        list[str] | None, typer.Option(metavar="SERIES", help="Series of --like to use, if that is DICOM.")
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE|NAME",
            help="Weights: .safetensors, .pkl / .pt as the published scripts save them, or the name of a bundled "
            "model (arssr info lists them); default: the default bundled model.",
        ),
    ] = None,
    device: Annotated[str, option(parse_device, "NAME", "auto, cpu, cuda or cuda:N.")] = "auto",
    precision: Annotated[
        str,
        option(
            parse_precision,
            "NAME",
            "float32, tensorfloat32, bfloat16 or float16; auto: bfloat16 on a GPU, float32 on a CPU.",
        ),
    ] = "float32",
    memory: Annotated[int | None, option(parse_memory, "SIZE", "Memory for the computation: 2GiB, 800MiB.")] = None,
    quality: Annotated[
        int,
        option(
            parse_quality,
            "N",
            "Passes over mirrored copies of IN, whose mean is the result: 1, 2, 4 or 8. N passes take N times as long.",
        ),
    ] = "1",
    uncertainty: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Also write how much these passes differ in each voxel: their standard deviation, on the result's "
            "grid. A directory if IN is one.",
        ),
    ] = None,
    window: Annotated[
        tuple | None,
        option(
            parse_interval,
            "LO,HI",
            "Intensities that become 0 and 1 for the network; default: taken from the image.",
        ),
    ] = None,
    no_intensity_scaling: Annotated[
        bool, typer.Option("--no-intensity-scaling", help="Give the network the intensities as they are.")
    ] = False,
    unbounded: Annotated[
        bool,
        typer.Option(
            "--unbounded", help="Let the result leave IN's local range around each voxel, as it may at hard edges."
        ),
    ] = False,
    consistency: Annotated[
        BackProjections,
        option(
            parse_back_projections,
            "N|auto",
            "Make the result agree with IN by N back-projections of the residual. These also fit noise: 10 are enough "
            "for a scan without noise; auto: until the result agrees with IN to within its noise, at most 10.",
        ),
    ] = "0",
    tolerance: Annotated[
        float,
        typer.Option(
            min=0,
            metavar="T",
            help="Residual that --consistency does not correct: two or three standard deviations of IN's noise.",
        ),
    ] = 0,
    profile: Annotated[
        str | None,
        option(
            parse_profile,
            "TEXT",
            "How IN was taken, for --consistency and --residual: the point spread along each axis, such as "
            "z=box:4,xy=sinc. gaussian, box, sinc, sinc:hann, with a width in mm if it is not the spacing.",
        ),
    ] = None,
    slice_thickness: Annotated[
        float | None,
        typer.Option(metavar="MM", min=1e-6, help="Or only its slice thickness, which may not be the slice distance."),
    ] = None,
    noise: Annotated[
        str | None,
        option(
            parse_noise,
            "SD",
            "Standard deviation of IN's noise, in IN's intensities, with its kind if known: 12, 12:rician or "
            "12:gaussian. Default: estimated from IN.",
        ),
    ] = None,
    residual: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Also write the residual map: IN minus a scan simulated from the result, on IN's grid. "
            "A directory if IN is one.",
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace outputs that exist.")] = False,
    skip_existing: Annotated[
        bool,
        typer.Option("--skip-existing", help="Keep outputs that exist, and count them as done: continues a batch."),
    ] = False,
) -> None:
    """Super-resolve an image, DICOM series, or a directory of them.

    The field of view and the pixel type are kept; pixel types other than
    unsigned char, short, unsigned short, float and double become float.
    Give exactly one of --scale, --spacing and --like.

    The residual map shows where the result contradicts the scan it was made
    from: whatever it shows beyond noise is an error. --consistency removes
    it. Both need to know how the scan was taken. This comes from --profile,
    --slice-thickness and --noise; else from the BIDS sidecar that dcm2niix
    makes for DICOM files or that lies beside IN; else from IN itself, which
    shows its noise and any interpolation by the scanner. Where none of these
    gives the point spread, it is assumed to be a Gaussian whose full width at
    half maximum is a voxel of IN. A line reports what was used and where it
    came from. With --consistency auto the residual is removed as far as it
    exceeds the noise, and a line reports the noise, the iterations and the
    residual.

    With --quality the network also sees IN mirrored along its axes, and
    errors that depend on direction partly cancel out. Where the passes
    differ, the network is uncertain: --uncertainty maps this, before
    --consistency.

    DICOM files are recognised by content and searched for in folders to any
    depth; dcm2niix converts them to volumes. A series whose slices form no
    even volume, or several that cannot be told apart, is refused with the
    reason. Image files of other formats are taken from the directory itself,
    or, if nothing is found there, from the folders below it.

    A bad file in a directory does not stop the others: a summary reports
    what failed, and the exit status is then 1. Earlier results in a directory
    are recognised by their names and not used as scans. Inputs, including the
    image of --like, are never overwritten.
    """
    if sum(given is not None for given in (scale, spacing, like)) != 1:
        raise typer.BadParameter("give exactly one of --scale, --spacing and --like")
    if window is not None and no_intensity_scaling:
        raise typer.BadParameter("--window has no meaning with --no-intensity-scaling")
    if like_series and like is None:
        raise typer.BadParameter("--like-series has no meaning without --like")
    told = Told(profile or "", slice_thickness, noise or "")
    if told and not consistency and residual is None:
        raise typer.BadParameter(
            "--profile, --slice-thickness and --noise have no meaning without --consistency or --residual"
        )
    if uncertainty is not None and quality == 1:
        raise typer.BadParameter("--uncertainty needs --quality 2, 4 or 8: a single pass has no standard deviation")
    if tolerance and not consistency:
        raise typer.BadParameter("--tolerance has no meaning without --consistency")
    if overwrite and skip_existing:
        raise typer.BadParameter("--overwrite replaces outputs that exist, --skip-existing leaves them; give one")
    target = Target(scale, spacing, like, tuple(like_series or ()))
    weights = load_model(model)
    upscaler = Upscaler(
        weights,
        Settings(
            target,
            device,
            memory,
            window,
            not no_intensity_scaling,
            consistency,
            tolerance,
            precision,
            bounded=not unbounded,
            told=told,
            quality=quality,
        ),
    )
    found = find(source, series or ())
    check_series_are_there(series or (), [found])
    batch = Batch(found, output, weights.GetEncoderAsString(), target.label, residual, uncertainty)
    existing = Existing.REPLACE if overwrite else Existing.KEEP if skip_existing else Existing.REFUSE
    settling = Settling(existing, [*found.files, *upscaler.inputs, model])
    results: list[Result] = []
    try:
        with (
            ends_on_ctrl_c(upscaler),
            Bars(out, len(found)) as bars,
            closing(batch.jobs(upscaler.raise_if_interrupted)) as groups,
        ):
            for jobs in groups:
                bars.expect(len(jobs))
                for job in jobs:
                    bars.begin(job.source.path.name)
                    results.append(settling.result(job) or run(job, upscaler, bars.update))
                    bars.end()
    finally:
        if len(results) > 1:
            heading("Summary")
            out.print(summary(results))
    _conclude(found, results)


def _conclude(found: Found, results: Sequence[Result]) -> None:
    """Say what was left out and what failed."""
    errors = [result.error for result in results if result.error]
    faults = [f"{fault.name}: {fault.reason}" for fault in found.faults]
    count = len(results) + len(faults)
    if not count:
        raise UserError(f"{found.place} holds no volume: {'; '.join(found.reasons)}")
    for remark in found.remarks:
        tell_note(remark)
    if count > 1:
        for fault in faults:
            err.print(f"[red]failed:[/] {escape(fault)}", highlight=False, soft_wrap=True)
        if errors or faults:
            raise UserError(f"{len(errors) + len(faults)} of {count} failed")
    elif errors or faults:
        raise UserError((errors + faults)[0])
    else:
        out.print(outcome(results[0]), highlight=False)
