"""How time grows: with the volume, and with the number of divisions in which the output is streamed."""

from __future__ import annotations

import time
from typing import Any

import itk
from networks import make_model
from task import IMAGE, Task, new_filter
from timing import interleaved

DIVISIONS = 8


class Streamed:
    """An update in divisions; encoder and decoder run, and the next division finds the features of the last one."""

    def __init__(self, task: Task, model: itk.ArSSRModel, precision: str, divisions: int) -> None:
        self.name = f"{task.cubes} × {task.size}³ in {divisions}"
        self._filter = new_filter(task.image(), model, task, precision)
        self._streamer = itk.StreamingImageFilter[IMAGE, IMAGE].New(self._filter)
        self._streamer.SetNumberOfStreamDivisions(divisions)
        self.encoded_tiles = 0  # in one update

    def seconds(self) -> float:
        """Encode and decode."""
        self._filter.ReleaseFeatures()
        self._filter.Modified()
        before = self._filter.GetNumberOfEncodedTiles()
        start = time.perf_counter()
        self._streamer.Update()
        seconds = time.perf_counter() - start
        self.encoded_tiles = self._filter.GetNumberOfEncodedTiles() - before
        return seconds


def case(network: str, task: Task, precision: str, rounds: int) -> dict[str, Any]:
    """Seconds of a cube of LR voxels, of two of them behind one another, and of one in divisions."""
    model = make_model(network)
    doubled = Task(task.size, task.scale, task.device, cubes=2)
    whole = Streamed(task, model, precision, 1)
    double = Streamed(doubled, model, precision, 1)
    divided = Streamed(task, model, precision, DIVISIONS)
    once, twice, parts = (timing.median for timing in interleaved([whole, double, divided], rounds))
    return {
        "network": network,
        "size": task.size,
        "scale": task.scale,
        "device": task.device,
        "precision": precision,
        "seconds": once,
        "seconds_of_doubled_volume": twice,
        "volume_ratio": doubled.output_voxels / task.output_voxels,
        "divisions": DIVISIONS,
        "seconds_in_divisions": parts,
        "encoded_tiles": whole.encoded_tiles,
        "encoded_tiles_in_divisions": divided.encoded_tiles,
    }
