"""Options and help of ``arssr train``; the work is done by the modules imported when it runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from itk_arssr.commands.shared import option, out, reports_mistakes
from itk_arssr.common.errors import EXIT_FAILURE, EXIT_INTERRUPTED
from itk_arssr.common.options import parse_device, parse_memory

EXAMPLES = (
    "arssr train scans/ --val held_out/ --out model.safetensors",
    "arssr train scans/ --validation-split 0.2 --encoder RDN --epochs 200 --out rdn.safetensors",
    "arssr train scans/ --val held_out/ --recipe published --encoder ResCNN --device cuda",
    "arssr train scans/ --labels label_maps/ --val held_out/ --recipe scanners --out robust.safetensors",
    "arssr train --config recipe.yaml --set scale_max=3 --set samples=4000",
    "arssr train more_scans/ --init model.safetensors --lr 1e-4 --out tuned.safetensors",
    "arssr train --resume runs/20260101-120000-RDN",
    "torchrun --nproc-per-node 4 -m itk_arssr train scans/ --val held_out/ --out model.safetensors",
)


def _recipe_option(metavar: str, text: str, *names: str) -> typer.models.OptionInfo:
    return typer.Option(*names, metavar=metavar, help=text, rich_help_panel="Recipe")


def _run_option(metavar: str, text: str, minimum: float | None = None, *names: str) -> typer.models.OptionInfo:
    return typer.Option(*names, metavar=metavar, help=text, min=minimum, rich_help_panel="Run")


def _parsed_run_option(parse: Callable[[str], Any], metavar: str, text: str) -> typer.models.OptionInfo:
    parsed = option(parse, metavar, text)
    parsed.rich_help_panel = "Run"
    return parsed


@reports_mistakes
def train(
    data: Annotated[
        list[Path] | None,
        typer.Argument(metavar="DATA", help="High-resolution images: files, directories, DICOM folders."),
    ] = None,
    val: Annotated[
        list[Path] | None, typer.Option(metavar="PATH", help="Images to validate on; may be repeated.")
    ] = None,
    validation_split: Annotated[
        str | None, typer.Option(metavar="SHARE", help="Share of DATA to validate on instead, such as 0.2.")
    ] = None,
    labels: Annotated[
        list[Path] | None,
        typer.Option(metavar="PATH", help="Label maps to make scans of random contrast from; may be repeated."),
    ] = None,
    series: Annotated[
        list[str] | None,
        typer.Option(metavar="SERIES", help="Use only this DICOM series, as in arssr upscale; may be repeated."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Model to write, .safetensors; default: in the run folder."),
    ] = None,
    init: Annotated[Path | None, typer.Option(metavar="MODEL", help="Start from these weights (fine-tuning).")] = None,
    config: Annotated[
        Path | None, _recipe_option("YAML", "Values by name, also data, val, labels, out; paths relative to this file.")
    ] = None,
    recipe: Annotated[
        str | None, _recipe_option("NAME", "Recipe to start from: default, published or scanners.")
    ] = None,
    values: Annotated[
        list[str] | None, _recipe_option("NAME=VALUE", "Any value of the recipe; may be repeated.", "--set")
    ] = None,
    list_values: Annotated[
        bool, typer.Option("--list-values", help="Show the recipe's values and exit.", rich_help_panel="Recipe")
    ] = False,
    encoder: Annotated[str | None, _recipe_option("NAME", "Residual, RDN, ResCNN or SRResnet.")] = None,
    epochs: Annotated[str | None, _recipe_option("N", "Number of epochs in total.")] = None,
    batch: Annotated[str | None, _recipe_option("N", "Samples per step, over all processes.")] = None,
    lr: Annotated[str | None, _recipe_option("RATE", "Learning rate of Adam.")] = None,
    seed: Annotated[str | None, _recipe_option("N", "Seed of all random numbers.")] = None,
    # torchrun mistakes --run for an option of its own
    run: Annotated[
        Path | None, _run_option("DIR", "Run folder; default: runs/DATE-TIME-ENCODER.", None, "--run-dir", "--run")
    ] = None,
    resume: Annotated[Path | None, _run_option("DIR", "Continue the run in this folder exactly.")] = None,
    device: Annotated[str, _parsed_run_option(parse_device, "NAME", "auto, cpu, cuda or cuda:N.")] = "auto",
    threads: Annotated[int | None, _run_option("N", "Threads that torch uses on the CPU.", 1)] = None,
    memory: Annotated[int | None, _parsed_run_option(parse_memory, "SIZE", "Memory for images: 8GiB, 800MiB.")] = None,
    timeout: Annotated[float, _run_option("MINUTES", "Time to wait for other processes (torchrun).", 0.01)] = 10.0,
    slices_every: Annotated[int, _run_option("N", "Epochs between example slices; 0: none.", 0)] = 10,
    no_tensorboard: Annotated[
        bool, typer.Option("--no-tensorboard", help="Write no files for TensorBoard.", rich_help_panel="Run")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a model that exists.")] = False,
) -> None:
    """Train a model on high-resolution images.

    Low-resolution patches are made from the images during training. A run
    folder holds all values (recipe.yaml), a log (log.csv), checkpoints and
    files for TensorBoard (tensorboard --logdir runs).

    Values come from the recipe; those of --config override them, and options
    override both. Ctrl-C stops at the next step: the best model so far is
    written and the run can be resumed; a second Ctrl-C ends the program at
    once.
    """
    from itk_arssr.commands.recipe_values import show_values
    from itk_arssr.training.config import Given, parse_assignments
    from itk_arssr.training.distributed import EndedElsewhere
    from itk_arssr.training.job import Request
    from itk_arssr.training.run import train as run_training

    options = {
        "data": ("DATA", data),
        "val": ("--val", val),
        "series": ("--series", series),
        "validation_split": ("--validation-split", validation_split),
        "labels": ("--labels", labels),
        "out": ("--out", output),
        "init": ("--init", init),
        "recipe": ("--recipe", recipe),
        "encoder": ("--encoder", encoder),
        "epochs": ("--epochs", epochs),
        "batch": ("--batch", batch),
        "learning_rate": ("--lr", lr),
        "seed": ("--seed", seed),
    }
    given = {
        name: Given(tuple(map(str, value)) if isinstance(value, list) else (str(value),), origin)
        for name, (origin, value) in options.items()
        if value not in (None, [])
    }
    given = parse_assignments(values or []) | given
    request = Request(
        given,
        config=config,
        resume=resume,
        run=run,
        device=device,
        threads=threads,
        memory_mib=memory,
        timeout_seconds=60 * timeout,
        slices_every=slices_every,
        tensorboard=not no_tensorboard,
        overwrite=overwrite,
    )
    if list_values:
        show_values(request, out)
        return
    if resume is not None and run is not None:
        raise typer.BadParameter("--resume names the run folder; --run-dir has no meaning with it")
    try:
        complete = run_training(request, out)
    except EndedElsewhere:
        raise typer.Exit(EXIT_FAILURE) from None
    if not complete:
        raise typer.Exit(EXIT_INTERRUPTED)
