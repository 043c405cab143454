"""Batches: from what the user named to a list of inputs and outputs, and through it whatever fails."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import itk

from itk_arssr import io
from itk_arssr.diagnostics import warnings_collected
from itk_arssr.errors import UserError, description
from itk_arssr.formats import extension, is_named_like_a_file, output_name
from itk_arssr.outputs import Inputs, place
from itk_arssr.results import sort
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
    """What became of a job; ``error`` is empty where it went well, or where its result was there already."""

    job: Job
    seconds: float = 0.0
    size: tuple[int, ...] = ()
    spacing: tuple[float, ...] = ()
    agreement: str = ""
    notes: tuple[str, ...] = ()
    error: str = ""
    kept: bool = False  # the result of an earlier run was left as it is


@dataclass(frozen=True)
class Plan:
    """Jobs, and what is to be said of how they were found."""

    jobs: tuple[Job, ...]
    note: str = ""


def plan(source: Path, output: Path, encoder: str, label: str, residual: Path | None = None) -> Plan:
    """Inputs with their outputs. A batch goes to a directory; one image goes to a file, or into a directory.

    The same holds for residual maps, where they are to be written. Results of earlier runs are no inputs.
    """
    sources, is_batch = find(source)
    note = ""
    if is_batch:
        found = sort(sources, [output] if residual is None else [output, residual])
        sources, note = list(found.scans), found.note
        if not sources:
            raise UserError(
                f"{source} holds no image but results of arssr, from which nothing is computed in place; name one of "
                "them, or another directory for what is made of them"
            )
    naming = _Naming(source, sources, is_batch, encoder, label)
    outputs = naming.files(output, "recon")
    residuals = [None] * len(sources) if residual is None else naming.files(residual, "residual")
    return Plan(tuple(Job(*files) for files in zip(sources, outputs, residuals, strict=True)), note)


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
        if not self.is_batch and not place.is_dir() and is_named_like_a_file(place):
            return [place]
        if place.is_file():
            raise UserError(f"{place} is a file; the results of a directory need a directory")
        if self.is_batch and extension(place) and not place.is_dir():
            count = len(self.images)
            raise UserError(f"{place} is named like a file; the {count} images of {self.source} need a directory")
        return [place / output_name(self.encoder, self.label, image.path, kind) for image in self.images]


class Existing(Enum):
    """What is done about results that are there already."""

    REFUSE = "refuse"
    REPLACE = "replace"
    KEEP = "keep"


def settled(jobs: Sequence[Job], existing: Existing, other_inputs: Iterable[Path | None] = ()) -> dict[Job, Result]:
    """Jobs that are not run, and their results: nothing is to be done, or something must not be.

    That is an output that cannot be written, that is an input of whichever job (or another file that is read), that
    another job writes, or that exists.
    """
    inputs = Inputs([*(file for job in jobs for file in job.source.files), *other_inputs])
    writers: dict[object, Job] = {}
    results: dict[Job, Result] = {}
    for job in jobs:
        try:
            _check_names(job)
            inputs.check_survive(job.files)
            for file in job.files:
                _check_is_only_writer(job, file, writers)
            if _is_done(job, existing):
                results[job] = Result(job, kept=True)
        except UserError as error:
            results[job] = Result(job, error=str(error))
    return results


def _check_names(job: Job) -> None:
    for file in job.files:
        io.check_can_write(file)
    if job.residual is not None and place(job.output) == place(job.residual):
        raise UserError(f"{job.output} cannot hold both the result and the residual map")


def _check_is_only_writer(job: Job, file: Path, writers: dict[object, Job]) -> None:
    twin = writers.setdefault(place(file), job)
    if twin is not job:
        raise UserError(f"the result would replace that of {twin.source.path}: both are named {file.name}")


def _is_done(job: Job, existing: Existing) -> bool:
    """Whether all that a job writes is there and is to be kept."""
    there = [file for file in job.files if file.exists()]
    if not there or existing is Existing.REPLACE:
        return False
    if existing is Existing.REFUSE:
        raise UserError(f"{there[0]} exists; --overwrite replaces it, --skip-existing leaves it")
    if len(there) < len(job.files):
        missing = next(file for file in job.files if file not in there)
        raise UserError(
            f"{there[0]} exists and {missing} does not: they are made together; --overwrite makes both anew"
        )
    return True


def run(job: Job, upscaler: Upscaler, on_progress: Progress) -> Result:
    """Read, super-resolve, write. A failure ends up in the result; Ctrl-C does not."""
    start = time.monotonic()
    try:
        with warnings_collected() as warnings:
            volume = io.read(job.source)
            upscaler.raise_if_interrupted()
            written = upscaler.to_file(volume, job.output, on_progress, job.residual)
    except (UserError, RuntimeError, OSError, MemoryError) as error:
        return Result(job, time.monotonic() - start, error=description(error))
    notes = (*volume.notes, *written.notes, *warnings)
    grid, agreement = written.grid, str(written.agreement or "")
    return Result(job, time.monotonic() - start, tuple(itk.size(grid)), tuple(itk.spacing(grid)), agreement, notes)
