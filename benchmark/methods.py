"""The ways to the same output voxels that are timed against each other: host image in, host image out."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import itk
import numpy as np
import torch
from arithmetic import autocast, set_arithmetic
from arssr_torch import ArSSR
from errors import reason
from task import IMAGE, Task, new_filter

CHUNKS = (512, 2048, 8192, 32768, 131072, 524288)
Decode = Callable[[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]
SLICES_MEASURED = 3
_TRIAL_POINTS = 1 << 18
_CORNER = 6  # voxels along an axis


def _named(name: str, precision: str) -> str:
    return name if precision == "float32" else f"{name}, {precision}"


class Filter:
    """This module's filter, its network prepared as PyTorch's is; no features are kept from earlier runs."""

    kind = "filter"

    def __init__(self, task: Task, model: itk.ArSSRModel, precision: str = "float32") -> None:
        self.name = _named("this filter", precision)
        self.precision = precision
        self.output: np.ndarray | None = None
        self._filter = new_filter(task.image(), model, task, precision)
        self._region: itk.ImageRegion | None = None  # of the output, if not all

    def seconds(self) -> float:
        """Encode and decode."""
        self._filter.ReleaseFeatures()
        seconds = self._update()
        self.output = itk.array_from_image(self._filter.GetOutput(), update=False).ravel()
        return seconds

    def _update(self) -> float:
        """Seconds of an update that allocates its output, as others do."""
        output = self._filter.GetOutput()
        output.Initialize()
        if self._region is not None:
            output.SetRequestedRegion(self._region)
        self._filter.Modified()
        start = time.perf_counter()
        self._filter.Update()
        return time.perf_counter() - start


class FilterDecoder(Filter):
    """The same with the feature tiles of an earlier update: what is left is the decoder."""

    kind = "decoder"

    def __init__(self, task: Task, model: itk.ArSSRModel, precision: str = "float32") -> None:
        super().__init__(task, model, precision)
        self.name = _named("this filter, decoder alone", precision)
        self._filter.Update()
        self._encoded = self._filter.GetNumberOfEncodedTiles()

    def seconds(self) -> float:
        """Decode."""
        seconds = self._update()
        if self._filter.GetNumberOfEncodedTiles() != self._encoded:
            message = "the feature tiles did not fit into the memory budget: this was not the decoder alone"
            raise RuntimeError(message)
        return seconds


class FilterEncoder(Filter):
    """An update of one voxel: what is left is the encoder, as one tile is the whole image."""

    kind = "encoder"

    def __init__(self, task: Task, model: itk.ArSSRModel, precision: str = "float32") -> None:
        super().__init__(task, model, precision)
        self.name = _named("this filter, encoder alone", precision)
        self._filter.Update()
        if self._filter.GetNumberOfEncodedTiles() != 1:
            message = "the image did not fit into one tile: the encoder alone cannot be timed"
            raise RuntimeError(message)
        self._region = itk.ImageRegion[3]([task.output_size // 2] * 3, [1] * 3)


class _Torch:
    """A network in PyTorch, with an image on its device."""

    precision = "float32"

    def __init__(self, task: Task, weights: Mapping[str, torch.Tensor]) -> None:
        self.task = task
        self._voxels = torch.from_numpy(task.voxels())
        self.network = ArSSR(weights).to(task.device).eval()
        self.points = self._grid(task)
        self.voxel = torch.full((1, 3), task.size / task.output_size, device=task.device)
        self.output: np.ndarray | None = None

    @staticmethod
    def _grid(task: Task) -> torch.Tensor:
        count = task.output_size
        line = (torch.arange(count, device=task.device) * 2 + 1) / count - 1
        return torch.stack(torch.meshgrid(line, line, line, indexing="ij"), -1).view(-1, 3)

    def low(self) -> torch.Tensor:
        """The image, moved to the device."""
        return self._voxels.to(self.task.device)


@dataclass(frozen=True)
class Variant:
    """How PyTorch runs a network."""

    chunk: int
    compiled: bool
    channels_last: bool

    @property
    def memory_format(self) -> torch.memory_format:
        """Of the encoder's weights and input."""
        return torch.channels_last_3d if self.channels_last else torch.contiguous_format

    def __str__(self) -> str:
        words = [f"chunks of {self.chunk}"]
        words += ["torch.compile"] * self.compiled
        words += ["channels_last_3d"] * self.channels_last
        return ", ".join(words)


class EncodeOnce(_Torch):
    """PyTorch with the encoder run once, in the variant that a trial found to be the fastest.

    ``patience``: seconds that a job may take to be worth a trial; a corner of the image tells beforehand. bfloat16
    takes a hundred times longer than float32 on processors that do not have it.
    """

    kind = "pytorch"

    def __init__(
        self,
        task: Task,
        weights: Mapping[str, torch.Tensor],
        precision: str = "float32",
        patience: float = math.inf,
    ) -> None:
        super().__init__(task, weights)
        self.name = _named("PyTorch, encoder once", precision)
        self.precision = precision
        self.left_out: dict[str, str] = {}  # variants that did not run, and why
        self._patience = patience
        self._compiled: Decode | None = None
        self.variant, self.expected_seconds = self._best()
        self._lay_out(self.variant)

    def seconds(self) -> float:
        """Encode and decode."""
        start = time.perf_counter()
        output = self._decode(self._encode(self.variant), self.points, self.variant)
        seconds = time.perf_counter() - start
        self.output = output.numpy()
        return seconds

    def _check_patience(self) -> None:
        """Give up early: a corner and some points took so long that all would, even if it ran twice as fast."""
        if math.isinf(self._patience):
            return
        variant = Variant(CHUNKS[0], compiled=False, channels_last=False)
        corner = self.low()[:_CORNER, :_CORNER, :_CORNER]
        start = time.perf_counter()
        features = self._encode(variant, corner)
        self._wait()
        encoding = (time.perf_counter() - start) * self.task.size**3 / corner.numel()
        points = self.points[: variant.chunk]
        start = time.perf_counter()
        self._decode(features, points, variant)
        decoding = (time.perf_counter() - start) * len(self.points) / len(points)
        if encoding / 2 > self._patience or decoding / 2 > self._patience:
            message = f"it would take about {encoding + decoding:.0f} s"
            raise RuntimeError(message)

    @torch.inference_mode()
    def _encode(self, variant: Variant, low: torch.Tensor | None = None) -> torch.Tensor:
        set_arithmetic(self.precision)
        with autocast(self.task.device, self.precision):
            low = self.low() if low is None else low
            return self.network.encoder(low[None, None].contiguous(memory_format=variant.memory_format))

    @torch.inference_mode()
    def _decode(self, features: torch.Tensor, points: torch.Tensor, variant: Variant) -> torch.Tensor:
        set_arithmetic(self.precision)
        decode = self._decoder(variant.compiled)
        low = self.low()
        with autocast(self.task.device, self.precision):
            parts = [decode(features, low, part, self.voxel) for part in points.split(variant.chunk)]
            return torch.cat(parts).float().cpu()

    def _decoder(self, compiled: bool) -> Decode:
        if not compiled:
            return self.network.decode
        if self._compiled is None:
            self._compiled = torch.compile(self.network.decode, dynamic=False)
        return self._compiled

    def _lay_out(self, variant: Variant) -> None:
        """The encoder's weights, as the variant has them."""
        self.network.encoder.to(memory_format=variant.memory_format)

    def _best(self) -> tuple[Variant, float]:
        """The fastest chunk size first, then whatever else makes it faster; and the seconds to expect."""
        self._check_patience()
        first = Variant(CHUNKS[0], compiled=False, channels_last=True)
        encoded = {variant: self._try_encoder(variant) for variant in (first, replace(first, channels_last=False))}
        points = self.points[torch.linspace(0, len(self.points) - 1, min(_TRIAL_POINTS, len(self.points))).long()]
        trials: dict[Variant, float] = {}

        def attempt(variant: Variant) -> None:
            features, seconds = encoded[replace(first, channels_last=variant.channels_last)]
            try:
                decoding = _seconds_of_second(lambda: self._decode(features, points, variant))
            except Exception as error:  # what cannot be compiled or does not fit is no rival
                self.left_out[str(variant)] = reason(error)
            else:
                trials[variant] = seconds + decoding * len(self.points) / len(points)

        for chunk in CHUNKS:
            attempt(replace(first, chunk=chunk))
        if not trials:
            raise RuntimeError("; ".join(self.left_out.values()))
        for change in ({"compiled": True}, {"channels_last": False}):
            attempt(replace(min(trials, key=trials.__getitem__), **change))
        best = min(trials, key=trials.__getitem__)
        return best, trials[best]

    def _try_encoder(self, variant: Variant) -> tuple[torch.Tensor, float]:
        """Features, and the seconds that they took."""
        self._lay_out(variant)
        features = self._encode(variant)

        def encode() -> None:
            self._encode(variant)
            self._wait()

        return features, _seconds_of_second(encode)

    def _wait(self) -> None:
        if self.task.device.startswith("cuda"):
            torch.cuda.synchronize(self.task.device)


def _seconds_of_second(run: Callable[[], object]) -> float:
    """Of the second of two runs: the first one may compile, or allocate."""
    run()
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


class PerSlice(_Torch):
    """The published algorithm: for every output slice the encoder runs on the whole image, and the slice is decoded.

    A few slices are timed, and the time of all is extrapolated.
    """

    kind = "published"

    def __init__(self, task: Task, weights: Mapping[str, torch.Tensor]) -> None:
        super().__init__(task, weights)
        self.name = f"published, encoder for each slice ({SLICES_MEASURED} slices measured, extrapolated)"

    @torch.inference_mode()
    def seconds(self) -> float:
        """Time of all slices, from that of some."""
        set_arithmetic(self.precision)
        slices = self.points.split(self.task.output_size**2)
        start = time.perf_counter()
        for number in range(SLICES_MEASURED):
            low = self.low()
            features = self.network.encoder(low[None, None])
            self.network.decode(features, low, slices[number], self.voxel).cpu()
        return (time.perf_counter() - start) / SLICES_MEASURED * len(slices)


class Spline:
    """ITK's cubic B-spline interpolation."""

    kind = "spline"
    precision = "float32"

    def __init__(self, task: Task) -> None:
        self.name = "ITK cubic B-spline"
        self._image = task.image()
        self._task = task

    def seconds(self) -> float:
        """Prefilter and resample."""
        task = self._task
        spacing = task.size / task.output_size
        resample = itk.ResampleImageFilter[IMAGE, IMAGE].New(self._image)
        resample.SetInterpolator(itk.BSplineInterpolateImageFunction[IMAGE, itk.D, itk.F].New())
        resample.SetSize([task.output_size] * 3)
        resample.SetOutputSpacing([spacing] * 3)
        resample.SetOutputOrigin([(spacing - 1) / 2] * 3)
        start = time.perf_counter()
        resample.Update()
        return time.perf_counter() - start
