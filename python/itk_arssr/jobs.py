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
    residual: Path | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """All that it writes."""
        return (self.output,) if self.residual is None else (self.output, self.residual)


@dataclass(frozen=True)
class Result:
    """What became of a job; ``error`` is empty where it went well."""

    job: Job
    seconds: float = 0.0
    size: tuple[int, ...] = ()
    spacing: tuple[float, ...] = ()
    agreement: str = ""
    bounded: float = 0.0  # share of the voxels that were kept within the range of the scan around them
    notes: tuple[str, ...] = ()
    error: str = ""


def plan(source: Path, output: Path, encoder: str, label: str, residual: Path | None = None) -> list[Job]:
    """Inputs with their outputs. A batch goes to a directory; one image goes to a file, or into a directory.

    The same holds for residual maps, where they are to be written.
    """
    sources, is_batch = find(source)
    naming = _Naming(source, sources, is_batch, encoder, label)
    outputs = naming.files(output, "recon")
    residuals = [None] * len(sources) if residual is None else naming.files(residual, "residual")
    return [Job(*files) for files in zip(sources, outputs, residuals, strict=True)]


@dataclass(frozen=True)
class _Naming:
    """Names of the files that are made from the images of a source."""

    source: Path
    images: Sequence[Source]
    is_batch: bool
    encoder: str
    label: str

    def files(self, place: Path, kind: str) -> list[Path]:
        """The file that is named, or one for each image in the directory that is named."""
        if not self.is_batch and not place.is_dir() and place.suffix:
            io.check_can_write(place)
            return [place]
        if place.is_file():
            raise UserError(f"{place} is a file; the results of a directory need a directory")
        if self.is_batch and extension(place):
            count = len(self.images)
            raise UserError(f"{place} is named like a file; the {count} images of {self.source} need a directory")
        return [place / output_name(self.encoder, self.label, image.path, kind) for image in self.images]


def refusals(jobs: Sequence[Job], overwrite: bool) -> dict[Job, str]:
    """Jobs that must not run, and why: an output that is an input, that another job writes, or that exists."""
    inputs = {_identity(file) for job in jobs for file in job.source.files if file.exists()}
    refused: dict[Job, str] = {}
    first: dict[Path, Job] = {}
    for job in jobs:
        if job.residual is not None and _same_place(job.output, job.residual):
            refused[job] = f"{job.output} cannot hold both the result and the residual map"
        for file in job.files:
            twin = first.setdefault(file, job)
            if file.exists() and _identity(file) in inputs:
                refused.setdefault(job, f"{file} is an input; an input is never overwritten")
            elif twin is not job:
                refused.setdefault(
                    job, f"the result would replace that of {twin.source.path}: both are named {file.name}"
                )
            elif file.exists() and not overwrite:
                refused.setdefault(job, f"{file} exists; --overwrite replaces it")
    return refused


def _same_place(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()


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
            written = upscaler.to_file(volume.image, job.output, on_progress, job.residual)
    except (UserError, RuntimeError, OSError, MemoryError) as error:
        return Result(job, time.monotonic() - start, error=description(error))
    notes = tuple(note for note in (volume.note, *warnings) if note)
    return Result(
        job,
        time.monotonic() - start,
        tuple(itk.size(written.grid)),
        tuple(itk.spacing(written.grid)),
        str(written.agreement or ""),
        written.bounded,
        notes,
    )
