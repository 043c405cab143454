"""Batches: from what the user named to a list of inputs and outputs, and through it whatever fails."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import itk

from itk_arssr import io
from itk_arssr.diagnostics import warnings_collected
from itk_arssr.errors import UserError, description
from itk_arssr.formats import extension, output_name
from itk_arssr.sources import Source, find
from itk_arssr.upscaler import Upscaler
from itk_arssr.watch import Progress


@dataclass(frozen=True)
class Job:
    """One volume to super-resolve."""

    source: Source
    output: Path


@dataclass(frozen=True)
class Result:
    """What became of a job; ``error`` is empty where it went well."""

    job: Job
    seconds: float = 0.0
    size: tuple[int, ...] = ()
    spacing: tuple[float, ...] = ()
    notes: tuple[str, ...] = ()
    error: str = ""


def plan(source: Path, output: Path, encoder: str, label: str) -> list[Job]:
    """Inputs with their outputs. A batch goes to a directory; one image goes to a file, or into a directory."""
    sources, is_batch = find(source)
    if not is_batch and not output.is_dir() and output.suffix:
        io.check_can_write(output)
        return [Job(sources[0], output)]
    if output.is_file():
        raise UserError(f"{output} is a file; the results of a directory need a directory")
    if is_batch and extension(output):
        raise UserError(f"{output} is named like a file; the {len(sources)} images of {source} need a directory")
    return [Job(image, output / output_name(encoder, label, image.path)) for image in sources]


def refusals(jobs: Sequence[Job], overwrite: bool) -> dict[Job, str]:
    """Jobs that must not run, and why: an output that is an input, that another job writes, or that exists."""
    inputs = {_identity(file) for job in jobs for file in job.source.files if file.exists()}
    refused: dict[Job, str] = {}
    first: dict[Path, Job] = {}
    for job in jobs:
        twin = first.setdefault(job.output, job)
        if job.output.exists() and _identity(job.output) in inputs:
            refused[job] = f"{job.output} is an input; an input is never overwritten"
        elif twin is not job:
            refused[job] = f"the result would replace that of {twin.source.path}: both are named {job.output.name}"
        elif job.output.exists() and not overwrite:
            refused[job] = f"{job.output} exists; --overwrite replaces it"
    return refused


def _identity(file: Path) -> tuple[int, int]:
    status = file.stat()
    return status.st_dev, status.st_ino


def run(job: Job, upscaler: Upscaler, on_progress: Progress) -> Result:
    """Read, super-resolve, write. A failure ends up in the result; Ctrl-C does not."""
    start = time.monotonic()
    try:
        with warnings_collected() as warnings:
            volume = io.read(job.source)
            upscaler.raise_if_interrupted()
            grid = upscaler.to_file(volume.image, job.output, on_progress)
    except (UserError, RuntimeError, OSError, MemoryError) as error:
        return Result(job, time.monotonic() - start, error=description(error))
    notes = tuple(note for note in (volume.note, *warnings) if note)
    return Result(job, time.monotonic() - start, tuple(itk.size(grid)), tuple(itk.spacing(grid)), notes)
