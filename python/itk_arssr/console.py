"""What is shown while work goes on and after it: progress bars, log lines, tables."""

import time
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from itk_arssr.jobs import Result
from itk_arssr.metrics import Quality
from itk_arssr.wording import times

_LOG_STEP = 0.25
_REFRESH_SECONDS = 0.1


class Bars:
    """Progress of the file at hand and, in a batch, of all files; a few lines of text where there is no terminal."""

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
        """What was counted as one file holds so many."""
        self._total += count - 1
        self._bars.update(self._overall, total=self._total, visible=self._total > 1)

    def begin(self, name: str) -> None:
        """A file, or another piece of work, starts."""
        if self._file is not None:
            self._bars.remove_task(self._file)
        self._file = self._bars.add_task(escape(name), total=1.0)
        self._name, self._logged = name, 0.0
        if not self._console.is_terminal:
            count = f"[{self._done + 1}/{self._total}] " if self._total > 1 else ""
            self._console.print(f"{count}{name}", markup=False, highlight=False)

    def update(self, fraction: float) -> None:
        """The file at hand is done to this fraction."""
        self._bars.update(self._file, completed=fraction)
        self._bars.update(self._overall, completed=self._done + fraction)
        # ITK holds Python's lock while it computes, so the thread of rich that draws does not get to run.
        now = time.monotonic()
        if now - self._refreshed > _REFRESH_SECONDS:
            self._refreshed = now
            self._bars.refresh()
        if not self._console.is_terminal and fraction >= self._logged + _LOG_STEP:
            self._logged = fraction
            self._console.print(f"  {self._name}: {fraction:.0%}", markup=False, highlight=False)

    def end(self) -> None:
        """The file at hand is done with, well or not."""
        self._done += 1
        self._bars.update(self._overall, completed=self._done)


def summary(results: Sequence[Result]) -> Table:
    """One row a file: what came out, or what went wrong."""
    table = Table(show_lines=True)
    table.add_column("input", overflow="fold")
    table.add_column("result", overflow="fold")
    for result in results:
        table.add_row(escape(result.job.source.path.name), outcome(result))
    return table


def outcome(result: Result) -> str:
    """What became of a file, in rich's markup."""
    if result.error:
        return f"[red]failed:[/] {escape(result.error)}"
    if result.kept:
        return f"{escape(result.job.output.name)}\nexists, left as it is"
    notes = "".join(f"\n[yellow]note:[/] {escape(note)}" for note in result.notes)
    grid = f"{times(result.size)} voxels of {times(result.spacing)} mm"
    bounded = f"\n{_share(result.bounded)} of the voxels kept within the scan's local range" if result.bounded else ""
    scan = f"\nscan: {escape(result.scan)}" if result.scan else ""
    agreement = f"\n{result.agreement}" if result.agreement else ""
    return f"{escape(result.job.output.name)}\n{grid} in {result.seconds:.1f} s{scan}{bounded}{agreement}{notes}"


def _share(share: float) -> str:
    """A share with two digits, as percent."""
    return f"{100 * share:.2g} %" if share >= 0.0001 else "less than 0.01 %"


def quality_table(rows: Sequence[tuple[str, Quality]]) -> Table:
    """PSNR and SSIM, one row an image."""
    table = Table()
    table.add_column("image", overflow="fold")
    table.add_column("PSNR / dB", justify="right")
    table.add_column("SSIM", justify="right")
    for name, quality in rows:
        table.add_row(escape(name), f"{quality.psnr:.2f}", f"{quality.ssim:.4f}")
    return table


def text_table(rows: Sequence[tuple[str, str]]) -> Table:
    """Names and values."""
    table = Table(show_header=False)
    for row in rows:
        table.add_row(*(escape(text) for text in row))
    return table
