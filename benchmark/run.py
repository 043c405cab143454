"""Times this module's filter, its rivals and the machine's limits against each other, interleaved in one run.

    bash benchmark/run.sh                                     every network, LR 40³, scale 2, this machine's CPU
    bash benchmark/run.sh --sizes 40,64,96 --scales 2,2.5,4   everything: hours on two cores
    bash benchmark/run.sh --device cuda --networks RDN --sizes 160 --precisions float32,tensorfloat32,bfloat16,float16
    bash benchmark/run.sh --sections memory --memory-networks RDN,default --budgets 1024,2048

Sections: speed (all methods get the same weights, random ones of a seed, and the same image; a round times each of them
once, and the medians of the rounds are compared), growth (a doubled volume, and streaming), memory (against budgets).
"""

from __future__ import annotations

import json
import os
import platform
import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import growth
import itk
import memory
import report
import speed
import torch
import typer
from arithmetic import PRECISIONS
from errors import reason
from networks import NETWORKS
from rich.console import Console
from task import Task

SECTIONS = ("speed", "growth", "memory")
_CONSOLE = Console()


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


def _names(text: str, known: tuple[str, ...], what: str) -> list[str]:
    chosen = [name.strip() for name in text.split(",") if name.strip()]
    for name in chosen:
        if name not in known:
            message = f"there is no {what} '{name}'; expected some of {', '.join(known)}"
            raise typer.BadParameter(message)
    return chosen


def _numbers(text: str) -> list[float]:
    numbers = []
    for part in text.split(","):
        try:
            numbers.append(float(part))
        except ValueError as error:
            message = f"'{part}' is not a number; give some such as 40,64"
            raise typer.BadParameter(message) from error
    return numbers


def _sizes(text: str) -> list[int]:
    return [int(number) for number in _numbers(text)]


class Run:
    """Results that are written whenever there are more of them."""

    def __init__(self, folder: Path, rounds: int, device: str, append: bool) -> None:
        self.rounds = rounds
        self.device = device
        self._folder = folder
        self._results: dict[str, Any] = {
            "machine": machine(device),
            "rounds": rounds,
            "commands": [],
            "cases": [],
            "growth": [],
            "memory": [],
        }
        if append:
            self._read()
        self._results["commands"].append(shlex.join(["bash", "benchmark/run.sh", *sys.argv[1:]]))
        folder.mkdir(parents=True, exist_ok=True)

    def _read(self) -> None:
        """Go on from the results of an earlier run."""
        path = self._folder / "results.json"
        if not path.exists():
            return
        earlier = json.loads(path.read_text(encoding="utf-8"))
        for what in ("machine", "rounds"):
            if earlier[what] != self._results[what]:
                message = (
                    f"{path} has results of another {what} ({earlier[what]}, now {self._results[what]}); "
                    "choose another folder with --out"
                )
                raise typer.BadParameter(message)
        self._results = earlier

    def add(self, section: str, result: dict[str, Any]) -> None:
        """Keep a result, and write all."""
        self._results[section].append(result)
        text = json.dumps(self._results, indent=1, ensure_ascii=False)
        (self._folder / "results.json").write_text(text + "\n", encoding="utf-8")
        report.write(self._results, self._folder)

    def finish(self) -> None:
        """Print the tables."""
        written = self._folder / "results.md"
        if written.exists():
            _CONSOLE.print(written.read_text(encoding="utf-8"), markup=False, highlight=False, soft_wrap=True)
        _CONSOLE.print(f"In {self._folder}: results.json, results.md, plots")

    def speed(self, networks: list[str], sizes: list[int], scales: list[float], precisions: list[str]) -> None:
        """The filter against its rivals and the machine."""
        for network in networks:
            for size in sizes:
                for scale in scales:
                    task = Task(size, scale, self.device)
                    _CONSOLE.print(f"{network}, LR {size}³, ×{scale:g}")
                    self.add("cases", speed.case(network, task, precisions, self.rounds, _CONSOLE))

    def growth(self, networks: list[str], size: int, scale: float, precisions: list[str]) -> None:
        """A doubled volume, and streaming."""
        for network in networks:
            for precision in precisions:
                _CONSOLE.print(f"{network}, LR {size}³, ×{scale:g}, {precision}: doubled, and in divisions")
                try:
                    result = growth.case(network, Task(size, scale, self.device), precision, self.rounds)
                except RuntimeError as error:
                    _CONSOLE.print(
                        f"  does not run here: {reason(error)}", markup=False, highlight=False, soft_wrap=True
                    )
                else:
                    self.add("growth", result)

    def memory(self, jobs: list[memory.Job]) -> None:
        """Peaks against budgets."""
        for job in jobs:
            output = f", to a file in {job.file_divisions} divisions" if job.file_divisions else ""
            _CONSOLE.print(f"{job.network}, LR {job.size}³, ×{job.scale:g}, {job.budget} MiB{output}: memory")
            result = memory.measure(job)
            if "failed" in result:
                _CONSOLE.print(f"  not measured: {result['failed']}", markup=False, highlight=False, soft_wrap=True)
            self.add("memory", result)


def main(
    sections: Annotated[str, typer.Option(help="What to measure, separated by commas.")] = ",".join(SECTIONS),
    networks: Annotated[str, typer.Option(help="Which networks.")] = ",".join(NETWORKS),
    sizes: Annotated[str, typer.Option(help="LR voxels along an axis; the first one for growth.")] = "40",
    scales: Annotated[str, typer.Option(help="Scales; the first one for growth and memory.")] = "2",
    device: Annotated[str, typer.Option(help="cpu, cuda or cuda:N.")] = "cpu",
    precisions: Annotated[
        str, typer.Option(help=f"Of the filter, some of {','.join(PRECISIONS)}; the first one for memory.")
    ] = PRECISIONS[0],
    rounds: Annotated[int, typer.Option(min=1, help="Times that each method is measured.")] = 5,
    memory_networks: Annotated[
        str, typer.Option(help="Networks for memory; a small budget makes large ones take long: their tiles overlap.")
    ] = "default",
    memory_sizes: Annotated[str, typer.Option(help="LR voxels along an axis for memory.")] = "32,64,96",
    budgets: Annotated[str, typer.Option(help="MemoryBudgets, in MiB.")] = "128,256,512",
    file_size: Annotated[
        int, typer.Option(min=0, help="LR voxels along an axis of a volume that is streamed to a file, 0 for none.")
    ] = 0,
    file_scale: Annotated[float, typer.Option(help="Its scale.")] = 4,
    file_divisions: Annotated[int, typer.Option(min=1, help="Its divisions.")] = 32,
    out: Annotated[Path, typer.Option(help="Folder for results.json, results.md and the plots.")] = Path(
        "benchmark/out"
    ),
    append: Annotated[bool, typer.Option(help="Add to the results that are in the folder.")] = False,
) -> None:
    """Time this filter, PyTorch, the published algorithm, ITK's B-splines and the machine's limits; measure memory."""
    chosen = _names(sections, SECTIONS, "section")
    chosen_networks = _names(networks, NETWORKS, "network")
    chosen_precisions = _names(precisions, PRECISIONS, "precision") or [PRECISIONS[0]]
    lengths, factors = _sizes(sizes), _numbers(scales)
    jobs = [
        memory.Job(network, size, factors[0], device, chosen_precisions[0], budget)
        for network in _names(memory_networks, NETWORKS, "network")
        for budget in _sizes(budgets)
        for size in _sizes(memory_sizes)
    ]
    if file_size:
        jobs += [
            memory.Job(network, file_size, file_scale, device, chosen_precisions[0], budget, file_divisions)
            for network in _names(memory_networks, NETWORKS, "network")
            for budget in _sizes(budgets)[-1:]
        ]

    run = Run(out, rounds, device, append)
    if "speed" in chosen:
        run.speed(chosen_networks, lengths, factors, chosen_precisions)
    if "growth" in chosen:
        run.growth(chosen_networks, lengths[0], factors[0], chosen_precisions)
    if "memory" in chosen:
        run.memory(jobs)
    run.finish()


if __name__ == "__main__":
    typer.run(main)
