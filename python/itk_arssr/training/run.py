"""One training of ``arssr train``, from what was asked for to the model's file."""

from __future__ import annotations

import math
import os
import shlex
import sys
from contextlib import ExitStack
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import itk
from rich.console import Console

from itk_arssr.common.errors import EXIT_INTERRUPTED, OutputClosed, UserError, description
from itk_arssr.common.options import parse_per_axis
from itk_arssr.common.signals import stops_on_signals
from itk_arssr.common.wording import times
from itk_arssr.images.opened import OpenedFile
from itk_arssr.training.config import Given
from itk_arssr.training.csv_log import TrainLog
from itk_arssr.training.display import Display
from itk_arssr.training.distributed import Alone, join
from itk_arssr.training.example_slices import ExampleSlices
from itk_arssr.training.images import OpenImage
from itk_arssr.training.job import Job, Request, prepare
from itk_arssr.training.observer import LeadingObserver, Observer
from itk_arssr.training.run_folder import RunFolder, check_can_hold, check_writable, new_run
from itk_arssr.training.tensorboard_log import TensorBoardLog, is_available


def train(request: Request, console: Console) -> bool:
    """Train, and write the model; returns whether the training is complete: not after Ctrl-C."""
    with join(request.device, request.timeout_seconds) as processes, ExitStack() as keep:
        return Training(request, processes, console, keep).run()


class Training:
    """One process's part; the leading one prints and writes."""

    def __init__(self, request: Request, processes: Alone, console: Console, keep: ExitStack) -> None:
        """Volumes made from DICOM files exist until ``keep`` is closed."""
        self._request = request
        self._processes = processes
        self._console = console
        self._keep = keep

    def run(self) -> bool:
        """Prepare, train, write."""
        request, processes = self._request, self._processes
        job = processes.together(lambda: prepare(request, self._console if processes.leads else None, self._keep))
        folder = (
            RunFolder(request.resume)
            if request.resume
            else processes.of_leader(new_run(request.run, job.trainer.GetRecipeValue("encoder")))
        )
        out = job.out or folder.model
        processes.together(lambda: self._make_places(job, folder, out))
        job.trainer.SetDevice(processes.device)
        job.trainer.SetProcessGroup(processes.group_name)
        job.trainer.SetCheckpointDirectory(str(folder.checkpoints))
        if request.resume is not None:
            job.trainer.SetResumeFrom(str(folder.checkpoints))
        observer = Observer(job.trainer)
        try:
            observer = processes.together(lambda: self._observer(job, folder))
            quit_at_once = self._quit if processes.size == 1 else None
            with stops_on_signals(observer.stop, quit_at_once), observer.attached():
                self._update(job, observer, folder)
            processes.together(lambda: self._finish(job, observer, folder, out))
        except BaseException:
            if observer.last is None and request.resume is None and processes.leads:
                folder.discard()
            raise
        return not observer.stopped_early

    def _update(self, job: Job, observer: Observer, folder: RunFolder) -> None:
        try:
            job.trainer.Update()
        except RuntimeError as error:
            raise UserError(self._processes.cause(error) + self._remedy(observer, folder)) from error

    def _make_places(self, job: Job, folder: RunFolder, out: Path) -> None:
        """Make the run folder, and check that the model can be written."""
        if not self._processes.leads:
            return
        job.inputs.check_survive([out])
        check_can_hold(out, self._request.overwrite or job.replaces_own)
        if self._request.resume is not None:
            check_writable(folder.path)
            return
        check_writable(folder.path.parent)
        folder.create()
        values = job.values | {"out": Given((str(out),), "")}
        record = {
            "started": datetime.now().astimezone().isoformat(timespec="seconds"),
            "command": shlex.join(sys.argv),
            "versions": {name: _version(name) for name in ("itk-arssr", "itk", "torch")},
            "processes": self._processes.size,
            "training_images": [_described(image) for image in job.training],
            "validation_images": [_described(image) for image in job.validation],
            "label_maps": [_described(image) for image in job.labels],
        }
        folder.write_recipe(job.trainer, values, record)

    def _observer(self, job: Job, folder: RunFolder) -> Observer:
        if not self._processes.leads:
            return Observer(job.trainer)
        display = Display(self._console)
        display.say(f"Run folder: {folder.path}")
        for note in job.notes:
            display.say(f"note: {note}")
        observer = LeadingObserver(job.trainer, display, TrainLog(folder.log))
        request = self._request
        if not request.tensorboard:
            return observer
        if not is_available():
            display.say("note: nothing is written for TensorBoard, which is not installed: pip install tensorboard")
            return observer
        observer.use_board(lambda step: TensorBoardLog(folder.tensorboard, step))
        if job.validation and request.slices_every:
            texts = job.trainer.GetRecipeValue("validation_scales").split(",")
            scales = sorted((parse_per_axis(text).values for text in texts), key=math.prod)
            cubic = job.trainer.GetRecipeValue("degradation") == "cubic"
            source = job.validation[0].source
            slices = ExampleSlices(source, scales[(len(scales) - 1) // 2], cubic, self._processes.device)
            observer.use_slices(slices, request.slices_every)
        return observer

    def _finish(self, job: Job, observer: Observer, folder: RunFolder, out: Path) -> None:
        """Write the model, and report it."""
        if isinstance(observer.error, (UserError, RuntimeError, OSError, MemoryError)):
            raise UserError(description(observer.error) + self._remedy(observer, folder)) from observer.error
        if observer.error is not None and not isinstance(observer.error, OutputClosed):
            raise observer.error
        if not self._processes.leads:
            return
        observer.say_warnings()
        try:
            job.trainer.GetOutput().WriteFile(str(out))
        except RuntimeError as error:
            raise UserError(description(error)) from error
        trainer = job.trainer
        best = trainer.GetBestValidationPSNR()
        which = "the last weights" if math.isnan(best) else f"epoch {trainer.GetBestEpoch()}, {best:.2f} dB"
        self._say(f"Model: {out} ({which})")
        if observer.stopped_early:
            self._say(
                f"Stopped in epoch {trainer.GetEpoch() + 1} of {trainer.GetNumberOfEpochs()}. "
                f"To go on: {self._resume_command(folder)}"
            )
        if observer.error is not None:  # nobody reads the output; the model is written as after Ctrl-C
            raise observer.error

    def _quit(self) -> None:
        """End the program at any point; visible files are always complete."""
        self._console.show_cursor()
        self._keep.close()
        OpenedFile.close_all()
        os._exit(EXIT_INTERRUPTED)

    def _remedy(self, observer: Observer, folder: RunFolder) -> str:
        """How to continue a training that failed."""
        if observer.last is None or not folder.checkpoints.is_dir() or not any(folder.checkpoints.iterdir()):
            return ""
        return f". The training was in epoch {observer.last.Epoch + 1}; to go on: {self._resume_command(folder)}"

    def _resume_command(self, folder: RunFolder) -> str:
        program = "arssr" if self._processes.size == 1 else "torchrun … -m itk_arssr"
        return f"{program} train --resume {shlex.quote(str(folder.path))}"

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


def _described(image: OpenImage) -> str:
    """An image's file and grid, in a run's record."""
    grid: itk.ImageBase = image.image
    return f"{image.source.path.resolve()}: {times(itk.size(grid))} voxels of {times(itk.spacing(grid))} mm"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"
