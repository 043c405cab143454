"""What a training needs, looked up and checked: settings, images, and a trainer set up with them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import itk
from rich.console import Console

from itk_arssr.common.errors import UserError
from itk_arssr.images.outputs import Inputs
from itk_arssr.images.sources import Source
from itk_arssr.training.config import Values, apply_recipe, check_agrees, check_names, merged, paths, read_config
from itk_arssr.training.images import OpenImage, find_all, names_of, notes_on, open_images, split
from itk_arssr.training.run_folder import RunFolder
from itk_arssr.upscaling.upscaler import load_model


@dataclass(frozen=True)
class Request:
    """What the command line asks for; ``None`` leaves the default."""

    given: Values
    config: Path | None = None
    resume: Path | None = None
    run: Path | None = None
    device: str = "auto"
    threads: int | None = None
    memory_mib: int | None = None
    timeout_seconds: float = 600.0
    slices_every: int = 10
    tensorboard: bool = True
    overwrite: bool = False


@dataclass(frozen=True)
class Job:
    """A trainer with its recipe, images and initial model, and what they came from."""

    trainer: itk.ProcessObject
    values: Values
    training: list[OpenImage]
    validation: list[OpenImage]
    labels: list[OpenImage]
    notes: list[str]
    earlier_out: Path | None = None
    config: Path | None = None

    @property
    def out(self) -> Path | None:
        """The model's file, if it is named."""
        return next(iter(paths(self.values, "out")), None)

    @property
    def inputs(self) -> Inputs:
        """All files that the training reads."""
        images = (file for image in (*self.training, *self.validation, *self.labels) for file in image.source.files)
        return Inputs([*images, *paths(self.values, "init"), self.config])

    @property
    def replaces_own(self) -> bool:
        """Whether the model's file is the one that the run to resume had."""
        return self.out is not None and self.earlier_out is not None and self.out.resolve() == self.earlier_out


def new_trainer() -> itk.ProcessObject:
    """A trainer with the default recipe."""
    return itk.ArbitraryScaleSuperResolutionTrainingFilter[itk.Image[itk.F, 3]].New()


def prepare(request: Request, console: Console | None, keep: ExitStack) -> Job:
    """Look everything up; writes only volumes made from DICOM files, which exist until ``keep`` is closed.

    Only with a console are files read completely to check that they are complete.
    """
    trainer = new_trainer()
    values = merged(read_config(request.config) if request.config else {}, request.given)
    check_names(values, trainer.GetRecipeNames())
    earlier_out = None
    if request.resume is not None:
        recorded = RunFolder(request.resume).recorded()
        check_names(recorded, trainer.GetRecipeNames())
        apply_recipe(trainer, recorded)
        check_agrees(trainer, recorded, values, request.resume)
        earlier_out = next((path.resolve() for path in paths(recorded, "out")), None)
        values = recorded | {name: given for name, given in values.items() if name == "out"}
    else:
        apply_recipe(trainer, values)
    notes: list[str] = []
    training, validation = _sources(values, str(trainer.GetRecipeValue("seed")), notes, keep)
    labels = find_all(paths(values, "labels"), notes, keep)
    images = open_images([*training, *validation, *labels], console)
    opened = iter(images)
    job = Job(
        trainer,
        values,
        list(islice(opened, len(training))),
        list(islice(opened, len(validation))),
        list(opened),
        [*notes, *_notes(training, validation), *notes_on(images)],
        earlier_out,
        request.config,
    )
    _give(job, request)
    return job


def _sources(values: Values, seed: str, notes: list[str], keep: ExitStack) -> tuple[list[Source], list[Source]]:
    """Training and validation images; adds notes on how they were found."""
    if "data" not in values and "labels" not in values:
        raise UserError("there are no training images: give files or directories, or 'data' in the --config file")
    training, validation = (
        find_all(paths(values, name), notes, keep, values["series"].texts if "series" in values else ())
        for name in ("data", "val")
    )
    if "series" in values and not any(source.scanned for source in (*training, *validation)):
        raise UserError(f"{values['series'].origin}: there are no DICOM series to select")
    if "validation_split" not in values:
        return training, validation
    given = values["validation_split"]
    if validation:
        raise UserError(f"{given.origin}: a validation split has no meaning with validation images")
    try:
        share = float(given.text)
    except ValueError:
        raise UserError(f"{given.origin}: '{given.text}' is not a number") from None
    return split(training, share, seed)


def _notes(training: Sequence[Source], validation: Sequence[Source]) -> list[str]:
    if not validation:
        return ["no validation images, so the last weights are kept; --val or --validation-split 0.2 keeps the best"]
    shared = {source.path.resolve() for source in training} & {source.path.resolve() for source in validation}
    return [f"{len(shared)} of {len(validation)} validation images are training images too"] if shared else []


def _give(job: Job, request: Request) -> None:
    trainer = job.trainer
    for images, add in (
        (job.training, trainer.AddTrainingImage),
        (job.validation, trainer.AddValidationImage),
        (job.labels, trainer.AddTrainingLabels),
    ):
        for image, name in zip(images, names_of([image.source for image in images]), strict=True):
            add(image.image, name)
    for path in paths(job.values, "init"):
        trainer.SetInitialModel(load_model(path))
    if request.threads is not None:
        trainer.SetNumberOfThreads(request.threads)
    if request.memory_mib is not None:
        trainer.SetMemoryBudget(request.memory_mib)
