"""What happens while a trainer works: the display, the logs, and requests to stop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import itk

from itk_arssr.training.csv_log import TrainLog
from itk_arssr.training.display import Display
from itk_arssr.training.example_slices import ExampleSlices
from itk_arssr.training.status import Status
from itk_arssr.training.tensorboard_log import TensorBoardLog


class Observer:
    """Called by the trainer after each step and each epoch; without outputs, as in a process that does not lead."""

    def __init__(self, trainer: itk.ProcessObject) -> None:
        self._trainer = trainer
        self._warnings_said = 0
        self._begun = False
        self.last: Status | None = None
        self.stop_wanted = False
        self.error: BaseException | None = None

    def __call__(self) -> None:
        """Report; an error here ends the training, as ITK would otherwise swallow it."""
        try:
            if self.error is None:
                self.last = Status.of(self._trainer)
                if not self._begun:
                    self._begun = True
                    self.begin(self.last)
                self.say_warnings()
                self.report(self.last)
        except BaseException as error:
            self.error = error
        if self.stop_wanted or self.error is not None:
            self._trainer.AbortGenerateDataOn()

    @property
    def stopped_early(self) -> bool:
        """Whether the training ended before its last epoch was done."""
        return self.last is not None and self.last.Epoch < self.last.NumberOfEpochs

    @contextmanager
    def attached(self) -> Iterator[None]:
        """Observe the trainer while the block runs."""
        number = self._trainer.AddObserver(itk.IterationEvent(), self)
        try:
            yield
        finally:
            self._trainer.RemoveObserver(number)

    def say_warnings(self) -> None:
        """Show the trainer's new warnings."""
        warnings = tuple(self._trainer.GetWarnings())
        for warning in warnings[self._warnings_said :]:
            self.say(f"note: {warning}")
        self._warnings_said = len(warnings)

    def stop(self) -> None:
        """End the training at its next step."""
        if not self.stop_wanted:
            self.stop_wanted = True
            self.say("Stopping at the next step; the best model so far will be written.")

    def say(self, text: str) -> None:
        """Show the user a line."""

    def begin(self, status: Status) -> None:
        """The first step is done."""

    def report(self, status: Status) -> None:
        """A step or an epoch is done."""


class LeadingObserver(Observer):
    """Shows and logs."""

    def __init__(self, trainer: itk.ProcessObject, display: Display, log: TrainLog) -> None:
        super().__init__(trainer)
        self._display = display
        self._log = log
        self._open_board: Callable[[int], TensorBoardLog] | None = None
        self._board: TensorBoardLog | None = None
        self._slices: ExampleSlices | None = None
        self._slices_every = 0

    def use_board(self, opened: Callable[[int], TensorBoardLog]) -> None:
        """Write to TensorBoard, from the step passed to the function."""
        self._open_board = opened

    def use_slices(self, slices: ExampleSlices, every: int) -> None:
        """Draw example slices after the first and every n-th epoch."""
        self._slices, self._slices_every = slices, every

    @contextmanager
    def attached(self) -> Iterator[None]:
        try:
            with self._display, super().attached():
                yield
        finally:
            if self._board is not None:
                self._board.close()

    def say(self, text: str) -> None:
        self._display.say(text)

    def begin(self, status: Status) -> None:
        self._log.begin(status.Epoch)
        if self._open_board is not None:
            self._board = self._open_board(status.Step)

    def report(self, status: Status) -> None:
        if not status.EpochEnded:
            self._display.step(status)
            if self._board is not None:
                self._board.step(status)
            return
        self._log.add(status)
        self._display.epoch(status)
        if self._board is not None:
            if self._slices is not None and (status.Epoch % self._slices_every == 0 or status.Epoch == 1):
                self._board.slices(self._slices.draw(self._trainer.GetCurrentModel()), status)
            self._board.epoch(status)
