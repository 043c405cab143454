"""TensorBoard's view of a run: curves and example slices."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from itk_arssr.training.example_slices import PANELS

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from itk_arssr.training.status import Status

_STEPS_SHOWN = 5000  # points of the curve of the loss of single steps
_EPOCH_CURVES = {
    "loss/epoch": lambda status: status.EpochLoss,
    "validation/loss": lambda status: status.ValidationLoss,
    "validation/PSNR": lambda status: status.ValidationPSNR,
    "speed/samples_per_second": lambda status: status.SamplesPerSecond,
    "speed/waiting_share": lambda status: status.WaitingShare,
}


class TensorBoardLog:
    """Writes event files; the horizontal axis is the number of steps."""

    def __init__(self, folder: Path, first_step: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        _await_next_second(folder)
        # Events after the checkpoint from which a run resumes are hidden. The path is absolute because a thread writes
        # the files, and itk changes the working directory for a moment whenever it loads one of its modules.
        self._writer = SummaryWriter(str(folder.resolve()), purge_step=first_step if first_step > 1 else None)
        self._losses: list[float] = []

    def step(self, status: Status) -> None:
        """Add a step to the curve of the loss; neighbouring steps are averaged if there are very many."""
        self._losses.append(status.Loss)
        if len(self._losses) >= max(1, status.NumberOfSteps // _STEPS_SHOWN):
            self._scalar("loss/step", math.fsum(self._losses) / len(self._losses), status.Step)
            self._scalar("learning_rate", status.LearningRate, status.Step)
            self._losses.clear()

    def epoch(self, status: Status) -> None:
        """Add an epoch to the other curves."""
        for name, value in _EPOCH_CURVES.items():
            self._scalar(name, value(status), status.Step)
        self._writer.flush()

    def slices(self, pixels: npt.NDArray[np.uint8], status: Status) -> None:
        """Add example slices, grey levels [row, column]."""
        self._writer.add_image(f"slices/{PANELS}", pixels[..., None], status.Step, dataformats="HWC")

    def close(self) -> None:
        """Write what is pending."""
        self._writer.close()

    def _scalar(self, name: str, value: float, step: int) -> None:
        if not math.isnan(value):
            self._writer.add_scalar(name, value, step)


def _await_next_second(folder: Path) -> None:
    """Wait while there are event files of this second: TensorBoard sorts files by the second in their names."""
    while any(folder.glob(f"events.out.tfevents.{int(time.time())}.*")):
        time.sleep(0.05)


def is_available() -> bool:
    """Whether the package that writes event files is installed."""
    from importlib.util import find_spec

    return find_spec("tensorboard") is not None
