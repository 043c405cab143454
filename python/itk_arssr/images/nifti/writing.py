"""NIfTI-1 files of results: voxels under a header that states their spaces, which ITK's writer cannot write."""

from __future__ import annotations

import gzip
from pathlib import Path

import itk

from itk_arssr.images.nifti.header import DATATYPES, SINGLE_MAGIC, VOXELS_AFTER_HEADER, pack
from itk_arssr.images.nifti.layout import dimension_fields, space_fields
from itk_arssr.images.nifti.space import Space, itk_grid, scanner_space
from itk_arssr.images.nifti.stream import PIECE_BYTES

_COMPRESSION_LEVEL = 4  # makes files as small as ITK's, and as fast to write


def write_nifti(image: itk.Image, path: Path, space: Space | None) -> None:
    """Write an image in memory, compressed if the name ends with .gz; its header gives its place in a space.

    An image that does not come from a NIfTI file is in scanner space.
    """
    grid = itk_grid(image)
    voxels = itk.array_view_from_image(image)
    fields = {
        **dimension_fields(itk.size(image), DATATYPES[voxels.dtype], voxels.itemsize),
        **space_fields(scanner_space(grid) if space is None else space.on(grid)),
        "vox_offset": VOXELS_AFTER_HEADER,
        "scl_slope": 1.0,
    }
    with _opened(path) as file:
        file.write(pack(fields, SINGLE_MAGIC))
        content = memoryview(voxels.astype(voxels.dtype.newbyteorder("<"), copy=False)).cast("B")
        for first in range(0, len(content), PIECE_BYTES):
            file.write(content[first : first + PIECE_BYTES])


def _opened(path: Path):
    if path.name.lower().endswith(".gz"):
        return gzip.GzipFile(path, "wb", _COMPRESSION_LEVEL, mtime=0)
    return path.open("wb")
