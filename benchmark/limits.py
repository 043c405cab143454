"""What the machine can do at most: matrix products and convolutions of the shapes that the networks have."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from arithmetic import dtype_of, set_arithmetic
from figures import SQUARE_PRODUCT

FLOP_PER_MAC = 2
CHUNKS = (512, 1024, 2048, 4096)  # rows of the MLP's matrix product


class Limit:
    """An operation whose rate is a limit, timed as the methods are."""

    def __init__(self, name: str, macs: float, operation: Callable[[], object], device: str, precision: str) -> None:
        self.name = name
        self.precision = precision
        self._macs = macs
        self._operation = operation
        self._device = device

    def rate(self, seconds: float) -> float:
        """GFLOP/s."""
        return FLOP_PER_MAC * self._macs / seconds / 1e9

    @torch.inference_mode()
    def seconds(self) -> float:
        """Once, on the device."""
        set_arithmetic(self.precision)
        self._synchronize()
        start = time.perf_counter()
        self._operation()
        self._synchronize()
        return time.perf_counter() - start

    def _synchronize(self) -> None:
        if self._device.startswith("cuda"):
            torch.cuda.synchronize()


def matrix_products(width: int, device: str, precision: str) -> list[Limit]:
    """Square ones, and those of an MLP layer in chunks of rows that are in cache."""
    dtype = dtype_of(precision)
    square = torch.randn(2048, 2048, device=device).to(dtype)
    limits = [Limit(SQUARE_PRODUCT, 2048.0**3, lambda: square @ square, device, precision)]
    layer = torch.randn(width, width, device=device).to(dtype)
    rows_in_all = 1 << 15
    for chunk in CHUNKS if device == "cpu" else (1 << 18,):
        rows = torch.randn(chunk, width, device=device).to(dtype)
        count = max(rows_in_all // chunk, 1)
        out = torch.empty_like(rows)

        def products(rows: torch.Tensor = rows, out: torch.Tensor = out, count: int = count) -> None:
            for _ in range(count):
                torch.mm(rows, layer, out=out)

        macs = float(count * chunk * width * width)
        limits.append(Limit(f"gemm {chunk}×{width}×{width}", macs, products, device, precision))
    return limits


def convolution(channels: int, size: int, device: str, precision: str) -> Limit:
    """A layer of the encoder on a cube of LR voxels."""
    dtype = dtype_of(precision)
    shape = (1, channels, size, size, size)
    image = torch.randn(shape, device=device).to(dtype).contiguous(memory_format=torch.channels_last_3d)
    weight = torch.randn(channels, channels, 3, 3, 3, device=device).to(dtype)
    weight = weight.contiguous(memory_format=torch.channels_last_3d)
    macs = 27.0 * channels * channels * size**3
    name = f"conv3d {channels}→{channels}, {size}³"
    return Limit(name, macs, lambda: torch.conv3d(image, weight, padding=1), device, precision)
