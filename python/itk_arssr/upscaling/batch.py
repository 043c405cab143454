"""Batches: turn the user's arguments into inputs and outputs, and work through them even if some fail."""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import itk

from itk_arssr.common.diagnostics import warnings_collected
from itk_arssr.common.errors import UserError, description
from itk_arssr.common.watch import Progress
from itk_arssr.images import io
from itk_arssr.images.formats import extension, is_named_like_a_file, output_name
from itk_arssr.images.found import Found, single
from itk_arssr.images.outputs import Inputs, place
from itk_arssr.images.sources import Source
from itk_arssr.upscaling.upscaler import Upscaler


@dataclass(frozen=True)
class Job:
    """One volume to super-resolve."""

    source: Source
    output: Path
    residual: Path | None = None
    uncertainty: Path | None = None

    @property
    def named_files(self) -> dict[str, Path]:
        """All files that it writes, by their roles."""
        files = {"result": self.output, "residual map": self.residual, "uncertainty map": self.uncertainty}
        return {name: file for name, file in files.items() if file is not None}

    @property
    def files(self) -> tuple[Path, ...]:
        """All files that it writes."""
        return tuple(self.named_files.values())


@dataclass(frozen=True)
class Result:
    """The outcome of a job; ``error`` is empty if it succeeded or its result already existed."""

    job: Job
    seconds: float = 0.0
    size: tuple[int, ...] = ()
    spacing: tuple[float, ...] = ()
    scan: str = ""  # how it was taken, and the sources of that
    agreement: str = ""
    bounded: float = 0.0  # share of the voxels that were kept within the scan's local range
    notes: tuple[str, ...] = ()
    error: str = ""
    kept: bool = False  # the result of an earlier run was left as it is


class Batch:
    """The images of a place and the files for their results, given as the images become known.

    The results of a batch go to a directory; that of one image goes to a file or into a directory. The same holds for
    residual and uncertainty maps, if requested. Results of earlier runs are not inputs.
    """

    def __init__(
        self,
        found: Found,
        output: Path,
        encoder: str,
        label: str,
        residual: Path | None = None,
        uncertainty: Path | None = None,
    ) -> None:
        """Check the names of the outputs; nothing is converted yet."""
        self.found = found
        self._output, self._residual, self._uncertainty = output, residual, uncertainty
        self._encoder, self._label = encoder, label
        self._places = [place for place in (output, residual, uncertainty) if place is not None]
        found.leave_out_results(self._places)
        if not found.images and not found.series:
            raise UserError(
                f"{found.place} holds no image but results of arssr, which are not processed again in place; name one "
                "of them, or another directory for their results"
            )
        self._is_single = not (found.place.is_dir() and found.images) and any(
            not os.path.isdir(place) and is_named_like_a_file(place) for place in self._places
        )
        if not self._is_single:
            for place in self._places:
                self._check_is_directory(place)

    def _check_is_directory(self, place: Path) -> None:
        if os.path.isfile(place):  # which is also False for impossible names
            raise UserError(f"{place} is a file; the results of a directory need a directory")
        if extension(place) and not os.path.isdir(place):
            raise UserError(
                f"{place} is named like a file; the {len(self.found)} images of {self.found.place} need a directory"
            )

    def jobs(self, check: Callable[[], None]) -> Iterator[list[Job]]:
        """Jobs whose images can be read until the next jobs are requested; ``check`` ends the work by raising."""
        if not self._is_single:
            for sources in self.found.groups(check):
                yield [self._job(source) for source in sources]
            return
        with ExitStack() as keep:
            sources = [source for group in self.found.groups(check, keep) for source in group]
            remedy = "choose one with --series, or name a directory for the results of all"
            yield [self._job(single(self.found, sources, remedy))]

    def _job(self, source: Source) -> Job:
        residual = None if self._residual is None else self._file(source, self._residual, "residual")
        uncertainty = None if self._uncertainty is None else self._file(source, self._uncertainty, "uncertainty")
        return Job(source, self._file(source, self._output, "recon"), residual, uncertainty)

    def _file(self, source: Source, place: Path, kind: str) -> Path:
        """The named file, or one in the named directory."""
        if self._is_single and not os.path.isdir(place) and is_named_like_a_file(place):
            return place
        return place / output_name(self._encoder, self._label, source.path, kind)


class Existing(Enum):
    """What to do about results that already exist."""

    REFUSE = "refuse"
    REPLACE = "replace"
    KEEP = "keep"


class Settling:
    """Finds the jobs that are not run because they are already done or must be refused, and gives their results.

    A job is refused if an output cannot be written, is an input of any job (or another file that is read), is written
    by another job, or exists.
    """

    def __init__(self, existing: Existing, inputs: Iterable[Path | None]) -> None:
        self._existing = existing
        self._inputs = Inputs(inputs)
        self._writers: dict[object, Job] = {}

    def result(self, job: Job) -> Result | None:
        """The result of a job that is not to be run, else ``None``; call it once for each job."""
        try:
            _check_names(job)
            self._inputs.check_survive(job.files)
            for file in job.files:
                _check_is_only_writer(job, file, self._writers)
            return Result(job, kept=True) if _is_done(job, self._existing) else None
        except UserError as error:
            return Result(job, error=str(error))


def _check_names(job: Job) -> None:
    for file in job.files:
        io.check_can_write(file)
    names: dict[object, str] = {}
    for name, file in job.named_files.items():
        other = names.setdefault(place(file), name)
        if other != name:
            raise UserError(f"{file} cannot hold both the {other} and the {name}")


def _check_is_only_writer(job: Job, file: Path, writers: dict[object, Job]) -> None:
    for key in (Path(os.path.realpath(file)), place(file)):  # the second changes once the file is written
        twin = writers.setdefault(key, job)
        if twin is not job:
            raise UserError(f"the result would replace that of {twin.source.path}: both are named {file.name}")


def _is_done(job: Job, existing: Existing) -> bool:
    """Whether all outputs of a job exist and are to be kept."""
    there = [file for file in job.files if file.exists()]
    if not there or existing is Existing.REPLACE:
        return False
    if existing is Existing.REFUSE:
        raise UserError(f"{there[0]} exists; --overwrite replaces it, --skip-existing leaves it")
    if len(there) < len(job.files):
        missing = next(file for file in job.files if file not in there)
        raise UserError(
            f"{there[0]} exists and {missing} does not: they are written together; --overwrite writes both again"
        )
    return True


def run(job: Job, upscaler: Upscaler, on_progress: Progress) -> Result:
    """Read, super-resolve, write. The result records a failure, but not Ctrl-C."""
    start = time.monotonic()
    try:
        with warnings_collected() as warnings:
            volume = io.read(job.source)
            upscaler.raise_if_interrupted()
            written = upscaler.to_file(volume, job.output, on_progress, job.residual, job.uncertainty)
    except (UserError, RuntimeError, OSError, MemoryError) as error:
        return Result(job, time.monotonic() - start, error=description(error))
    notes = (*volume.notes, *written.notes, *warnings)
    return Result(
        job,
        time.monotonic() - start,
        tuple(itk.size(written.grid)),
        tuple(itk.spacing(written.grid)),
        str(written.scan),
        str(written.agreement or ""),
        written.bounded,
        notes,
    )
