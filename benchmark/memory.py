"""What the filter takes in memory beyond its input and output, against its budget.

Each figure comes from a process of its own: memory that an earlier run gave back would hide what this one takes.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import itk
from errors import reason
from networks import make_model
from task import Task, new_filter

MIB = 1 << 20
_STATUS = Path("/proc/self/status")
_RESET = Path("/proc/self/clear_refs")
_RESET_PEAK = "5"  # proc(5): sets VmHWM to what is resident
_WARM_UP_SIZE = 8


@dataclass(frozen=True)
class Job:
    """What a process runs."""

    network: str
    size: int
    scale: float
    device: str
    precision: str
    budget: int  # MiB
    file_divisions: int = 0  # that the output is streamed to a file in; 0: it is an image in memory


def measure(job: Job) -> dict[str, Any]:
    """Run it in a new process; the job, with figures in MiB or with the reason why there are none."""
    result: dict[str, Any] = asdict(job)
    command = [sys.executable, str(Path(__file__).resolve()), json.dumps(asdict(job))]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = process.stdout.splitlines()
    if process.returncode == 0 and lines:
        return result | json.loads(lines[-1])
    last = (process.stderr.strip().splitlines() or ["it printed nothing"])[-1]
    return result | {"failed": f"the process ended with status {process.returncode}: {last}"}


def _resident(field: str) -> int:
    """Bytes of VmRSS or VmHWM (the peak). getrusage's figure is of no use: a process inherits it from its parent."""
    if not _STATUS.exists():
        message = f"{sys.platform} has no {_STATUS}, where the resident set is read"
        raise RuntimeError(message)
    line = next(line for line in _STATUS.read_text(encoding="ascii").splitlines() if line.startswith(field))
    return int(line.split()[1]) * 1024


class HostPeak:
    """How far the resident set grows above what it is now."""

    def __init__(self) -> None:
        gc.collect()
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)  # memory that is free already would hide what is taken
        try:
            _RESET.write_text(_RESET_PEAK, encoding="ascii")
            self.note = ""
        except OSError:
            self.note = f"{_RESET} cannot be written here: the peak may be an earlier one, and the figure too large"
        self._before = _resident("VmRSS")

    def bytes(self) -> int:
        """So far."""
        return _resident("VmHWM") - self._before


class DevicePeak:
    """How far the device's memory grows above what it is now, as torch's allocator sees it."""

    def __init__(self, device: str) -> None:
        import torch  # here: a process without a GPU need not load it

        self._cuda = torch.cuda
        self._device = device
        torch.cuda.synchronize(device)
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)
        self._before = torch.cuda.memory_allocated(device)
        self._reserved_before = torch.cuda.memory_reserved(device)

    def bytes(self) -> int:
        """Of tensors."""
        return self._cuda.max_memory_allocated(self._device) - self._before

    def reserved_bytes(self) -> int:
        """What the allocator took for them."""
        return self._cuda.max_memory_reserved(self._device) - self._reserved_before


def _update(upscale: itk.ProcessObject, file_divisions: int) -> None:
    """Make the output, or stream it to a file."""
    if not file_divisions:
        upscale.Update()
        return
    with tempfile.TemporaryDirectory() as folder:
        writer = itk.ImageFileWriter.New(upscale)
        writer.SetFileName(str(Path(folder) / "output.mha"))
        writer.SetNumberOfStreamDivisions(file_divisions)
        writer.Update()


def run(job: Job) -> dict[str, Any]:
    """The job, here; MiB beyond the input, and beyond the output where that is an image."""
    model = make_model(job.network)
    task = Task(job.size, job.scale, job.device)
    image = task.image()
    # Libraries that are loaded late, threads and their stacks are there after a first update.
    warm_up = Task(_WARM_UP_SIZE, job.scale, job.device)
    _update(new_filter(warm_up.image(), model, warm_up, job.precision), min(job.file_divisions, _WARM_UP_SIZE))
    upscale = new_filter(image, model, task, job.precision, job.budget)
    upscale.UpdateOutputInformation()

    device = DevicePeak(job.device) if job.device.startswith("cuda") else None
    host = HostPeak()
    start = time.perf_counter()
    _update(upscale, job.file_divisions)
    seconds = time.perf_counter() - start
    output = 0 if job.file_divisions else 4 * task.output_voxels
    result = {
        "seconds": seconds,
        "output_mib": 4 * task.output_voxels / MIB,
        "host_mib": (host.bytes() - output) / MIB,
        "encoded_tiles": upscale.GetNumberOfEncodedTiles(),
        "note": host.note,
    }
    if device is not None:
        result |= {"device_mib": device.bytes() / MIB, "device_reserved_mib": device.reserved_bytes() / MIB}
    return result


def main() -> None:
    """The process's part: the job is the argument, the figures are the last line that is printed."""
    job = Job(**json.loads(sys.argv[1]))
    try:
        result = run(job)
    except RuntimeError as error:
        result = {"failed": reason(error)}
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
