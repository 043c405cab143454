"""What is shown during training: a bar and a table of epochs, or plain lines without a terminal."""

from __future__ import annotations

import math
import time
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from itk_arssr.training.status import Status

_REFRESH_SECONDS = 0.1
_LINE_SECONDS = 60.0  # between plain lines within an epoch
_EPOCHS_SHOWN = 100  # lines of the table, about
_WIDE = 110  # columns of a terminal that have room for everything
_HEADER = "  epoch      loss  val. loss  PSNR dB     best  learn. rate  samples/s  waiting"


class Display:
    """Shows a status: the same table lines everywhere, on a terminal above a bar."""

    def __init__(self, console: Console) -> None:
        self._console = console
        wide = console.width >= _WIDE
        self._bar = Progress(
            TextColumn("[bold]epoch {task.fields[epoch]}"),
            BarColumn(bar_width=None),
            *([TextColumn("step {task.fields[step]}")] if wide else []),
            TextColumn("loss {task.fields[loss]}"),
            TextColumn("{task.fields[psnr]} dB"),
            TextColumn("lr {task.fields[rate]}"),
            TextColumn("{task.fields[speed]}" + (" samples/s" if wide else "/s")),
            TextColumn("[cyan]{task.fields[left]} left"),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self._task: TaskID | None = None
        self._header_shown = False
        self._drawn = 0.0
        self._line = time.monotonic()

    def __enter__(self) -> Display:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def step(self, status: Status) -> None:
        """Move the bar and draw it, from the thread that trains."""
        now = time.monotonic()
        if self._console.is_terminal:
            if now - self._drawn > _REFRESH_SECONDS:
                self._drawn = now
                self._draw(status)
        elif now - self._line > _LINE_SECONDS:
            self._line = now
            self.say(
                f"  epoch {status.Epoch + 1}/{status.NumberOfEpochs}, step {status.Step}/{status.NumberOfSteps}: "
                f"loss {status.Loss:.5f}, {status.SamplesPerSecond:.3g} samples/s, "
                f"{duration(status.SecondsLeft)} left"
            )

    def epoch(self, status: Status) -> None:
        """Show a line of the table, for at most about a hundred epochs of a training."""
        every = math.ceil(status.NumberOfEpochs / _EPOCHS_SHOWN)
        if status.Epoch % every and status.Epoch not in (1, status.NumberOfEpochs):
            return
        if not self._header_shown:
            self._header_shown = True
            self.say(_HEADER, "bold")
        mark = " *" if status.validated and status.BestEpoch == status.Epoch else ""
        self._line = time.monotonic()
        self.say(
            f"{status.Epoch:7d}  {status.EpochLoss:8.5f}  {_figure(status.ValidationLoss, 9, 5)}"
            f"  {_figure(status.ValidationPSNR, 7, 2)}  {_figure(status.BestValidationPSNR, 7, 2)}"
            f"  {status.LearningRate:11.3e}  {status.SamplesPerSecond:9.3g}  {status.WaitingShare:7.1%}{mark}"
        )

    def say(self, text: str, style: str = "") -> None:
        """Show a line that stays."""
        self._console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)

    def _draw(self, status: Status) -> None:
        fields: dict[str, Any] = {
            "epoch": f"{min(status.Epoch + 1, status.NumberOfEpochs)}/{status.NumberOfEpochs}",
            "step": f"{status.Step}/{status.NumberOfSteps}",
            "loss": f"{status.Loss:.4f}",
            "psnr": _figure(status.ValidationPSNR, 0, 2),
            "rate": f"{status.LearningRate:.1e}",
            "speed": f"{status.SamplesPerSecond:.3g}",
            "left": duration(status.SecondsLeft),
        }
        if self._task is None:
            self._task = self._bar.add_task("", total=status.NumberOfSteps, **fields)
        self._bar.update(self._task, completed=status.Step, **fields)
        self._bar.refresh()


def duration(seconds: float) -> str:
    """Hours, minutes and seconds: ``1:02:03``."""
    if not math.isfinite(seconds):
        return "-:--:--"
    minutes, rest = divmod(round(max(0.0, seconds)), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def _figure(value: float, width: int, digits: int) -> str:
    return f"{'–':>{width}}" if math.isnan(value) else f"{value:{width}.{digits}f}"
