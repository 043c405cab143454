"""What dcm2niix wrote: the stored voxels of a NIfTI file, in the order and on the grid of the file."""

from __future__ import annotations

import math
import shutil
import struct
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import gettempdir

import numpy as np

from itk_arssr.common.errors import UserError

_HEADER_BYTES = 348
_KINDS = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4"}


@dataclass(frozen=True, eq=False)
class Stack:
    """Slices of one volume, or of several on one grid, as dcm2niix stacked them."""

    voxels: np.ndarray  # [volume, z, y, x], on disk, before any slope
    steps: np.ndarray  # columns: from voxel to voxel along x, y and z, mm, LPS
    origin: np.ndarray  # centre of the first voxel, mm, LPS

    @property
    def size(self) -> tuple[int, int, int]:
        """Voxels along x, y and z."""
        _, z, y, x = self.voxels.shape
        return x, y, z

    def with_kind(self, kind: np.dtype | None) -> Stack:
        """The same bits as integers of another type of the same size: dcm2niix does not keep every type's sign."""
        own = self.voxels.dtype
        if kind is not None and kind.kind in "iu" and own.kind in "iu" and kind.itemsize == own.itemsize:
            return replace(self, voxels=self.voxels.view(kind.newbyteorder("=")))
        return self


def read_stack(file: Path) -> Stack:
    """Open an uncompressed NIfTI-1 file of dcm2niix, whose byte order is the machine's."""
    with file.open("rb") as opened:
        header = opened.read(_HEADER_BYTES)
    dimensions = struct.unpack_from("=8h", header, 40)
    kind, offset = struct.unpack_from("=h", header, 70)[0], int(struct.unpack_from("=f", header, 108)[0])
    if kind not in _KINDS:
        raise UserError("its voxels are colours or of an unsupported type; extract one channel first")
    shape = (1, 1, 1, 1, *reversed(dimensions[1 : 1 + dimensions[0]]))[-4:]
    rows = np.array(struct.unpack_from("=12f", header, 280), float).reshape(3, 4)
    rows[:2] *= -1  # NIfTI's x and y point to the right and to the front, DICOM's to the left and to the back
    if file.stat().st_size < offset + math.prod(shape) * np.dtype(_KINDS[kind]).itemsize:
        free = shutil.disk_usage(file.parent).free / 2**20
        raise UserError(
            f"dcm2niix did not write all of it; {free:.0f} MiB are free in {gettempdir()}: make room or set TMPDIR"
        )
    voxels = np.memmap(file, np.dtype(f"={_KINDS[kind]}"), "r", offset, shape)
    return Stack(voxels, rows[:, :3], rows[:, 3])
