"""What is shown during and after work: progress bars, log lines, tables."""

import time

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

_LOG_STEP = 0.25
_REFRESH_SECONDS = 0.1


class Bars:
    """Progress of the current file and, in a batch, of all files; without a terminal, a few lines of text."""

    def __init__(self, console: Console, total: int = 1, all_name: str = "all files") -> None:
        self._console = console
        self._total = total
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self._overall = self._bars.add_task(all_name, total=total, visible=total > 1)
        self._file = None
        self._name = ""
        self._done = 0
        self._logged = 0.0
        self._refreshed = 0.0

    def __enter__(self) -> "Bars":
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def expect(self, count: int) -> None:
        """Count so many files for what was counted as one."""
        self._total += count - 1
        self._bars.update(self._overall, total=self._total, visible=self._total > 1)

    def begin(self, name: str) -> None:
        """Start a file or another piece of work."""
        if self._file is not None:
            self._bars.remove_task(self._file)
        self._file = self._bars.add_task(escape(name), total=1.0)
        self._name, self._logged = name, 0.0
        if not self._console.is_terminal:
            count = f"[{self._done + 1}/{self._total}] " if self._total > 1 else ""
            self._console.print(f"{count}{name}", markup=False, highlight=False)

    def update(self, fraction: float) -> None:
        """Show this fraction of the current file as done."""
        self._bars.update(self._file, completed=fraction)
        self._bars.update(self._overall, completed=self._done + fraction)
        # ITK holds Python's lock while it computes, so rich's drawing thread does not get to run.
        now = time.monotonic()
        if now - self._refreshed > _REFRESH_SECONDS:
            self._refreshed = now
            self._bars.refresh()
        if not self._console.is_terminal and fraction >= self._logged + _LOG_STEP:
            self._logged = fraction
            self._console.print(f"  {self._name}: {fraction:.0%}", markup=False, highlight=False)

    def end(self) -> None:
        """End the current file, whether it succeeded or not."""
        self._done += 1
        self._bars.update(self._overall, completed=self._done)
