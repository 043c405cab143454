"""The log of a run: a CSV file with one row per epoch."""

from __future__ import annotations

import csv
import io
import math
import time
from pathlib import Path

from itk_arssr.common.errors import UserError
from itk_arssr.training.run_folder import write_whole
from itk_arssr.training.status import Status

COLUMNS = {
    "epoch": lambda status: status.Epoch,
    "step": lambda status: status.Step,
    "loss": lambda status: status.EpochLoss,
    "validation_loss": lambda status: status.ValidationLoss,
    "validation_psnr": lambda status: status.ValidationPSNR,
    "best_psnr": lambda status: status.BestValidationPSNR,
    "best_epoch": lambda status: status.BestEpoch,
    "learning_rate": lambda status: status.LearningRate,
    "gradient_norm": lambda status: status.GradientNorm,
    "samples_per_second": lambda status: status.SamplesPerSecond,
    "waiting_share": lambda status: status.WaitingShare,
    "revivals": lambda status: status.Revivals,
}
_SECONDS = "seconds"


class TrainLog:
    """Rows are on disk as soon as they are written; a resumed run continues from its checkpoint."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._earlier = 0.0  # seconds of training in the rows that a resumed run keeps
        self._start = time.monotonic()

    def begin(self, epoch: int) -> None:
        """Keep the rows of finished epochs; later rows are of epochs after the checkpoint, which are trained again."""
        rows = self._rows(epoch) if self._file.exists() else []
        self._earlier = float(rows[-1][_SECONDS]) if rows else 0.0
        text = io.StringIO()
        writer = csv.DictWriter(text, [*COLUMNS, _SECONDS], lineterminator="\n", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
        write_whole(self._file, text.getvalue())

    def _rows(self, epoch: int) -> list[dict[str, str]]:
        with self._file.open(encoding="utf-8", errors="replace", newline="") as file:
            reader = csv.DictReader(file)
            if reader.fieldnames != [*COLUMNS, _SECONDS]:
                raise UserError(f"{self._file} has other columns than this version writes; move it away to continue")
            whole = [row for row in reader if None not in row.values()]  # a killed process may leave an incomplete row
        return [row for row in whole if row["epoch"].isdecimal() and int(row["epoch"]) <= epoch]

    def add(self, status: Status) -> None:
        """Write the row of an epoch; unknown values stay empty."""
        values = [_text(value(status)) for value in COLUMNS.values()]
        seconds = self._earlier + time.monotonic() - self._start
        with self._file.open("a", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerow([*values, f"{seconds:.1f}"])


def _text(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.7g}"
