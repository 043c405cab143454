"""ITK filters under observation: their progress, stopping at the next piece of work, and explained errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import itk

from itk_arssr.common.errors import Interrupted, UserError, description

Progress = Callable[[float], None]


class Watch:
    """Runs one filter at a time and passes its progress on; can be told to stop."""

    def __init__(self) -> None:
        self._running: itk.ProcessObject | None = None
        self._interrupted = False

    @contextmanager
    def over(self, process: itk.ProcessObject, on_progress: Progress, divisions: int = 1) -> Iterator[None]:
        """Pass progress on while the block updates the filter ``divisions`` times; ``interrupt`` works meanwhile."""
        finished = 0
        failure: BaseException | None = None

        def report() -> None:
            nonlocal failure
            try:
                if failure is None:
                    on_progress(min(1.0, (finished + process.GetProgress()) / divisions))
            except BaseException as error:  # ITK would print it and go on
                failure = error
            if self._interrupted or failure is not None:  # again, as ITK forgets it when the next part begins
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
        except UserError:
            if failure is not None:  # the error is that of the abort
                raise failure from None
            raise
        finally:
            self._running = None
            for observer in observers:
                process.RemoveObserver(observer)
        self.raise_if_interrupted()
        if failure is not None:
            raise failure

    @contextmanager
    def errors_explained(self) -> Iterator[None]:
        """Turn ITK's errors into ``UserError``, and the error of an abort into ``Interrupted``."""
        try:
            yield
        except RuntimeError as error:
            self.raise_if_interrupted()
            raise UserError(description(error)) from error

    def interrupt(self) -> None:
        """End the computation at its next piece of work, and let no other computation start."""
        self._interrupted = True
        if self._running is not None:
            self._running.AbortGenerateDataOn()

    def raise_if_interrupted(self) -> None:
        """Raise ``Interrupted`` after ``interrupt``."""
        if self._interrupted:
            raise Interrupted
