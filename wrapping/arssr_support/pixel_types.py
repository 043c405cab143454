"""Types of voxels: what ITK's images have, and what a volume is computed as."""

from __future__ import annotations

from typing import Any

import itk
import numpy as np
from itk.support.types import itkCType


def dtype_of_image(image: Any) -> np.dtype | None:
    """Voxel type of an ITK image, or of a class of images; none where voxels are not single numbers."""
    try:
        kind, (pixel_type, *_) = itk.template(image)
    except (KeyError, ValueError):  # of a class that is no template, or one without parameters
        return None
    return pixel_type.dtype if kind is itk.Image and isinstance(pixel_type, itkCType) else None


def image_class(dtype: np.dtype) -> type:
    """ITK's class of 3-D images of a voxel type."""
    return itk.Image[itkCType.GetCTypeForDType(dtype), 3]


def wrapped_types(template: Any) -> frozenset[np.dtype]:
    """Voxel types that a class is compiled for."""
    types = (dtype_of_image(parameters[0]) for parameters, _ in template.items())
    return frozenset(dtype for dtype in types if dtype is not None)


def computed_type(dtype: np.dtype, wrapped: frozenset[np.dtype], what: str) -> np.dtype:
    """The type that voxels are computed as: their own where the class has it, else float32 (float64 for wider ones).

    Raises ``TypeError`` where the voxels are no real numbers.
    """
    dtype = dtype.newbyteorder("=")
    if dtype in wrapped:
        return dtype
    if dtype.kind == "c":
        raise TypeError(f"{what} is complex ({dtype}): give real numbers, such as abs(volume).astype('float32')")
    if dtype.kind not in "biuf" and not np.can_cast(dtype, np.float64):  # the latter: such as bfloat16 of ml_dtypes
        raise TypeError(f"{what} has voxels of type {dtype}, which are no numbers: try volume.astype('float32')")
    wide = np.dtype(np.float64)
    return wide if dtype.kind == "f" and dtype.itemsize > wide.itemsize and wide in wrapped else np.dtype(np.float32)
