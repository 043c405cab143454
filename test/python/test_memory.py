"""Memory follows the budget and not the volume: a large output goes to a file in bounded memory."""

import subprocess
import sys
from pathlib import Path

import pytest

# The peak reported by getrusage() is inherited from the process that started this one.
_STATUS = Path("/proc/self/status")

_BUDGET_MIB = 256
_ALLOWANCE_MIB = 1024  # the process itself, LibTorch included, and a slab of the output
_SIDE = 64
_SCALE = 8  # 512 voxels along each axis: 512 MiB as float

_STREAM_TO_FILE = """
import re, sys
import itk, numpy

output, side, scale, budget = sys.argv[2], *map(int, sys.argv[3:])
model = itk.ArSSRModel.New()
model.SetRandomNetwork(itk.ArSSRModelEnums.Encoder_ResCNN, 8, 4, 16, 9)
scan = itk.image_from_array(numpy.random.default_rng(0).random((side, side, side), dtype=numpy.float32))
upscale = itk.ArbitraryScaleSuperResolutionImageFilter.New(scan, model=model, device="cpu", scale_factors=scale)
upscale.SetMemoryBudget(budget)
writer = itk.ImageFileWriter.New(upscale, FileName=output)
writer.SetNumberOfStreamDivisions(16)
writer.Update()
print(re.search(r"VmHWM:\\s+(\\d+) kB", open(sys.argv[1]).read())[1])
"""


@pytest.mark.skipif(not _STATUS.exists(), reason="the platform does not tell the peak of resident memory")
def test_a_512_cubed_output_streams_to_a_file_within_the_budget_and_a_gibibyte(tmp_path):
    output = tmp_path / "large.mha"
    numbers = [str(number) for number in (_SIDE, _SCALE, _BUDGET_MIB)]
    process = subprocess.run(
        [sys.executable, "-c", _STREAM_TO_FILE, str(_STATUS), str(output), *numbers],
        capture_output=True,
        text=True,
        check=True,
    )
    peak_mib = int(process.stdout.split()[-1]) / 1024
    assert output.stat().st_size > (_SIDE * _SCALE) ** 3 * 4
    assert peak_mib < _BUDGET_MIB + _ALLOWANCE_MIB
