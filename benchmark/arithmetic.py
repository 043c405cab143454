"""The precisions that the filter can compute in, for PyTorch."""

from __future__ import annotations

import torch

PRECISIONS = ("float32", "tensorfloat32", "bfloat16", "float16")
_REDUCED = {"bfloat16": torch.bfloat16, "float16": torch.float16}


def dtype_of(precision: str) -> torch.dtype:
    """What tensors are kept in."""
    return _REDUCED.get(precision, torch.float32)


def set_arithmetic(precision: str) -> None:
    """Have single-precision operations on a GPU use TensorFloat-32, or really single precision."""
    allowed = precision == "tensorfloat32"
    torch.backends.cuda.matmul.allow_tf32 = allowed
    torch.backends.cudnn.allow_tf32 = allowed


def autocast(device: str, precision: str) -> torch.autocast:
    """What a careful user would run a network in."""
    kind = device.split(":", maxsplit=1)[0]
    return torch.autocast(kind, _REDUCED.get(precision, torch.bfloat16), enabled=precision in _REDUCED)
