"""Values of a NIfTI-1 header's fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from itk_arssr.images.nifti.affines import to_quaternion, voxel_sizes
from itk_arssr.images.nifti.space import MM_PER_UNIT, Space

_DIMENSIONS = 7


def dimension_fields(size: Sequence[int], datatype: int, voxel_bytes: int) -> dict[str, Any]:
    """Fields for the number of voxels and their type."""
    rest = [1] * (_DIMENSIONS - len(size))
    return {"dim": [len(size), *size, *rest], "datatype": datatype, "bitpix": 8 * voxel_bytes}


def space_fields(space: Space) -> dict[str, Any]:
    """Fields for the positions of voxels."""
    scale = MM_PER_UNIT.get(space.unit, 1.0)
    sizes = voxel_sizes(space.qform.matrix if space.qform is not None else space.grid) / scale
    fields: dict[str, Any] = {"xyzt_units": space.unit}
    handedness = 1.0
    if space.qform is not None:
        fields["quatern"], handedness = to_quaternion(space.qform.matrix)
        fields["qoffset"] = space.qform.matrix[:3, 3] / scale
        fields["qform_code"] = space.qform.code
    if space.sform is not None:
        fields["srow"] = space.sform.matrix[:3] / scale
        fields["sform_code"] = space.sform.code
    return {"pixdim": [handedness, *sizes, *[1.0] * (_DIMENSIONS - 3)], **fields}
