"""The filter in each precision, its rivals and the machine's limits, for one network, size and scale."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import itk
import limits
import numpy as np
import torch
from errors import reason
from methods import EncodeOnce, Filter, FilterDecoder, FilterEncoder, PerSlice, Spline
from networks import DecoderCost, make_model
from rich.console import Console
from safetensors.torch import load_file
from task import Task
from timing import Timing, interleaved

FLOAT32 = "float32"
_PATIENCE = 2.0  # times what PyTorch takes in float32, for the encoder in another precision


def weights_of(model: itk.ArSSRModel) -> dict[str, torch.Tensor]:
    """Its tensors by their names."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        model.WriteFile(str(path))
        return load_file(path)


class Method(Protocol):
    """A way to the output voxels."""

    name: str
    kind: str
    precision: str

    def seconds(self) -> float:
        """Do the job once; the time it took, or would take."""


def case(network: str, task: Task, precisions: list[str], rounds: int, console: Console) -> dict[str, Any]:
    """All timings of one network, size and scale."""
    model = make_model(network)
    weights = weights_of(model)
    refused: dict[str, str] = {}

    def attempt(name: str, make: Callable[[], list[Method]]) -> list[Method]:
        try:
            return make()
        except RuntimeError as error:
            refused[name] = reason(error)
            console.print(f"  {name} does not run here: {refused[name]}", markup=False, highlight=False, soft_wrap=True)
            return []

    def filters(precision: str) -> list[Method]:
        return [kind(task, model, precision) for kind in (FilterEncoder, FilterDecoder, Filter)]

    ours = filters(FLOAT32)  # what the others are compared with
    for precision in precisions:
        if precision != FLOAT32:
            ours += attempt(f"this filter, {precision}", lambda precision=precision: filters(precision))
    taken = [method.precision for method in ours if method.kind == Filter.kind]
    rivals = [EncodeOnce(task, weights)]
    patience = _PATIENCE * rivals[0].expected_seconds

    def rival(precision: str) -> list[Method]:
        method = EncodeOnce(task, weights, precision, patience)
        fastest = min(other.expected_seconds for other in rivals)
        if precision not in taken and method.expected_seconds > fastest:
            message = f"tried: it would take about {method.expected_seconds:.2g} s, {FLOAT32} {fastest:.2g} s"
            raise RuntimeError(message)
        return [method]

    for precision in dict.fromkeys(["bfloat16", *taken[1:]]):  # PyTorch may use bfloat16 where the filter does not
        rivals += attempt(f"PyTorch, {precision}", lambda precision=precision: rival(precision))
    methods = [*ours, *rivals, PerSlice(task, weights), Spline(task)]
    channels = 48 if network == "default" else 64
    machine = [
        limit
        for precision in taken
        for limit in (
            *limits.matrix_products(model.GetWidth(), task.device, precision),
            limits.convolution(channels, task.size, task.device, precision),
        )
    ]
    timings = interleaved([*methods, *machine], rounds)

    cost = DecoderCost.of(model)
    return {
        "network": network,
        "size": task.size,
        "scale": task.scale,
        "device": task.device,
        "output_voxels": task.output_voxels,
        "encoder_macs_per_lr_voxel": model.GetEncoderCost(),
        "decoder_macs_per_output_voxel": cost.written,
        "decoder_macs_done_per_output_voxel": {
            precision: cost.done(task.size, task.output_size)
            if task.device == "cpu" and precision == FLOAT32
            else cost.written
            for precision in taken
        },
        "largest_difference_to_pytorch": _difference(_of(methods, EncodeOnce).output, _of(methods, Filter).output),
        "errors": _errors([method for method in methods if method.kind == Filter.kind]),
        "refused": refused,
        "timings": [_entry(*pair) for pair in zip(methods, timings[: len(methods)], strict=True)],
        "limits_gflops": _rates(machine, timings[len(methods) :]),
    }


def _of(methods: list[Method], kind: type) -> Method:
    """The float32 one of a kind."""
    return next(method for method in methods if method.kind == kind.kind and method.precision == FLOAT32)


def _difference(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one - other).max())


def _errors(filters: list[Filter]) -> dict[str, dict[str, float | None]]:
    """What other precisions lose: differences to float32, as parts of its intensities' range, and PSNR (dB)."""
    exact = _of(filters, Filter).output
    extent = float(exact.max() - exact.min())
    errors = {}
    for method in filters:
        if method.precision != FLOAT32:
            deviation = (method.output - exact).astype(np.float64) / extent
            mean = float(np.mean(deviation**2))
            errors[method.precision] = {
                "largest": float(np.abs(deviation).max()),
                "psnr": -10 * math.log10(mean) if mean > 0 else None,  # none: the same bits
            }
    return errors


def _entry(method: Method, timing: Timing) -> dict[str, Any]:
    return {
        "method": method.name,
        "kind": method.kind,
        "precision": method.precision,
        "median": timing.median,
        "seconds": timing.seconds,
        "note": str(method.variant) if isinstance(method, EncodeOnce) else "",
    }


def _rates(machine: list[limits.Limit], timings: list[Timing]) -> dict[str, dict[str, float]]:
    """GFLOP/s by precision and name."""
    rates: dict[str, dict[str, float]] = {}
    for limit, timing in zip(machine, timings, strict=True):
        rates.setdefault(limit.precision, {})[limit.name] = limit.rate(timing.median)
    return rates
