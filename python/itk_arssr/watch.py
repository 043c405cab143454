"""ITK filters under observation: their progress, Ctrl-C at their next piece of work, their errors explained."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Protocol

import itk

from itk_arssr.errors import Interrupted, UserError, description

Progress = Callable[[float], None]


class Interruptible(Protocol):
    """What Ctrl-C can end."""

    def interrupt(self) -> None:
        """End the computation as soon as it can be ended."""


class Watch:
    """Runs one filter at a time and passes its progress on; can be told to stop."""

    def __init__(self) -> None:
        self._running: itk.ProcessObject | None = None
        self._interrupted = False

    @contextmanager
    def over(self, process: itk.ProcessObject, on_progress: Progress, divisions: int = 1) -> Iterator[None]:
        """Pass progress on while the block updates the filter ``divisions`` times; ``interrupt`` works meanwhile."""
        finished = 0

        def report() -> None:
            on_progress(min(1.0, (finished + process.GetProgress()) / divisions))
            if self._interrupted:  # again, as ITK forgets it when the next part begins
                process.AbortGenerateDataOn()

        def count() -> None:
            nonlocal finished
            finished += 1

        self.raise_if_interrupted()
        observers = [process.AddObserver(itk.ProgressEvent(), report), process.AddObserver(itk.EndEvent(), count)]
        self._running = process
        try:
            with self.errors_explained():
                yield
        finally:
            self._running = None
            for observer in observers:
                process.RemoveObserver(observer)
        self.raise_if_interrupted()

    @contextmanager
    def errors_explained(self) -> Iterator[None]:
        """Make ITK's errors the user's, and the one that an abort gives ``Interrupted``."""
        try:
            yield
        except RuntimeError as error:
            self.raise_if_interrupted()
            raise UserError(description(error)) from error

    def interrupt(self) -> None:
        """End the computation at its next piece of work, and let no other one start."""
        self._interrupted = True
        if self._running is not None:
            self._running.AbortGenerateDataOn()

    def raise_if_interrupted(self) -> None:
        """Raise ``Interrupted`` after ``interrupt``."""
        if self._interrupted:
            raise Interrupted


@contextmanager
def ends_on_ctrl_c(work: Interruptible) -> Iterator[None]:
    """Make Ctrl-C and a polite kill (SIGTERM) end the computation at its next piece of work.

    Python's own KeyboardInterrupt would be raised inside an ITK observer, where it is only printed.
    """

    def stop(_signal: int, _frame: FrameType | None) -> None:
        work.interrupt()

    usual = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)
