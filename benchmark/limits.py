"""What the machine can do at most: matrix products and convolutions of the shapes that the networks have."""

from __future__ import annotations

from collections.abc import Callable

import torch

FLOP_PER_MAC = 2
CHUNKS = (512, 1024, 2048, 4096)  # rows of the MLP's matrix product


class Limit:
    """An operation whose rate is a limit."""

    def __init__(self, name: str, macs: float, operation: Callable[[], object]) -> None:
        self.name = name
        self.operation = operation
        self._macs = macs

    def rate(self, seconds: float) -> float:
        """GFLOP/s."""
        return FLOP_PER_MAC * self._macs / seconds / 1e9


def matrix_products(width: int, device: str, dtype: torch.dtype) -> list[Limit]:
    """Square ones, and those of an MLP layer in chunks of rows that are in cache."""
    limits = []
    square = torch.randn(2048, 2048, device=device).to(dtype)
    limits.append(Limit("sgemm 2048³", 2048.0**3, lambda: square @ square))
    layer = torch.randn(width, width, device=device).to(dtype)
    rows_in_all = 1 << 15
    for chunk in CHUNKS if device == "cpu" else (1 << 18,):
        rows = torch.randn(chunk, width, device=device).to(dtype)
        count = max(rows_in_all // chunk, 1)
        out = torch.empty_like(rows)

        def products(rows: torch.Tensor = rows, out: torch.Tensor = out, count: int = count) -> None:
            for _ in range(count):
                torch.mm(rows, layer, out=out)

        limits.append(Limit(f"sgemm {chunk}×{width}×{width}", float(count * chunk * width * width), products))
    return limits


def convolution(channels: int, size: int, device: str, dtype: torch.dtype) -> Limit:
    """A layer of the encoder on a cube of LR voxels."""
    shape = (1, channels, size, size, size)
    image = torch.randn(shape, device=device).to(dtype).contiguous(memory_format=torch.channels_last_3d)
    weight = torch.randn(channels, channels, 3, 3, 3, device=device).to(dtype)
    weight = weight.contiguous(memory_format=torch.channels_last_3d)
    macs = 27.0 * channels * channels * size**3
    return Limit(f"conv3d {channels}→{channels}, {size}³", macs, lambda: torch.conv3d(image, weight, padding=1))
