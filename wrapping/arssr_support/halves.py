"""Values of 16 bits of torch's as float, and back, computed by NumPy.

torch shares such work out among OpenMP's threads, which a forked child has not got: it would wait for them for ever.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


def widened(tensor: torch.Tensor) -> np.ndarray:
    """The values of a tensor of float16 or bfloat16 in the memory of the CPU, as float32."""
    import torch

    bits = tensor.view(torch.int16).numpy().view(np.uint16)
    if tensor.dtype == torch.float16:
        return bits.view(np.float16).astype(np.float32)
    return (bits.astype(np.uint32) << 16).view(np.float32)  # bfloat16 is the upper half of float32


def narrowed(values: np.ndarray, dtype: torch.dtype) -> torch.Tensor:
    """Finite values of float32 as a tensor of float16 or bfloat16: the nearest ones, the even one of two equally near.

    What is beyond the type's range becomes its largest value.
    """
    import torch

    largest = torch.finfo(dtype).max
    values = np.clip(values.astype(np.float32, copy=False), -largest, largest)
    if dtype == torch.float16:
        bits = values.astype(np.float16).view(np.int16)
    else:
        wide = np.ascontiguousarray(values).view(np.uint32)
        bits = ((wide + 0x7FFF + (wide >> 16 & 1)) >> 16).astype(np.uint16).view(np.int16)
    return torch.from_numpy(bits).view(dtype)
