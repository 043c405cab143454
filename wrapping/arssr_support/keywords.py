"""Keywords of ITK's functions and constructors, which can be written in CamelCase and in snake_case."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import itk
import numpy as np
from itk.arssr_support.volumes import is_tensor

_PRIMARY = ("Input", "Input1", "InputImage", "Primary")


def spelled(keywords: Iterable[str], name: str) -> str | None:
    """The keyword that stands for a setting, however it is spelled."""
    found = [keyword for keyword in keywords if keyword.replace("_", "").lower() == name.lower()]
    if len(found) > 1:
        raise TypeError(f"{' and '.join(found)} are one setting; give it once")
    return found[0] if found else None


def with_primary_first(arguments: tuple, keywords: dict[str, Any]) -> tuple[list, dict[str, Any]]:
    """Arguments in which an image that was given by keyword is the first one."""
    positional, rest = list(arguments), dict(keywords)
    for name in _PRIMARY:
        key = spelled(rest, name)
        if key is None:
            continue
        if positional:
            raise TypeError(f"the image is given twice: as first argument and as {key}")
        positional.append(rest.pop(key))
    return positional, rest


def plain(value: Any) -> Any:
    """Numbers and arrays of NumPy and torch as what setters take: Python's numbers, lists, and ITK's matrices."""
    if is_tensor(value) and value.ndim <= 2:
        value = value.detach().cpu().numpy()
    if isinstance(value, np.ndarray) and value.ndim == 2:
        return itk.matrix_from_array(np.ascontiguousarray(value, float))
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim < 2):
        return value.tolist()
    if isinstance(value, (list, tuple)):
        return [plain(element) for element in value]
    return value
