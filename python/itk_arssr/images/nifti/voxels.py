"""Checks of a file's voxels that ITK does not make: it reads missing, NaN and infinite ones as zero."""

from __future__ import annotations

import numpy as np

from itk_arssr.common.errors import UserError
from itk_arssr.images.finite import NonFiniteCount
from itk_arssr.images.nifti.header import Header
from itk_arssr.images.nifti.stream import is_compressed, pieces


def check_voxels(header: Header) -> None:
    """Refuse a file that ends before its last voxel, or that has NaN or infinite ones, in bounded memory."""
    end = header.offset + header.voxel_count * header.voxel_type.itemsize
    floating = header.voxel_type.kind == "f"
    if not is_compressed(header.data):
        _check_length(header, header.data.stat().st_size, end)
        if not floating:
            return
    found = NonFiniteCount(header.size)
    position, rest = 0, b""
    for piece in pieces(header.data):  # to the end, where the checksum of compressed data is
        if floating:
            voxels = rest + piece[max(0, header.offset - position) : max(0, end - position)]
            whole = len(voxels) - len(voxels) % header.voxel_type.itemsize
            found.add(np.frombuffer(voxels[:whole], header.voxel_type))
            rest = voxels[whole:]
        position += len(piece)
    _check_length(header, position, end)
    found.check(header.path)


def _check_length(header: Header, actual: int, expected: int) -> None:
    if actual < expected:
        raise UserError(
            f"{header.path} is incomplete: {actual} of {expected} bytes are present"
            f"{'' if header.data == header.path else f', in {header.data.name}'}"
        )
