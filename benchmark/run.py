"""Times this module's filter, its rivals and the machine's limits against each other, interleaved in one run.

    bash benchmark/run.sh                                     every network, LR 40³, scale 2, this machine's CPU
    bash benchmark/run.sh --sizes 40,64,96 --scales 2,2.5,4   everything: hours on two cores
    bash benchmark/run.sh --device cuda --networks RDN --sizes 160

All methods get the same weights (random ones, of a seed) and the same image; a round times each of them once, and the medians
of the rounds are compared. Random weights cost what trained ones do.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import itk
import limits
import numpy as np
import report
import torch
import typer
from methods import EncodeOnce, Filter, FilterDecoder, Method, PerSlice, Spline, Task
from rich.console import Console
from safetensors.torch import load_file

NETWORKS = ("RDN", "ResCNN", "default")
_CONSOLE = Console()


@dataclass
class Timing:
    """Seconds of one method, one for each round, and what is said beside them."""

    method: str
    seconds: list[float] = field(default_factory=list)
    note: str = ""

    @property
    def median(self) -> float:
        """Seconds."""
        return statistics.median(self.seconds)


def make_model(name: str) -> itk.ArSSRModel:
    """A network with random weights of one seed."""
    model = itk.ArSSRModel.New()
    if name == "default":
        model.SetRandomLocalNetwork()
    else:
        model.SetRandomNetwork(getattr(itk.ArSSRModelEnums, f"Encoder_{name}"), 128, 8, 256)
    return model


def weights_of(model: itk.ArSSRModel) -> dict[str, torch.Tensor]:
    """Its tensors by their names."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        model.WriteFile(str(path))
        return load_file(path)


def machine(device: str) -> dict[str, object]:
    """What the figures hold for."""
    processor = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = [line for line in info.read_text(encoding="utf-8").splitlines() if line.startswith("model name")]
        processor = lines[0].split(":", 1)[1].strip() if lines else processor
    result: dict[str, object] = {
        "processor": processor,
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "torch": torch.__version__,
        "torch_threads": torch.get_num_threads(),
        "torch_cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "itk": itk.Version.GetITKVersion(),
        "system": platform.platform(),
    }
    if device.startswith("cuda"):
        result["gpu"] = torch.cuda.get_device_name(device)
        result["cudnn"] = torch.backends.cudnn.version()
    return result


def interleaved(methods: list[Method], rounds: int) -> list[Timing]:
    """Each method once in each round, after one that is not counted."""
    timings = [Timing(method.name) for method in methods]
    for number in range(rounds + 1):
        for method, timing in zip(methods, timings, strict=True):
            seconds = method.seconds()
            if number > 0:
                timing.seconds.append(seconds)
    return timings


class LimitMethod:
    """A limit, timed like a method."""

    def __init__(self, limit: limits.Limit, device: str) -> None:
        self.limit = limit
        self.name = limit.name
        self._device = device

    def seconds(self) -> float:
        """Once, on the device."""
        start = time.perf_counter()
        self.limit.operation()
        if self._device.startswith("cuda"):
            torch.cuda.synchronize()
        return time.perf_counter() - start


def case(network: str, task: Task, rounds: int) -> dict[str, object]:
    """All timings of one network, size and scale."""
    model = make_model(network)
    weights = weights_of(model)
    ours = Filter(task, model)
    rival = EncodeOnce(task, weights)
    methods: list[Method] = [ours, FilterDecoder(task, model), rival, PerSlice(task, weights), Spline(task)]
    try:
        methods.append(EncodeOnce(task, weights, bfloat16=True))
    except RuntimeError as error:
        _CONSOLE.print(f"  PyTorch in bf16 does not run here: {error}")
    width = model.GetWidth()
    channels = 48 if network == "default" else 64
    machine_limits = limits.matrix_products(width, task.device, torch.float32)
    machine_limits.append(limits.convolution(channels, task.size, task.device, torch.float32))
    limit_methods = [LimitMethod(limit, task.device) for limit in machine_limits]
    timings = interleaved([*methods, *limit_methods], rounds)

    difference = np.abs(itk.array_view_from_image(ours.output).ravel() - rival.output.ravel()).max()
    notes = {method.name: str(method.variant) for method in methods if isinstance(method, EncodeOnce)}
    rates = {
        limit.name: limit.rate(timing.median)
        for limit, timing in zip(machine_limits, timings[len(methods) :], strict=True)
    }
    return {
        "network": network,
        "size": task.size,
        "scale": task.scale,
        "device": task.device,
        "precision": "float32",
        "encoder_macs_per_lr_voxel": model.GetEncoderCost(),
        "decoder_macs_per_output_voxel": model.GetDecoderCost(),
        "largest_difference": float(difference),
        "timings": [
            {"method": t.method, "median": t.median, "seconds": t.seconds, "note": notes.get(t.method, "")}
            for t in timings[: len(methods)]
        ],
        "limits_gflops": rates,
    }


def _numbers(text: str) -> Iterator[float]:
    for part in text.split(","):
        try:
            yield float(part)
        except ValueError as error:
            raise typer.BadParameter(f"'{part}' is not a number; give some such as 40,64") from error


def main(
    networks: Annotated[str, typer.Option(help="Which networks, separated by commas.")] = ",".join(NETWORKS),
    sizes: Annotated[str, typer.Option(help="LR voxels along an axis.")] = "40",
    scales: Annotated[str, typer.Option(help="Scales.")] = "2",
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    rounds: Annotated[int, typer.Option(min=1, help="Times that each method is measured.")] = 5,
    out: Annotated[Path, typer.Option(help="Folder for results.json, results.md and the plot.")] = Path(
        "benchmark/out"
    ),
) -> None:
    """Time this filter, PyTorch, the published algorithm, ITK's B-splines and the machine's limits."""
    chosen = networks.split(",")
    for name in chosen:
        if name not in NETWORKS:
            raise typer.BadParameter(f"there is no network '{name}'; expected some of {', '.join(NETWORKS)}")
    results: dict[str, object] = {"machine": machine(device), "rounds": rounds, "cases": []}
    out.mkdir(parents=True, exist_ok=True)
    for name in chosen:
        for size in _numbers(sizes):
            for scale in _numbers(scales):
                task = Task(int(size), scale, device)
                _CONSOLE.print(f"{name}, LR {task.size}³, ×{scale:g}")
                results["cases"].append(case(name, task, rounds))
                (out / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
                report.write(results, out)
    _CONSOLE.print((out / "results.md").read_text(encoding="utf-8"), markup=False, highlight=False)
    _CONSOLE.print(f"In {out}: results.json, results.md, throughput.png")


if __name__ == "__main__":
    typer.run(main)
